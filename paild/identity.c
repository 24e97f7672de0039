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
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "paild/identity.h"

#define EMPTY_SYSTEM	"/var/empty"
#define EMPTY_OWN	"/run/pail/empty"

static struct identity identities[PROC_KINDS];
static const char *const own_users[PROC_KINDS] = {
	[PROC_IMAPD] = "_pail_imap",
	[PROC_STORAGED] = "_pail_store",
	[PROC_AUTHD] = "_pail_auth",
	[PROC_AUTHWORKER] = "_pail_auth",
	[PROC_CREDD] = "_pail_cred",
};
/* storaged has its directories, authd's workers read the users' files. */
static const bool jailed[PROC_KINDS] = {
	[PROC_IMAPD] = true,
	[PROC_AUTHD] = true,
	[PROC_CREDD] = true,
};

/* mkdir -p; the last directory gets mode, those above it 0755. */
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

	if (stat(EMPTY_SYSTEM, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return EMPTY_SYSTEM;
	if (make_dirs(EMPTY_OWN, 0755) == -1 || stat(EMPTY_OWN, &st) == -1 ||
	    !S_ISDIR(st.st_mode) || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH))) {
		log_warn("no empty directory for a chroot: %s", EMPTY_OWN);
		return NULL;
	}
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
	if (jailed[kind])
		strlcpy(id->chroot, empty, sizeof(id->chroot));
}

int
identity_init(bool debug)
{
	struct passwd	*pw;
	const char	*empty, *missing = NULL;
	int		 kind;

	if (geteuid() != 0) {
		log_info("not root: all processes run as this user (uid %u), "
		    "without chroot", (unsigned)geteuid());
		return 0;
	}
	if ((empty = empty_dir()) == NULL)
		return -1;
	for (kind = 0; kind < PROC_KINDS; kind++)
		if (own_users[kind] != NULL &&
		    getpwnam(own_users[kind]) == NULL)
			missing = own_users[kind];
	if (missing != NULL && !debug) {
		log_warnx("there is no user %s: \"make install\" in Pail's "
		    "sources makes it, or \"useradd -r -M -d /nonexistent -s "
		    "/usr/sbin/nologin NAME\" for _pail_imap, _pail_store, "
		    "_pail_auth and _pail_cred", missing);
		return -1;
	}
	if (missing != NULL)
		log_warnx("there is no user %s: all processes run as nobody "
		    "(for trying out; \"make install\" makes the users)",
		    missing);
	for (kind = 0; kind < PROC_KINDS; kind++) {
		if (own_users[kind] == NULL)
			continue;
		pw = getpwnam(missing != NULL ? "nobody" : own_users[kind]);
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

/* Makes path and gives it to kind's user. */
static int
hand_over(const char *key, const char *path, enum proc_kind kind)
{
	const struct identity	*id = &identities[kind];
	struct passwd		*pw;
	struct stat		 st;
	size_t			 upto;
	int			 error;

	if (make_dirs(path, 0700) == -1 || stat(path, &st) == -1) {
		log_warn("%s: %s cannot be made", key, path);
		return -1;
	}
	if (!S_ISDIR(st.st_mode)) {
		log_warnx("%s: %s is not a directory", key, path);
		return -1;
	}
	if (id->user[0] == '\0') {
		if (access(path, R_OK | W_OK | X_OK) == 0)
			return 0;
		log_warn("%s: %s", key, path);
		return -1;
	}
	if ((pw = getpwnam(id->user)) == NULL)
		return -1;
	if (st.st_uid == 0 && chown(path, pw->pw_uid, pw->pw_gid) == -1) {
		log_warn("%s: %s cannot be given to %s", key, path, id->user);
		return -1;
	}
	error = try_access(id, path, R_OK | W_OK | X_OK, &upto);
	if (error == 0)
		return 0;
	errno = error;
	log_warn("%s: %s cannot use %s: %.*s", key, id->user, path, (int)upto,
	    path);
	if (upto == strlen(path))
		log_warnx("\"chown -R %s:%s %s\" gives it over", id->user,
		    id->group, path);
	else
		log_warnx("\"chmod o+x %.*s\" lets all users pass through it, "
		    "or choose another place", (int)upto, path);
	return -1;
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
		log_warnx("\"chgrp %s %s; chmod 640 %s\" mends it", id->group,
		    path, path);
}

int
identity_dirs(const struct conf *c)
{
	const char	*path;
	char		 dir[PATH_MAX], key[32], *slash;
	unsigned	 i;

	if (hand_over("cache.path", conf_str(c, "cache.path"),
	    PROC_STORAGED) == -1)
		return -1;
	if (strcmp(conf_str(c, "store.type"), "file") == 0 &&
	    hand_over("store.path", conf_str(c, "store.path"),
	    PROC_STORAGED) == -1)
		return -1;
	strlcpy(dir, conf_str(c, "control-socket"), sizeof(dir));
	if ((slash = strrchr(dir, '/')) != NULL && slash != dir) {
		*slash = '\0';
		if (make_dirs(dir, 0755) == -1) {
			log_warn("control-socket: %s cannot be made", dir);
			return -1;
		}
	}
	for (i = 0; (path = conf_at(c, "auth.%u.path", i)) != NULL; i++) {
		snprintf(key, sizeof(key), "auth.%u.path", i);
		check_users_file(key, path);
	}
	return 0;
}
