/*
 * Users, chroots and directories: paild is root so that its children need
 * not be.
 */
#include "common/compat.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/adopt.h"
#include "common/log.h"
#include "paild/identity.h"
#include "paild/safedir.h"

#define EMPTY_SYSTEM	"/var/empty"
#define EMPTY_OWN	"/run/pail/empty"

static struct identity identities[PROC_KINDS];

/* mkdir -p without root, who has safedir_open; the last directory gets mode,
 * those above it 0755. */
static int
make_dirs(const char *path, mode_t mode)
{
	char	 part[PATH_MAX];
	size_t	 i, n;

	if ((n = strlcpy(part, path, sizeof(part))) >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, i == n ? mode : 0755) == -1 &&
		    errno != EEXIST)
			return -1;
		part[i] = path[i];
	}
	return 0;
}

/* An empty directory that only root could write to. */
static const char *
empty_dir(void)
{
	struct stat	st;
	char		why[512];
	int		fd;

	if (stat(EMPTY_SYSTEM, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return EMPTY_SYSTEM;
	if ((fd = safedir_open(EMPTY_OWN, 0755, NULL, why,
	    sizeof(why))) == -1) {
		log_warnx("no empty directory to chroot to: %s", why);
		return NULL;
	}
	if (fstat(fd, &st) == -1 || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH))) {
		log_warnx("no empty directory to chroot to: others can write "
		    "to %s", EMPTY_OWN);
		close(fd);
		return NULL;
	}
	/* The users enter it, whatever our umask was when it was made. */
	if ((st.st_mode & 0555) != 0555 && fchmod(fd, 0755) == -1)
		log_warn("%s", EMPTY_OWN);
	close(fd);
	return EMPTY_OWN;
}

static void
set_identity(enum proc_kind kind, const struct passwd *pw, const char *empty)
{
	struct identity	*id = &identities[kind];
	struct group	*gr;

	strlcpy(id->user, pw->pw_name, sizeof(id->user));
	if ((gr = getgrgid(pw->pw_gid)) != NULL)
		strlcpy(id->group, gr->gr_name, sizeof(id->group));
	if (proc_row(kind)->traits & PROC_CHROOT)
		strlcpy(id->chroot, empty, sizeof(id->chroot));
}

/* Each once, for people. */
static void
list_users(char *dst, size_t size)
{
	const char	*user;
	int		 kind;

	dst[0] = '\0';
	for (kind = 0; kind < PROC_KINDS; kind++) {
		user = proc_row((enum proc_kind)kind)->user;
		if (user == NULL || strstr(dst, user) != NULL)
			continue;
		if (dst[0] != '\0')
			strlcat(dst, ", ", size);
		strlcat(dst, user, size);
	}
}

int
identity_init(bool debug)
{
	struct passwd	*pw;
	const char	*empty, *user, *missing = NULL;
	char		 all[256];
	int		 kind;

	if (geteuid() != 0) {
		log_info("not root: all processes run as this user (uid %u), "
		    "without chroot", (unsigned)geteuid());
		return 0;
	}
	if ((empty = empty_dir()) == NULL)
		return -1;
	for (kind = 0; kind < PROC_KINDS; kind++)
		if ((user = proc_row((enum proc_kind)kind)->user) != NULL &&
		    getpwnam(user) == NULL)
			missing = user;
	if (missing != NULL && !debug) {
		list_users(all, sizeof(all));
		log_warnx("user %s does not exist: \"make install\" in Pail's "
		    "sources creates it, or \"useradd -r -M -d /nonexistent -s "
		    "/usr/sbin/nologin NAME\" for each of %s", missing, all);
		return -1;
	}
	if (missing != NULL)
		log_warnx("user %s does not exist: all processes run as nobody "
		    "(for testing only; \"make install\" creates the users)",
		    missing);
	for (kind = 0; kind < PROC_KINDS; kind++) {
		if ((user = proc_row((enum proc_kind)kind)->user) == NULL)
			continue;
		pw = getpwnam(missing != NULL ? "nobody" : user);
		if (pw == NULL || pw->pw_uid == 0) {
			log_warnx("no user to run %s as",
			    proc_kind_name((enum proc_kind)kind));
			return -1;
		}
		set_identity((enum proc_kind)kind, pw, empty);
	}
	return 0;
}

const struct identity *
identity_of(enum proc_kind kind)
{
	return &identities[kind];
}

void
identity_kill(pid_t pid)
{
	const struct passwd	*pw;
	const char		*user;
	int			 kind;

	if (kill(pid, SIGKILL) == 0 || errno != EPERM || geteuid() != 0)
		return;
	for (kind = 0; kind < PROC_KINDS; kind++) {
		user = identities[kind].user;
		if (user[0] == '\0' || (pw = getpwnam(user)) == NULL)
			continue;
		(void)adopt_signal(pw->pw_uid, pid, SIGKILL);
	}
}

/*
 * Can id's user use path?  In a process of its own that becomes that user:
 * no second reading of the kernel's rules.  0, or an errno; *upto is how
 * much of path could be walked.
 */
static int
try_access(const struct identity *id, const char *path, int mode,
    size_t *upto)
{
	struct passwd	*pw;
	char		 part[PATH_MAX];
	size_t		 i;
	pid_t		 pid;
	int		 fds[2], answer[2] = { EIO, 0 };

	*upto = strlen(path);
	if ((pw = getpwnam(id->user)) == NULL || pipe(fds) == -1)
		return EIO;
	if ((pid = fork()) == -1) {
		close(fds[0]);
		close(fds[1]);
		return errno;
	}
	if (pid == 0) {
		if (setgroups(1, &pw->pw_gid) == -1 ||
		    setgid(pw->pw_gid) == -1 || setuid(pw->pw_uid) == -1)
			_exit(1);
		answer[0] = 0;
		for (i = 1; path[i] != '\0' && answer[0] == 0; i++) {
			if (path[i] != '/' || i >= sizeof(part))
				continue;
			memcpy(part, path, i);
			part[i] = '\0';
			if (access(part, X_OK) == -1) {
				answer[0] = errno;
				answer[1] = (int)i;
			}
		}
		if (answer[0] == 0 && access(path, mode) == -1) {
			answer[0] = errno;
			answer[1] = (int)strlen(path);
		}
		if (write(fds[1], answer, sizeof(answer)) == -1)
			_exit(1);
		_exit(0);
	}
	close(fds[1]);
	if (read(fds[0], answer, sizeof(answer)) != sizeof(answer))
		answer[0] = EIO;
	close(fds[0]);
	waitpid(pid, NULL, 0);
	*upto = (size_t)answer[1];
	return answer[0];
}

/* Without root: it must be there, and ours. */
static int
make_own(const char *key, const char *path)
{
	struct stat	st;

	if (make_dirs(path, 0700) == -1 || stat(path, &st) == -1) {
		log_warn("%s: cannot create %s", key, path);
		return -1;
	}
	if (!S_ISDIR(st.st_mode)) {
		log_warnx("%s: %s is not a directory", key, path);
		return -1;
	}
	if (access(path, R_OK | W_OK | X_OK) == 0)
		return 0;
	log_warn("%s: %s", key, path);
	return -1;
}

/* With root: made, and given to id's user. */
static int
give(const char *key, const char *path, const struct identity *id)
{
	struct safedir_for	 whose;
	struct passwd		*pw;
	char			 why[512];
	int			 fd, r;

	if ((pw = getpwnam(id->user)) == NULL) {
		log_warnx("%s: user %s does not exist", key, id->user);
		return -1;
	}
	whose = (struct safedir_for){ pw->pw_uid, pw->pw_gid };
	if ((fd = safedir_open(path, 0700, &whose, why, sizeof(why))) == -1) {
		log_warnx("%s: %s cannot be used by %s: %s", key, path,
		    id->user, why);
		return -1;
	}
	r = safedir_give(fd, &whose, why, sizeof(why));
	close(fd);
	if (r == -1) {
		log_warnx("%s: cannot change the owner of %s to %s: "
		    "%s", key, path,
		    id->user, why);
		log_warnx("if it is the right directory, run \"chown -R %s:%s "
		    "%s\" and \"chmod 700 %s\"", id->user, id->group,
		    path, path);
	}
	return r;
}

/* Makes path and gives it to kind's user. */
static int
hand_over(const char *key, const char *path, enum proc_kind kind)
{
	const struct identity	*id = &identities[kind];
	size_t			 upto;
	int			 error;

	if (id->user[0] == '\0')
		return make_own(key, path);
	if (give(key, path, id) == -1)
		return -1;
	error = try_access(id, path, R_OK | W_OK | X_OK, &upto);
	if (error == 0)
		return 0;
	errno = error;
	log_warn("%s: %s has no access to %s: "
	    "%.*s", key, id->user, path, (int)upto,
	    path);
	if (upto == strlen(path))
		log_warnx("\"chown -R %s:%s %s\" fixes it", id->user,
		    id->group, path);
	else
		log_warnx("run \"chmod o+x %.*s\", or choose another "
		    "directory", (int)upto, path);
	return -1;
}

/* The socket's directory stays paild's own. */
static int
make_control_dir(const char *path)
{
	char	dir[PATH_MAX], why[512], *slash;
	int	fd;

	strlcpy(dir, path, sizeof(dir));
	if ((slash = strrchr(dir, '/')) == NULL)
		return 0;
	slash[slash == dir] = '\0';
	if (geteuid() != 0) {
		if (make_dirs(dir, 0755) == 0)
			return 0;
		log_warn("control-socket: cannot create %s", dir);
		return -1;
	}
	if ((fd = safedir_open(dir, 0755, NULL, why, sizeof(why))) == -1) {
		log_warnx("control-socket: %s", why);
		return -1;
	}
	close(fd);
	return 0;
}

/* The workers read the users' files while they run. */
static void
check_users_file(const char *key, const char *path)
{
	const struct identity	*id = &identities[PROC_AUTHWORKER];
	size_t			 upto;
	int			 error;

	if (access(path, F_OK) == -1)
		return;				/* pailctl will make it */
	if (id->user[0] == '\0')
		error = access(path, R_OK) == -1 ? errno : 0;
	else
		error = try_access(id, path, R_OK, &upto);
	if (error == 0)
		return;
	errno = error;
	log_warn("%s: %s cannot read %s, so nobody in it can log in", key,
	    id->user[0] != '\0' ? id->user : "this user", path);
	if (id->user[0] != '\0')
		log_warnx("\"chgrp %s %s; chmod 640 %s\" fixes it", id->group,
		    path, path);
}

int
identity_dirs(const struct conf *c)
{
	const char	*path;
	char		 key[32];
	unsigned	 i;

	if (hand_over("cache.path", conf_str(c, "cache.path"),
	    PROC_STORAGED) == -1)
		return -1;
	if (strcmp(conf_str(c, "store.type"), "file") == 0 &&
	    hand_over("store.path", conf_str(c, "store.path"),
	    PROC_STORAGED) == -1)
		return -1;
	if (make_control_dir(conf_str(c, "control-socket")) == -1)
		return -1;
	for (i = 0; conf_at(c, "auth.%u.type", i) != NULL; i++) {
		snprintf(key, sizeof(key), "auth.%u.path", i);
		if ((path = conf_str(c, key)) != NULL)
			check_users_file(key, path);
	}
	return 0;
}
