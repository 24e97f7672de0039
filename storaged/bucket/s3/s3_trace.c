/*
 * One line of the log for each try of a call, at level debug: what a
 * provider's support asks for, and where the time went.  No header of the
 * request is in it, so no signature and no token.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/log.h"
#include "storaged/bucket/s3/s3_request_int.h"

/* " name=value" of an answer's header; nothing if it has none. */
static void
header(const struct http_result *r, const char *name, char *dst, size_t size)
{
	char value[200], word[210];

	dst[0] = '\0';
	if (http_header(r, name, value, sizeof(value)) && value[0] != '\0')
		snprintf(dst, size, " %s=%s", name,
		    log_word(word, sizeof(word), value));
}

/* What is asked of the bucket is told by its parameters, without values: those
 * may be long, and hold an UploadId. */
static void
parameters(const char *query, char *dst, size_t size)
{
	size_t n;

	dst[0] = '\0';
	while (*query != '\0') {
		n = strcspn(query, "=&");
		if (strlen(dst) + n + 2 > size)
			return;
		strlcat(dst, dst[0] == '\0' ? "?" : "&", size);
		strncat(dst, query, n);
		query += strcspn(query, "&");
		query += *query == '&';
	}
}

void
s3_call_trace(const struct s3_call *c, const struct http_result *r)
{
	const struct http_times *t = &r->times;
	char id[240], id2[240], asked[128], why[300] = "";

	if (!log_is_debug())
		return;
	header(r, "x-amz-request-id", id, sizeof(id));
	header(r, "x-amz-id-2", id2, sizeof(id2));
	parameters(c->query, asked, sizeof(asked));
	if (r->error != HTTP_OK) {
		strlcpy(why, " why=\"", sizeof(why));
		log_quote(why + strlen(why), sizeof(why) - 8, r->why,
		    strlen(r->why));
		strlcat(why, "\"", sizeof(why));
	}
	log_debug("s3: method=%s key=%s%s status=%d%s%s try=%u out=%" PRIu64
	    " in=%" PRIu64 " connection=%s queue_ms=%" PRIu64 " name_ms=%"
	    PRIu64 " connect_ms=%" PRIu64 " tls_ms=%" PRIu64 " first_ms=%"
	    PRIu64 " ms=%" PRIu64 "%s", c->method, c->name,
	    asked, r->status, id, id2, c->tries, t->out, t->in,
	    t->kept ? "kept" : "new", c->sent_at - c->queued_at,
	    t->name / 1000, t->connect / 1000, t->tls / 1000,
	    t->first / 1000, t->all / 1000, why);
}
