/* See ingest_name.h.  Names in the bucket are hostile. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/hex.h"
#include "common/sum.h"
#include "storaged/bucket/blob.h"
#include "storaged/bucket/ingest/ingest_name.h"

#define SES_SETUP	"AMAZON_SES_SETUP_NOTIFICATION"

void
ingest_id(struct ingest_id *id, const char *bucket, const char *prefix,
    const char *name, const char *etag)
{
	struct sum	 s;
	uint8_t		 md[32];
	size_t		 n;

	etag = blob_etag_bare(etag, &n);
	sum_begin(&s);
	sum_add(&s, bucket, strlen(bucket) + 1);
	sum_add(&s, prefix, strlen(prefix));
	sum_add(&s, name, strlen(name) + 1);
	sum_add(&s, etag, n);
	sum_end(&s, md);
	hex_print(md, 16, id->hex);
}

bool
ingest_id_valid(const char *hex)
{
	return strlen(hex) == 32 && strspn(hex, "0123456789abcdef") == 32;
}

void
ingest_claim_name(const struct ingest_id *id, char dst[KEY_MAX])
{
	snprintf(dst, KEY_MAX, INGEST_DIR_CLAIMS "%s", id->hex);
}

void
ingest_done_name(const struct ingest_id *id, const char *prefix,
    const char *name, char dst[KEY_MAX])
{
	const char	*slash = strrchr(name, '/');

	if (slash != NULL)
		name = slash + 1;
	if ((size_t)snprintf(dst, KEY_MAX, INGEST_DIR_DONE "%s/%s", id->hex,
	    name) + strlen(prefix) >= KEY_MAX)
		snprintf(dst, KEY_MAX, INGEST_DIR_DONE "%s/mail", id->hex);
}

void
ingest_failed_name(const struct ingest_id *id, bool reason, char dst[KEY_MAX])
{
	snprintf(dst, KEY_MAX, INGEST_DIR_FAILED "%s/%s", id->hex,
	    reason ? "reason.json" : "mail");
}

bool
ingest_failed_id(const char *name, struct ingest_id *id)
{
	size_t	 n = strlen(INGEST_DIR_FAILED);

	if (strncmp(name, INGEST_DIR_FAILED, n) != 0 ||
	    strlen(name + n) < sizeof(id->hex) ||
	    strcmp(name + n + 32, "/reason.json") != 0)
		return false;
	memcpy(id->hex, name + n, 32);
	id->hex[32] = '\0';
	return ingest_id_valid(id->hex);
}

/* What a server takes, and a log and a reason can repeat. */
static bool
is_usable(const char *name)
{
	const char	*p = name, *c;
	size_t		 n;

	for (c = name; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	for (;; p += n + 1) {
		n = strcspn(p, "/");
		if (n == 0 || (p[0] == '.' && (n == 1 || (n == 2 &&
		    p[1] == '.'))))
			return false;
		if (p[n] == '\0')
			return true;
	}
}

enum ingest_kind
ingest_kind(const char *name, char skip[KEY_MAX])
{
	static const char *const ours[] = { INGEST_DIR_CLAIMS, INGEST_DIR_DONE,
	    INGEST_DIR_FAILED };
	const char	*slash = strrchr(name, '/');
	bool		 usable = is_usable(name);
	size_t		 i;

	for (i = 0; i < nitems(ours); i++)
		if (strncmp(name, ours[i], strlen(ours[i])) == 0) {
			/* Behind all ids, which are of hex digits. */
			snprintf(skip, KEY_MAX, "%s~", ours[i]);
			return INGEST_OURS;
		}
	name = slash != NULL ? slash + 1 : name;
	if (*name == '\0' || strcmp(name, SES_SETUP) == 0)
		return INGEST_OTHER;
	return usable ? INGEST_MAIL : INGEST_ODD;
}
