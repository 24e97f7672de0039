/* When the listeners are opened, and when sessions may be granted.  The other
 * ends of the setup channels are this program's. */
#include "common/compat.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/test.h"
#include "paild/child.h"
#include "paild/listen.h"
#include "paild/test/real.h"

#define FILE_STORE	"{type: file, path: store}"
#define KIDS		32

static struct kid {
	struct proc	*p;
	struct peer	*end;		/* the child's */
	unsigned	 listeners, serves;
} kids[KIDS];
static size_t	nkids;
static unsigned	served;

static int
kid_message(struct peer *peer, struct msg *m, void *arg)
{
	struct kid	*k = arg;

	(void)peer;
	if (m->fd != -1)
		close(m->fd);
	k->listeners += m->type == IMSG_SETUP_LISTEN;
	k->serves += m->type == IMSG_SETUP_SERVE;
	return 0;
}

static void
kid_closed(struct peer *peer, const char *why, void *arg)
{
	struct kid	*k = arg;

	(void)peer;
	(void)why;
	k->end = NULL;
}

static const struct peer_ops kid_ops = { kid_message, kid_closed, NULL };

static void
serves(struct paild *pd)
{
	(void)pd;
	served++;
}

static const struct paild_ops ops = { serves, NULL };

/* All that was said is heard. */
static void
turn(void)
{
	int	 i;

	for (i = 0; i < 10; i++)
		event_base_loop(real_pd.base, EVLOOP_NONBLOCK);
}

static void
add_listener(const char *protocol)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET,
				    .sin_addr.s_addr =
				    htonl(INADDR_LOOPBACK) };
	struct listener		*l = mem_new(1, sizeof(*l));

	l->keep = l->fresh = true;
	strlcpy(l->protocol, protocol, sizeof(l->protocol));
	l->fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	l->fds[1] = -1;
	if (l->fds[0] == -1 || bind(l->fds[0], (struct sockaddr *)&sin,
	    sizeof(sin)) == -1)
		fatal("bind");
	TAILQ_INSERT_TAIL(&real_pd.listeners, l, entry);
}

static void
begin(const char *more)
{
	struct proc	*p;
	struct kid	*k;
	int		 sv[2];

	real_conf(FILE_STORE, more);
	real_pd.ops = &ops;
	real_pd.ready = real_pd.open = real_pd.nearly = false;
	add_listener("imap");
	add_listener("lmtp");
	served = 0;
	nkids = 0;
	for (p = real_pd.procs; p < real_pd.procs + real_pd.nprocs; p++) {
		if (nkids == KIDS || socketpair(AF_UNIX, SOCK_STREAM, 0,
		    sv) == -1 || fcntl(sv[0], F_SETFL, O_NONBLOCK) == -1 ||
		    fcntl(sv[1], F_SETFL, O_NONBLOCK) == -1)
			fatal("socketpair");
		k = &kids[nkids++];
		*k = (struct kid){ .p = p };
		p->setup = peer_new(real_pd.base, sv[0], MSG_CHANNEL_SETUP,
		    MSG_SIDE_A, &child_ops, p);
		k->end = peer_new(real_pd.base, sv[1], MSG_CHANNEL_SETUP,
		    MSG_SIDE_B, &kid_ops, k);
		p->state = PROC_STARTING;
	}
}

static void
end(void)
{
	size_t	i;

	for (i = 0; i < nkids; i++) {
		peer_close(kids[i].p->setup);
		peer_close(kids[i].end);
	}
	listen_close(&real_pd);
	turn();
}

static struct kid *
kid(enum proc_kind kind, uint32_t index)
{
	size_t	i;

	for (i = 0; kids[i].p->kind != kind || kids[i].p->index != index; i++)
		continue;
	return &kids[i];
}

static void
is_ready(enum proc_kind kind, uint32_t index)
{
	struct setup_ready	 ready = { STR("") };

	peer_send_struct(kid(kind, index)->end, IMSG_SETUP_READY, 0, &ready,
	    -1);
	turn();
}

static void
others_are_ready(void)
{
	size_t	i;

	for (i = 0; i < nkids; i++)
		if (kids[i].p->kind != PROC_STORAGED)
			is_ready(kids[i].p->kind, kids[i].p->index);
}

static void
is_nearly(uint32_t index)
{
	peer_send(kid(PROC_STORAGED, index)->end, IMSG_SETUP_NEARLY, 0, NULL,
	    0, -1);
	turn();
}

/* Of each that listens as many listeners, and of authd whether it serves. */
static bool
told(unsigned listeners, unsigned serve)
{
	size_t	i;

	for (i = 0; i < nkids; i++) {
		const struct kid	*k = &kids[i];
		bool			 mail = k->p->kind == PROC_IMAPD ||
					    k->p->kind == PROC_LMTPD;

		if (k->listeners != (mail ? listeners : 0) || k->serves !=
		    (k->p->kind == PROC_AUTHD ? serve : 0))
			return false;
	}
	return served == serve;
}

static void
test_near(void)
{
	begin("");
	others_are_ready();
	is_ready(PROC_STORAGED, 0);
	CHECK(told(0, 0));
	is_ready(PROC_STORAGED, 1);
	CHECK(told(1, 1) && real_pd.ready);
	end();
}

static void
test_nearly(void)
{
	begin("");
	is_nearly(0);
	CHECK(told(0, 0));	/* nobody is there who could be asked */
	others_are_ready();
	CHECK(told(1, 0) && !real_pd.ready);
	is_nearly(0);		/* another try of the store */
	CHECK(told(1, 0));
	add_listener("imap");	/* as a reload does */
	add_listener("lmtp");
	listen_hand_out(&real_pd);
	turn();
	CHECK(told(2, 0));
	is_ready(PROC_STORAGED, 1);
	CHECK(told(2, 0));
	is_ready(PROC_STORAGED, 0);
	CHECK(told(2, 1));
	end();

	begin("");
	add_listener("imap");	/* sent when all are */
	add_listener("lmtp");
	listen_hand_out(&real_pd);
	turn();
	CHECK(told(0, 0));
	others_are_ready();
	is_nearly(0);
	CHECK(told(2, 0));
	end();

	begin("");
	others_are_ready();
	is_nearly(0);
	CHECK(told(1, 0));
	end();
}

/* Who has an app password would hear that it is wrong. */
static void
test_nearly_with_apps(void)
{
	begin("app-passwords: bucket\napp-passwords-file: apps\n");
	others_are_ready();
	is_nearly(0);
	CHECK(told(0, 0));
	is_ready(PROC_STORAGED, 0);
	is_ready(PROC_STORAGED, 1);
	CHECK(told(1, 1));
	end();
}

/* Only the first one tries the store. */
static void
test_forged(void)
{
	begin("");
	others_are_ready();
	is_nearly(1);
	CHECK(told(0, 0) && kid(PROC_STORAGED, 1)->p->setup == NULL);
	CHECK(kid(PROC_STORAGED, 0)->p->setup != NULL);
	end();
}

int
main(int argc, char *argv[])
{
	(void)argc;
	real_begin(argv[0]);
	test_near();
	test_nearly();
	test_nearly_with_apps();
	test_forged();
	real_end();
	return TEST_END();
}
