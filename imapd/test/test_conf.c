/* See test_conf.h. */
#include "common/compat.h"

#include "common/log.h"
#include "common/test/slice_make.h"
#include "imapd/conf.h"
#include "imapd/test/test_conf.h"

/* What paild's table gives imapd, with the table's defaults. */
static const char *const base[][2] = {
	{ "tls", "false" }, { "tls-min-version", "TLSv1.2" },
	{ "store.timeout", "30" }, { "auth.0.type", "file" },
	{ "sasl-mechanisms.0", "PLAIN" }, { "sasl-mechanisms.1", "LOGIN" },
	{ "plaintext-login", "loopback" }, { "append-limit", "67108864" },
	{ "append-nul", "refuse" }, { "imap.idle-timeout", "1860" },
	{ "imap.login-timeout", "180" }, { "imap.write-timeout", "600" },
	{ "imap.literal-timeout", "60" }, { "imap.still-here", "120" },
	{ "imap.max-unsent", "67108864" },
	{ "imap.max-connections", "20000" },
	{ "clients.ca", "" }, { "clients.name", "" },
	{ "imap.max-unauthenticated", "1000" },
	{ "imap.max-unauthenticated-per-address", "100" }, { NULL, NULL }
};

struct slice *
test_slice(const char *key, ...)
{
	struct slice	*s;
	va_list		 ap;

	va_start(ap, key);
	s = slice_vmake(base, key, ap);
	va_end(ap);
	return s;
}

void
test_conf(void)
{
	struct slice	*s = slice_make(base, NULL);
	char		 why[300];

	if (conf_read(&conf, s, why, sizeof(why)) == -1)
		fatalx("%s", why);
	slice_free(s);
}
