/*
 * Tells the service manager how we are: one datagram to $NOTIFY_SOCKET.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "paild/notify.h"

static struct sockaddr_un	where;
static socklen_t		where_len;

void
notify_init(void)
{
	const char	*s = getenv("NOTIFY_SOCKET");
	size_t		 n;

	where_len = 0;
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
	unsetenv("NOTIFY_SOCKET");
}

void
notify(const char *state)
{
	char		text[160];
	int		fd;

	if (where_len == 0)
		return;
	if (strcmp(state, "RELOADING=1") == 0) {
		snprintf(text, sizeof(text), "%s\nMONOTONIC_USEC=%llu",
		    state, (unsigned long long)clock_us());
		state = text;
	}
	if ((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) == -1)
		return;
	/* Nothing can be done about a manager that does not listen. */
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (struct sockaddr *)&where, where_len);
	close(fd);
}
