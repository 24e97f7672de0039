/*
 * Directories that are made and given away: owners, modes and symbolic
 * links in a table; then an attacker who owns the parent and swaps what is
 * in it.  Most of it takes root.
 */
#include "common/compat.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/test.h"
#include "paild/safedir.h"

#define THEM	65533		/* whose the directories are to be */
#define OTHER	65532

static const struct safedir_for	 them = { THEM, THEM };
static char			 top[64];

static const char *
at(const char *name)
{
	static char	 path[4][PATH_MAX];
	static unsigned	 n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", top, name);
	return path[n];
}

static void
mkdir_as(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	CHECK(mkdir(at(name), 0700) == 0 && chown(at(name), uid, gid) == 0 &&
	    chmod(at(name), mode) == 0);
}

static uid_t
owner(const char *name)
{
	struct stat	st;

	return lstat(at(name), &st) == 0 ? st.st_uid : (uid_t)-1;
}

/* Opens and gives: "" or the reason. */
static const char *
hand(const char *name)
{
	static char	why[512];
	int		fd;

	strlcpy(why, "", sizeof(why));
	fd = safedir_open(at(name), 0700, &them, why, sizeof(why));
	if (fd != -1) {
		(void)safedir_give(fd, &them, why, sizeof(why));
		close(fd);
	}
	return why;
}

static void
make_tree(void)
{
	int	fd;

	mkdir_as("mine", 0755, 0, 0);
	mkdir_as("mine/full", 0755, 0, 0);
	mkdir_as("mine/full/file", 0755, 0, 0);
	mkdir_as("mine/empty", 0755, 0, 0);
	mkdir_as("mine/fs", 0755, 0, 0);
	mkdir_as("mine/fs/lost+found", 0700, 0, 0);
	mkdir_as("mine/open", 0777, 0, 0);
	mkdir_as("mine/tmp", 01777, 0, 0);
	mkdir_as("mine/theirs", 0700, THEM, THEM);
	mkdir_as("mine/theirs-open", 0777, THEM, THEM);
	mkdir_as("mine/others", 0755, OTHER, OTHER);
	mkdir_as("open", 0777, 0, 0);
	mkdir_as("tmp", 01777, 0, 0);
	mkdir_as("tmp/others", 0755, OTHER, OTHER);
	mkdir_as("group", 0775, 0, OTHER);
	mkdir_as("their-group", 0775, 0, THEM);
	mkdir_as("theirs", 0755, THEM, THEM);
	mkdir_as("others", 0755, OTHER, OTHER);
	CHECK(symlink("mine", at("link")) == 0);
	CHECK(symlink("empty", at("mine/last-link")) == 0);
	CHECK(symlink(at("mine"), at("tmp/root-link")) == 0);
	CHECK(symlink(at("mine"), at("tmp/other-link")) == 0 &&
	    lchown(at("tmp/other-link"), OTHER, OTHER) == 0);
	CHECK(symlink(at("mine"), at("theirs/link")) == 0);
	CHECK(symlink("loop", at("loop")) == 0);
	fd = open(at("file"), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	CHECK(fd != -1);
	close(fd);
}

static void
test_table(void)
{
	static const struct {
		const char	*path;
		const char	*why;		/* "": given */
		const char	*look;		/* what is to be whose */
		uid_t		 uid;
	} t[] = {
		{ "mine/new", "", "mine/new", THEM },
		{ "mine/a/b/c", "", "mine/a/b/c", THEM },
		{ "mine/a/b/c", "", "mine/a/b", 0 },
		{ "mine//a/./b/../d/", "", "mine/a/d", THEM },
		{ "mine/empty", "", "mine/empty", THEM },
		{ "mine/fs", "", "mine/fs", THEM },
		{ "mine/fs", "", "mine/fs/lost+found", 0 },
		{ "mine/theirs", "", "mine/theirs", THEM },
		{ "mine/theirs/in", "", "mine/theirs/in", THEM },
		{ "mine/full", "not empty", "mine/full", 0 },
		{ "mine/open", "writable by all users", "mine/open", 0 },
		{ "mine/tmp", "writable by all users", "mine/tmp", 0 },
		{ "mine/theirs-open", "writable by all users",
		    "mine/theirs-open", THEM },
		{ "mine/others", "is owned by uid 65532", "mine/others",
		    OTHER },
		{ "mine/last-link", "a symbolic link", "mine/empty", THEM },
		{ "open/new", "open: it is writable by all users", "open/new",
		    (uid_t)-1 },
		{ "group/new", "group: it is writable by group 65532",
		    "group/new", (uid_t)-1 },
		{ "their-group/new", "", "their-group/new", THEM },
		{ "tmp/new", "", "tmp/new", THEM },
		{ "tmp/others/new", "tmp/others: it is owned by uid 65532",
		    "tmp/others/new", (uid_t)-1 },
		{ "others/new", "others: it is owned by uid 65532",
		    "others/new", (uid_t)-1 },
		{ "link/by-link", "", "mine/by-link", THEM },
		{ "tmp/root-link/by-tmp", "", "mine/by-tmp", THEM },
		{ "tmp/other-link/no", "link that is not owned by root", "mine/no",
		    (uid_t)-1 },
		{ "theirs/link/no", "link that is not owned by root", "mine/no",
		    (uid_t)-1 },
		{ "loop/x", "symbolic link", "loop/x", (uid_t)-1 },
		{ "file/x", "not a directory", "file", 0 },
		{ "file", "not a directory", "file", 0 },
	};
	const char	*got;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		got = hand(t[i].path);
		CHECK_ROW(*t[i].why == '\0' ? *got == '\0' :
		    strstr(got, t[i].why) != NULL, "%s: \"%s\"", t[i].path,
		    got);
		CHECK_ROW(owner(t[i].look) == t[i].uid, "%s: %s is of %ld",
		    t[i].path, t[i].look, (long)owner(t[i].look));
	}
}

static void
test_above(void)
{
	static const struct { const char *path, *why; } t[] = {
		{ "mine/full/file", NULL },
		{ "tmp/x", NULL },
		{ "open/x", "open: it is writable by all users" },
		{ "others/x", "others: it is owned by uid 65532" },
		{ "theirs/x/y", "theirs: it is owned by uid 65533" },
		{ "group/x", "group: it is writable by group 65532" },
	};
	char	why[512];
	size_t	i;
	bool	r;

	for (i = 0; i < nitems(t); i++) {
		*why = '\0';
		r = safedir_foreign_above(at(t[i].path), NULL, why,
		    sizeof(why));
		CHECK_ROW(r == (t[i].why != NULL) && (!r || strstr(why,
		    t[i].why) != NULL), "%s: %s", t[i].path, why);
	}
}

static volatile int	 failed;	/* a link that was there already */

/* Owns the parent, and swaps what is in it as fast as it can. */
static void
attack(void)
{
	if (setgid(THEM) == -1 || setuid(THEM) == -1 ||
	    chdir(at("theirs")) == -1)
		_exit(1);
	for (;;) {
		failed += symlink(at("victim/empty"), "prey");
		(void)rename("prey", "aside");
		failed += symlink(at("victim"), "prey");
		(void)unlink("aside");
		(void)unlink("prey");
		(void)mkdir("prey", 0700);
		(void)rmdir("prey");
	}
}

static void
test_race(void)
{
	unsigned	 i, given = 0;
	pid_t		 pid;

	mkdir_as("victim", 0755, 0, 0);
	mkdir_as("victim/empty", 0755, 0, 0);
	if ((pid = fork()) == 0)
		attack();
	CHECK(pid != -1);
	/* Until it was seen in both of its faces. */
	for (i = 0; i < 2000 || (given == 0 && i < 200000); i++)
		given += *hand("theirs/prey") == '\0';
	CHECK(given > 0);
	CHECK(owner("victim") == 0 && owner("victim/empty") == 0);
	CHECK(owner("victim/prey") == (uid_t)-1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int
main(void)
{
	char	command[128], why[512];
	int	fd;

	strlcpy(top, "/tmp/pail-safedir-XXXXXX", sizeof(top));
	CHECK(mkdtemp(top) != NULL && chmod(top, 0755) == 0);
	fd = safedir_open(at("a/b"), 0700, NULL, why, sizeof(why));
	CHECK_ROW(fd != -1, "%s", why);
	close(fd);
	if (geteuid() == 0) {
		make_tree();
		test_table();
		test_above();
		test_race();
	}
	snprintf(command, sizeof(command), "rm -rf %s", top);
	CHECK(system(command) == 0);
	return TEST_END();
}
