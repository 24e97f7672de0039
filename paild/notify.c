/*
 * Tells the service manager how we are: one datagram to $NOTIFY_SOCKET.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "paild/notify.h"

static struct sockaddr_un	where;
static socklen_t		where_len;
static uint64_t			within;		/* us; 0: no watchdog */
static const char		*late;		/* a state, to send again */
static char			last[160];	/* STATUS= that was sent */

/* A number and nothing else; 0 if it is none. */
static uint64_t
env_number(const char *name)
{
	const char	*s = getenv(name);
	char		*end;
	uint64_t	 n;

	if (s == NULL || *s < '0' || *s > '9')
		return 0;
	errno = 0;
	n = strtoull(s, &end, 10);
	return errno == 0 && *end == '\0' ? n : 0;
}

/* Without a PID it is meant for whoever finds it. */
static uint64_t
env_watchdog(void)
{
	if (getenv("WATCHDOG_PID") != NULL &&
	    env_number("WATCHDOG_PID") != (uint64_t)getpid())
		return 0;
	return env_number("WATCHDOG_USEC");
}

void
notify_init(void)
{
	const char	*s = getenv("NOTIFY_SOCKET");
	size_t		 n;

	where_len = 0;
	late = NULL;
	last[0] = '\0';
	if (s != NULL && (*s == '/' || *s == '@') &&
	    (n = strlen(s)) < sizeof(where.sun_path)) {
		memset(&where, 0, sizeof(where));
		where.sun_family = AF_UNIX;
		memcpy(where.sun_path, s, n);
		if (*s == '@')
			where.sun_path[0] = '\0';	/* abstract */
		where_len = (socklen_t)(offsetof(struct sockaddr_un,
		    sun_path) + n);
	}
	within = env_watchdog();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

bool
notify_wanted(void)
{
	return where_len != 0;
}

uint64_t
notify_watchdog(void)
{
	return where_len != 0 ? within : 0;
}

/* -1: the socket has no room at present.  Nothing can be done about a manager
 * that does not listen. */
static int
put(const char *text)
{
	ssize_t	n;
	int	fd;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	n = sendto(fd, text, strlen(text), MSG_NOSIGNAL,
	    (struct sockaddr *)&where, where_len);
	if (n == -1 && errno != EAGAIN && errno != ENOBUFS)
		n = 0;
	close(fd);
	return n == -1 ? -1 : 0;
}

static int
put_state(const char *state)
{
	char	text[160];

	if (strcmp(state, "RELOADING=1") != 0)
		return put(state);
	snprintf(text, sizeof(text), "%s\nMONOTONIC_USEC=%llu", state,
	    (unsigned long long)clock_us());
	return put(text);
}

void
notify(const char *state)
{
	if (where_len != 0)
		late = put_state(state) == -1 ? state : NULL;
}

void
notify_alive(void)
{
	if (where_len == 0)
		return;
	if (late != NULL)
		notify(late);
	if (within != 0)
		(void)put("WATCHDOG=1");
}

void
notify_status(const char *fmt, ...)
{
	char	text[sizeof(last)];
	size_t	n;
	va_list	ap;

	n = strlcpy(text, "STATUS=", sizeof(text));
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	va_end(ap);
	text[strcspn(text, "\n")] = '\0';	/* it would be an assignment */
	if (strcmp(text, last) == 0)
		return;
	if (where_len == 0 || put(text) == -1)
		return;
	strlcpy(last, text, sizeof(last));
}
