/* Answers over HTTP (fetch.h): hostile bytes. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "credd/fetch.h"

void
fetch_word(const void *p, size_t len, char *dst, size_t size)
{
	const unsigned char	*s = p;
	size_t			 i, n = 0;

	for (i = 0; i < len && n + 1 < size; i++)
		if (s[i] > ' ' && s[i] < 0x7f && s[i] != '"' && s[i] != '\\')
			dst[n++] = (char)s[i];
	dst[n] = '\0';
}

void
fetch_why(const struct http_result *r, char *why, size_t size)
{
	switch (r->error) {
	case HTTP_OK:
		snprintf(why, size, "status %d", r->status);
		break;
	case HTTP_CONNECT:
		snprintf(why, size, "cannot connect: %s", r->why);
		break;
	case HTTP_TIMEOUT:
		snprintf(why, size, "time-out: %s", r->why);
		break;
	default:
		snprintf(why, size, "%s", r->why);
	}
}

struct cred_secret *
fetch_json(const void *body, size_t len, const char *token, char *why,
    size_t size)
{
	struct cred_secret	*s;
	char			 text[128], code[64];
	int			 n;

	if (json_check(body, len) == -1) {
		snprintf(why, size, "the answer is not a JSON object");
		return NULL;
	}
	if ((n = json_get(body, len, "Code", text, sizeof(text))) != -1 &&
	    strcmp(text, "Success") != 0) {
		fetch_word(text, (size_t)n, code, sizeof(code));
		snprintf(why, size, "the answer's Code is %s", code);
		return NULL;
	}
	if ((s = cred_secret_new()) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	if (json_get(body, len, "AccessKeyId", s->access_key,
	    sizeof(s->access_key)) <= 0 ||
	    json_get(body, len, "SecretAccessKey", s->secret,
	    sizeof(s->secret)) <= 0 ||
	    json_get(body, len, token, s->token, sizeof(s->token)) <= 0)
		snprintf(why, size, "the answer lacks AccessKeyId, "
		    "SecretAccessKey or %s", token);
	else if (json_get(body, len, "Expiration", text, sizeof(text)) <= 0 ||
	    (s->expires = json_time(text)) <= 0)
		snprintf(why, size, "the answer has no valid Expiration");
	else if (!cred_valid(s))
		snprintf(why, size, "the answer has a key or a token with "
		    "control characters");
	else
		return s;
	cred_secret_free(s);
	return NULL;
}
