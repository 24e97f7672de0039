/*
 * Pushes signing keys to storaged, early, so that it never waits for one.
 * Must never let the secret out, nor log it.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/msg_auth.h"
#include "common/peer.h"
#include "credd/refresh.h"
#include "credd/sigkey.h"

#define DAY		86400
#define REFUSED_KEYS	16	/* access keys whose last line is known */

struct refresh_peer {
	struct refresh	*refresh;
	uint32_t	 index;
	struct peer	*peer;
};

struct refresh {
	struct event_base	*base;
	int64_t			(*now)(void);
	struct cred_secret	*secret;
	struct event		*timer;
	int64_t			 until;	/* the last day pushed, since 1970 */
	uint64_t		 pushed;
	uint64_t		 refused;
	struct {
		char	key[257];
		int64_t	logged;
	}			 last[REFUSED_KEYS];
	struct refresh_peer	 storaged[REFRESH_STORAGED_MAX];
};

static int	 refresh_message(struct peer *, struct msg *, void *);
static void	 refresh_closed(struct peer *, const char *, void *);
static const struct peer_ops refresh_ops = {
	refresh_message, refresh_closed, NULL
};

static int64_t
refresh_time(void)
{
	return (int64_t)time(NULL);
}

static void
refresh_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	refresh_look(arg);
}

struct refresh *
refresh_new(struct event_base *base, int64_t (*now)(void))
{
	struct timeval	 tv = { REFRESH_TICK, 0 };
	struct refresh	*r;
	uint32_t	 i;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->base = base;
	r->now = now != NULL ? now : refresh_time;
	for (i = 0; i < REFRESH_STORAGED_MAX; i++) {
		r->storaged[i].refresh = r;
		r->storaged[i].index = i;
	}
	r->timer = event_new(base, -1, EV_PERSIST, refresh_tick, r);
	if (r->timer == NULL || event_add(r->timer, &tv) == -1) {
		refresh_free(r);
		return NULL;
	}
	return r;
}

void
refresh_free(struct refresh *r)
{
	uint32_t	i;

	if (r == NULL)
		return;
	for (i = 0; i < REFRESH_STORAGED_MAX; i++)
		peer_close(r->storaged[i].peer);
	if (r->timer != NULL)
		event_free(r->timer);
	cred_secret_free(r->secret);
	free(r);
}

/* The key of one day (since 1970), to one storaged. */
static void
refresh_push(struct refresh *r, struct peer *p, int64_t day)
{
	const struct cred_secret *s = r->secret;
	struct cred_key		 ck = { 0 };
	uint8_t			 key[SIGKEY_LEN];
	char			 date[9];

	sigkey_date(date, day * DAY);
	if (sigkey_derive(key, s->secret, date, s->region, "s3") == -1) {
		log_warnx("date=%s result=no why=\"HMAC failed\"", date);
		return;
	}
	ck.access_key = str_from(s->access_key);
	ck.token = str_from(s->token);
	ck.region = str_from(s->region);
	ck.service = STR("s3");
	ck.date = str_from(date);
	ck.key = (struct str){ (const char *)key, sizeof(key) };
	ck.expires = s->expires;
	if (peer_send_struct(p, IMSG_CRED_KEY, 0, &cred_key_wire, &ck,
	    -1) == 0)
		r->pushed++;
	explicit_bzero(key, sizeof(key));
}

/* The last day whose key must be out by now. */
static int64_t
refresh_last_day(const struct refresh *r)
{
	int64_t	now = r->now();

	return (now + REFRESH_AHEAD) / DAY;
}

static void
refresh_all(struct refresh *r, int64_t from, int64_t to)
{
	int64_t		day;
	uint32_t	i;

	for (day = from; day <= to; day++)
		for (i = 0; i < REFRESH_STORAGED_MAX; i++)
			if (r->storaged[i].peer != NULL)
				refresh_push(r, r->storaged[i].peer, day);
	r->until = to;
}

void
refresh_look(struct refresh *r)
{
	int64_t	today = r->now() / DAY, last = refresh_last_day(r);

	/* A clock that was set back far needs its day's key again. */
	if (r->secret == NULL || last == r->until)
		return;
	refresh_all(r, r->until < last && r->until >= today ?
	    r->until + 1 : today, last);
}

void
refresh_secret(struct refresh *r, struct cred_secret *secret)
{
	cred_secret_free(r->secret);
	r->secret = secret;
	if (secret != NULL)
		refresh_all(r, r->now() / DAY, refresh_last_day(r));
}

void
refresh_storaged(struct refresh *r, uint32_t index, int fd)
{
	struct peer	*p;
	int64_t		 day, last;

	if (index >= REFRESH_STORAGED_MAX) {
		log_warnx("storaged=%" PRIu32 " result=no why=\"too many\"",
		    index);
		close(fd);
		return;
	}
	p = peer_new(r->base, fd, MSG_CHANNEL_CRED, MSG_SIDE_A, &refresh_ops,
	    &r->storaged[index]);
	if (p == NULL) {
		log_warn("storaged=%" PRIu32 " result=no", index);
		close(fd);
		return;
	}
	peer_close(r->storaged[index].peer);
	r->storaged[index].peer = p;
	if (r->secret == NULL)
		return;
	last = refresh_last_day(r);
	for (day = r->now() / DAY; day <= last; day++)
		refresh_push(r, p, day);
}

/* Whether a line about that key is due: once a minute. */
static bool
refresh_due(struct refresh *r, const char *key)
{
	int64_t	now = r->now();
	size_t	i, pick = 0;

	for (i = 0; i < REFUSED_KEYS; i++) {
		if (r->last[i].key[0] != '\0' &&
		    strcmp(r->last[i].key, key) == 0) {
			if (now >= r->last[i].logged &&
			    now - r->last[i].logged < 60)
				return false;
			r->last[i].logged = now;
			return true;
		}
		if (r->last[i].logged < r->last[pick].logged)
			pick = i;
	}
	/* All known ones are within their minute: this one is noise. */
	if (r->last[pick].key[0] != '\0' && now - r->last[pick].logged < 60)
		return false;
	strlcpy(r->last[pick].key, key, sizeof(r->last[pick].key));
	r->last[pick].logged = now;
	return true;
}

static int
refresh_message(struct peer *p, struct msg *m, void *arg)
{
	struct refresh_peer	*s = arg;
	struct refresh		*r = s->refresh;
	struct cred_refused	 ref;
	struct arena		*a;
	char			 key[257], quoted[300], why[512];
	int			 ret = -1;

	(void)p;
	if (m->type != IMSG_CRED_REFUSED || (a = arena_new(4096)) == NULL)
		return -1;
	if (wire_decode(&cred_refused_wire, &ref, m->data, m->len, a) == 0 &&
	    ref.access_key.len < sizeof(key)) {
		if (ref.access_key.len > 0)
			memcpy(key, ref.access_key.p, ref.access_key.len);
		key[ref.access_key.len] = '\0';
		r->refused++;
		if (refresh_due(r, key))
			log_warnx("storaged=%" PRIu32 " access-key=\"%s\" "
			    "result=refused why=\"%s\"", s->index,
			    log_quote(quoted, sizeof(quoted), key,
			    strlen(key)), log_quote(why, sizeof(why),
			    ref.why.p, ref.why.len));
		ret = 0;
	}
	arena_free(a);
	return ret;
}

static void
refresh_closed(struct peer *p, const char *why, void *arg)
{
	struct refresh_peer	*s = arg;

	if (s->peer != p)
		return;
	s->peer = NULL;
	if (strcmp(why, "end of file") == 0)	/* paild warns of a crash */
		log_debug("storaged=%" PRIu32 " result=closed", s->index);
	else
		log_warnx("storaged=%" PRIu32 " result=cut why=\"%s\"",
		    s->index, why);
}

uint64_t
refresh_pushed(const struct refresh *r)
{
	return r->pushed;
}

uint64_t
refresh_refused(const struct refresh *r)
{
	return r->refused;
}
