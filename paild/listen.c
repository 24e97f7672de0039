/*
 * Listening sockets.  They are bound and listened on when the suite serves
 * for the first time, and stay open in paild so that an imapd that is
 * started again gets the same ones, with the connections that wait.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "paild/activate.h"
#include "paild/conf_type.h"
#include "paild/listen.h"
#include "paild/proc.h"

#define BACKLOG		1024
#define WAIT_MS		50

/* The children of a paild that was killed have the address for as long as
 * it takes them to die. */
static int
bind_within(int fd, const struct addrinfo *ai, unsigned *patience)
{
	const struct timespec	 ts = { 0, WAIT_MS * 1000 * 1000 };

	while (bind(fd, ai->ai_addr, ai->ai_addrlen) == -1) {
		if (errno != EADDRINUSE || *patience < WAIT_MS)
			return -1;
		*patience -= WAIT_MS;
		(void)nanosleep(&ts, NULL);
	}
	return 0;
}

/* patience NULL: only a socket of the service manager that takes IPv4 on ::,
 * too. */
static int
open_socket(const char *host, const char *port, unsigned *patience)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM,
			    .ai_flags = AI_PASSIVE | AI_NUMERICHOST |
			    AI_NUMERICSERV };
	struct addrinfo	*ai;
	int		 fd, on = 1, saved;

	if (getaddrinfo(host, port, &hints, &ai) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	if ((fd = activate_take(ai->ai_addr, patience == NULL)) != -1 ||
	    patience == NULL) {
		freeaddrinfo(ai);
		return fd;
	}
	fd = socket(ai->ai_family, SOCK_STREAM, 0);
	if (fd != -1) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (ai->ai_family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
			    sizeof(on));
		/* Shared by processes: accept() must not block. */
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
		    bind_within(fd, ai, patience) == -1) {
			saved = errno;
			close(fd);
			errno = saved;
			fd = -1;
		}
	}
	freeaddrinfo(ai);
	return fd;
}

static void
listener_free(struct listener *l)
{
	if (l->fds[0] != -1)
		close(l->fds[0]);
	if (l->fds[1] != -1)
		close(l->fds[1]);
	if (l->file.path[0] != '\0')
		sockfile_remove(&l->file);
	free(l);
}

/* A socket of lmtp+unix: or http+unix:, for who may by its mode and group. */
static int
open_file(struct listener *l, const struct conf *c, unsigned *patience)
{
	const struct timespec	 ts = { 0, WAIT_MS * 1000 * 1000 };
	const char		*keys = *l->protocol == 'l' ? "lmtp." :
				    "metrics-";
	const char		*name = conf_at(c, "%ssocket-group", keys);
	const struct group	*gr = NULL;
	struct sockfile		 file;
	mode_t			 mode;
	int			 fd;

	/* Its mode and owner are the manager's. */
	if ((fd = activate_take_file(l->address)) != -1)
		return fd;
	mode = (mode_t)strtoul(conf_at(c, "%ssocket-mode", keys), NULL, 8);
	if (name != NULL && (gr = getgrnam(name)) == NULL) {
		log_warnx("%ssocket-group: no such group: %s", keys, name);
		errno = ENOENT;
		return -1;
	}
	/* As bind_within(). */
	while ((fd = sockfile_open(&file, "listen", l->address, mode,
	    gr != NULL ? gr->gr_gid : (gid_t)-1)) == -1 &&
	    errno == EADDRINUSE && *patience >= WAIT_MS) {
		*patience -= WAIT_MS;
		(void)nanosleep(&ts, NULL);
	}
	if (fd != -1)
		l->file = file;
	return fd;
}

/* A host and a port, or a path. */
static int
open_url(struct listener *l, const struct conf *c, unsigned *patience)
{
	size_t	 n = conf_unix(l->url);
	char	 host[64], port[32];

	if (n != 0) {
		str_copy(l->protocol, sizeof(l->protocol),
		    (struct str){ l->url, n - 1 });	/* no colon */
		strlcpy(l->address, l->url + n, sizeof(l->address));
		l->fds[0] = open_file(l, c, patience);
		return l->fds[0] != -1 ? 0 : -1;
	}
	if (conf_listen_split(l->url, l->protocol, sizeof(l->protocol), host,
	    sizeof(host), port, sizeof(port)) == -1) {
		errno = EINVAL;
		return -1;
	}
	strlcpy(l->address, strstr(l->url, "://") + 3, sizeof(l->address));
	if (strcmp(host, "*") != 0)
		l->fds[0] = open_socket(host, port, patience);
	else if ((l->fds[0] = open_socket("::", port, NULL)) != -1)
		return 0;
	else if ((l->fds[0] = open_socket("0.0.0.0", port, patience)) != -1 &&
	    (l->fds[1] = open_socket("::", port, patience)) == -1 &&
	    errno == EADDRINUSE) {
		close(l->fds[0]);
		l->fds[0] = -1;
		errno = EADDRINUSE;
	}
	return l->fds[0] != -1 ? 0 : -1;
}

static struct listener *
listener_new(const char *url, const struct conf *c, unsigned *patience)
{
	struct listener	*l;

	l = mem_new(1, sizeof(*l));
	l->fds[0] = l->fds[1] = -1;
	l->keep = l->fresh = true;
	if (strlcpy(l->url, url, sizeof(l->url)) >= sizeof(l->url)) {
		free(l);
		return NULL;
	}
	if (open_url(l, c, patience) == -1) {
		log_warn("listen: %s", url);
		listener_free(l);
		return NULL;
	}
	return l;
}

static struct listener *
find(struct paild *pd, const char *url)
{
	struct listener	*l;

	TAILQ_FOREACH(l, &pd->listeners, entry)
		if (strcmp(l->url, url) == 0)
			return l;
	return NULL;
}

int
listen_open(struct paild *pd, const struct conf *c, unsigned patience)
{
	struct listeners	 fresh = TAILQ_HEAD_INITIALIZER(fresh);
	struct listener		*l;
	const char		*url;
	unsigned		 i;

	TAILQ_FOREACH(l, &pd->listeners, entry)
		l->keep = false;
	for (i = 0; (url = conf_at(c, "listen.%u", i)) != NULL; i++) {
		if ((l = find(pd, url)) != NULL) {
			l->keep = true;
			continue;
		}
		if ((l = listener_new(url, c, &patience)) == NULL)
			goto fail;
		TAILQ_INSERT_TAIL(&fresh, l, entry);
	}
	while ((l = TAILQ_FIRST(&fresh)) != NULL) {
		TAILQ_REMOVE(&fresh, l, entry);
		TAILQ_INSERT_TAIL(&pd->listeners, l, entry);
	}
	return 0;
fail:
	while ((l = TAILQ_FIRST(&fresh)) != NULL) {
		TAILQ_REMOVE(&fresh, l, entry);
		listener_free(l);
	}
	TAILQ_FOREACH(l, &pd->listeners, entry)
		l->keep = true;
	return -1;
}

/* Each protocol has its kind of processes. */
static enum proc_kind
listen_kind(const struct listener *l)
{
	return strncmp(l->protocol, "lmtp", 4) == 0 ? PROC_LMTPD :
	    strncmp(l->protocol, "http", 4) == 0 ? PROC_ADMIND : PROC_IMAPD;
}

void
listen_prune(struct paild *pd)
{
	struct listener	*l, *next;

	TAILQ_FOREACH_SAFE(l, &pd->listeners, entry, next) {
		if (l->keep)
			continue;
		TAILQ_REMOVE(&pd->listeners, l, entry);
		listener_free(l);
	}
}

void
listen_close(struct paild *pd)
{
	struct listener	*l;

	TAILQ_FOREACH(l, &pd->listeners, entry)
		l->keep = false;
	listen_prune(pd);
}

void
listen_close_mail(struct paild *pd)
{
	struct listener	*l;

	TAILQ_FOREACH(l, &pd->listeners, entry)
		l->keep = listen_kind(l) == PROC_ADMIND;
	listen_prune(pd);
}

static void
send_one(struct proc *p, const struct listener *l)
{
	struct setup_listen	sl;
	int			i, fd;

	sl.protocol = str_from(l->protocol);
	sl.address = str_from(l->address);
	for (i = 0; i < 2; i++) {
		if (l->fds[i] == -1)
			continue;
		if (listen(l->fds[i], BACKLOG) == -1) {
			log_warn("listen: %s", l->url);
			continue;
		}
		if ((fd = dup(l->fds[i])) == -1) {
			log_warn("dup");
			continue;
		}
		peer_send_struct(p->setup, IMSG_SETUP_LISTEN, 0, &sl, fd);
	}
}

void
listen_unserved(struct paild *pd, void (*cb)(const char *url))
{
	struct listener	*l;
	size_t		 i;

	TAILQ_FOREACH(l, &pd->listeners, entry) {
		for (i = 0; i < pd->nprocs; i++)
			if (listen_kind(l) == pd->procs[i].kind)
				break;
		if (l->keep && i == pd->nprocs)
			cb(l->url);
	}
}

void
listen_send(struct proc *p)
{
	struct listener	*l;

	TAILQ_FOREACH(l, &p->paild->listeners, entry)
		if (listen_kind(l) == p->kind)
			send_one(p, l);
}

void
listen_send_early(struct proc *p)
{
	struct listener	*l;

	listen_send(p);
	TAILQ_FOREACH(l, &p->paild->listeners, entry)
		if (listen_kind(l) == p->kind)
			l->fresh = false;
}

/* Only those opened since the last time, or not sent early. */
static void
send_fresh(struct proc *p)
{
	struct listener	*l;

	TAILQ_FOREACH(l, &p->paild->listeners, entry)
		if (l->fresh && listen_kind(l) == p->kind)
			send_one(p, l);
}

void
listen_hand_out(struct paild *pd)
{
	struct listener	*l;
	struct proc	*p;

	if (!pd->open)
		return;
	for (p = pd->procs; p < pd->procs + pd->nprocs; p++)
		if (proc_listens(p) && p->setup != NULL)
			send_fresh(p);
	TAILQ_FOREACH(l, &pd->listeners, entry)
		l->fresh = false;
}
