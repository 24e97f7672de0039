/* Sockets of the service manager: found by address, refused, left over. */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/test.h"
#include "paild/activate.h"

/* Where the manager puts the next one. */
static int	next = 3;

static uint16_t
port_of(int fd)
{
	struct sockaddr_in6	sin6;
	socklen_t		len = sizeof(sin6);

	CHECK(getsockname(fd, (struct sockaddr *)&sin6, &len) == 0);
	return ntohs(sin6.sin6_port);		/* at the same place in both */
}

static uint16_t
pass(int family, int type, int only6, const char *path)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6	sin6 = { .sin6_family = AF_INET6 };
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };
	struct sockaddr		*sa = (struct sockaddr *)&sin;
	socklen_t		len = sizeof(sin);
	int			fd = socket(family, type, 0);

	if (family == AF_INET6) {
		sa = (struct sockaddr *)&sin6;
		len = sizeof(sin6);
		CHECK(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6,
		    sizeof(only6)) == 0);
	} else if (family == AF_UNIX) {
		strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
		sa = (struct sockaddr *)&sun;
		len = sizeof(sun);
		unlink(path);
	}
	CHECK(bind(fd, sa, len) == 0);
	if (type == SOCK_STREAM)
		CHECK(listen(fd, 5) == 0);
	if (fd != next) {
		CHECK(dup2(fd, next) == next);
		close(fd);
	}
	return family == AF_UNIX ? (uint16_t)next++ : port_of(next++);
}

static int
init(const char *names, bool use)
{
	char	text[32];
	int	r;

	snprintf(text, sizeof(text), "%d", next - 3);
	setenv("LISTEN_FDS", text, 1);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("LISTEN_PID", text, 1);
	if (names != NULL)
		setenv("LISTEN_FDNAMES", names, 1);
	r = activate_init(use);
	CHECK(getenv("LISTEN_FDS") == NULL && getenv("LISTEN_PID") == NULL &&
	    getenv("LISTEN_FDNAMES") == NULL);
	next = 3;
	return r;
}

static int
take(const char *host, uint16_t port, bool both)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET,
				    .sin_port = htons(port) };
	struct sockaddr_in6	sin6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port) };

	if (inet_pton(AF_INET, host, &sin.sin_addr) == 1)
		return activate_take((struct sockaddr *)&sin, both);
	CHECK(inet_pton(AF_INET6, host, &sin6.sin6_addr) == 1);
	return activate_take((struct sockaddr *)&sin6, both);
}

/* Yes, and it is that socket; no is -1. */
static bool
takes(const char *host, uint16_t port, bool both)
{
	int	fd = take(host, port, both);
	bool	same = fd != -1 && port_of(fd) == port;

	if (fd != -1)
		close(fd);
	return same;
}

static void
test_found_by_address(void)
{
	char		path[64], left[256];
	uint16_t	v4, dual, only6;
	int		fd;

	snprintf(path, sizeof(path), "/tmp/pail-activate.%d", (int)getpid());
	v4 = pass(AF_INET, SOCK_STREAM, 0, NULL);
	dual = pass(AF_INET6, SOCK_STREAM, 0, NULL);
	only6 = pass(AF_INET6, SOCK_STREAM, 1, NULL);
	pass(AF_UNIX, SOCK_STREAM, 0, path);
	CHECK(init("imap.socket:both:six:lmtp.socket", true) == 0);
	CHECK(activate_left(left, sizeof(left)) &&
	    strncmp(left, "imap.socket (127.0.0.1:", 23) == 0);
	CHECK(!takes("127.0.0.1", (uint16_t)(v4 + 1), false));
	CHECK(!takes("127.0.0.2", v4, false) && !takes("0.0.0.0", v4, false));
	CHECK(!takes("::1", dual, false) && !takes("127.0.0.1", dual, false));
	CHECK(takes("127.0.0.1", v4, false) && takes("127.0.0.1", v4, false));
	CHECK(activate_left(left, sizeof(left)) &&
	    strncmp(left, "both ([::]:", 11) == 0);
	CHECK(!takes("::", only6, true) && takes("::", only6, false));
	CHECK(takes("::", dual, true));
	CHECK(activate_left(left, sizeof(left)) &&
	    strncmp(left, "lmtp.socket (/tmp/pail-activate.", 32) == 0);
	CHECK(activate_take_file("/tmp/pail-activate") == -1);
	CHECK((fd = activate_take_file(path)) != -1);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	close(fd);
	CHECK(!activate_left(left, sizeof(left)));
	activate_free();
	CHECK(fcntl(3, F_GETFD) == -1 && fcntl(6, F_GETFD) == -1);
	CHECK(!takes("127.0.0.1", v4, false));
	unlink(path);
}

static void
test_refused(void)
{
	char	left[256];

	pass(AF_INET, SOCK_DGRAM, 0, NULL);
	CHECK(init(NULL, true) == -1);		/* no stream */
	activate_free();
	CHECK(dup2(STDERR_FILENO, next++) == 3);
	CHECK(init("x", true) == -1);		/* no socket */
	activate_free();
	setenv("LISTEN_PID", "1", 1);		/* somebody else's */
	setenv("LISTEN_FDS", "1", 1);
	CHECK(activate_init(true) == 0 && !activate_left(left, sizeof(left)));
	next = 3 + ACTIVATE_MAX + 1;
	CHECK(init(NULL, true) == -1);		/* too many */
	pass(AF_INET, SOCK_STREAM, 0, NULL);
	CHECK(init(NULL, false) == 0 && !activate_left(left, sizeof(left)));
	CHECK(fcntl(3, F_GETFD) == -1);		/* not wanted: closed */
	pass(AF_INET, SOCK_STREAM, 0, NULL);
	CHECK(init("", true) == 0 && activate_left(left, sizeof(left)) &&
	    strncmp(left, "unknown (127", 12) == 0);
	activate_free();
}

int
main(void)
{
	int	fd;

	/* What the harness may have left open is in the way. */
	for (fd = 3; fd < 16; fd++)
		close(fd);
	test_found_by_address();
	test_refused();
	return TEST_END();
}
