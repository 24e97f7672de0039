/* Listening sockets: one that comes twice is there once. */
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <event2/event.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/compat.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/test.h"

static const struct listen_ops ops = { .implicit = "imaps" };

static int
bound(void)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(fd != -1 && bind(fd, (struct sockaddr *)&in,
	    sizeof(in)) == 0 && listen(fd, 1) == 0);
	return fd;
}

static int	 served[64];
static size_t	 nserved;

static bool
room(const char *remote, const char **why)
{
	(void)remote;
	(void)why;
	return true;
}

static int
serve(struct event_base *base, const struct listen_from *from)
{
	(void)base;
	if (nserved < nitems(served))
		served[nserved++] = from->fd;
	return 0;
}

static bool
option(int fd, int level, int name)
{
	int		 on = 0;
	socklen_t	 len = sizeof(on);

	return getsockopt(fd, level, name, &on, &len) == 0 && on != 0;
}

/* All of a crowd come in, and each as we want it. */
static void
test_accept(struct event_base *base)
{
	static const struct listen_ops	 taking = { .implicit = "imaps",
					    .room = room, .serve = serve };
	struct sockaddr_in		 in;
	socklen_t			 len = sizeof(in);
	uint64_t			 end = clock_ms() + TEST_PATIENCE_MS;
	int				 fd = bound(), client[50];
	size_t				 i;

	CHECK(getsockname(fd, (struct sockaddr *)&in, &len) == 0 &&
	    listen(fd, 64) == 0);
	listen_add(base, &taking, "imap", "127.0.0.1:143", fd);
	for (i = 0; i < nitems(client); i++) {
		client[i] = socket(AF_INET, SOCK_STREAM, 0);
		CHECK(connect(client[i], (struct sockaddr *)&in, len) == 0);
	}
	while (nserved < nitems(client) && clock_ms() < end)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK_ROW(nserved == nitems(client), "%zu", nserved);
	for (i = 0; i < nserved; i++) {
		CHECK(option(served[i], IPPROTO_TCP, TCP_NODELAY));
		CHECK(option(served[i], SOL_SOCKET, SO_KEEPALIVE));
		CHECK((fcntl(served[i], F_GETFL) & O_NONBLOCK) != 0);
		close(served[i]);
		close(client[i]);
	}
	listen_close();
}

int
main(void)
{
	struct event_base	*base = event_base_new();
	int			 a = bound(), b = bound(), n = test_open_fds();

	log_init("test");
	listen_add(base, &ops, "imap", "*:143", dup(a));
	listen_add(base, &ops, "imap", "*:143", dup(b));
	CHECK(test_open_fds() == n + 2);
	listen_add(base, &ops, "imap", "*:143", dup(a));
	listen_add(base, &ops, "imap", "*:143", dup(b));
	CHECK(test_open_fds() == n + 2);
	listen_add(base, &ops, "imaps", "*:143", dup(a));
	CHECK(test_open_fds() == n + 3);
	listen_close();
	CHECK(test_open_fds() == n);
	close(a);
	close(b);
	test_accept(base);
	CHECK(test_open_fds() == n - 2);
	event_base_free(base);
	return TEST_END();
}
