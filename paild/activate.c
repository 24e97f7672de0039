/*
 * The service manager may bind addresses for us and pass the sockets at
 * startup.  They are found by address, so that "listen" says what they serve;
 * and kept, since an address that a reload removes and the next one adds again
 * is still bound by the manager.
 */
#include "common/compat.h"

#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "paild/activate.h"

#define FIRST_FD	3	/* SD_LISTEN_FDS_START */

static struct passed {
	int			 fd;
	bool			 taken;
	char			 name[64];	/* $LISTEN_FDNAMES */
	struct sockaddr_storage	 ss;
	socklen_t		 len;
} passed[ACTIVATE_MAX];
static size_t	npassed;

/* "imap.socket (0.0.0.0:143)" */
static void
describe(const struct passed *p, char *text, size_t size)
{
	const struct sockaddr_un *sun = (const struct sockaddr_un *)&p->ss;
	char			  host[64] = "?", port[16] = "?";

	if (p->ss.ss_family == AF_UNIX)
		snprintf(text, size, "%s (%.*s)", p->name,
		    (int)sizeof(sun->sun_path), sun->sun_path);
	else {
		(void)getnameinfo((const struct sockaddr *)&p->ss, p->len,
		    host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
		snprintf(text, size, p->ss.ss_family == AF_INET6 ?
		    "%s ([%s]:%s)" : "%s (%s:%s)", p->name, host, port);
	}
}

static bool
is_int(int fd, int option, int want)
{
	socklen_t	len = sizeof(int);
	int		v = 0;

	return getsockopt(fd, SOL_SOCKET, option, &v, &len) == 0 && v == want;
}

static int
add(int fd, const char *name, size_t len)
{
	struct passed	*p = &passed[npassed++];

	p->fd = fd;
	p->taken = false;
	snprintf(p->name, sizeof(p->name), "%.*s", (int)len, name);
	memset(&p->ss, 0, sizeof(p->ss));
	p->len = sizeof(p->ss);
	/* Shared by processes: accept() must not block. */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    getsockname(fd, (struct sockaddr *)&p->ss, &p->len) == -1) {
		log_warn("socket %s of the service manager", p->name);
		return -1;
	}
	if (!is_int(fd, SO_TYPE, SOCK_STREAM) ||
	    !is_int(fd, SO_ACCEPTCONN, 1)) {
		log_warnx("socket %s of the service manager is not a "
		    "listening stream socket (ListenStream=, Accept=no)",
		    p->name);
		return -1;
	}
	return 0;
}

/* How many there are for us; -1: that is not a number. */
static int
count(void)
{
	const char	*n = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	const char	*why = NULL;
	long long	 v;

	if (n == NULL || pid == NULL || strtonum(pid, 1, INT32_MAX, NULL) !=
	    (long long)getpid())
		return 0;
	v = strtonum(n, 0, ACTIVATE_MAX, &why);
	if (why == NULL)
		return (int)v;
	log_warnx("LISTEN_FDS is %s: at most %d sockets are taken from the "
	    "service manager", why, ACTIVATE_MAX);
	return -1;
}

int
activate_init(bool use)
{
	const char	*names = getenv("LISTEN_FDNAMES");
	int		 i, n = count(), r = n == -1 ? -1 : 0;
	size_t		 len;

	npassed = 0;
	for (i = 0; i < n; i++) {
		if (!use) {
			close(FIRST_FD + i);
			continue;
		}
		len = names != NULL ? strcspn(names, ":") : 0;
		if (len != 0)
			r |= add(FIRST_FD + i, names, len);
		else
			r |= add(FIRST_FD + i, "unknown", 7);
		if (names != NULL)
			names += len + (names[len] == ':');
	}
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return r;
}

/* A socket of :: takes IPv4, too, unless it is told not to. */
static bool
takes_both(const struct passed *p)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&p->ss;
	socklen_t		   len = sizeof(int);
	int			   only = 1;

	return p->ss.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr) &&
	    getsockopt(p->fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len) == 0 &&
	    only == 0;
}

static bool
same_address(const struct passed *p, const struct sockaddr *sa)
{
	const struct sockaddr_in  *a = (const struct sockaddr_in *)&p->ss;
	const struct sockaddr_in  *b = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)&p->ss;
	const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)sa;

	if (p->ss.ss_family != sa->sa_family)
		return false;
	if (sa->sa_family == AF_INET)
		return a->sin_port == b->sin_port &&
		    a->sin_addr.s_addr == b->sin_addr.s_addr;
	return sa->sa_family == AF_INET6 && a6->sin6_port == b6->sin6_port &&
	    a6->sin6_scope_id == b6->sin6_scope_id &&
	    memcmp(&a6->sin6_addr, &b6->sin6_addr,
	    sizeof(a6->sin6_addr)) == 0;
}

static int
take(struct passed *p)
{
	int	fd = fcntl(p->fd, F_DUPFD_CLOEXEC, FIRST_FD);

	if (fd != -1)
		p->taken = true;
	return fd;
}

int
activate_take(const struct sockaddr *sa, bool both)
{
	size_t	i;

	for (i = 0; i < npassed; i++)
		if (same_address(&passed[i], sa) &&
		    (!both || takes_both(&passed[i])))
			return take(&passed[i]);
	return -1;
}

int
activate_take_file(const char *path)
{
	const struct sockaddr_un *sun;
	size_t			  i;

	for (i = 0; i < npassed; i++) {
		sun = (const struct sockaddr_un *)&passed[i].ss;
		if (sun->sun_family == AF_UNIX && strncmp(sun->sun_path, path,
		    sizeof(sun->sun_path)) == 0)
			return take(&passed[i]);
	}
	return -1;
}

bool
activate_left(char *text, size_t size)
{
	size_t	i;

	for (i = 0; i < npassed; i++)
		if (!passed[i].taken) {
			describe(&passed[i], text, size);
			return true;
		}
	return false;
}

void
activate_free(void)
{
	while (npassed > 0)
		close(passed[--npassed].fd);
}
