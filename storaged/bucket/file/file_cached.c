/*
 * Is an object still what it was?  Each SELECT asks, and the kernel nearly
 * always knows without the disk: then the loop may ask it itself, which is
 * a few system calls, and saves those that wake a helper thread and us again.
 * What would have to wait, for the disk (RESOLVE_CACHED) or for who writes
 * (LOCK_NB), is the thread's.
 */
#include "common/compat.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

#include "storaged/bucket/file/file_io_int.h"

#if defined(SYS_openat2) && defined(RESOLVE_CACHED)
static int
open_cached(int dir, const char *name, unsigned flags)
{
	struct open_how how = { .flags = flags | O_NOFOLLOW | O_CLOEXEC |
			    O_NONBLOCK, .resolve = RESOLVE_CACHED };

	return (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
}
#else
static int
open_cached(int dir, const char *name, unsigned flags)
{
	(void)dir;
	(void)name;
	(void)flags;
	return -1;
}
#endif

bool
file_io_unchanged(struct file_op *op)
{
	struct stat st;
	char name[FILE_LOCK_NAME];
	int lock, fd = -1;

	if (op->match == NULL || op->want != 0 ||
	    atomic_load(&op->root->disabled))
		return false;
	if ((lock = file_lock_kept(op)) == -1) {
		file_lock_name(op, name);
		/* It will be kept, for who writes, too. */
		lock = open_cached(op->root->lock, name, O_RDWR);
		if (lock == -1)
			return false;
	}
	/* A rename whose directory is not yet synced may still vanish. */
	if (flock(lock, LOCK_SH | LOCK_NB) != -1 &&
	    (fd = open_cached(op->root->fd, op->key, O_RDONLY)) != -1 &&
	    fstat(fd, &st) != -1 && S_ISREG(st.st_mode)) {
		file_etag(&st, op->etag);
		if (strcmp(op->etag, op->match) == 0)
			op->outcome = BLOB_UNCHANGED;
	}
	file_lock_drop(op, lock);
	if (fd != -1)
		close(fd);
	if (op->outcome != BLOB_UNCHANGED)
		return false;
	op->size = (uint64_t)st.st_size;
	return true;
}
