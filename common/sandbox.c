/*
 * Dropping privileges for good: the same calls on every system.  Runs once,
 * before a child reads its first byte from a stranger.
 */
#include <sys/types.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/sandbox_impl.h"

static char	words[128];	/* what is in force */

#ifdef PAIL_ASAN
/* LeakSanitizer needs /proc and ptrace, which the sandbox takes away. */
#include <sanitizer/lsan_interface.h>

static bool dropped;

int
__lsan_is_turned_off(void)
{
	return dropped;
}
#endif

static bool
given(const char *s)
{
	return s != NULL && *s != '\0';
}

static void
find_ids(const char *user, const char *group, uid_t *uid, gid_t *gid)
{
	struct passwd	*pw;
	struct group	*gr;

	*uid = getuid();
	*gid = getgid();
	if (given(user)) {
		errno = 0;
		if ((pw = getpwnam(user)) == NULL)
			fatalx("no such user: %s", user);
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
	}
	if (given(group)) {
		if ((gr = getgrnam(group)) == NULL)
			fatalx("no such group: %s", group);
		*gid = gr->gr_gid;
	}
}

void
sandbox_drop(const char *user, const char *group, const char *dir)
{
	uid_t	uid;
	gid_t	gid;
	bool	later;

	if (geteuid() != 0 && !given(user))
		return;			/* for development: as who we are */
	find_ids(user, group, &uid, &gid);
	if (geteuid() != 0) {
		if (uid != getuid())
			fatalx("only root can become user %s", user);
		return;
	}
#ifdef PAIL_ASAN
	dropped = given(dir) || given(user);
#endif
	/* Who stays root (PAM's workers) keeps its capabilities. */
	later = given(user) && uid != 0 &&
	    sandbox_drop_before(given(dir) ? dir : "");
	if (!later && given(dir) && (chroot(dir) == -1 || chdir("/") == -1))
		fatal("chroot %s", dir);
	if (!given(user))
		return;
	if (setgroups(1, &gid) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		fatal("becoming user %s", user);
	if (uid != 0)
		sandbox_drop_after();
	if (uid != 0 && (setuid(0) != -1 || seteuid(0) != -1 ||
	    getuid() != uid || geteuid() != uid))
		fatalx("could become root again");
}

bool
sandbox_connects(const struct sandbox *s)
{
	return s->any_port || s->nports > 0;
}

bool
sandbox_writes(const struct sandbox *s)
{
	size_t	i;

	for (i = 0; i < s->npaths; i++)
		if (s->paths[i].write)
			return true;
	return false;
}

void
sandbox_word(const char *fmt, ...)
{
	size_t	len = strlcat(words, words[0] != '\0' ? "," : "",
		    sizeof(words));
	va_list	ap;

	va_start(ap, fmt);
	(void)vsnprintf(words + len, sizeof(words) - len, fmt, ap);
	va_end(ap);
}

const char *
sandbox_words(void)
{
	return words[0] != '\0' ? words : "none";
}

void
sandbox_init(struct sandbox *s, enum proc_kind kind)
{
	memset(s, 0, sizeof(*s));
	s->accepts = (proc_row(kind)->traits & PROC_LISTENS) != 0;
}

void
sandbox_reach(struct sandbox *s, const char *path, bool write)
{
	size_t	i;

	for (i = 0; i < s->npaths; i++)
		if (strcmp(s->paths[i].path, path) == 0 &&
		    s->paths[i].write == write)
			return;
	if (s->npaths == SANDBOX_PATHS)
		fatalx("sandbox: too many directories");
	s->paths[s->npaths].path = path;
	s->paths[s->npaths++].write = write;
}

void
sandbox_connect(struct sandbox *s, uint16_t port)
{
	size_t	i;

	for (i = 0; i < s->nports; i++)
		if (s->ports[i] == port)
			return;
	if (s->nports == SANDBOX_PORTS)
		fatalx("sandbox: too many ports");
	s->ports[s->nports++] = port;
}

/* nsswitch.conf(5), resolv.conf(5), and the libraries that the former names.
 * Files, not all of /etc: the users' files may be there. */
void
sandbox_names(struct sandbox *s)
{
	static const char *const paths[] = { "/etc/nsswitch.conf",
	    "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf",
	    "/etc/gai.conf", "/etc/ld.so.cache", "/run/systemd/resolve",
	    "/usr/lib", "/usr/lib64" };
	size_t	i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		sandbox_reach(s, paths[i], false);
	sandbox_connect(s, SANDBOX_DNS);
}
