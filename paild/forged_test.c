/*
 * Issue 13, Shows 9: the real daemons, in their sandboxes, and the parent
 * itself, against a neighbour that was taken over: forged messages, random
 * and mutated, on each channel that a process has, to each end that reads.
 * Only the forger's channel is cut; the process lives, cuts and reports no
 * other, and serves its other neighbours as before.  Sessions to imapd are
 * imapd/forged_test.c's.
 *
 * FORGED=100000 for so many to each end.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <netinet/in.h>

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/msg_auth.h"
#include "common/msg_mbox.h"
#include "common/msg_sign.h"
#include "common/test.h"
#include "common/test/forge.h"
#include "paild/admin.h"
#include "paild/ask.h"
#include "paild/chan.h"
#include "paild/child.h"
#include "paild/test/real.h"

#define USUAL	1200
#define ROUND	150		/* so often the others are tried */
#define STALE	6		/* messages that may hang in a lying frame */
#define MORE_KIB	(32 * 1024)
#define FILE_STORE	"{type: file, path: store}"

/* An honest neighbour, or a session. */
struct end {
	struct peer	*p;		/* NULL: cut, or not there */
	bool		 heard;		/* an answer */
	unsigned	 n;
	size_t		 octets;	/* of REPLY_DATA */
};

static struct real	 r;
static struct end	 authd, imapd, storaged, worker, session;
static enum msg_type	 awaited;
static struct sockaddr_in listener;

static int
on_message(struct peer *p, struct msg *m, void *arg)
{
	struct end		*e = arg;
	struct work_result	 yes = { .code = WORK_YES, .user = STR("ann"),
				    .why = STR(""), .data = STR("") };

	if (m->fd != -1)
		close(m->fd);
	e->n++;
	if (m->type == IMSG_REPLY_DATA)
		e->octets += m->len;
	if (m->type == IMSG_WORK_CHECK)
		(void)peer_send_struct(p, IMSG_WORK_RESULT, m->id, &yes, -1);
	e->heard = e->heard || m->type == awaited;
	return 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	((struct end *)arg)->p = NULL;
}

static const struct peer_ops ops = { on_message, on_closed, NULL };

static void
join(struct end *e, enum proc_kind kind, enum msg_channel channel,
    enum msg_side side)
{
	peer_close(e->p);
	memset(e, 0, sizeof(*e));
	e->p = peer_new(real_pd.base, real_channel(&r, kind, 0), channel,
	    side, &ops, e);
}

/* Asks, and has that answer. */
static bool
answers(struct end *e, enum msg_type ask, uint32_t id, const void *what,
    enum msg_type answer)
{
	e->heard = false;
	awaited = answer;
	return e->p != NULL && peer_send_struct(e->p, ask, id, what, -1) ==
	    0 && real_until(&e->heard) && e->p != NULL;
}

/* ---- what each does for those who do not forge ---- */

static int
grant(const char *user)
{
	struct grant_session	 g = { .user = str_from(user),
				    .login = str_from(user),
				    .rights = GRANT_ALL, .session = 1,
				    .kind = PROC_IMAPD };
	int			 sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1 ||
	    fcntl(sv[0], F_SETFL, O_NONBLOCK) == -1)
		fatal("socketpair");
	if (authd.p == NULL)
		join(&authd, PROC_AUTHD, MSG_CHANNEL_GRANT, MSG_SIDE_A);
	(void)peer_send_struct(authd.p, IMSG_GRANT_SESSION, 1, &g, sv[1]);
	return sv[0];
}

static bool
storaged_serves(void)
{
	static size_t		 listed;
	struct mbox_list	 all = { .counts = true };
	size_t			 was = session.octets;

	if (session.p == NULL) {
		awaited = IMSG_SESSION_READY;
		session.p = peer_new(real_pd.base, grant("ann"),
		    MSG_CHANNEL_MBOX, MSG_SIDE_A, &ops, &session);
		if (!real_until(&session.heard))
			return false;
		listed = 0;
	}
	if (!answers(&session, IMSG_MBOX_LIST, 1, &all, IMSG_REPLY_OK))
		return false;
	was = session.octets - was;
	if (listed == 0)
		listed = was;
	return was != 0 && was == listed;	/* nothing came, or went */
}

static bool
credd_serves(void)
{
	struct sign_transcript	 t = { { "0123456789abcdef0123456789abcdef",
				    SIGN_ID_LEN }, SIGN_ED25519, STR("x") };

	if (imapd.p == NULL) {
		join(&imapd, PROC_IMAPD, MSG_CHANNEL_SIGN, MSG_SIDE_B);
		awaited = IMSG_CRED_KEY;
		join(&storaged, PROC_STORAGED, MSG_CHANNEL_CRED, MSG_SIDE_B);
		if (!real_until(&storaged.heard))
			return false;
	}
	return answers(&imapd, IMSG_SIGN_TRANSCRIPT, 1, &t, IMSG_SIGN_DONE) &&
	    storaged.p != NULL;
}

static bool
authd_serves(void)
{
	static uint32_t		 id;
	struct auth_start	 login = { .mechanism = STR("PLAIN"),
				    .has_initial = true,
				    .initial = STR("\0ann\0pw"), .tls = true,
				    .remote = STR("203.0.113.7") };
	bool			 ok;

	if (imapd.p == NULL)
		join(&imapd, PROC_IMAPD, MSG_CHANNEL_AUTH, MSG_SIDE_A);
	if (storaged.p == NULL)
		join(&storaged, PROC_STORAGED, MSG_CHANNEL_GRANT, MSG_SIDE_B);
	if (worker.p == NULL)
		join(&worker, PROC_AUTHWORKER, MSG_CHANNEL_WORK, MSG_SIDE_B);
	ok = answers(&imapd, IMSG_AUTH_START, ++id, &login, IMSG_AUTH_OK);
	if (ok)
		(void)peer_send(imapd.p, IMSG_AUTH_END, id, NULL, 0, -1);
	return ok;
}

static bool
worker_serves(void)
{
	struct work_check	 w = { WORK_PASSWORD, 0, STR("ann"),
				    STR("pw"), STR(""), 0 };

	if (authd.p == NULL)
		join(&authd, PROC_AUTHD, MSG_CHANNEL_WORK, MSG_SIDE_A);
	return answers(&authd, IMSG_WORK_CHECK, 1, &w, IMSG_WORK_RESULT);
}

static void
listen_at(void)
{
	struct setup_listen	 sl = { STR("imap"), STR("127.0.0.1:1143") };
	socklen_t		 len = sizeof(listener);
	int			 s = socket(AF_INET, SOCK_STREAM |
				    SOCK_NONBLOCK, 0);

	listener = (struct sockaddr_in){ .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (s == -1 || bind(s, (struct sockaddr *)&listener, len) == -1 ||
	    getsockname(s, (struct sockaddr *)&listener, &len) == -1 ||
	    listen(s, 10) == -1)
		fatal("listen");
	peer_send_struct(r.p->setup, IMSG_SETUP_LISTEN, 0, &sl, s);
}

/* A client is greeted, and answered. */
static bool
imapd_serves(void)
{
	struct timeval	 tv = { TEST_PATIENCE_MS / 1000, 0 };
	char		 said[2048] = "";
	size_t		 len = 0;
	ssize_t		 n = 1;
	int		 s = socket(AF_INET, SOCK_STREAM, 0);

	if (authd.p == NULL)
		join(&authd, PROC_AUTHD, MSG_CHANNEL_AUTH, MSG_SIDE_B);
	if (!real_settles(&r) ||	/* which sends it */
	    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == -1 ||
	    connect(s, (struct sockaddr *)&listener, sizeof(listener)) == -1 ||
	    send(s, "a NOOP\r\n", 8, MSG_NOSIGNAL) != 8)
		n = 0;
	while (n > 0 && strstr(said, "a OK") == NULL) {
		n = recv(s, said + len, sizeof(said) - 1 - len, 0);
		len += n > 0 ? (size_t)n : 0;
		said[len] = '\0';
	}
	close(s);
	return strncmp(said, "* OK", 4) == 0 && strstr(said, "a OK") != NULL;
}

/* Its loop turns. */
static bool
loop_lives(void)
{
	return real_settles(&r);
}

/* ---- the attacks ---- */

#define S3_STORE "{type: s3, bucket: bucket, region: us-east-1, " \
    "endpoint: 'http://127.0.0.1:9', access-key: AKIAEXAMPLE, " \
    "secret-key: not-so-secret}"

static const struct row {
	const char	*name;
	enum proc_kind	 victim;
	enum msg_channel channel;
	enum msg_side	 from;
	enum proc_kind	 forger;
	uint32_t	 index;		/* of the forger */
	struct end	*place;		/* whose place it takes, or NULL */
	bool		 (*serves)(void);
	const char	*store;
	int		 files;		/* more that it may keep open */
} rows[] = {
	{ "GRANT, storaged", PROC_STORAGED, MSG_CHANNEL_GRANT, MSG_SIDE_A,
	    PROC_AUTHD, 0, &authd, storaged_serves, FILE_STORE, 16 },
	{ "CRED, storaged", PROC_STORAGED, MSG_CHANNEL_CRED, MSG_SIDE_A,
	    PROC_CREDD, 0, NULL, storaged_serves, FILE_STORE, 16 },
	{ "MBOX, storaged", PROC_STORAGED, MSG_CHANNEL_MBOX, MSG_SIDE_A,
	    PROC_IMAPD, 0, NULL, storaged_serves, FILE_STORE, 16 },
	{ "CRED, credd", PROC_CREDD, MSG_CHANNEL_CRED, MSG_SIDE_B,
	    PROC_STORAGED, 1, NULL, credd_serves, S3_STORE, 4 },
	{ "SIGN, credd", PROC_CREDD, MSG_CHANNEL_SIGN, MSG_SIDE_B,
	    PROC_IMAPD, 1, NULL, credd_serves, S3_STORE, 4 },
	{ "AUTH, authd", PROC_AUTHD, MSG_CHANNEL_AUTH, MSG_SIDE_A,
	    PROC_IMAPD, 1, NULL, authd_serves, FILE_STORE, 8 },
	{ "GRANT, authd", PROC_AUTHD, MSG_CHANNEL_GRANT, MSG_SIDE_B,
	    PROC_STORAGED, 0, &storaged, authd_serves, FILE_STORE, 8 },
	{ "WORK, authd", PROC_AUTHD, MSG_CHANNEL_WORK, MSG_SIDE_B,
	    PROC_AUTHWORKER, 0, &worker, authd_serves, FILE_STORE, 8 },
	{ "WORK, authworker", PROC_AUTHWORKER, MSG_CHANNEL_WORK, MSG_SIDE_A,
	    PROC_AUTHD, 0, &authd, worker_serves, FILE_STORE, 8 },
	{ "AUTH, authd of admind", PROC_AUTHD, MSG_CHANNEL_AUTH, MSG_SIDE_A,
	    PROC_ADMIND, 0, NULL, authd_serves, FILE_STORE, 8 },
	{ "AUTH, admind", PROC_ADMIND, MSG_CHANNEL_AUTH, MSG_SIDE_B,
	    PROC_AUTHD, 0, NULL, loop_lives, FILE_STORE, 8 },
	{ "AUTH, imapd", PROC_IMAPD, MSG_CHANNEL_AUTH, MSG_SIDE_B,
	    PROC_AUTHD, 0, &authd, imapd_serves, FILE_STORE, 8 },
	{ "PARCEL, storaged", PROC_STORAGED, MSG_CHANNEL_PARCEL, MSG_SIDE_A,
	    PROC_LMTPD, 0, NULL, storaged_serves, FILE_STORE, 16 },
	{ "RCPT, authd", PROC_AUTHD, MSG_CHANNEL_RCPT, MSG_SIDE_A,
	    PROC_LMTPD, 0, NULL, authd_serves, FILE_STORE, 8 },
	{ "RCPT, lmtpd", PROC_LMTPD, MSG_CHANNEL_RCPT, MSG_SIDE_B,
	    PROC_AUTHD, 0, NULL, loop_lives, FILE_STORE, 8 },
	{ "PARCEL, lmtpd", PROC_LMTPD, MSG_CHANNEL_PARCEL, MSG_SIDE_B,
	    PROC_STORAGED, 0, NULL, loop_lives, FILE_STORE, 8 },
	{ "SIGN, lmtpd", PROC_LMTPD, MSG_CHANNEL_SIGN, MSG_SIDE_A,
	    PROC_CREDD, 0, NULL, loop_lives, FILE_STORE, 8 },
	{ "SIGN, admind", PROC_ADMIND, MSG_CHANNEL_SIGN, MSG_SIDE_A,
	    PROC_CREDD, 0, NULL, loop_lives, FILE_STORE, 8 },
	{ "SIGN, imapd", PROC_IMAPD, MSG_CHANNEL_SIGN, MSG_SIDE_A,
	    PROC_CREDD, 0, NULL, imapd_serves, FILE_STORE, 8 },
};

static int
intrude(const struct row *row)
{
	struct buf	 b = BUF_INIT;
	int		 s;

	s = row->channel == MSG_CHANNEL_MBOX ? grant("mallory") :
	    real_channel(&r, row->forger, row->index);
	forge_hello(row->channel, &b);
	CHECK_ROW(forge_send(s, b.data, b.len, 0) == (int)b.len, "%s",
	    row->name);
	buf_free(&b);
	return s;
}

/* Reads what came; true: it was cut. */
static bool
is_cut(int s)
{
	static char	 octets[65536];
	union {
		struct cmsghdr	h;
		char		space[256];
	} c;
	struct iovec	 iov = { octets, sizeof(octets) };
	struct msghdr	 m;
	ssize_t		 n;
	int		 fd;

	do {
		m = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1,
		    .msg_control = c.space,
		    .msg_controllen = sizeof(c.space) };
		n = recvmsg(s, &m, MSG_DONTWAIT);
		if (n > 0 && CMSG_FIRSTHDR(&m) != NULL) {
			memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)),
			    sizeof(fd));
			close(fd);
		}
	} while (n > 0);
	return n == 0 || errno == ECONNRESET;
}

static unsigned
forge(const struct row *row, unsigned n)
{
	struct forge	 f = { .b = BUF_INIT };
	unsigned	 cuts = 0, lies = 0;
	bool		 cut;
	int		 s = -1;

	while (n-- > 0 && !r.gone) {
		if (s == -1)
			s = intrude(row);
		forge_next(&f, row->channel, row->from);
		cut = forge_send(s, f.b.data, f.b.len, f.nfds) == -1;
		CHECK_ROW(real_settles(&r), "%s: %s", row->name, r.log);
		cut = is_cut(s) || cut;
		cuts += cut;
		lies += f.how >= FORGE_STRANGER;
		if (cut || lies > STALE) {
			close(s);
			s = -1;
			lies = 0;
		}
	}
	if (s != -1)
		close(s);
	buf_free(&f.b);
	return cuts;
}

static void
attack(const struct row *row, unsigned n)
{
	unsigned	 i, cuts = 0;
	int		 fds = 0;
	long		 kib = 0;

	real_conf(row->store, "");
	if (!real_start(&r, row->victim)) {
		CHECK_ROW(false, "%s: not ready", row->name);
		return;
	}
	r.watch = row->forger;
	r.watch_index = row->index;
	if (row->victim == PROC_IMAPD)
		listen_at();
	CHECK_ROW(row->serves(), "%s, at first: %s", row->name, r.log);
	fds = real_fds(&r);
	for (i = 0; i < n; i += ROUND) {
		cuts += forge(row, ROUND);
		if (row->place != NULL) {
			peer_close(row->place->p);
			row->place->p = NULL;
		}
		CHECK_ROW(row->serves(), "%s, after %u: %s", row->name, i,
		    r.log);
		if (i == 0)
			kib = real_kib(&r);
	}
	CHECK_ROW(cuts > i / 4 && cuts < i, "%s: %u", row->name, cuts);
	CHECK_ROW((r.lost > 0) != (row->channel == MSG_CHANNEL_MBOX) &&
	    r.lost_others == 0, "%s: %u, %u", row->name, r.lost,
	    r.lost_others);
	/* Each name that was forged well opens an index, of five descriptors,
	 * which storaged closes when nobody has used it for some seconds. */
	CHECK_ROW(real_fds_fall(&r, fds + row->files), "%s: %d, were %d",
	    row->name, real_fds(&r), fds);
#ifndef PAIL_ASAN
	CHECK_ROW(real_kib(&r) <= kib + MORE_KIB, "%s: %ld KiB, was %ld",
	    row->name, real_kib(&r), kib);
#endif
	(void)kib;
	real_stop(&r);
	peer_close(authd.p);
	peer_close(imapd.p);
	peer_close(storaged.p);
	peer_close(worker.p);
	peer_close(session.p);
	event_base_loop(real_pd.base, EVLOOP_NONBLOCK);
	memset(&authd, 0, sizeof(authd));
	imapd = storaged = worker = session = authd;
	printf("%-18s %u forged, %u cuts\n", row->name, i, cuts);
}

/* A child of the parent's own: this program has both ends. */
static int
child(struct proc *p)
{
	int	 sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1 ||
	    fcntl(sv[0], F_SETFL, O_NONBLOCK) == -1)
		fatal("socketpair");
	p->setup = peer_new(real_pd.base, sv[1], MSG_CHANNEL_SETUP,
	    MSG_SIDE_A, &child_ops, p);
	p->state = PROC_READY;
	return sv[0];
}

static void
attack_parent(enum proc_kind kind, uint32_t index, unsigned n)
{
	struct forge	 f = { .b = BUF_INIT };
	struct proc	*p, *bad = NULL;
	unsigned	 cuts = 0, i, j;
	int		 s = -1, fds[64], nfds = 0;

	real_conf(FILE_STORE, "");
	real_pd.ready = true;
	CHECK(chan_table(&real_pd) == 0);
	for (p = real_pd.procs; p < real_pd.procs + real_pd.nprocs; p++) {
		if (p->kind == kind && p->index == index)
			bad = p;
		else
			fds[nfds++] = child(p);
	}
	for (i = 0; bad != NULL && i < n; i++) {
		if (s == -1) {
			s = child(bad);
			buf_reset(&f.b);
			forge_hello(MSG_CHANNEL_SETUP, &f.b);
			CHECK(forge_send(s, f.b.data, f.b.len, 0) > 0);
		}
		forge_next(&f, MSG_CHANNEL_SETUP, MSG_SIDE_B);
		(void)forge_send(s, f.b.data, f.b.len, f.nfds);
		for (j = 0; j < 3; j++)
			event_base_loop(real_pd.base, EVLOOP_NONBLOCK);
		(void)is_cut(s);
		if (bad->setup == NULL) {
			cuts++;
			close(s);
			s = -1;
		}
	}
	for (p = real_pd.procs; p < real_pd.procs + real_pd.nprocs; p++)
		CHECK_ROW((p == bad || p->setup != NULL) && p->restarts == 0 &&
		    p->state == PROC_READY, "%d %u", (int)p->kind, p->index);
	CHECK(cuts > n / 4 && cuts < n);
	printf("SETUP, paild, %-6s %u forged, %u cuts\n",
	    proc_kind_name(kind), n, cuts);
	if (s != -1)
		close(s);
	while (nfds > 0)
		close(fds[--nfds]);
	if (bad != NULL)
		admin_gone(bad);	/* it may have asked */
	for (p = real_pd.procs; p < real_pd.procs + real_pd.nprocs; p++) {
		ask_gone(p);
		peer_close(p->setup);
	}
	event_base_loop(real_pd.base, EVLOOP_NONBLOCK);
	chan_free(&real_pd);
	buf_free(&f.b);
}

int
main(int argc, char **argv)
{
	unsigned	 n = forge_count(USUAL);
	size_t		 i;
	int		 before;

	(void)argc;
	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	forge_seed();
	real_begin(argv[0]);
	attack_parent(PROC_IMAPD, 1, n);
	attack_parent(PROC_ADMIND, 0, n);
	before = test_open_fds();
	for (i = 0; i < nitems(rows); i++)
		attack(&rows[i], n);
	CHECK(test_open_fds() == before);
	real_end();
	return TEST_END();
}
