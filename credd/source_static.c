/*
 * Keys that stand in the configuration: store.access-key, store.secret-key,
 * store.session-token.
 */
#include "common/compat.h"

#include <stdio.h>

#include "credd/source.h"

static int
static_get(const struct slice *conf, struct cred_secret *out, char *why,
    size_t size)
{
	const char	*access = slice_str(conf, "store.access-key", "");
	const char	*secret = slice_str(conf, "store.secret-key", "");
	const char	*token = slice_str(conf, "store.session-token", "");
	const char	*region = slice_str(conf, "store.region",
			    "us-east-1");

	if (access[0] == '\0' && secret[0] == '\0')
		return 0;
	if (access[0] == '\0' || secret[0] == '\0') {
		snprintf(why, size, "store.access-key and store.secret-key "
		    "go together");
		return -1;
	}
	memset(out, 0, sizeof(*out));
	if (strlcpy(out->access_key, access, sizeof(out->access_key)) >=
	    sizeof(out->access_key) ||
	    strlcpy(out->secret, secret, sizeof(out->secret)) >=
	    sizeof(out->secret) ||
	    strlcpy(out->token, token, sizeof(out->token)) >=
	    sizeof(out->token) ||
	    strlcpy(out->region, region, sizeof(out->region)) >=
	    sizeof(out->region)) {
		explicit_bzero(out, sizeof(*out));
		snprintf(why, size, "store: a key, the token or the region "
		    "is too long");
		return -1;
	}
	return 1;
}

const struct source source_static = { "static", static_get };
