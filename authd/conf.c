/* authd's slice of the configuration, and what it may not exceed. */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>

#include "authd/backend.h"
#include "authd/cache.h"
#include "authd/conf.h"
#include "authd/grant.h"
#include "authd/sasl.h"

#define AUTHD_TALLIES_MAX	16384	/* of each kind and imapd */
#define AUTHD_TALLIES_ALL	131072	/* of each kind: some 20 MB */
#define AUTHD_TALLIES_MIN	1024

/* Words of a list, in upper case and with one space around each; without those
 * that no entry of auth can do. */
static int
authd_mechanisms(struct authd_conf *conf, const char *list, unsigned takes,
    char *why, size_t size)
{
	const struct sasl_mech	*m;
	char			 word[32];
	size_t			 n;

	strlcpy(conf->mechanisms, " ", sizeof(conf->mechanisms));
	while (*(list += strspn(list, " ,\t")) != '\0') {
		n = strcspn(list, " ,\t");
		if (n >= sizeof(word))
			n = sizeof(word) - 1;
		memcpy(word, list, n);
		word[n] = '\0';
		list += strcspn(list, " ,\t");
		m = sasl_find(str_from(word));
		if (m == NULL || m->proof == SASL_TOKEN ||
		    m->proof == SASL_NAME || sasl_word(m) != m->name) {
			snprintf(why, size, "sasl-mechanisms: unknown "
			    "mechanism \"%s\" (use PLAIN, LOGIN, "
			    "SCRAM-SHA-256, OAUTHBEARER or XOAUTH2)", word);
			return -1;
		}
		if (!auth_mechanism_works(str_from(word), takes))
			continue;
		strlcat(conf->mechanisms, word, sizeof(conf->mechanisms));
		if (strlcat(conf->mechanisms, " ", sizeof(conf->mechanisms)) >=
		    sizeof(conf->mechanisms)) {
			snprintf(why, size,
			    "sasl-mechanisms: too many mechanisms");
			return -1;
		}
	}
	return 0;
}

static void
authd_limits(struct authd_conf *conf, const struct slice *slice)
{
	uint64_t	imapds = slice_num(slice, "nprocs.imapd");

	conf->answer_ms = 1000 * (int64_t)slice_num(slice,
	    "login-limits.failure-delay");
	conf->guesses = (unsigned int)slice_num(slice,
	    "login-limits.guesses-per-user");
	conf->logins = slice_num(slice, "login-limits.waiting");
	conf->logins_address = slice_num(slice,
	    "login-limits.waiting-per-address");
	conf->sessions.user = (unsigned int)slice_num(slice,
	    "login-limits.sessions-per-user");
	conf->sessions.address = (unsigned int)slice_num(slice,
	    "login-limits.sessions-per-address");
	conf->quota.bytes = slice_num(slice, "quota.bytes");
	conf->quota.messages = slice_num(slice, "quota.messages");
	/* "paild -C" has none, and starts no authd either. */
	conf->tallies = imapds == 0 ? AUTHD_TALLIES_MAX :
	    AUTHD_TALLIES_ALL / imapds;
	if (conf->tallies > AUTHD_TALLIES_MAX)
		conf->tallies = AUTHD_TALLIES_MAX;
	if (conf->tallies < AUTHD_TALLIES_MIN)
		conf->tallies = AUTHD_TALLIES_MIN;
}

static void
authd_backend(struct authd_conf *conf, const struct auth_entries *e,
    uint32_t i)
{
	const struct auth_kind	*kind = auth_kind_find(e->entry[i].type);
	const char		*type = e->entry[i].type, *lookup;
	uint32_t		 k, same, to = AUTH_ENTRIES_MAX + i;
	char			 own[23];

	for (k = same = 0; k < e->n; k++)
		same += strcmp(type, e->entry[k].type) == 0;
	if (same > 1)
		snprintf(conf->backend[i].name, sizeof(conf->backend[i].name),
		    "%.32s/%u", type, i);
	else
		strlcpy(conf->backend[i].name, type,
		    sizeof(conf->backend[i].name));
	conf->backend[i].pool = auth_pool_of_entry(&conf->pools, e, i);
	if (kind != NULL && (kind->traits & AUTH_SCRAM) != 0)
		conf->scram |= UINT32_C(1) << i;
	if (kind != NULL && (kind->traits & AUTH_BEARER) != 0)
		conf->bearer |= UINT32_C(1) << i;
	if (kind != NULL && (kind->traits & AUTH_CERTIFICATE) != 0)
		conf->certificates |= UINT32_C(1) << i;
	lookup = e->entry[i].lookup[0] != '\0' || kind == NULL ?
	    e->entry[i].lookup : kind->lookup;
	conf->locks |= strcmp(lookup, "file") == 0;
	conf->silent |= strcmp(lookup, "file") != 0 &&
	    strcmp(lookup, "token") != 0;
	conf->backend[to].pool = auth_pool_of_lookup(&conf->pools, e, i);
	if (e->entry[i].lookup[0] == '\0')
		return;
	conf->apart |= UINT32_C(1) << i;
	/* A copy: gcc takes the two for one with ASan. */
	strlcpy(own, conf->backend[i].name, sizeof(own));
	snprintf(conf->backend[to].name, sizeof(conf->backend[to].name),
	    "%s/lookup-%.16s", own, e->entry[i].lookup);
}

static void
authd_app(struct authd_conf *conf, const struct slice *slice)
{
	const char	*only;
	uint32_t	 i;

	for (i = 0; i < conf->backends; i++) {
		only = slice_at(slice, "auth.%u.require-app-password", i);
		if (only != NULL && strcmp(only, "true") == 0)
			conf->app_only |= UINT32_C(1) << i;
	}
	conf->app = auth_has_app(slice_str(slice, "app-passwords"));
	if (!conf->app)
		return;
	strlcpy(conf->backend[BACKEND_APP].name, "app-passwords",
	    sizeof(conf->backend[BACKEND_APP].name));
	conf->backend[BACKEND_APP].pool = auth_pool_find(&conf->pools,
	    backend_app.type, 0);
}

/* Of the first entry that takes tokens: a client can have one from one issuer
 * only.  paild has seen to it that there is nothing to be escaped. */
static void
authd_bearer_errors(struct authd_conf *conf, const struct slice *slice)
{
	const char	*type, *issuer, *scope;
	char		 scopes[1024] = "";
	uint32_t	 i, k;
	size_t		 n;

	for (i = 0; (type = slice_at(slice, "auth.%u.type", i)) != NULL; i++)
		if (strcmp(type, "oidc") == 0)
			break;
	if (type == NULL ||
	    (issuer = slice_at(slice, "auth.%u.issuer", i)) == NULL)
		return;
	for (k = 0; (scope = slice_at(slice, "auth.%u.scopes.%u", i, k)) !=
	    NULL; k++) {
		strlcat(scopes, k > 0 ? " " : "", sizeof(scopes));
		strlcat(scopes, scope, sizeof(scopes));
	}
	n = strlen(issuer);
	snprintf(conf->oauthbearer_error, sizeof(conf->oauthbearer_error),
	    "{\"status\":\"invalid_token\",\"scope\":\"%s\","
	    "\"openid-configuration\":\"%.*s/.well-known/"
	    "openid-configuration\"}", scopes,
	    (int)(n > 0 && issuer[n - 1] == '/' ? n - 1 : n), issuer);
	snprintf(conf->xoauth2_error, sizeof(conf->xoauth2_error),
	    "{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"%s\"}",
	    scopes);
}

static int
authd_backends(struct authd_conf *conf, const struct slice *slice, char *why,
    size_t size)
{
	struct auth_entries	 e;
	uint32_t		 i;

	auth_pools_read(&conf->pools, slice);
	if (auth_entries_read(&e, slice) == -1) {
		snprintf(why, size, "auth: more than %d entries",
		    AUTH_ENTRIES_MAX);
		return -1;
	}
	for (i = 0; i < e.n; i++)
		authd_backend(conf, &e, i);
	if (!conf->silent)
		conf->recheck_ms = 0;
	if (conf->certificates != 0)
		strlcat(conf->mechanisms, "EXTERNAL ",
		    sizeof(conf->mechanisms));
	if ((conf->backends = e.n) == 0) {
		snprintf(why, size, "auth: no entries, so nobody can log in");
		return -1;
	}
	authd_app(conf, slice);
	return 0;
}

int
authd_conf_read(struct authd_conf *conf, const struct slice *slice, char *why,
    size_t size)
{
	char		list[128];
	uint64_t	n;

	memset(conf, 0, sizeof(*conf));
	if (slice_words(slice, "sasl-mechanisms", list, sizeof(list)) == -1) {
		snprintf(why, size, "sasl-mechanisms: too many mechanisms");
		return -1;
	}
	conf->recheck_ms = (int64_t)slice_num(slice, "login-recheck") * 1000;
	if (authd_mechanisms(conf, list, auth_takes(slice), why, size) == -1)
		return -1;
	authd_bearer_errors(conf, slice);
	conf->cache_ttl_ms = (int64_t)slice_num(slice, "login-cache") * 1000;
	n = slice_num(slice, "nprocs.storaged");
	if (n == 0 || n > GRANT_STORAGED_MAX) {
		snprintf(why, size, "nprocs.storaged is %" PRIu64, n);
		return -1;
	}
	conf->storaged = (uint32_t)n;
	authd_limits(conf, slice);
	if (names_read(&conf->names, slice, why, size) == -1 ||
	    recipient_conf_read(&conf->recipients, slice, why, size) == -1)
		return -1;
	return authd_backends(conf, slice, why, size);
}

struct user_quota
authd_quota(const struct authd_conf *conf, const struct found_quota *said)
{
	struct user_quota	q = conf->quota;

	q.known = said->told != QUOTA_UNASKED;
	if (said->told == QUOTA_OWN) {
		q.bytes = said->bytes;
		q.messages = said->messages;
	}
	return q;
}

bool
authd_offers(const struct authd_conf *conf, const char *mechanism)
{
	char	word[40];

	snprintf(word, sizeof(word), " %s ", mechanism);
	return strstr(conf->mechanisms, word) != NULL;
}

bool
authd_can_ask(const struct authd_conf *conf, uint32_t backend,
    enum work_how how)
{
	uint32_t	of;

	if (backend == BACKEND_APP)
		return how == WORK_PASSWORD || how == WORK_ADMIN;
	switch (how) {
	case WORK_PASSWORD:
	case WORK_ADMIN:
		of = ~(conf->bearer | conf->certificates);
		break;
	case WORK_PROOF:
		of = conf->scram;
		break;
	case WORK_BEARER:
		of = conf->bearer;
		break;
	case WORK_CERTIFICATE:
		of = conf->certificates;
		break;
	default:
		return true;
	}
	return (of >> backend & 1) != 0;
}
