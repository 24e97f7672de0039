/*
 * The locks of the file store: flock(2) of one of a few files, by a hash of
 * the object's name.  Such a lock belongs to an opening of the file, so each
 * holder needs its own, threads of a process as well.  Every commit takes one,
 * and to open a file costs more than to lock it (Landlock looks at each
 * directory above): of each file, one that nobody holds is kept open, while
 * there are descriptors for far more than that.
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

#include "common/clock.h"
#include "common/nofile.h"
#include "storaged/bucket/file/file_io_int.h"

#define LOCKS		64
#define PART		8	/* of the free descriptors one in so many */

struct file_locks {
	atomic_int	 kept[LOCKS];	/* unlocked; -1: none */
	atomic_int	 room;		/* for so many more of them */
};

struct file_locks *
file_locks_new(void)
{
	uint64_t room = nofile_free() / PART;
	struct file_locks *l;
	size_t i;

	if ((l = malloc(sizeof(*l))) == NULL)
		return NULL;
	for (i = 0; i < LOCKS; i++)
		atomic_init(&l->kept[i], -1);
	atomic_init(&l->room, room < LOCKS ? (int)room : LOCKS);
	return l;
}

void
file_locks_free(struct file_locks *l)
{
	size_t i;
	int fd;

	for (i = 0; l != NULL && i < LOCKS; i++) {
		if ((fd = atomic_load(&l->kept[i])) != -1)
			close(fd);
	}
	free(l);
}

static void
pause_us(unsigned us)
{
	struct timespec ts = { 0, (long)us * 1000 };

	nanosleep(&ts, NULL);
}

static unsigned
lock_number(const struct file_op *op)
{
	return file_hash(op->key) % LOCKS;
}

void
file_lock_name(const struct file_op *op, char name[FILE_LOCK_NAME])
{
	snprintf(name, FILE_LOCK_NAME, "%02x", lock_number(op));
}

int
file_lock_kept(const struct file_op *op)
{
	struct file_locks *l = op->root->locks;
	struct stat st;
	int fd = atomic_exchange(&l->kept[lock_number(op)], -1);

	if (fd != -1)
		atomic_fetch_add(&l->room, 1);
	/* One that was deleted would lock out nobody else. */
	if (fd != -1 && (fstat(fd, &st) == -1 || st.st_nlink == 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int
lock_open(const struct file_op *op)
{
	char name[FILE_LOCK_NAME];
	int fd = file_lock_kept(op);

	if (fd != -1)
		return fd;
	file_lock_name(op, name);
	return openat(op->root->lock, name, O_RDWR | O_CREAT | O_CLOEXEC,
	    0600);
}

int
file_lock_take(struct file_op *op, int how)
{
	uint64_t start;
	unsigned us = 100;
	int fd;

	if ((fd = lock_open(op)) == -1) {
		file_op_fail(op, BLOB_UNAVAILABLE, "lock file: %s",
		    strerror(errno));
		return -1;
	}
	if (flock(fd, how | LOCK_NB) == 0)
		return fd;
	start = clock_ms();
	do {
		if ((errno != EWOULDBLOCK && errno != EINTR) ||
		    clock_ms() - start > op->root->timeout_ms) {
			file_op_fail(op, BLOB_UNAVAILABLE, "lock: %s",
			    strerror(errno));
			close(fd);
			return -1;
		}
		pause_us(us);
		us = us < 4000 ? us * 2 : us;
	} while (flock(fd, how | LOCK_NB) == -1);
	return fd;
}

void
file_lock_drop(const struct file_op *op, int fd)
{
	struct file_locks *l = op->root->locks;
	int none = -1;

	if (atomic_fetch_sub(&l->room, 1) > 0 && flock(fd, LOCK_UN) == 0 &&
	    atomic_compare_exchange_strong(&l->kept[lock_number(op)], &none,
	    fd))
		return;
	atomic_fetch_add(&l->room, 1);
	close(fd);
}
