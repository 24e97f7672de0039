/* sd_notify's datagrams, on a socket with a path and on an abstract one. */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/test.h"
#include "paild/notify.h"

static int	manager = -1;

/* The next one begins so; "": there is none. */
static bool
got(const char *want)
{
	char	text[200];
	ssize_t	n = recv(manager, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (*want == '\0')
		return n == -1;
	return strncmp(text, want, strlen(want)) == 0;
}

static void
test_socket(const char *name)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };

	memcpy(sun.sun_path, name, strlen(name));
	if (*name == '@')
		sun.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CHECK(bind(manager, (struct sockaddr *)&sun, (socklen_t)(offsetof(
	    struct sockaddr_un, sun_path) + strlen(name))) == 0);
	CHECK(setenv("NOTIFY_SOCKET", name, 1) == 0);
	notify_init();
	CHECK(getenv("NOTIFY_SOCKET") == NULL && notify_wanted());
	notify("READY=1");
	CHECK(got("READY=1"));
	notify("RELOADING=1");
	CHECK(got("RELOADING=1\nMONOTONIC_USEC="));
	notify_status("Serving %d\nREADY=1", 7);
	CHECK(got("STATUS=Serving 7"));
	notify_status("Serving 7");
	CHECK(got(""));				/* it knows */
	notify_status("Serving 8");
	CHECK(got("STATUS=Serving 8"));
	notify_alive();
	CHECK(got(""));				/* nobody asked for that */
}

/* A state is told, if late; a line only when there is room. */
static void
test_full(void)
{
	char	line[32];
	int	i, n = 0;

	for (i = 0; i < 100000; i++) {
		snprintf(line, sizeof(line), "%d", i);
		notify_status("%s", line);
	}
	notify("STOPPING=1");
	while (!got(""))
		n++;
	CHECK(n > 0 && n < 100000);
	notify_alive();
	CHECK(got("STOPPING=1") && got(""));
	notify_alive();
	CHECK(got(""));
}

static void
test_gone(const char *name)
{
	/* A manager that is gone is no reason to fail. */
	close(manager);
	notify("STOPPING=1");
	if (*name == '/')
		CHECK(unlink(name) == 0);
}

static void
test_watchdog(const char *name)
{
	static const struct { const char *us, *pid; uint64_t want; } rows[] = {
		{ "30000000", NULL, 30000000 }, { "30000000", "1", 0 },
		{ "0", NULL, 0 }, { "", NULL, 0 }, { "-1", NULL, 0 },
		{ "5s", NULL, 0 }, { "99999999999999999999", NULL, 0 },
		{ NULL, NULL, 0 }
	};
	char	self[16];
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		setenv("NOTIFY_SOCKET", name, 1);
		if (rows[i].us != NULL)
			setenv("WATCHDOG_USEC", rows[i].us, 1);
		if (rows[i].pid != NULL)
			setenv("WATCHDOG_PID", rows[i].pid, 1);
		notify_init();
		CHECK_ROW(notify_watchdog() == rows[i].want, "%zu", i);
		CHECK(getenv("WATCHDOG_USEC") == NULL &&
		    getenv("WATCHDOG_PID") == NULL);
	}
	snprintf(self, sizeof(self), "%d", (int)getpid());
	setenv("WATCHDOG_PID", self, 1);
	setenv("WATCHDOG_USEC", "1000", 1);
	notify_init();				/* without a socket */
	CHECK(notify_watchdog() == 0 && !notify_wanted());
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_PID", self, 1);
	setenv("WATCHDOG_USEC", "1000", 1);
	notify_init();
	CHECK(notify_watchdog() == 1000);
	notify_alive();
	CHECK(got("WATCHDOG=1"));
}

int
main(void)
{
	char	path[64];

	snprintf(path, sizeof(path), "/tmp/pail-notify.%d", (int)getpid());
	test_socket(path);
	test_full();
	test_watchdog(path);
	test_gone(path);
	snprintf(path, sizeof(path), "@pail-notify.%d", (int)getpid());
	test_socket(path);
	test_gone(path);
	unsetenv("NOTIFY_SOCKET");
	notify_init();
	notify("READY=1");
	return TEST_END();
}
