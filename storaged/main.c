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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/host.h"
#include "common/log.h"
#include "common/lost.h"
#include "common/mem.h"
#include "common/msg_auth.h"
#include "common/nofile.h"
#include "common/sandbox.h"
#include "storaged/apps.h"
#include "storaged/bucket/cache/blob_cache.h"
#include "storaged/bucket/ingest/ingest.h"
#include "storaged/bucket/ingest/ingest_report.h"
#include "storaged/bucket/s3/s3_metric.h"
#include "storaged/check.h"
#include "storaged/commit/commit_metric.h"
#include "storaged/counters.h"
#include "storaged/format/key.h"
#include "storaged/ready.h"
#include "storaged/report.h"
#include "storaged/session/dispatch.h"
#include "storaged/session/op.h"
#include "storaged/session/parcel.h"
#include "storaged/session/quota_report.h"
#include "storaged/session/window.h"
#include "storaged/start.h"
#include "storaged/util/helper.h"
#include "storaged/util/spool_room.h"

#define OPEN_USERS	256
#define INDEX_FILES	8	/* descriptors of an open user */
#define SPARE		(128 + PARCELS_FILES)	/* descriptors: the store,
						   the cache, spools */
#define EXPANDERS	2	/* threads */
#define QUIET_MS	5000	/* then a user is closed */
#define LOCK_PATIENCE_MS 3000	/* for a storaged that is ending */
#define LOCK_WAIT_MS	50

static struct env env;
static struct {
	struct slice	*conf;
	struct peer	*authd;
	struct peer	*credd;
	struct event	*tick;		/* the end: is all settled? */
	struct event	*rest;		/* every second */
	bool		 rested;	/* and it closed some */
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
			fatalx("%s: the cache is in use by another "
			    "storaged", path);
		(void)nanosleep(&ts, NULL);
	}
	/* The descriptor stays open for the process's life. */
}

/* credd hears of an access key that a server refused; use: as in CRED_KEY. */
static void
tell_refused(const char *use, const char *access_key, const char *why)
{
	struct cred_refused	 r = { .use = str_from(use) };

	if (self.credd == NULL)
		return;
	r.access_key = str_from(access_key);
	r.why = str_from(why);
	if (r.why.len > CRED_WHY_MAX)
		r.why.len = CRED_WHY_MAX;
	(void)peer_send_struct(self.credd, IMSG_CRED_REFUSED, 0, &r, -1);
}

static void
prepare(struct slice *conf)
{
	const char	*dir = slice_str(conf, "cache.path");

	(void)host_boot();
	key_disperse((unsigned)slice_num(conf, "store.dispersion"));
	if (strlcpy(env.cache, dir, sizeof(env.cache)) >= sizeof(env.cache) ||
	    (size_t)snprintf(env.index, sizeof(env.index), "%s/index", dir) >=
	    sizeof(env.index))
		fatalx("cache.path is too long");
}

/* The first one looks after what others drop, and proves that it can write. */
static bool
is_first(const struct slice *conf)
{
	return slice_num(conf, "index") == 0 && !slice_bool(conf, "report");
}

/* All of the files are read: certificates, and what resolves names. */
static void
reach(const struct slice *conf, struct sandbox *box)
{
	make_dir(env.cache);
	box->threads = true;
	sandbox_reach(box, env.cache, true);
	sandbox_reach(box, "/", false);
	blob_reach(conf, box);
	if (is_first(conf))
		ingest_reach(conf, box);
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

	if (env.eval.ndefaults == nitems(env.eval.defaults)) {
		log_warnx("more than %zu default mailboxes",
		    nitems(env.eval.defaults));
		return;
	}
	d = &env.eval.defaults[env.eval.ndefaults];
	d->use = 0;
	if (mailbox_name(str_from(name), d->name) == -1) {
		log_warnx("\"%s\" is not a valid mailbox name", name);
		return;
	}
	if (use[0] == '\\')
		use++;
	for (i = 0; i < nitems(uses); i++)
		if (strcasecmp(use, uses[i].word) == 0)
			d->use = uses[i].use;
	env.eval.ndefaults++;
}

static void
defaults_read(const struct slice *conf)
{
	const char	*name;
	unsigned	 i;

	env.eval.ndefaults = 0;
	for (i = 0; (name = slice_at(conf, "mailboxes.%u.name", i)) != NULL;
	    i++)
		defaults_add(name, slice_at(conf, "mailboxes.%u.use", i));
}

/* Room for messages on their way: the largest fits, whatever is set. */
static void
spool_read(const struct slice *conf)
{
	uint64_t	 least = 2 * env.appendlimit + 64 * 1024;
	uint64_t	 user, all;

	user = slice_num(conf, "cache.spool-per-user");
	all = slice_num(conf, "cache.spool") /
	    slice_num(conf, "nprocs.storaged");
	spool_limits(user < least ? least : user, all < least ? least : all);
	env.parcels_max = all / 2 < least ? least : all / 2;
	disk_keep(slice_num(conf, "cache.keep-free"));
}

static void
settings_read(const struct slice *conf)
{
	env.single_node = !slice_bool(conf, "cluster");
	env.appendlimit = slice_num(conf, "append-limit");
	spool_read(conf);
	env.eval.messages_max = (uint32_t)slice_num(conf,
	    "messages-per-mailbox");
	env.timeout_ms = (unsigned)slice_num(conf, "store.timeout") *
	    1000;
	if (codec_parse(slice_str(conf, "store.compression"),
	    &env.codec) == -1)
		fatalx("store.compression: unknown");
	defaults_read(conf);
}

/* Some providers accept one write a second of a key. */
static void
pace_read(const struct slice *conf)
{
	env.io->head_ms = slice_num(conf, "store.head-interval") * 1000;
}

static void
on_refused(const char *access_key, const char *why, void *arg)
{
	(void)arg;
	if (self.credd == NULL || strcmp(self.refused, access_key) == 0)
		return;			/* said once for each key */
	strlcpy(self.refused, access_key, sizeof(self.refused));
	tell_refused("store", access_key, why);
}

static void
tick_in(unsigned ms)
{
	struct timeval	 tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	evtimer_add(self.tick, &tv);
}

/* The end: is all settled? */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (user_drain() && session_count() == 0 && ingest_idle() &&
	    apps_idle() && ready_idle())
		daemon_drained();
	else
		tick_in(50);
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
		mem_trim();
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
	    (unsigned long long)slice_num(conf, "index"));
	env.objects = blob_cache_open(base, env.blob, dir,
	    slice_num(conf, "cache.size") /
	    slice_num(conf, "nprocs.storaged"), why, sizeof(why));
	if (env.objects == NULL)
		log_warnx("cache: %s", why);
	else
		commit_io_cache(env.io, env.objects);
}

/* Sessions and indexes within the limit of descriptors.  The store's and the
 * cache's come and go: a part is left for them. */
static void
fit(void)
{
	uint64_t	room = nofile_free();

	room = room > 2 * SPARE ? room - SPARE : room / 2;
	env.sessions_max = (unsigned)nofile_fit("sessions", SESSIONS_MAX, 1,
	    room - room / 4);
	env.open_max = (unsigned)nofile_fit("open indexes", OPEN_USERS,
	    INDEX_FILES, room / 4);
}

/* The first one keeps the site's app passwords, if they are in the bucket. */
static void
keep_apps(void)
{
	const char		*where = slice_at(self.conf, "app-passwords");
	struct apps_conf	 c = { .base = env.base, .blob = env.blob,
				    .spool = env.cache, .timeout_ms =
				    env.timeout_ms, .tell = daemon_apps };

	if (where == NULL || strcmp(where, "bucket") != 0)
		return;
	c.serial = slice_num(self.conf, "app-passwords.serial");
	c.poll_ms = 1000 * (unsigned)slice_num(self.conf,
	    "app-passwords-poll");
	apps_start(&c);
}

/* The store object is there: who finds others only takes it for no store. */
static void
on_ready(void)
{
	daemon_ready();
	if (!is_first(self.conf))
		return;
	keep_apps();
	ready_start(env.base, env.blob, self.conf);
}

static void
give(uint32_t id, const struct setup_give *g)
{
	apps_told(id, g);
}

static void
start(struct event_base *base, struct slice *conf)
{
	const struct timeval	 second = { 1, 0 };
	char			 why[512];

	self.conf = conf;
	dispatch_init(&env);
	make_dir(env.index);
	daemon_doing("waiting for the cache's lock");
	lock_cache(env.cache, slice_num(conf, "index"));
	settings_read(conf);
	if (disk_watch(env.cache, slice_num(conf, "cache.keep-free")) == -1)
		fatal("%s", env.cache);
	env.base = base;
	arc4random_buf(env.node, sizeof(env.node));
	if ((env.blob = blob_open(base, conf, why, sizeof(why))) == NULL)
		fatalx("store: %s", why);
	blob_on_refused(env.blob, on_refused, NULL);
	ingest_on_refused(tell_refused);
	if ((env.io = commit_io_new(base, env.blob)) == NULL ||
	    (self.tick = evtimer_new(base, on_tick, NULL)) == NULL ||
	    (self.rest = event_new(base, -1, EV_PERSIST, on_rest,
	    NULL)) == NULL || event_add(self.rest, &second) == -1)
		fatal("start");
	pace_read(conf);
	daemon_doing("opening the cache");
	cache_open(base, conf);
	windows_from(env.blob, env.objects);
	if (!slice_bool(conf, "report"))	/* which has no sessions */
		fit();
	if (is_first(conf))
		ingest_start(base, conf, env.node);
	if ((env.pool = helper_new(base, EXPANDERS)) == NULL)
		fatal("threads");
	start_begin(&env, slice_bool(conf, "probe"), daemon_nearly, on_ready);
}

/* authd: sessions begin and end. */
static int
grant_message(struct peer *p, struct msg *m, void *arg)
{
	struct grant_session	 grant;
	struct grant_revoke	 revoke;
	struct grant_usage	 usage;
	struct user		*u;
	char			 id[USER_ID_MAX * 3 + 1];
	char			 word[2 * USER_ID_MAX + 8];

	(void)p;
	(void)arg;
	if (m->type == IMSG_GRANT_SESSION) {
		if (wire_decode(&grant_session_wire, &grant, m->data, m->len,
		    NULL) == -1 || user_normalize(grant.user, id,
		    sizeof(id)) == -1) {
			if (m->fd != -1)
				close(m->fd);
			return -1;
		}
		if (m->fd == -1) {	/* imapd hears the end of it */
			log_warnx("user=%s result=no why=\"out of file "
			    "descriptors\"",
			    log_word(word, sizeof(word), id));
			return 0;
		}
		session_new(id, &grant, m->fd);
		return 0;
	}
	if (m->type == IMSG_GRANT_USAGE) {
		if (wire_decode(&grant_usage_wire, &usage, m->data, m->len,
		    NULL) == -1 || user_normalize(usage.user, id,
		    sizeof(id)) == -1) {
			if (m->fd != -1)
				close(m->fd);
			return -1;
		}
		quota_report(id, &usage.quota, m->fd);
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
	if (!str_eq(key.use, STR("store")))
		ingest_key(&key);
	else {
		self.refused[0] = '\0';
		blob_set_key(env.blob, &key);
		check_key(m->data, m->len);
		start_key();
	}
	explicit_bzero(&key, sizeof(key));
	return 0;
}

/* paild gives a new channel when the other side was restarted. */
static void
peer_gone(struct peer *p, const char *why, void *arg)
{
	struct peer	**slot = arg;
	enum proc_kind	  kind = slot == &self.authd ? PROC_AUTHD : PROC_CREDD;

	if (*slot != p)
		return;
	*slot = NULL;
	lost(kind, 0, why);
}

static const struct peer_ops grant_ops = { .message = grant_message,
    .closed = peer_gone };
static const struct peer_ops cred_ops = { .message = cred_message,
    .closed = peer_gone };

static void
peer(enum proc_kind kind, uint32_t number, int fd)
{
	struct peer	**slot;

	if (kind == PROC_LMTPD) {
		parcels_channel(number, fd);
		return;
	}
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
		if (strcmp(slice_str(conf, fixed[i]),
		    slice_str(self.conf, fixed[i])) != 0) {
			snprintf(why, size, "%s: a change requires a restart",
			    fixed[i]);
			return -1;
		}
	settings_read(conf);
	pace_read(conf);
	blob_reload(env.blob, conf);
	ready_reload(conf);
	slice_forget(conf, "store.customer-key");
	self.conf = conf;
	return 0;
}

static void
drain(void)
{
	env.draining = true;
	ingest_drain();
	apps_stop();
	ready_stop();
	start_stop();
	tick_in(0);
}

static void
counts(void)
{
	const struct blob_counts	*c = blob_counts(env.blob);
	const struct blob_cache_counts	*cache;

	STORAGED_COUNTERS(COUNTER_TELL)
	if (env.objects != NULL) {
		cache = blob_cache_counts(env.objects);
		STORAGED_CACHE_COUNTERS(COUNTER_TELL)
	}
	STORAGED_STORE_COUNTERS(COUNTER_TELL)
	s3_metric_tell(daemon_metric);
	commit_metric_tell(daemon_metric);
	ready_tell(start_waits());
	if (ingest_on())
		STORAGED_INGEST_COUNTERS(COUNTER_TELL)
}

static void
report_end(const char *text, void *arg)
{
	report_line(env.base, (int)(intptr_t)arg, text);
}

static void
report(const char *what, const char *arg, bool json, int fd)
{
	char	 id[USER_ID_MAX * 3 + 1];

	if (strcmp(what, "store-check") == 0)
		check_start(env.base, self.conf, env.blob, json, fd);
	else if (strcmp(what, "ingest-list") == 0)
		ingest_list(json, report_end, (void *)(intptr_t)fd);
	else if (strcmp(what, "ingest-retry") == 0)
		ingest_retry(arg, json, report_end, (void *)(intptr_t)fd);
	else if (apps_change(what, arg, report_end, (void *)(intptr_t)fd))
		;
	else if (strcmp(what, "dump") != 0)
		report_line(env.base, fd, "unknown report");
	else if (user_normalize(str_from(arg), id, sizeof(id)) == -1)
		report_line(env.base, fd, "invalid user name");
	else
		report_dump(env.base, env.blob, id, json, fd);
}

int
main(void)
{
	static const struct daemon	 d = {
		.name = "storaged",
		.prepare = prepare,
		.reach = reach,
		.start = start,
		.peer = peer,
		.reload = reload,
		.drain = drain,
		.counts = counts,
		.report = report,
		.give = give,
		.late_ready = true,
	};

	daemon_run(&d);
}
