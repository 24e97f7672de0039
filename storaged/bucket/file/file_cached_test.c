/*
 * What the loop may find out by itself: that an object is what it was, and
 * nothing else; and it waits for nobody.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

#include "common/clock.h"
#include "common/compat.h"
#include "common/test.h"
#include "storaged/bucket/file/file_io_int.h"

static char		 dir[] = "/tmp/pail-cached-test.XXXXXX";
static struct file_root	 root;

static void
put(const char *key, const char *text, char etag[BLOB_ETAG_MAX])
{
	struct piece	piece = { (const uint8_t *)text, strlen(text) };
	struct file_op	op = { .root = &root, .key = key, .pieces = &piece,
			    .npieces = 1, .fd = -1, .cond = BLOB_ALWAYS };

	file_io_put(&op);
	CHECK_ROW(op.outcome == BLOB_DONE, "%s", op.why);
	strlcpy(etag, op.etag, BLOB_ETAG_MAX);
}

/* Does it say so?  Whatever it does not say is as it was: file_io_get() finds
 * out. */
static bool
unchanged(const char *key, const char *etag, uint64_t want)
{
	struct file_op	op = { .root = &root, .key = key, .match = etag,
			    .want = want, .max_len = 100, .fd = -1 };
	bool		said = false;
	int		i;

	/* The kernel may be unsure, by chance: another renames just then. */
	for (i = 0; i < 100 && !said; i++)
		said = file_io_unchanged(&op);
	CHECK(said == (op.outcome == BLOB_UNCHANGED));
	CHECK(!said || (strcmp(op.etag, etag) == 0 && op.size == 5));
	op.outcome = BLOB_DONE;
	file_io_get(&op);
	CHECK(!said || op.outcome == BLOB_UNCHANGED ||
	    atomic_load(&root.disabled));
	free(op.body);
	return said;
}

/* Does this kernel have it, and this file system? */
static bool
kernel_says(void)
{
	int	fd = -1;
#if defined(SYS_openat2) && defined(RESOLVE_CACHED)
	struct open_how	how = { .resolve = RESOLVE_CACHED };
	int		i;

	for (i = 0; i < 100 && fd == -1; i++)
		fd = (int)syscall(SYS_openat2, root.fd, "ann/head", &how,
		    sizeof(how));
	if (fd != -1)
		close(fd);
#endif
	return fd != -1;
}

static void
test_locked(const char *etag)
{
	struct file_op	 op = { .root = &root, .key = "ann/head" };
	uint64_t	 start = clock_ms();
	int		 lock;

	/* Another reads it, and that is no reason to wait. */
	CHECK((lock = file_lock_take(&op, LOCK_SH)) != -1);
	CHECK(unchanged("ann/head", etag, 0));
	file_lock_drop(&op, lock);
	/* Who writes may have renamed what is not yet on the disk. */
	CHECK((lock = file_lock_take(&op, LOCK_EX)) != -1);
	op.match = etag;
	CHECK(!file_io_unchanged(&op) && op.outcome == BLOB_DONE);
	CHECK(clock_ms() - start < root.timeout_ms);
	file_lock_drop(&op, lock);
	CHECK(unchanged("ann/head", etag, 0));
}

int
main(void)
{
	char	etag[BLOB_ETAG_MAX], newer[BLOB_ETAG_MAX], why[200], cmd[80];
	int	fds;

	CHECK(mkdtemp(dir) != NULL &&
	    file_io_open(&root, dir, why, sizeof(why)) == 0);
	root.timeout_ms = 5000;
	put("ann/head", "hello", etag);
	/* Each object's lock file stays open. */
	CHECK(!unchanged("ann/none", etag, 0) && !unchanged("ann", etag, 0));
	fds = test_open_fds();
	if (!kernel_says())
		CHECK(!unchanged("ann/head", etag, 0));
	else {
		CHECK(unchanged("ann/head", etag, 0));
		test_locked(etag);
		CHECK(!unchanged("ann/head", etag, 5));	/* a piece of it */
		CHECK(!unchanged("ann/head", NULL, 0));
		CHECK(!unchanged("ann/head", "0-5", 0));
		CHECK(!unchanged("ann/none", etag, 0));
		CHECK(!unchanged("ann", etag, 0));
		put("ann/head", "HELLO", newer);
		CHECK(!unchanged("ann/head", etag, 0));
		CHECK(unchanged("ann/head", newer, 0));
		/* After a failed fsync(2) nothing may be believed. */
		atomic_store(&root.disabled, true);
		CHECK(!unchanged("ann/head", newer, 0));
	}
	CHECK(test_open_fds() == fds);
	file_io_close(&root);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
	return TEST_END();
}
