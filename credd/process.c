/* The output of a credential process (process.h): hostile bytes. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "credd/process.h"

/* A member that may be left out; -1: it is there, and of no use. */
static int
optional(const void *p, size_t len, const char *name, char *dst, size_t size)
{
	dst[0] = '\0';
	return !json_has(p, len, name) || json_get(p, len, name, dst, size) >
	    0 ? 0 : -1;
}

struct cred_secret *
process_parse(const void *p, size_t len, char *why, size_t size)
{
	struct cred_secret	*s;
	char			 text[64];

	if (json_check(p, len) == -1) {
		snprintf(why, size, len == 0 ? "it printed nothing" :
		    "what it printed is not a JSON object");
		return NULL;
	}
	if (json_get(p, len, "Version", text, sizeof(text)) == -1 ||
	    strcmp(text, "1") != 0) {
		snprintf(why, size, "what it printed does not have "
		    "\"Version\": 1");
		return NULL;
	}
	if ((s = cred_secret_new()) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	if (json_get(p, len, "AccessKeyId", s->access_key,
	    sizeof(s->access_key)) <= 0 ||
	    json_get(p, len, "SecretAccessKey", s->secret,
	    sizeof(s->secret)) <= 0)
		snprintf(why, size, "what it printed lacks AccessKeyId or "
		    "SecretAccessKey");
	else if (optional(p, len, "SessionToken", s->token,
	    sizeof(s->token)) == -1)
		snprintf(why, size, "it printed an invalid SessionToken");
	else if (optional(p, len, "Expiration", text, sizeof(text)) == -1 ||
	    (text[0] != '\0' && (s->expires = json_time(text)) <= 0))
		snprintf(why, size, "it printed an invalid Expiration");
	else if (!cred_valid(s))
		snprintf(why, size, "it printed a key or a token with control "
		    "characters");
	else
		return s;
	cred_secret_free(s);
	return NULL;
}

struct cred_secret *
process_take(const struct files_item *it, char *why, size_t size)
{
	if (it->outcome == SETUP_GIVE_FOUND)
		return process_parse(it->data, it->len, why, size);
	snprintf(why, size, "%s", it->why);
	return NULL;
}
