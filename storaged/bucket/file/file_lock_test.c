/*
 * The locks of the file store: threads of a process exclude each other, though
 * the lock files stay open; and what a PUT writes over is its own object's.
 */
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/test.h"
#include "storaged/bucket/file/file_io_int.h"

#define TURNS	2000

static char		 dir[] = "/tmp/pail-lock-test.XXXXXX";
static struct file_root	 root;
static volatile unsigned holders, worst, turns;

static void
test_modes(void)
{
	struct file_op	 op = { .root = &root, .key = "ann/head" };
	int		 a, b, fds;

	root.timeout_ms = 50;
	CHECK(file_lock_kept(&op) == -1);
	CHECK((a = file_lock_take(&op, LOCK_SH)) != -1);
	CHECK((b = file_lock_take(&op, LOCK_SH)) != -1 && b != a);
	CHECK(file_lock_take(&op, LOCK_EX) == -1 &&
	    op.outcome == BLOB_UNAVAILABLE && strncmp(op.why, "lock: ",
	    6) == 0);
	/* The first stays open, and must not be locked. */
	file_lock_drop(&op, a);
	fds = test_open_fds();
	file_lock_drop(&op, b);
	CHECK(test_open_fds() == fds - 1);
	CHECK((b = file_lock_take(&op, LOCK_EX)) == a);
	CHECK(test_open_fds() == fds - 1);
	CHECK(file_lock_take(&op, LOCK_SH) == -1);
	file_lock_drop(&op, b);
	CHECK(file_lock_kept(&op) == a && file_lock_kept(&op) == -1);
	CHECK(flock(a, LOCK_EX | LOCK_NB) == 0);
	file_lock_drop(&op, a);
	/* Another object's, which is not kept from anyone. */
	CHECK((a = file_lock_take(&op, LOCK_EX)) != -1);
	op.key = "bob/head";
	CHECK((b = file_lock_take(&op, LOCK_EX)) != -1 && b != a);
	file_lock_drop(&op, b);
	op.key = "ann/head";
	file_lock_drop(&op, a);
}

/* An administrator has deleted it: others make it anew. */
static void
test_deleted(void)
{
	struct file_op	 op = { .root = &root, .key = "ann/head" };
	char		 name[FILE_LOCK_NAME];
	int		 a, other;

	CHECK((a = file_lock_take(&op, LOCK_EX)) != -1);
	file_lock_drop(&op, a);
	file_lock_name(&op, name);
	CHECK(unlinkat(root.lock, name, 0) == 0);
	CHECK((a = file_lock_take(&op, LOCK_EX)) != -1);
	CHECK((other = openat(root.lock, name, O_RDWR)) != -1 &&
	    flock(other, LOCK_EX | LOCK_NB) == -1);
	close(other);
	file_lock_drop(&op, a);
}

static void *
thread(void *arg)
{
	struct file_op	 op = { .root = &root, .key = "ann/head" };
	int		 i, fd;

	(void)arg;
	for (i = 0; i < TURNS; i++) {
		if ((fd = file_lock_take(&op, LOCK_EX)) == -1)
			break;
		if (++holders > worst)
			worst = holders;
		turns++;
		holders--;
		file_lock_drop(&op, fd);
	}
	return NULL;
}

static void
test_threads(void)
{
	pthread_t	 t[4];
	size_t		 i;
	int		 fds = test_open_fds();

	root.timeout_ms = 30000;
	for (i = 0; i < nitems(t); i++)
		CHECK(pthread_create(&t[i], NULL, thread, NULL) == 0);
	for (i = 0; i < nitems(t); i++)
		pthread_join(t[i], NULL);
	CHECK_ROW(worst == 1 && turns == TURNS * nitems(t), "%u at once, %u",
	    worst, turns);
	CHECK(test_open_fds() == fds);
}

/* A commit; the number of the file that it wrote. */
static ino_t
put(const char *key, char etag[BLOB_ETAG_MAX])
{
	struct piece	piece = { (const uint8_t *)"hello", 5 };
	struct file_op	op = { .root = &root, .key = key, .pieces = &piece,
			    .npieces = 1, .fd = -1, .match = etag,
			    .cond = etag[0] == '\0' ? BLOB_IF_NONE_MATCH :
			    BLOB_IF_MATCH };
	struct stat	st = { 0 };

	file_io_put(&op);
	CHECK_ROW(op.outcome == BLOB_DONE, "%s: %s", key, op.why);
	strlcpy(etag, op.etag, BLOB_ETAG_MAX);
	CHECK(fstatat(root.fd, key, &st, 0) == 0);
	return st.st_ino;
}

static void
test_spares(void)
{
	char	a[BLOB_ETAG_MAX] = "", b[BLOB_ETAG_MAX] = "";
	ino_t	first = put("ann/head", a), second;

	put("bob/head", b);
	if ((second = put("ann/head", a)) == first)
		return;			/* files are not exchanged here */
	put("bob/head", b);
	put("bob/head", b);
	if (put("ann/head", a) != first)
		return;			/* nor written over */
	put("bob/head", b);
	CHECK(put("ann/head", a) == second);
	CHECK(put("ann/head", a) == first);
}

/* With few descriptors few are kept, however many files there are. */
static void
test_few(void)
{
	struct rlimit	 was, few;
	struct file_op	 op = { .root = &root };
	char		 key[32], why[200];
	int		 i, fd, fds;

	CHECK(getrlimit(RLIMIT_NOFILE, &was) == 0);
	few = was;
	few.rlim_cur = (rlim_t)test_open_fds() + 24;
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	CHECK(file_io_open(&root, dir, why, sizeof(why)) == 0);
	fds = test_open_fds();
	op.key = key;
	for (i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "user%d/head", i);
		CHECK((fd = file_lock_take(&op, LOCK_EX)) != -1);
		file_lock_drop(&op, fd);
	}
	CHECK(test_open_fds() > fds && test_open_fds() <= fds + 3);
	/* One more is kept for one that is not. */
	for (i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "user%d/head", i);
		if ((fd = file_lock_kept(&op)) != -1)
			close(fd);
	}
	CHECK(test_open_fds() == fds);
	CHECK((fd = file_lock_take(&op, LOCK_EX)) != -1);
	file_lock_drop(&op, fd);
	CHECK(test_open_fds() == fds + 1);
	file_io_close(&root);
	CHECK(setrlimit(RLIMIT_NOFILE, &was) == 0);
}

int
main(void)
{
	char	why[200], cmd[80];
	int	fds = test_open_fds();

	CHECK(mkdtemp(dir) != NULL &&
	    file_io_open(&root, dir, why, sizeof(why)) == 0);
	test_modes();
	test_deleted();
	test_threads();
	test_spares();
	file_io_close(&root);
	test_few();
	CHECK(test_open_fds() == fds);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
	return TEST_END();
}
