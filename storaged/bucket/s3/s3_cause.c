/* See s3_cause.h.  Codes: S3's "Error responses".  Hostile bytes. */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/keyid.h"
#include "common/log.h"
#include "storaged/bucket/s3/s3_cause.h"
#include "storaged/bucket/s3/s3_clock.h"

#define TOLD	"the bucket %b is in region %r, not %c (store.region): write " \
		"\"region: %r\""

/* %a access key, %b bucket, %c our region, %e endpoint, %r region told. */
static const struct cause_row {
	const char	*code;
	const char	*text;
	const char	*told;		/* instead, if another region is told */
} rows[] = {
	{ "SignatureDoesNotMatch", "store.secret-key does not match access key "
	    "%a, or a proxy modifies requests", NULL },
	{ "InvalidAccessKeyId", "the server at %e does not know the access "
	    "key %a (store.access-key)", NULL },
	{ "XAdminUserNotFound", "the server at %e does not know the access "
	    "key %a (store.access-key)", NULL },	/* versitygw */
	{ "InvalidToken", "the session token of access key %a is invalid",
	    NULL },
	{ "InvalidTokenId", "the session of access key %a is invalid or has "
	    "expired", NULL },
	{ "ExpiredToken", "the session of access key %a has expired", NULL },
	{ "ExpiredTokenException", "the session of access key %a has expired",
	    NULL },
	{ "NoSuchBucket", "there is no bucket %b at %e (store.bucket)",
	    NULL },
	{ "InvalidBucketName", "%b is not a valid bucket name (store.bucket)",
	    NULL },
	{ "AuthorizationHeaderMalformed", "the server does not accept region "
	    "%c (store.region)", TOLD },
	{ "IllegalLocationConstraintException", "the bucket %b is not in "
	    "region %c (store.region)", TOLD },
	{ "PermanentRedirect", "the bucket %b is not at %e (store.endpoint, "
	    "store.region)", TOLD },
	{ "TemporaryRedirect", "the bucket %b is not available at %e yet "
	    "(store.endpoint)", NULL },
	{ "AccountProblem", "the account of access key %a is not allowed to "
	    "use S3", NULL },
	{ "AllAccessDisabled", "all access to bucket %b is disabled", NULL },
	{ "InvalidObjectState", "an object was archived: remove the lifecycle "
	    "rule that archives objects of bucket %b", NULL },
};

/* A word that the server or the configuration gave. */
static void
put_word(char *dst, size_t size, const char *s)
{
	char	 quoted[200];

	strlcat(dst, log_quote(quoted, sizeof(quoted), s, strlen(s)), size);
}

static void
put_text(const struct s3_refusal *r, const char *text, char *dst, size_t size)
{
	const char	*told = r->region_told;
	char		 c[2] = "", word[200];

	if (r->error->region[0] != '\0')
		told = r->error->region;
	for (; *text != '\0'; text++) {
		if (*text != '%') {
			c[0] = *text;
			strlcat(dst, c, size);
			continue;
		}
		switch (*++text) {
		case 'a':
			strlcat(dst, keyid_print(word, sizeof(word),
			    r->access_key), size);
			break;
		case 'b':
			put_word(dst, size, r->bucket);
			break;
		case 'c':
			put_word(dst, size, r->region);
			break;
		case 'e':
			put_word(dst, size, r->endpoint);
			break;
		case 'r':
			put_word(dst, size, told);
			break;
		}
	}
}

/* The server names a host: the bucket's, which an endpoint has not. */
static void
put_endpoint(const struct s3_refusal *r, char *dst, size_t size)
{
	const char	*host = r->error->endpoint;
	size_t		 n = strlen(r->bucket);

	if (*host == '\0')
		return;
	if (strncmp(host, r->bucket, n) == 0 && host[n] == '.')
		host += n + 1;
	strlcat(dst, ": write \"endpoint: https://", size);
	put_word(dst, size, host);
	strlcat(dst, "\"", size);
}

/* Does it tell another region than the one that requests are signed for? */
static bool
other_region(const struct s3_refusal *r)
{
	const char	*told = r->error->region[0] != '\0' ?
			    r->error->region : r->region_told;

	return told[0] != '\0' && strcmp(told, r->region) != 0;
}

/* A wrong clock is told in many ways, and by the Date in any case. */
static bool
skewed(const struct s3_refusal *r, char *dst, size_t size)
{
	int64_t	 d = r->date != 0 ? r->now - r->date : 0;
	bool	 told = strcmp(r->error->code, "RequestTimeTooSkewed") == 0;

	if (d >= -S3_CLOCK_SKEW && d <= S3_CLOCK_SKEW && !told)
		return false;
	if (d == 0)
		snprintf(dst, size, "the clock of this host differs from the "
		    "server's");
	else
		snprintf(dst, size, "the clock of this host is %" PRId64
		    " s %s the server's", d < 0 ? -d : d,
		    d < 0 ? "behind" : "ahead of");
	return true;
}

/* SSE-C: of a wrong key AWS and MinIO say no more than AccessDenied. */
static const char *
encryption(const struct s3_refusal *r)
{
	if (r->customer && r->status == 403 &&
	    strcmp(r->error->code, "AccessDenied") == 0)
		return "the policy of access key %a does not allow this, or "
		    "the object is encrypted with another key than "
		    "store.customer-key";
	if (r->status != 400 || strcmp(r->error->code, "InvalidRequest") != 0 ||
	    strcasestr(r->error->message, "encryption") == NULL)
		return NULL;
	return r->customer ? "the object is not encrypted with a customer's "
	    "key (SSE-C), but there is a store.customer-key" : "the object is "
	    "encrypted with a customer's key (SSE-C), but there is no "
	    "store.customer-key";
}

/* MinIO's word for it; AWS says InvalidAccessKeyId. */
static bool
tokenless(const struct s3_refusal *r)
{
	return !r->token && (strcmp(r->error->code, "InvalidTokenId") == 0 ||
	    (strcmp(r->error->code, "InvalidAccessKeyId") == 0 &&
	    strncmp(r->access_key, "ASIA", 4) == 0));
}

static bool
swapped(const struct s3_refusal *r)
{
	return strcmp(r->error->code, "InvalidAccessKeyId") == 0 &&
	    keyid_is_secret(r->access_key);
}

void
s3_cause(const struct s3_refusal *r, char *dst, size_t size)
{
	const struct cause_row	*row;
	size_t			 i;

	dst[0] = '\0';
	if (r->status < 300 || r->status >= 500 || r->status == 304)
		return;
	if ((r->status == 400 || r->status == 401 || r->status == 403) &&
	    skewed(r, dst, size))
		return;
	for (i = 0; i < nitems(rows); i++) {
		row = &rows[i];
		if (strcmp(row->code, r->error->code) != 0)
			continue;
		if (row->told != NULL && other_region(r))
			put_text(r, row->told, dst, size);
		else {
			put_text(r, swapped(r) ? "store.access-key and "
			    "store.secret-key are swapped" : tokenless(r) ?
			    "%a is a temporary access key: "
			    "store.session-token is missing" : row->text, dst,
			    size);
			put_endpoint(r, dst, size);
		}
		return;
	}
	if (encryption(r) != NULL)
		put_text(r, encryption(r), dst, size);
	/* A redirect that names no code (HEAD, or no S3 at all). */
	else if (r->status < 400)
		put_text(r, other_region(r) ? TOLD : "%e redirects requests: "
		    "is it an S3 endpoint? (store.endpoint)", dst,
		    size);
	else if (r->error->code[0] == '\0' && r->status == 404)
		put_text(r,
		    "%e does not answer like an S3 server (store.endpoint)",
		    dst, size);
}
