/*
 * What authd is made of, and what happens to all of it at once.  Must never
 * read a password file, never block, and never see mail.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "authd/authd.h"
#include "authd/channel.h"
#include "authd/request.h"
#include "authd/sasl.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/user.h"

#define AUTHD_THROTTLE_MAX	16384	/* entries a table */
#define AUTHD_CACHE_MAX		16384	/* logins */
#define AUTHD_TTL_MAX		86400	/* seconds */

/* Words of a list, in upper case and with one space around each. */
static int
authd_mechanisms(struct authd_conf *conf, const char *list, char *why,
    size_t size)
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
		if (m == NULL || m->proof != SASL_PASSWORD) {
			snprintf(why, size, "sasl-mechanisms: none is "
			    "\"%s\" (PLAIN, LOGIN)", word);
			return -1;
		}
		strlcat(conf->mechanisms, word, sizeof(conf->mechanisms));
		if (strlcat(conf->mechanisms, " ", sizeof(conf->mechanisms)) >=
		    sizeof(conf->mechanisms)) {
			snprintf(why, size, "sasl-mechanisms: too many");
			return -1;
		}
	}
	return 0;
}

int
authd_conf_read(struct authd_conf *conf, const struct slice *slice, char *why,
    size_t size)
{
	char		list[128];
	uint64_t	n;

	memset(conf, 0, sizeof(*conf));
	if (slice_words(slice, "sasl-mechanisms", "PLAIN LOGIN", list,
	    sizeof(list)) == -1) {
		snprintf(why, size, "sasl-mechanisms: too many");
		return -1;
	}
	if (authd_mechanisms(conf, list, why, size) == -1)
		return -1;
	n = slice_num(slice, "login-cache", 300);
	if (n > AUTHD_TTL_MAX)
		n = AUTHD_TTL_MAX;
	conf->cache_ttl_ms = (int64_t)n * 1000;
	n = slice_num(slice, "nprocs.storaged", 1);
	if (n == 0 || n > GRANT_STORAGED_MAX) {
		snprintf(why, size, "nprocs.storaged is %" PRIu64, n);
		return -1;
	}
	conf->storaged = (uint32_t)n;
	while (slice_at(slice, "auth.%u.type", conf->backends) != NULL)
		if (++conf->backends > CACHE_BACKENDS_MAX) {
			snprintf(why, size, "auth: over %d entries",
			    CACHE_BACKENDS_MAX);
			return -1;
		}
	if (conf->backends == 0) {
		snprintf(why, size, "auth: no entry, nobody could log in");
		return -1;
	}
	return 0;
}

struct authd *
authd_new(struct event_base *base, const struct authd_conf *conf)
{
	struct authd	*a;
	uint32_t	 i;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->base = base;
	a->conf = *conf;
	a->throttle = throttle_new(AUTHD_THROTTLE_MAX);
	a->cache = cache_new(AUTHD_CACHE_MAX, conf->cache_ttl_ms);
	a->preauth = preauth_new();
	a->work = work_new(base, WORK_TIMEOUT_MS);
	if (a->work != NULL && a->cache != NULL)
		a->checks = checks_new(a->work, a->cache, conf->backends);
	a->grants = grants_new(base, conf->storaged);
	for (i = 0; i < AUTHD_IMAPD_MAX; i++)
		channel_init(&a->channel[i], a, i);
	if (a->throttle == NULL || a->preauth == NULL || a->checks == NULL ||
	    a->grants == NULL) {
		authd_free(a);
		return NULL;
	}
	return a;
}

void
authd_free(struct authd *a)
{
	uint32_t	i;

	if (a == NULL)
		return;
	a->drained = NULL;
	for (i = 0; i < AUTHD_IMAPD_MAX; i++)
		channel_close(&a->channel[i]);
	checks_free(a->checks);
	work_free(a->work);
	grants_free(a->grants);
	cache_free(a->cache);
	throttle_free(a->throttle);
	preauth_free(a->preauth);
	free(a);
}

void
authd_peer(struct authd *a, enum proc_kind kind, uint32_t index, int fd)
{
	switch (kind) {
	case PROC_IMAPD:
		if (index < AUTHD_IMAPD_MAX) {
			channel_open(&a->channel[index], fd);
			return;
		}
		break;
	case PROC_STORAGED:
		grants_storaged(a->grants, index, fd);
		return;
	case PROC_AUTHWORKER:
		work_worker(a->work, index, fd);
		return;
	default:
		break;
	}
	log_warnx("peer=%s index=%" PRIu32 " result=no why=\"not expected\"",
	    proc_kind_name(kind), index);
	close(fd);
}

void
authd_reload(struct authd *a, const struct authd_conf *conf)
{
	uint32_t	storaged = a->conf.storaged;

	if (conf->storaged != storaged)
		log_warnx("another number of storaged needs a restart");
	a->conf = *conf;
	a->conf.storaged = storaged;
	cache_reset(a->cache, conf->cache_ttl_ms);
	checks_set_backends(a->checks, conf->backends);
}

void
authd_preauth(struct authd *a, const char *user, const char *token)
{
	char		id[USER_ID_MAX + 1];
	uint32_t	i;

	if (user_normalize(str_from(user), id, sizeof(id)) == -1 ||
	    preauth_add(a->preauth, id, token, clock_ms()) == -1) {
		log_warnx("cmd=preauth result=no why=\"not a user or token\"");
		return;
	}
	/* imapd may have been quicker than paild's word. */
	for (i = 0; i < AUTHD_IMAPD_MAX; i++)
		channel_tokens(&a->channel[i]);
}

void
authd_revoke(struct authd *a, const char *user)
{
	char	id[USER_ID_MAX + 1], word[2 * USER_ID_MAX + 8];

	if (user_normalize(str_from(user), id, sizeof(id)) == -1)
		return;
	cache_revoke(a->cache, id);
	preauth_revoke(a->preauth, id);
	checks_revoke(a->checks, id);
	grant_revoke(a->grants, id);
	log_info("user=%s cmd=revoke result=ok",
	    log_word(word, sizeof(word), id));
}

void
authd_drain(struct authd *a, void (*drained)(void))
{
	uint32_t	i;

	a->draining = true;
	a->drained = drained;
	for (i = 0; i < AUTHD_IMAPD_MAX; i++)
		channel_drain(&a->channel[i]);
	channel_gone(a);
}

bool
authd_offers(const struct authd *a, const char *mechanism)
{
	char	word[40];

	snprintf(word, sizeof(word), " %s ", mechanism);
	return strstr(a->conf.mechanisms, word) != NULL;
}
