/*
 * Temporary files of the file store, and what becomes of a file that is
 * replaced.  A head is replaced at every commit: to make a file and free
 * another each time costs the file system more than the data does (a block
 * bitmap, an inode, its directory's sync).  So where the system can exchange
 * two names, what was replaced is kept under the temporary name and written
 * over by a later PUT; if nobody has it open, which a lease tells.  Elsewhere
 * each PUT makes its own.  rename(2), fcntl(2).
 */
#include "common/compat.h"

#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "storaged/bucket/file/file_io_int.h"

#define SPARES		32
#define SPARES_FEW	16	/* below: rather a new file than another's */
#define SPARE_MAX	(1024 * 1024)	/* a larger file is not kept */

struct file_spares {
	pthread_mutex_t	 mutex;
	struct spare {
		char		 name[FILE_TMP_NAME];
		uint32_t	 of;	/* the object it was, by its hash */
	}		 v[SPARES];	/* the oldest first */
	size_t		 n;
};

struct file_spares *
file_spares_new(void)
{
	struct file_spares *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	pthread_mutex_init(&s->mutex, NULL);
#ifdef F_SETLEASE
	signal(SIGIO, SIG_IGN);		/* a stranger opens what is leased */
#endif
	return s;
}

void
file_spares_free(struct file_spares *s, int tmp)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		unlinkat(tmp, s->v[i].name, 0);
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

#if defined(RENAME_EXCHANGE) && defined(F_SETLEASE)
/*
 * What the same object was before is nearly as long as what it will be.  One
 * of another would have to be cut, or lengthened by much, and to free and find
 * blocks costs more than to write them.
 */
static bool
spare_pop(struct file_spares *s, uint32_t of, char name[FILE_TMP_NAME])
{
	size_t i;
	bool some;

	pthread_mutex_lock(&s->mutex);
	for (i = s->n; i > 0 && s->v[i - 1].of != of; i--)
		;
	if ((some = i > 0 || s->n >= SPARES_FEW)) {
		i = i > 0 ? i - 1 : 0;
		memcpy(name, s->v[i].name, FILE_TMP_NAME);
		memmove(&s->v[i], &s->v[i + 1],
		    (--s->n - i) * sizeof(s->v[0]));
	}
	pthread_mutex_unlock(&s->mutex);
	return some;
}

/* Has somebody it open still, from when it was an object? */
static bool
spare_alone(int fd)
{
	return fcntl(fd, F_SETLEASE, F_WRLCK) == 0 &&
	    fcntl(fd, F_SETLEASE, F_UNLCK) == 0;
}

/* A file that was replaced, to be written over; -1: there is none. */
static int
spare_open(struct file_op *op, char name[FILE_TMP_NAME], uint64_t size)
{
	struct stat st;
	int fd;

	while (spare_pop(op->root->spares, file_hash(op->key), name)) {
		fd = openat(op->root->tmp, name, O_RDWR | O_NOFOLLOW |
		    O_CLOEXEC);
		if (fd == -1)
			continue;
		/* The sweep of another process must not come near it. */
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    st.st_nlink == 1 &&
		    st.st_ctime + FILE_TMP_AGE / 2 > time(NULL) &&
		    spare_alone(fd) && ((uint64_t)st.st_size <= size ||
		    ftruncate(fd, (off_t)size) == 0))
			return fd;
		close(fd);
		unlinkat(op->root->tmp, name, 0);
	}
	return -1;
}

static bool
spare_push(struct file_spares *s, uint32_t of, const char *name)
{
	bool room;

	pthread_mutex_lock(&s->mutex);
	if ((room = s->n < SPARES)) {
		s->v[s->n].of = of;
		strlcpy(s->v[s->n++].name, name, FILE_TMP_NAME);
	}
	pthread_mutex_unlock(&s->mutex);
	return room;
}

int
file_tmp_rename(struct file_op *op, const char *tmp, int dir,
    const char *name, const struct stat *old, bool *kept)
{
	*kept = false;
	if (op->cond == BLOB_IF_MATCH && old->st_size <= SPARE_MAX &&
	    renameat2(op->root->tmp, tmp, dir, name, RENAME_EXCHANGE) == 0) {
		*kept = true;
		return 0;
	}
	return renameat(op->root->tmp, tmp, dir, name);
}

void
file_tmp_keep(struct file_op *op, const char *tmp)
{
	if (!spare_push(op->root->spares, file_hash(op->key), tmp))
		unlinkat(op->root->tmp, tmp, 0);
}
#else
static int
spare_open(struct file_op *op, char name[FILE_TMP_NAME], uint64_t size)
{
	(void)op;
	(void)name;
	(void)size;
	return -1;
}

int
file_tmp_rename(struct file_op *op, const char *tmp, int dir,
    const char *name, const struct stat *old, bool *kept)
{
	(void)old;
	*kept = false;
	return renameat(op->root->tmp, tmp, dir, name);
}

void
file_tmp_keep(struct file_op *op, const char *tmp)
{
	unlinkat(op->root->tmp, tmp, 0);
}
#endif

int
file_tmp_open(struct file_op *op, char name[FILE_TMP_NAME], uint64_t size)
{
	int fd;

	if (op->cond == BLOB_IF_MATCH &&
	    (fd = spare_open(op, name, size)) != -1)
		return fd;
	snprintf(name, FILE_TMP_NAME, "%ld-%08x%08x", (long)getpid(),
	    arc4random(), arc4random());
	return openat(op->root->tmp, name, O_RDWR | O_CREAT | O_EXCL |
	    O_CLOEXEC, 0600);
}
