/*
 * storaged: holds the bucket.  Serves the mail of the users that fall to
 * this process by hash, over the channels that authd grants; has the S3
 * signing keys that credd gives it, never the secret; parses neither IMAP
 * nor MIME.  See storaged(8).
 */
#include "common/compat.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <event2/event.h>

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/daemon.h"
#include "common/host.h"
#include "common/log.h"
#include "common/msg_auth.h"
#include "storaged/blob_cache.h"
#include "storaged/check.h"
#include "storaged/helper.h"
#include "storaged/op.h"
#include "storaged/report.h"
#include "storaged/s3_probe.h"
#include "storaged/storeobj.h"
#include "storaged/window.h"

#define OPEN_USERS	256
#define EXPANDERS	2	/* threads */
#define QUIET_MS	5000	/* then a user is closed */
#define APPENDLIMIT	(64 * 1024 * 1024)
#define LOCK_PATIENCE_MS 3000	/* for a storaged that is ending */
#define LOCK_WAIT_MS	50
#define SAY_AWAY_MS	30000	/* between two lines on a store that is away */
#define STORE_WAIT_MS	3000	/* for the store object */

static struct {
	struct slice	*conf;
	struct peer	*authd;
	struct peer	*credd;
	struct event	*tick;		/* start: is the store ready?  end:
					   is all settled? */
	struct event	*rest;		/* every second */
	bool		 rested;	/* and it closed some */
	bool		 ready;
	bool		 probing;
	bool		 wants_probe;	/* this process tries the store */
	bool		 makes_store;	/* and makes the store object */
	uint64_t	 since_ms;
	uint64_t	 said_ms;	/* that the store is away */
	char		 refused[256];	/* access key that the server refused */
} self;

static void
make_dir(const char *path)
{
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		fatal("%s", path);
}

/*
 * One storaged of this number on a cache directory, whoever started it.  One
 * whose paild was killed holds it until it has ended: that is waited for.
 */
static void
lock_cache(const char *dir, uint64_t number)
{
	const struct timespec	 ts = { 0, LOCK_WAIT_MS * 1000 * 1000 };
	char			 path[600];
	unsigned		 tries = LOCK_PATIENCE_MS / LOCK_WAIT_MS;
	int			 fd;

	snprintf(path, sizeof(path), "%s/storaged.%llu.lock", dir,
	    (unsigned long long)number);
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1)
		fatal("%s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (tries-- == 0)
			fatalx("%s: another storaged uses this cache", path);
		(void)nanosleep(&ts, NULL);
	}
	/* The descriptor stays open for the process's life. */
}

static void
prepare(struct slice *conf)
{
	const char	*dir = slice_str(conf, "cache.path",
			    "/var/cache/pail");

	(void)host_boot();
	if (strlcpy(env.cache, dir, sizeof(env.cache)) >= sizeof(env.cache) ||
	    (size_t)snprintf(env.index, sizeof(env.index), "%s/index", dir) >=
	    sizeof(env.index))
		fatalx("cache.path is too long");
}

static void
defaults_add(const char *name, const char *use)
{
	static const struct { const char *word; uint32_t use; } uses[] = {
		{ "all", MBOX_USE_ALL }, { "archive", MBOX_USE_ARCHIVE },
		{ "drafts", MBOX_USE_DRAFTS },
		{ "flagged", MBOX_USE_FLAGGED }, { "junk", MBOX_USE_JUNK },
		{ "sent", MBOX_USE_SENT }, { "trash", MBOX_USE_TRASH },
		{ "important", MBOX_USE_IMPORTANT },
	};
	struct eval_default	*d;
	size_t			 i;

	if (eval_ndefaults == nitems(eval_defaults)) {
		log_warnx("more than %zu default mailboxes",
		    nitems(eval_defaults));
		return;
	}
	d = &eval_defaults[eval_ndefaults];
	d->use = 0;
	if (mailbox_name(str_from(name), d->name) == -1) {
		log_warnx("no mailbox can be named \"%s\"", name);
		return;
	}
	if (use[0] == '\\')
		use++;
	for (i = 0; i < nitems(uses); i++)
		if (strcasecmp(use, uses[i].word) == 0)
			d->use = uses[i].use;
	eval_ndefaults++;
}

static void
defaults_read(const struct slice *conf)
{
	const char	*name, *use;
	unsigned	 i;

	eval_ndefaults = 0;
	for (i = 0; (name = slice_at(conf, "mailboxes.%u.name", i)) != NULL;
	    i++) {
		use = slice_at(conf, "mailboxes.%u.use", i);
		defaults_add(name, use != NULL ? use : "");
	}
	if (i > 0)
		return;
	defaults_add("Drafts", "drafts");
	defaults_add("Sent", "sent");
	defaults_add("Junk", "junk");
	defaults_add("Trash", "trash");
	defaults_add("Archive", "archive");
}

static void
settings_read(const struct slice *conf)
{
	env.alone = !slice_bool(conf, "cluster", true);
	env.appendlimit = slice_num(conf, "append-limit", APPENDLIMIT);
	env.timeout_ms = (unsigned)slice_num(conf, "store.timeout", 30) *
	    1000;
	if (codec_parse(slice_str(conf, "store.compression", "zstd:3"),
	    &env.codec) == -1)
		env.codec = (struct codec_choice){ CODEC_ZSTD, 3 };
	defaults_read(conf);
}

static void
on_refused(const char *access_key, const char *why, void *arg)
{
	struct cred_refused	 r;

	(void)arg;
	if (self.credd == NULL || strcmp(self.refused, access_key) == 0)
		return;			/* said once for each key */
	strlcpy(self.refused, access_key, sizeof(self.refused));
	r.access_key = str_from(access_key);
	r.why = str_from(why);
	(void)peer_send_struct(self.credd, IMSG_CRED_REFUSED, 0,
	    &cred_refused_wire, &r, -1);
}

static void
tick_in(unsigned ms)
{
	struct timeval	 tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	evtimer_add(self.tick, &tv);
}

/* The store is away at start: said now and then, tried again soon. */
static void
away(const char *line)
{
	if (self.said_ms == 0 || clock_ms() - self.said_ms >= SAY_AWAY_MS) {
		self.said_ms = clock_ms();
		log_warnx("store: %s", line);
	}
	tick_in(500);
}

/* A store without true conditional writes is never served. */
static void
on_probe(const struct probe_result *r, void *arg)
{
	(void)arg;
	self.probing = false;
	switch (r->verdict) {
	case PROBE_GOOD:
		log_info("store: %s", r->line);
		self.wants_probe = false;
		tick_in(0);
		return;
	case PROBE_REFUSED:
		fatalx("store: %s", r->line);
	case PROBE_AWAY:
		away(r->line);
		return;
	}
}

/* What this node has served is somewhere else: nobody is to see mailboxes
 * without it, and nothing is made there. */
static void
other_store(void)
{
	fatalx("store: the cache %s is of another store: is this the right "
	    "bucket and key-prefix?  If so, delete the cache", env.cache);
}

/* Known, or made: Pail can serve. */
static void
on_store(enum storeobj_verdict v, const uint8_t uuid[16], const char *why)
{
	char	line[512];

	self.probing = false;
	switch (v) {
	case STOREOBJ_OK:
		if (!storeobj_cache(env.cache, uuid)) {
			if (self.makes_store)
				other_store();
			env.known = true;
			log_warnx("cache: %s is of another store: no new "
			    "user is made until it is deleted", env.cache);
		}
		break;
	case STOREOBJ_ABSENT:
		if (self.makes_store)
			other_store();
		/* The process that tries the store makes it.  For a report
		 * (paild -C) nobody does. */
		if (clock_ms() - self.since_ms < STORE_WAIT_MS) {
			tick_in(100);
			return;
		}
		env.known = true;
		break;
	case STOREOBJ_REFUSED:
		fatalx("store: %s", why);
	case STOREOBJ_AWAY:
		snprintf(line, sizeof(line), "result=away why=\"%s\"", why);
		away(line);
		return;
	}
	self.ready = true;
	daemon_ready();
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (env.draining) {
		if (user_drain()) {
			daemon_drained();
			return;
		}
		tick_in(50);
		return;
	}
	if (self.ready || self.probing)
		return;
	if (!blob_ready(env.blob)) {
		tick_in(50);		/* until credd's key is there */
		return;
	}
	if (self.wants_probe) {
		self.probing = true;
		probe_start(env.base, env.blob, on_probe, NULL);
		return;
	}
	self.probing = true;
	storeobj_open(env.blob, self.makes_store && !storeobj_known(env.cache),
	    on_store);
}

/* Idle users cost no memory beyond their sessions. */
static void
on_rest(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (!env.draining && users_rest(QUIET_MS) > 0)
		self.rested = true;
	else if (self.rested) {
		self.rested = false;
		if (user_count() == 0)
			windows_drop();
#ifdef __GLIBC__
		malloc_trim(0);
#endif
	}
}

/* Objects on disk: without them it works too, only slower. */
static void
cache_open(struct event_base *base, const struct slice *conf)
{
	char	 dir[600], why[512];

	if (blob_local(env.blob))
		return;
	snprintf(dir, sizeof(dir), "%s/objects.%llu", env.cache,
	    (unsigned long long)slice_num(conf, "index", 0));
	env.objects = blob_cache_open(base, env.blob, dir,
	    slice_num(conf, "cache.size", 512 * 1024 * 1024) /
	    slice_num(conf, "nprocs.storaged", 1), why, sizeof(why));
	if (env.objects == NULL)
		log_warnx("cache: %s", why);
	else
		commit_io_cache(env.io, env.objects);
}

static void
start(struct event_base *base, struct slice *conf)
{
	const struct timeval	 second = { 1, 0 };
	char			 why[512];

	self.conf = conf;
	make_dir(env.cache);
	make_dir(env.index);
	lock_cache(env.cache, slice_num(conf, "index", 0));
	settings_read(conf);
	env.base = base;
	env.open_max = OPEN_USERS;
	arc4random_buf(env.node, sizeof(env.node));
	if ((env.blob = blob_open(base, conf, why, sizeof(why))) == NULL)
		fatalx("store: %s", why);
	blob_on_refused(env.blob, on_refused, NULL);
	if ((env.io = commit_io_new(base, env.blob)) == NULL ||
	    (self.tick = evtimer_new(base, on_tick, NULL)) == NULL ||
	    (self.rest = event_new(base, -1, EV_PERSIST, on_rest,
	    NULL)) == NULL || event_add(self.rest, &second) == -1)
		fatal("start");
	cache_open(base, conf);
	if ((env.pool = helper_new(base, EXPANDERS)) == NULL)
		fatal("threads");
	self.wants_probe = self.makes_store =
	    slice_bool(conf, "probe", false);
	self.since_ms = clock_ms();
	tick_in(0);
}

/* authd: sessions begin and end. */
static int
grant_message(struct peer *p, struct msg *m, void *arg)
{
	struct grant_session	 grant;
	struct grant_revoke	 revoke;
	struct user		*u;
	char			 id[USER_ID_MAX * 3 + 1];

	(void)p;
	(void)arg;
	if (m->type == IMSG_GRANT_SESSION) {
		if (wire_decode(&grant_session_wire, &grant, m->data, m->len,
		    NULL) == -1 || user_normalize(grant.user, id,
		    sizeof(id)) == -1) {
			close(m->fd);
			return -1;
		}
		session_new(id, m->fd);
		return 0;
	}
	if (m->type != IMSG_GRANT_REVOKE || wire_decode(&grant_revoke_wire,
	    &revoke, m->data, m->len, NULL) == -1 ||
	    user_normalize(revoke.user, id, sizeof(id)) == -1)
		return -1;
	if ((u = user_find(id)) != NULL)
		user_end(u, MBOX_NOPERM, "The login has been revoked");
	return 0;
}

/* credd: the keys that requests are signed with. */
static int
cred_message(struct peer *p, struct msg *m, void *arg)
{
	struct cred_key	 key;

	(void)p;
	(void)arg;
	if (m->type != IMSG_CRED_KEY || wire_decode(&cred_key_wire, &key,
	    m->data, m->len, NULL) == -1)
		return -1;
	self.refused[0] = '\0';
	blob_set_key(env.blob, &key);
	check_key(m->data, m->len);
	explicit_bzero(&key, sizeof(key));
	return 0;
}

/* paild gives a new channel when the other side was restarted. */
static void
peer_gone(struct peer *p, const char *why, void *arg)
{
	struct peer	**slot = arg;

	log_debug("channel to %s: %s", slot == &self.authd ? "authd" :
	    "credd", why);
	if (*slot == p)
		*slot = NULL;
}

static const struct peer_ops grant_ops = { .message = grant_message,
    .closed = peer_gone };
static const struct peer_ops cred_ops = { .message = cred_message,
    .closed = peer_gone };

static void
peer(enum proc_kind kind, uint32_t number, int fd)
{
	struct peer	**slot;

	(void)number;
	if (kind != PROC_AUTHD && kind != PROC_CREDD) {
		close(fd);
		return;
	}
	slot = kind == PROC_AUTHD ? &self.authd : &self.credd;
	peer_close(*slot);
	*slot = kind == PROC_AUTHD ?
	    peer_new(env.base, fd, MSG_CHANNEL_GRANT, MSG_SIDE_B, &grant_ops,
	    slot) : peer_new(env.base, fd, MSG_CHANNEL_CRED, MSG_SIDE_B,
	    &cred_ops, slot);
	if (*slot == NULL)
		fatal("channel");
}

static int
reload(struct slice *conf, char *why, size_t size)
{
	static const char *const fixed[] = { "store.type", "store.path",
	    "store.bucket", "store.endpoint", "store.region",
	    "store.key-prefix", "cache.path" };
	size_t	 i;

	for (i = 0; i < nitems(fixed); i++)
		if (strcmp(slice_str(conf, fixed[i], ""),
		    slice_str(self.conf, fixed[i], "")) != 0) {
			snprintf(why, size, "%s: a change needs a restart",
			    fixed[i]);
			return -1;
		}
	settings_read(conf);
	self.conf = conf;
	return 0;
}

static void
drain(void)
{
	env.draining = true;
	tick_in(0);
}

static void
counts(void)
{
	const struct blob_counts	*c = blob_counts(env.blob);

	daemon_count("sessions", session_count());
	daemon_count("users-open", user_count());
	if (env.objects != NULL) {
		daemon_count("cache-hits",
		    blob_cache_counts(env.objects)->hits);
		daemon_count("cache-misses",
		    blob_cache_counts(env.objects)->misses);
		daemon_count("cache-bytes",
		    blob_cache_counts(env.objects)->bytes);
	}
	daemon_count("store-put", c->put);
	daemon_count("store-get", c->get);
	daemon_count("store-head", c->head);
	daemon_count("store-delete", c->del);
	daemon_count("store-list", c->list);
	daemon_count("store-retries", c->retries);
	daemon_count("store-errors", c->errors);
	daemon_count("store-bytes-in", c->bytes_in);
	daemon_count("store-bytes-out", c->bytes_out);
}

static void
report(const char *what, const char *arg, int fd)
{
	char	 id[USER_ID_MAX * 3 + 1];

	if (strcmp(what, "store-check") == 0)
		check_start(self.conf, fd);
	else if (strcmp(what, "dump") != 0)
		report_line(fd, "storaged knows no such report");
	else if (user_normalize(str_from(arg), id, sizeof(id)) == -1)
		report_line(fd, "this cannot be a user's name");
	else
		report_dump(id, fd);
}

int
main(void)
{
	static const struct daemon	 d = {
		.name = "storaged",
		.prepare = prepare,
		.start = start,
		.peer = peer,
		.reload = reload,
		.drain = drain,
		.counts = counts,
		.report = report,
		.late_ready = true,
	};

	daemon_run(&d);
}
