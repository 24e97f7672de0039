/* Listening sockets: one that comes twice is there once. */
#include <sys/socket.h>
#include <netinet/in.h>

#include <event2/event.h>
#include <string.h>
#include <unistd.h>

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
	event_base_free(base);
	return TEST_END();
}
