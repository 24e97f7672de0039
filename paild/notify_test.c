/* sd_notify's datagrams, on a socket with a path and on an abstract one. */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <unistd.h>

#include "common/test.h"
#include "paild/notify.h"

static void
test_socket(const char *name)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };
	char			got[160];
	ssize_t			n;
	int			fd;

	memcpy(sun.sun_path, name, strlen(name));
	if (*name == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CHECK(bind(fd, (struct sockaddr *)&sun, (socklen_t)(offsetof(
	    struct sockaddr_un, sun_path) + strlen(name))) == 0);
	CHECK(setenv("NOTIFY_SOCKET", name, 1) == 0);
	notify_init();
	CHECK(getenv("NOTIFY_SOCKET") == NULL);
	notify("READY=1");
	n = recv(fd, got, sizeof(got), 0);
	CHECK(n == 7 && memcmp(got, "READY=1", 7) == 0);
	notify("RELOADING=1");
	n = recv(fd, got, sizeof(got), 0);
	CHECK(n > 27 && memcmp(got, "RELOADING=1\nMONOTONIC_USEC=", 27) == 0);
	close(fd);
	/* A manager that is gone is no reason to fail. */
	notify("STOPPING=1");
	if (*name == '/')
		CHECK(unlink(name) == 0);
}

int
main(void)
{
	char	path[64];

	snprintf(path, sizeof(path), "/tmp/pail-notify.%d", (int)getpid());
	test_socket(path);
	snprintf(path, sizeof(path), "@pail-notify.%d", (int)getpid());
	test_socket(path);
	unsetenv("NOTIFY_SOCKET");
	notify_init();
	notify("READY=1");
	return TEST_END();
}
