/*
 * What the file store's operations stand on (file_io_int.h): the directory
 * with those of its locks and its temporary files, and the syncing of
 * directories that are new to this process.
 */
#include "common/compat.h"

#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/fnv.h"
#include "storaged/bucket/file/file_io_int.h"

#define DIRS_MAX	4096
#define DIRS_SLOTS	1024

int (*file_io_fsync)(int) = fsync;

struct file_dirs {
	pthread_mutex_t	 mutex;
	struct dir_name {
		struct dir_name	*next;
		char		 name[];
	}		*slots[DIRS_SLOTS];
	size_t		 n;
};

void
file_op_fail(struct file_op *op, enum blob_outcome o, const char *fmt, ...)
{
	va_list ap;

	op->outcome = o;
	va_start(ap, fmt);
	vsnprintf(op->why, sizeof(op->why), fmt, ap);
	va_end(ap);
}

/* errno of a call on the object's name. */
void
file_op_errno(struct file_op *op, const char *what)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		file_op_fail(op, BLOB_ABSENT, "no such file");
		break;
	case EACCES:
	case EPERM:
	case EROFS:
		file_op_fail(op, BLOB_DENIED, "%s: %s", what, strerror(errno));
		break;
	default:
		file_op_fail(op, BLOB_UNAVAILABLE, "%s: %s", what,
		    strerror(errno));
	}
}

bool
file_op_disabled(struct file_op *op)
{
	if (!atomic_load(&op->root->disabled))
		return false;
	file_op_fail(op, BLOB_UNAVAILABLE,
	    "the store is disabled: an fsync has failed");
	return true;
}

int
file_op_sync(struct file_op *op, int fd, enum blob_outcome o)
{
	if (file_io_fsync(fd) == 0)
		return 0;
	file_op_fail(op, o,
	    "fsync: %s: the store is disabled", strerror(errno));
	atomic_store(&op->root->disabled, true);
	return -1;
}

uint32_t
file_hash(const char *s)
{
	uint32_t h = fnv32_str(s);

	return h ^ h >> 15;
}

/* -- directories -- */

static bool
dir_known(struct file_dirs *d, const char *name, bool add)
{
	struct dir_name *i, **slot = &d->slots[file_hash(name) % DIRS_SLOTS];
	size_t k, len = strlen(name) + 1;

	pthread_mutex_lock(&d->mutex);
	for (i = *slot; i != NULL && strcmp(i->name, name) != 0; i = i->next)
		;
	if (i == NULL && add) {
		for (k = 0; d->n >= DIRS_MAX && k < DIRS_SLOTS; k++) {
			while ((i = d->slots[k]) != NULL) {
				d->slots[k] = i->next;
				free(i);
			}
		}
		if (d->n >= DIRS_MAX)
			d->n = 0;
		if ((i = malloc(sizeof(*i) + len)) != NULL) {
			memcpy(i->name, name, len);
			i->next = *slot;
			*slot = i;
			d->n++;
		}
	}
	pthread_mutex_unlock(&d->mutex);
	return i != NULL;
}

/*
 * Opens the directory of op->key, made and synced into its parents by us
 * unless this process knows that they are (another may have made one and
 * died before it synced).
 */
int
file_dir_open(struct file_op *op, bool make)
{
	char path[KEY_MAX];
	char *slash;
	bool made;
	int fd, parent;

	if (strlcpy(path, op->key, sizeof(path)) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((slash = strrchr(path, '/')) == NULL)
		return openat(op->root->fd, ".", O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC);
	*slash = '\0';
	if (!make || dir_known(op->root->dirs, path, false)) {
		fd = openat(op->root->fd, path, O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC);
		if (fd != -1 || !make || errno != ENOENT)
			return fd;
	}
	parent = openat(op->root->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (slash = path; parent != -1 && slash != NULL;) {
		if ((slash = strchr(slash, '/')) != NULL)
			*slash = '\0';
		made = mkdirat(op->root->fd, path, 0700) == 0;
		if (!made && errno != EEXIST)
			break;
		if ((made || !dir_known(op->root->dirs, path, false)) &&
		    file_op_sync(op, parent, BLOB_UNAVAILABLE) == -1) {
			errno = EIO;
			break;
		}
		dir_known(op->root->dirs, path, true);
		fd = openat(op->root->fd, path, O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC);
		close(parent);
		parent = fd;
		if (slash == NULL)
			return parent;
		*slash++ = '/';
	}
	if (parent != -1)
		close(parent);
	return -1;
}

/* -- times -- */

long long
file_stat_nsec(const struct stat *st)
{
	return (long long)st->st_mtim.tv_sec * FILE_NSEC + st->st_mtim.tv_nsec;
}

int
file_set_nsec(int fd, long long nsec)
{
	struct timespec ts[2];

	ts[0].tv_sec = ts[1].tv_sec = (time_t)(nsec / FILE_NSEC);
	ts[0].tv_nsec = ts[1].tv_nsec = (long)(nsec % FILE_NSEC);
	return futimens(fd, ts);
}

/* -- open and close -- */

static int
subdir(int fd, const char *name)
{
	if (mkdirat(fd, name, 0700) == -1 && errno != EEXIST)
		return -1;
	return openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What a process that was killed left in .tmp. */
static void
sweep(int tmp)
{
	struct dirent *d;
	struct stat st;
	time_t now = time(NULL);
	DIR *dir;
	int fd;

	if ((fd = openat(tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] != '.' &&
		    fstatat(tmp, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_ctime + FILE_TMP_AGE < now)
			unlinkat(tmp, d->d_name, 0);
	}
	closedir(dir);
}

/* Does the file system keep the nanoseconds that ETags are made of? */
static int
try_nsec(int tmp)
{
	const long long odd = 1700000000LL * FILE_NSEC + 123456789;
	char name[64];
	struct stat st;
	int fd, rc = -1;

	snprintf(name, sizeof(name), "%ld-%08x", (long)getpid(), arc4random());
	fd = openat(tmp, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (file_set_nsec(fd, odd) == 0 && fstat(fd, &st) == 0) {
		rc = file_stat_nsec(&st) == odd ? 0 : -1;
		errno = ENOTSUP;
	}
	unlinkat(tmp, name, 0);
	close(fd);
	return rc;
}

int
file_io_open(struct file_root *r, const char *path, char *why, size_t size)
{
	memset(r, 0, sizeof(*r));
	r->fd = r->tmp = r->lock = -1;
	atomic_init(&r->disabled, false);
	if ((mkdir(path, 0700) == -1 && errno != EEXIST) ||
	    (r->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    (r->tmp = subdir(r->fd, ".tmp")) == -1 ||
	    (r->lock = subdir(r->fd, ".lock")) == -1 ||
	    (r->locks = file_locks_new()) == NULL ||
	    (r->spares = file_spares_new()) == NULL ||
	    (r->dirs = calloc(1, sizeof(*r->dirs))) == NULL) {
		snprintf(why, size, "store.path %s: %s", path,
		    strerror(errno));
		file_io_close(r);
		return -1;
	}
	pthread_mutex_init(&r->dirs->mutex, NULL);
	if (try_nsec(r->tmp) == -1) {
		snprintf(why, size, "store.path %s: %s", path,
		    errno == ENOTSUP ? "the file system does not keep "
		    "nanoseconds in file times, which the file store needs" :
		    strerror(errno));
		file_io_close(r);
		return -1;
	}
	sweep(r->tmp);
	return 0;
}

void
file_io_close(struct file_root *r)
{
	struct dir_name *i;
	size_t k;

	for (k = 0; r->dirs != NULL && k < DIRS_SLOTS; k++) {
		while ((i = r->dirs->slots[k]) != NULL) {
			r->dirs->slots[k] = i->next;
			free(i);
		}
	}
	if (r->dirs != NULL)
		pthread_mutex_destroy(&r->dirs->mutex);
	free(r->dirs);
	r->dirs = NULL;
	file_spares_free(r->spares, r->tmp);
	r->spares = NULL;
	file_locks_free(r->locks);
	r->locks = NULL;
	if (r->fd != -1)
		close(r->fd);
	if (r->tmp != -1)
		close(r->tmp);
	if (r->lock != -1)
		close(r->lock);
}
