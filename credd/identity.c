/* Whose the keys are (identity.h). */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/keyid.h"
#include "common/log.h"
#include "common/mem.h"
#include "credd/identity.h"

#define URL_MAX	256

struct identity {
	const struct source_world *world;
	struct sts		*sts;
	char			 access_key[CRED_ACCESS_MAX + 1];
	identity_cb		 cb;
	void			*arg;
};

/* Is the store AWS's, for whose STS the region alone is enough?  The keys of
 * another are nobody's business there. */
static bool
is_aws(const struct slice *conf)
{
	static const char *const domains[] = {
		".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"
	};
	const char	*url = slice_str(conf, "store.endpoint"), *host;
	char		 dummy[URL_MAX];
	size_t		 i, n, k;

	if (sts_endpoint(slice_str(conf, "store.region"), dummy,
	    sizeof(dummy)) == -1)
		return false;
	if (*url == '\0')
		return true;
	if ((host = strstr(url, "://")) == NULL)
		return false;
	host += 3;
	n = strcspn(host, ":/?#");
	for (i = 0; i < nitems(domains); i++) {
		k = strlen(domains[i]);
		if (n > k && strncmp(host + n - k, domains[i], k) == 0)
			return true;
	}
	return false;
}

static void
identity_answered(const struct sts_answer *a, void *arg)
{
	struct identity	*id = arg;
	char		 key[300], why[1024];

	id->sts = NULL;
	if (a->identity == NULL)
		log_debug("access-key=\"%s\" identity=none why=\"%s\"",
		    keyid_print(key, sizeof(key), id->access_key),
		    log_quote(why, sizeof(why), a->why, strlen(a->why)));
	id->cb(id->access_key, a->identity, id->arg);
}

struct identity *
identity_new(const struct source_world *world, identity_cb cb, void *arg)
{
	struct identity	*id = mem_new(1, sizeof(*id));

	id->world = world;
	id->cb = cb;
	id->arg = arg;
	return id;
}

void
identity_free(struct identity *id)
{
	if (id == NULL)
		return;
	sts_cancel(id->sts);
	free(id);
}

bool
identity_ask(struct identity *id, const struct slice *conf,
    const struct cred_secret *s)
{
	const char	*endpoint;

	sts_cancel(id->sts);
	id->sts = NULL;
	endpoint = slice_str(conf, "store.credentials.sts-endpoint");
	if (*endpoint == '\0' && !is_aws(conf))
		return false;
	strlcpy(id->access_key, s->access_key, sizeof(id->access_key));
	id->sts = sts_identity(id->world, s, slice_str(conf, "store.region"),
	    endpoint, identity_answered, id);
	return true;
}
