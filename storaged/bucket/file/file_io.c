/*
 * The file store's disk side (file_io.h): the rules of DESIGN section 3,
 * "Backends".  A file is written and synced under another name, then, under
 * the lock, renamed and its directory synced.  A failed fsync disables the
 * store: the kernel may have dropped the pages and would call the next one
 * good, so nothing that this process writes or reads may be believed again.
 */
#include "common/compat.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/write_all.h"
#include "storaged/bucket/file/file_io_int.h"

bool
file_name_valid(const char *key)
{
	bool first = true;
	size_t part = 0;

	for (; *key != '\0'; key++) {
		if (first && (*key == '.' || *key == '/'))
			return false;
		first = *key == '/';
		part = first ? 0 : part + 1;
		if (part > 255)
			return false;
	}
	return !first;
}

/* -- ETags -- */

void
file_etag(const struct stat *st, char dst[BLOB_ETAG_MAX])
{
	snprintf(dst, BLOB_ETAG_MAX, "%llx-%llx",
	    (unsigned long long)file_stat_nsec(st),
	    (unsigned long long)st->st_size);
}

static long long
fresh_nsec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	/* The low bits, about a millisecond, are random. */
	return (((long long)ts.tv_sec * FILE_NSEC + ts.tv_nsec) >> 20 << 20) |
	    (long long)(arc4random() & 0xfffff);
}

/* -- put -- */

static int
copy_fd(int to, int from, uint64_t len)
{
	uint8_t *buf;
	uint64_t at = 0;
	ssize_t n;
	int rc = 0;

	if ((buf = malloc(262144)) == NULL)
		return -1;
	while (at < len && rc == 0) {
		n = pread(from, buf, len - at < 262144 ? (size_t)(len - at) :
		    262144, (off_t)at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = EIO;
			rc = -1;
		} else if ((rc = write_all(to, buf, (size_t)n)) == 0)
			at += (uint64_t)n;
	}
	free(buf);
	return rc;
}

static int
put_write(struct file_op *op, int fd)
{
	size_t i;

	if (op->fd != -1)
		return copy_fd(fd, op->fd, op->fdlen);
	for (i = 0; i < op->npieces; i++) {
		if (write_all(fd, op->pieces[i].p, op->pieces[i].len) == -1)
			return -1;
	}
	return 0;
}

/* Under the lock: does the condition hold, and is our ETag a new one?  old:
 * what is there, if something is. */
static int
put_check(struct file_op *op, int dir, const char *name, int fd,
    struct stat *old)
{
	char etag[BLOB_ETAG_MAX];
	struct stat new;
	bool there;

	there = fstatat(dir, name, old, AT_SYMLINK_NOFOLLOW) == 0;
	if (!there && errno != ENOENT) {
		file_op_errno(op, "stat");
		return -1;
	}
	if (there && !S_ISREG(old->st_mode)) {
		file_op_fail(op, BLOB_ERROR, "not a regular file");
		return -1;
	}
	if (there && op->cond == BLOB_IF_NONE_MATCH) {
		file_op_fail(op, BLOB_CONFLICT, "the file already exists");
		return -1;
	}
	if (op->cond == BLOB_IF_MATCH) {
		if (!there) {
			file_op_fail(op, BLOB_ABSENT, "no such file");
			return -1;
		}
		file_etag(old, etag);
		if (strcmp(etag, op->match) != 0) {
			file_op_fail(op, BLOB_CONFLICT, "the file's ETag is %s",
			    etag);
			return -1;
		}
	}
	if (fstat(fd, &new) == -1) {
		file_op_fail(op, BLOB_UNAVAILABLE, "fstat: %s",
		    strerror(errno));
		return -1;
	}
	if (there && file_stat_nsec(old) >= file_stat_nsec(&new)) {
		/* The clock went back, or the two are very close. */
		if (file_set_nsec(fd, file_stat_nsec(old) + 1) == -1 ||
		    fstat(fd, &new) == -1) {
			file_op_fail(op, BLOB_UNAVAILABLE, "futimens: %s",
			    strerror(errno));
			return -1;
		}
		if (file_op_sync(op, fd, BLOB_UNAVAILABLE) == -1)
			return -1;
	}
	file_etag(&new, op->etag);
	op->size = (uint64_t)new.st_size;
	return 0;
}

/* Gone from .tmp: swept, while this process stood still for an hour. */
static void
put_rename_failed(struct file_op *op)
{
	if (errno == ENOENT)
		file_op_fail(op, BLOB_UNAVAILABLE, "rename: %s",
		    strerror(errno));
	else
		file_op_errno(op, "rename");
}

static void
put_place(struct file_op *op, int fd, const char *tmp)
{
	const char *slash = strrchr(op->key, '/');
	const char *name = slash != NULL ? slash + 1 : op->key;
	struct stat old;
	bool kept = false;
	int dir, lock;

	if ((dir = file_dir_open(op, true)) == -1) {
		if (op->outcome == BLOB_DONE)
			file_op_fail(op, BLOB_UNAVAILABLE, "directory: %s",
			    strerror(errno));
		return;
	}
	if ((lock = file_lock_take(op, LOCK_EX)) != -1) {
		if (!file_op_disabled(op) &&
		    put_check(op, dir, name, fd, &old) == 0) {
			if (file_tmp_rename(op, tmp, dir, name, &old, &kept) ==
			    -1)
				put_rename_failed(op);
			else if (file_op_sync(op, dir, BLOB_UNSURE) == 0 &&
			    kept)
				file_tmp_keep(op, tmp);
		}
		file_lock_drop(op, lock);
	}
	close(dir);
}

static uint64_t
put_size(const struct file_op *op)
{
	uint64_t n = op->fd != -1 ? op->fdlen : 0;
	size_t i;

	for (i = 0; op->fd == -1 && i < op->npieces; i++)
		n += op->pieces[i].len;
	return n;
}

void
file_io_put(struct file_op *op)
{
	char tmp[FILE_TMP_NAME];
	int fd;

	op->outcome = BLOB_DONE;
	if (file_op_disabled(op))
		return;
	if ((fd = file_tmp_open(op, tmp, put_size(op))) == -1) {
		file_op_fail(op, BLOB_UNAVAILABLE, "create: %s",
		    strerror(errno));
		return;
	}
	if (put_write(op, fd) == -1 || file_set_nsec(fd, fresh_nsec()) == -1)
		file_op_fail(op, BLOB_UNAVAILABLE, "write: %s",
		    strerror(errno));
	else if (file_op_sync(op, fd, BLOB_UNAVAILABLE) == 0)
		put_place(op, fd, tmp);
	if (op->outcome != BLOB_DONE && op->outcome != BLOB_UNSURE)
		unlinkat(op->root->tmp, tmp, 0);
	close(fd);
}

/* -- get, head, delete -- */

/* Opens what a commit that is on the disk left there (hence the lock: a
 * rename whose directory is not yet synced may still vanish). */
static int
get_open(struct file_op *op, struct stat *st)
{
	int fd, lock = -1;

	op->outcome = BLOB_DONE;
	if (file_op_disabled(op))
		return -1;
	if (op->want == 0 && (lock = file_lock_take(op, LOCK_SH)) == -1)
		return -1;
	fd = openat(op->root->fd, op->key, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK);
	if (fd == -1)
		file_op_errno(op, "open");
	else if (fstat(fd, st) == -1)
		file_op_errno(op, "fstat");
	else if (!S_ISREG(st->st_mode))
		file_op_fail(op, BLOB_ABSENT, "not a regular file");
	if (lock != -1)
		file_lock_drop(op, lock);
	if (op->outcome != BLOB_DONE) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	file_etag(st, op->etag);
	op->size = (uint64_t)st->st_size;
	return fd;
}

static void
get_read(struct file_op *op, int fd)
{
	uint64_t want = op->size - op->offset;
	ssize_t n;

	if (op->want != 0 && op->want < want)
		want = op->want;
	if (want > op->max_len) {
		file_op_fail(op, BLOB_LONG,
		    "%llu bytes, more than the limit of %zu",
		    (unsigned long long)want, op->max_len);
		return;
	}
	if ((op->body = malloc(want != 0 ? (size_t)want : 1)) == NULL) {
		file_op_fail(op, BLOB_UNAVAILABLE, "out of memory");
		return;
	}
	while (op->len < want) {
		n = pread(fd, op->body + op->len, (size_t)want - op->len,
		    (off_t)(op->offset + op->len));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			file_op_fail(op, BLOB_UNAVAILABLE, "read: %s", n == 0 ?
			    "the file was truncated" :
			    strerror(errno));
			op->len = 0;
			return;
		}
		op->len += (size_t)n;
	}
}

void
file_io_get(struct file_op *op)
{
	struct stat st;
	int fd;

	if ((fd = get_open(op, &st)) == -1)
		return;
	if (op->match != NULL && strcmp(op->match, op->etag) == 0)
		op->outcome = BLOB_UNCHANGED;
	else if (op->offset > op->size ||
	    (op->want != 0 && op->offset == op->size))
		file_op_fail(op, BLOB_BEHIND,
		    "the range starts beyond the end");
	else
		get_read(op, fd);
	close(fd);
}

void
file_io_head(struct file_op *op)
{
	struct stat st;
	int fd;

	if ((fd = get_open(op, &st)) != -1)
		close(fd);
}

void
file_io_del(struct file_op *op)
{
	const char *slash = strrchr(op->key, '/');
	const char *name = slash != NULL ? slash + 1 : op->key;
	int dir, lock;

	op->outcome = BLOB_DONE;
	if (file_op_disabled(op))
		return;
	if ((dir = file_dir_open(op, false)) == -1) {
		if (errno != ENOENT && errno != ENOTDIR)
			file_op_errno(op, "directory");
		return;
	}
	if ((lock = file_lock_take(op, LOCK_EX)) != -1) {
		if (unlinkat(dir, name, 0) == -1) {
			if (errno != ENOENT)
				file_op_errno(op, "unlink");
		} else
			file_op_sync(op, dir, BLOB_UNSURE);
		file_lock_drop(op, lock);
	}
	close(dir);
}
