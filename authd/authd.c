/*
 * What authd is made of, and what happens to all of it at once.  Must never
 * read a password file, never block, and never see mail.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "authd/answers.h"
#include "authd/app_used.h"
#include "authd/attempt.h"
#include "authd/authd.h"
#include "authd/channel.h"
#include "authd/gate_list.h"
#include "authd/live.h"
#include "authd/rcpt.h"
#include "authd/recheck.h"
#include "authd/request.h"
#include "authd/revoked.h"
#include "authd/session_list.h"
#include "authd/usage.h"
#include "common/clock.h"
#include "common/json_write.h"
#include "common/log.h"
#include "common/user.h"

#define AUTHD_KNOWN_MAX		65536	/* users */
#define AUTHD_CACHE_MAX		16384	/* logins */

static struct gate_conf
authd_gate_conf(const struct authd_conf *conf)
{
	struct gate_conf	gc = { conf->answer_ms, conf->guesses };

	return gc;
}

static int64_t
authd_now(void)
{
	struct timespec	ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) == -1)
		fatal("clock_gettime");
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * The file's change, of which pailctl or another worker may have told.  When
 * the file is changed again within seconds this user is revoked twice: better
 * than never.
 */
static void
authd_changed(const char *user, int64_t changed, void *arg)
{
	struct authd	*a = arg;
	char		 word[2 * USER_ID_MAX + 8];

	if (!revoked_since(a->revoked, user, changed, authd_now()))
		authd_revoke(a, user);
	else
		log_debug("user=%s cmd=revoke result=done before",
		    log_word(word, sizeof(word), user));
}

static void
authd_backends(struct authd *a)
{
	uint32_t	i;

	for (i = 0; i < CACHE_BACKENDS_MAX; i++)
		if (a->conf.backend[i].name[0] != '\0')
			work_backend(a->work, i, a->conf.backend[i].pool,
			    a->conf.backend[i].name);
		else
			work_backend(a->work, i, AUTH_POOLS_MAX, "");
}

struct authd *
authd_new(struct event_base *base, const struct authd_conf *conf)
{
	struct gate_conf	 gc = authd_gate_conf(conf);
	struct authd		*a;
	uint32_t		 i;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->base = base;
	a->conf = *conf;
	a->known = known_new(AUTHD_KNOWN_MAX);
	if (a->known != NULL)
		a->gate = gate_new(a->known, &gc, conf->tallies);
	a->cache = cache_new(AUTHD_CACHE_MAX, conf->cache_ttl_ms);
	a->preauth = preauth_new();
	TAILQ_INIT(&a->usages);
	a->revoked = revoked_new();
	a->app_used = app_used_new();
	a->sessions = sessions_new();
	a->live = live_new();
	a->recheck = recheck_new(a, authd_revoke);
	a->work = work_new(base, &conf->pools);
	a->answers = answers_new(conf->cache_ttl_ms);
	if (a->work != NULL && a->cache != NULL)
		a->checks = checks_new(a->work, a->cache, &a->conf);
	a->grants = grants_new(base, conf->storaged);
	for (i = 0; i < AUTHD_CHANNELS; i++)
		channel_init(&a->channel[i], a, i);
	for (i = 0; i < AUTHD_LMTPD_MAX; i++)
		rcpts_init(&a->rcpts[i], a, i);
	if (a->work != NULL) {
		authd_backends(a);
		work_on_revoke(a->work, authd_changed, a);
	}
	if (a->gate == NULL || a->preauth == NULL || a->revoked == NULL ||
	    a->app_used == NULL || a->sessions == NULL || a->checks == NULL ||
	    a->answers == NULL || a->live == NULL || a->recheck == NULL ||
	    a->grants == NULL || attempts_init(a) == -1) {
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
	usage_end(a);
	recheck_free(a->recheck);
	for (i = 0; i < AUTHD_CHANNELS; i++)
		channel_close(&a->channel[i]);
	for (i = 0; i < AUTHD_LMTPD_MAX; i++)
		rcpts_close(&a->rcpts[i]);
	attempts_free(a);
	checks_free(a->checks);
	work_free(a->work);
	grants_free(a->grants);
	cache_free(a->cache);
	answers_free(a->answers);
	gate_free(a->gate);
	known_free(a->known);
	preauth_free(a->preauth);
	revoked_free(a->revoked);
	app_used_free(a->app_used);
	sessions_free(a->sessions);
	admins_end(&a->admins, NULL);
	live_free(a->live);
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
	case PROC_ADMIND:
		if (index == 0) {
			channel_open(&a->channel[AUTHD_ADMIND], fd);
			return;
		}
		break;
	case PROC_LMTPD:
		if (index < AUTHD_LMTPD_MAX) {
			rcpts_open(&a->rcpts[index], fd);
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
	log_warnx("peer=%s index=%" PRIu32 " result=no why=\"unexpected peer\"",
	    proc_kind_name(kind), index);
	close(fd);
}

void
authd_reload(struct authd *a, const struct authd_conf *conf)
{
	struct gate_conf	gc = authd_gate_conf(conf);
	struct auth_pools	pools = a->conf.pools;
	uint32_t		storaged = a->conf.storaged;

	if (conf->storaged != storaged)
		log_warnx("processes.storaged: a change requires a restart");
	a->conf = *conf;
	a->conf.storaged = storaged;
	a->conf.pools = pools;
	authd_backends(a);
	cache_reset(a->cache, conf->cache_ttl_ms);
	answers_reset(a->answers, conf->cache_ttl_ms);
	gate_configure(a->gate, &gc);
	recheck_reload(a->recheck);
	attempts_turn(a);
}

/* paild has said something that logins wait for. */
static void
authd_again(struct authd *a)
{
	uint32_t	i;

	for (i = 0; i < AUTHD_CHANNELS; i++)
		channel_again(&a->channel[i]);
}

void
authd_serve(struct authd *a)
{
	grants_serve(a->grants);
	authd_again(a);
}

void
authd_preauth(struct authd *a, const char *user, const char *token)
{
	char	id[USER_ID_MAX + 1];

	if (user_normalize(str_from(user), id, sizeof(id)) == -1 ||
	    preauth_add(a->preauth, id, token, clock_ms()) == -1) {
		log_warnx("cmd=preauth result=no why=\"invalid user or "
		    "token\"");
		return;
	}
	/* imapd may have been quicker than paild's word. */
	authd_again(a);
}

void
authd_revoke(struct authd *a, const char *user)
{
	char		id[USER_ID_MAX + 1], word[2 * USER_ID_MAX + 8];
	uint32_t	i;

	if (user_normalize(str_from(user), id, sizeof(id)) == -1)
		return;
	revoked_put(a->revoked, id, authd_now());
	cache_revoke(a->cache, id);
	answers_revoke(a->answers, id);
	known_revoke(a->known, id);
	preauth_revoke(a->preauth, id);
	checks_revoke(a->checks, id);
	for (i = 0; i < AUTHD_CHANNELS; i++)
		channel_revoke(&a->channel[i], id);
	for (i = 0; i < AUTHD_LMTPD_MAX; i++)
		rcpts_revoke(&a->rcpts[i], id);
	grant_revoke(a->grants, id);
	admins_end(&a->admins, id);
	if (a->admin != NULL)
		a->admin->ended(id);
	log_info("user=%s cmd=revoke result=ok",
	    log_word(word, sizeof(word), id));
}

static void
authd_say_no(const char *why, bool json, struct buf *out)
{
	if (json)
		json_error(out, why);
	else
		buf_printf(out, "error: %s\n", why);
}

static void
authd_clear(struct authd *a, const char *arg, bool json, struct buf *out)
{
	char		 id[USER_ID_MAX + 1], word[2 * USER_ID_MAX + 8];
	const char	*what = NULL;
	size_t		 n;

	/* An address is a name, too. */
	if (*arg != '\0') {
		if (user_normalize(str_from(arg), id, sizeof(id)) == -1) {
			authd_say_no("neither an address nor a user", json,
			    out);
			return;
		}
		what = id;
	}
	n = gate_clear(a->gate, what);
	attempts_turn(a);
	log_info("cmd=throttle-clear of=%s n=%zu result=ok", what == NULL ?
	    "all" : log_word(word, sizeof(word), what), n);
	if (!json) {
		buf_printf(out, "%zu forgotten\n", n);
		return;
	}
	json_add_object(out, NULL);
	json_add_number(out, "forgotten", n);
	json_end_object(out);
	buf_puts(out, "\n");
}

static void
authd_sessions(struct authd *a, const char *arg, bool json, struct buf *out)
{
	char	id[USER_ID_MAX + 1];

	if (*arg != '\0' && user_normalize(str_from(arg), id,
	    sizeof(id)) == -1)
		authd_say_no("invalid user name", json, out);
	else
		session_list(a->sessions, *arg != '\0' ? id : NULL, json,
		    out);
}

static void
authd_session_end(struct authd *a, const char *arg, bool json,
    struct buf *out)
{
	uint32_t	scope, id;

	if (session_id(arg, &scope, &id) == -1 || !sessions_has(a->sessions,
	    scope, id) || !channel_leave(&a->channel[scope], id)) {
		authd_say_no("no such session", json, out);
		return;
	}
	log_info("login=%" PRIu32 ".%" PRIu32 " cmd=session-end result=ok",
	    scope, id);
	if (!json) {
		buf_puts(out, "told to end\n");
		return;
	}
	json_add_object(out, NULL);
	json_add_text(out, "ended", arg);
	json_end_object(out);
	buf_puts(out, "\n");
}

void
authd_report(struct authd *a, const char *what, const char *arg, bool json,
    struct buf *out)
{
	if (strcmp(what, "throttle-list") == 0)
		gate_list(a->gate, clock_ms(), authd_now() / 1000, json, out);
	else if (strcmp(what, "throttle-clear") == 0)
		authd_clear(a, arg, json, out);
	else if (strcmp(what, "sessions") == 0)
		authd_sessions(a, arg, json, out);
	else if (strcmp(what, "session-end") == 0)
		authd_session_end(a, arg, json, out);
	else
		authd_say_no("unknown report", json, out);
}

void
authd_on_app_used(struct authd *a, void (*used)(const char *, const char *))
{
	a->on_app_used = used;
}

void
authd_on_admin(struct authd *a, const struct authd_admin_ops *ops)
{
	a->admin = ops;
}

void
authd_given(struct authd *a, uint32_t id, const struct setup_give *g)
{
	channel_given(&a->channel[AUTHD_ADMIND], id, g);
}

void
authd_drain(struct authd *a, void (*drained)(void))
{
	uint32_t	i;

	a->draining = true;
	a->drained = drained;
	for (i = 0; i < AUTHD_CHANNELS; i++)
		channel_drain(&a->channel[i]);
	for (i = 0; i < AUTHD_LMTPD_MAX; i++)
		rcpts_drain(&a->rcpts[i]);
	attempts_drain(a);
	login_settled(a);
}

size_t
authd_waiting(const struct authd *a, const char *type)
{
	size_t	i, n = work_counts(a->work, type).waiting;

	for (i = 0; i < a->conf.pools.n; i++)
		if (strcmp(a->conf.pools.pool[i].type, type) == 0)
			n += gate_waiting_for(a->gate, (unsigned int)i);
	return n;
}
