/* See admin_rig.h. */
#include "common/compat.h"

#include <sys/socket.h>

#include <event2/event.h>
#include <fcntl.h>
#include <unistd.h>

#include "admind/conf.h"
#include "admind/conn.h"
#include "admind/known/state.h"
#include "admind/route.h"
#include "admind/test/admin_rig.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/test.h"

struct event_base	*rig_base;
unsigned int		 rig_asked;
uint32_t		 rig_id;
bool			 rig_loopback;
void			(*rig_answers)(void);
static struct event	*pace;
static bool		 asked;		/* and not yet answered */

static void
want(uint32_t id)
{
	rig_asked++;
	rig_id = id;
	asked = true;
}

static void
on_pace(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (asked && rig_answers != NULL)
		rig_answers();
}

void
rig_begin(void)
{
	static const struct state_ops	 ops = { want };
	struct timeval			 tv = { 0, 20 * 1000 };

	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	rig_base = event_base_new();
	pace = event_new(rig_base, -1, EV_PERSIST, on_pace, NULL);
	event_add(pace, &tv);
	state_init(&ops);
}

void
rig_end(void)
{
	conn_drain();
	CHECK(nconns == 0);
	state_free();
	event_free(pace);
	event_base_free(rig_base);
}

int
rig_connect(bool local)
{
	struct listen_from	 from = { 0 };
	int			 sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) == -1)
		fatal("socketpair");
	from.fd = sv[1];
	from.loopback = rig_loopback;
	strlcpy(from.remote, local ? "local" : "192.0.2.1",
	    sizeof(from.remote));
	CHECK(conn_new(rig_base, &from, &route_ops, NULL) == 0);
	return sv[0];
}

const char *
rig_hear(int fd, const char *say, const char *until)
{
	static char	 said[65536];
	size_t		 len = 0;
	ssize_t		 n = -1;
	uint64_t	 begun = clock_ms();

	if (*say != '\0')
		CHECK(send(fd, say, strlen(say), MSG_NOSIGNAL) ==
		    (ssize_t)strlen(say));
	said[0] = '\0';
	while (clock_ms() - begun < TEST_PATIENCE_MS) {
		n = read(fd, said + len, sizeof(said) - 1 - len);
		len += n > 0 ? (size_t)n : 0;
		said[len] = '\0';
		if (*until != '\0' ? strstr(said, until) != NULL : n == 0)
			return said;
		event_base_loop(rig_base, EVLOOP_ONCE);
	}
	CHECK_ROW(false, "%s: %s", until, said);
	return said;
}

static int
tell(enum msg_type type, const struct wire_struct *ws, const void *what)
{
	struct buf	 b = BUF_INIT;
	struct msg	 m = { .type = type, .id = rig_id, .fd = -1 };
	int		 r;

	CHECK(wire_encode(ws, what, &b) == 0);
	m.data = b.data;
	m.len = b.len;
	r = state_message(&m);
	buf_free(&b);
	return r;
}

void
rig_proc(const struct admin_proc *p)
{
	CHECK(tell(IMSG_ADMIN_PROC, &admin_proc_wire, p) == 0);
}

void
rig_done(bool serving)
{
	struct admin_done	 d = { .serving = serving,
				    .version = STR("0.0") };

	CHECK(tell(IMSG_ADMIN_DONE, &admin_done_wire, &d) == 0);
	asked = false;
}
