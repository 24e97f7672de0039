/* See store_slice.h. */
#include "common/compat.h"

#include "common/test/slice_make.h"
#include "storaged/test/store_slice.h"

/* What paild's table gives storaged of the store. */
static const char *const store_base[][2] = {
	{ "store.type", "file" }, { "store.path", "" },
	{ "store.bucket", "" }, { "store.region", "us-east-1" },
	{ "store.endpoint", "" }, { "store.addressing", "auto" },
	{ "store.tls-ca-file", "" }, { "store.key-prefix", "" },
	{ "store.timeout", "30" }, { "store.max-retries", "3" },
	{ "store.verify-after-write", "false" },
	{ "store.connect-timeout", "3" }, { "store.stall-timeout", "10" },
	{ "store.max-connections", "48" },
	{ "store.allow-invalid-certs", "false" },
	{ "store.storage-class", "" },
	{ "store.server-side-encryption", "none" },
	{ "store.kms-key-id", "" }, { "store.customer-key", "" },
	{ "store.parallel-deletes", "1000" },
	{ "store.proxy", "" }, { "probe", "true" },
	/* Not AWS's, so that no test takes one for another. */
	{ "metrics.prices.put", "7000000" },
	{ "metrics.prices.get", "300000" },
	{ "metrics.prices.list", "2000000" },
	{ "metrics.prices.out", "80000000" },
	{ NULL, NULL }
};

struct slice *
store_slice(const char *key, ...)
{
	struct slice *s;
	va_list ap;

	va_start(ap, key);
	s = slice_vmake(store_base, key, ap);
	va_end(ap);
	return s;
}
