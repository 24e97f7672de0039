/*
 * The file store's disk side (file_io.h): the rules of DESIGN section 3,
 * "Backends".  A file is written and synced under another name, then, under
 * the lock, renamed and its directory synced.  A failed fsync fences the
 * store: the kernel may have dropped the pages and would call the next one
 * good, so nothing that this process writes or reads may be believed again.
 */
#include "common/compat.h"

#include <sys/file.h>
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

#include "storaged/file_io.h"

#define LOCKS		64
#define DIRS_MAX	4096
#define DIRS_SLOTS	1024
#define TMP_AGE		3600
#define NSEC		1000000000LL

int (*file_io_fsync)(int) = fsync;

struct file_dirs {
	pthread_mutex_t	 mutex;
	struct dir_name {
		struct dir_name	*next;
		char		 name[];
	}		*slots[DIRS_SLOTS];
	size_t		 n;
};

static void op_fail(struct file_op *, enum blob_outcome, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static void
op_fail(struct file_op *op, enum blob_outcome o, const char *fmt, ...)
{
	va_list ap;

	op->outcome = o;
	va_start(ap, fmt);
	vsnprintf(op->why, sizeof(op->why), fmt, ap);
	va_end(ap);
}

/* errno of a call on the object's name. */
static void
op_errno(struct file_op *op, const char *what)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		op_fail(op, BLOB_ABSENT, "no such file");
		break;
	case EACCES:
	case EPERM:
	case EROFS:
		op_fail(op, BLOB_DENIED, "%s: %s", what, strerror(errno));
		break;
	default:
		op_fail(op, BLOB_UNAVAILABLE, "%s: %s", what, strerror(errno));
	}
}

static bool
op_fenced(struct file_op *op)
{
	if (!atomic_load(&op->root->fenced))
		return false;
	op_fail(op, BLOB_UNAVAILABLE,
	    "the store is fenced: an fsync has failed");
	return true;
}

static int
op_sync(struct file_op *op, int fd, enum blob_outcome o)
{
	if (file_io_fsync(fd) == 0)
		return 0;
	op_fail(op, o, "fsync: %s: the store is fenced", strerror(errno));
	atomic_store(&op->root->fenced, true);
	return -1;
}

static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261U;

	for (; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 16777619U;
	return h ^ h >> 15;
}

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

/* -- directories -- */

static bool
dir_known(struct file_dirs *d, const char *name, bool add)
{
	struct dir_name *i, **slot = &d->slots[hash(name) % DIRS_SLOTS];
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
static int
dir_open(struct file_op *op, bool make)
{
	char path[BLOB_KEY_MAX];
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
		    op_sync(op, parent, BLOB_UNAVAILABLE) == -1) {
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

/* -- locks -- */

static void
pause_us(unsigned us)
{
	struct timespec ts = { 0, (long)us * 1000 };

	nanosleep(&ts, NULL);
}

/* The lock of op->key: a descriptor that holds it until it is closed. */
static int
lock_take(struct file_op *op, int how)
{
	struct timespec start, now;
	char name[16];
	unsigned us = 100;
	int fd;

	snprintf(name, sizeof(name), "%02x", hash(op->key) % LOCKS);
	fd = openat(op->root->lock, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1) {
		op_fail(op, BLOB_UNAVAILABLE, "lock file: %s",
		    strerror(errno));
		return -1;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (flock(fd, how | LOCK_NB) == -1) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((errno != EWOULDBLOCK && errno != EINTR) ||
		    (now.tv_sec - start.tv_sec) * 1000 +
		    (now.tv_nsec - start.tv_nsec) / 1000000 >
		    (long)op->root->timeout_ms) {
			op_fail(op, BLOB_UNAVAILABLE, "lock: %s",
			    strerror(errno));
			close(fd);
			return -1;
		}
		pause_us(us);
		us = us < 4000 ? us * 2 : us;
	}
	return fd;
}

/* -- ETags -- */

static long long
stat_nsec(const struct stat *st)
{
	return (long long)st->st_mtim.tv_sec * NSEC + st->st_mtim.tv_nsec;
}

static void
etag_of(const struct stat *st, char *dst, size_t size)
{
	snprintf(dst, size, "%llx-%llx", (unsigned long long)stat_nsec(st),
	    (unsigned long long)st->st_size);
}

static int
set_nsec(int fd, long long nsec)
{
	struct timespec ts[2];

	ts[0].tv_sec = ts[1].tv_sec = (time_t)(nsec / NSEC);
	ts[0].tv_nsec = ts[1].tv_nsec = (long)(nsec % NSEC);
	return futimens(fd, ts);
}

static long long
fresh_nsec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	/* The low bits, about a millisecond, are random. */
	return (((long long)ts.tv_sec * NSEC + ts.tv_nsec) >> 20 << 20) |
	    (long long)(arc4random() & 0xfffff);
}

/* -- put -- */

static int
write_all(int fd, const uint8_t *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		if ((n = write(fd, p, len)) == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

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

/* Under the lock: does the condition hold, and is our ETag a new one? */
static int
put_check(struct file_op *op, int dir, const char *name, int fd)
{
	char etag[BLOB_ETAG_MAX];
	struct stat old, new;
	bool there;

	there = fstatat(dir, name, &old, AT_SYMLINK_NOFOLLOW) == 0;
	if (!there && errno != ENOENT) {
		op_errno(op, "stat");
		return -1;
	}
	if (there && !S_ISREG(old.st_mode)) {
		op_fail(op, BLOB_ERROR, "not a regular file");
		return -1;
	}
	if (there && op->cond == BLOB_IF_NONE_MATCH) {
		op_fail(op, BLOB_CONFLICT, "the file exists");
		return -1;
	}
	if (op->cond == BLOB_IF_MATCH) {
		if (!there) {
			op_fail(op, BLOB_ABSENT, "no such file");
			return -1;
		}
		etag_of(&old, etag, sizeof(etag));
		if (strcmp(etag, op->match) != 0) {
			op_fail(op, BLOB_CONFLICT, "the file's ETag is %s",
			    etag);
			return -1;
		}
	}
	if (fstat(fd, &new) == -1) {
		op_fail(op, BLOB_UNAVAILABLE, "fstat: %s", strerror(errno));
		return -1;
	}
	if (there && stat_nsec(&old) >= stat_nsec(&new)) {
		/* The clock went back, or the two are very close. */
		if (set_nsec(fd, stat_nsec(&old) + 1) == -1 ||
		    fstat(fd, &new) == -1) {
			op_fail(op, BLOB_UNAVAILABLE, "futimens: %s",
			    strerror(errno));
			return -1;
		}
		if (op_sync(op, fd, BLOB_UNAVAILABLE) == -1)
			return -1;
	}
	etag_of(&new, op->etag, sizeof(op->etag));
	op->size = (uint64_t)new.st_size;
	return 0;
}

static void
put_place(struct file_op *op, int fd, const char *tmp)
{
	const char *slash = strrchr(op->key, '/');
	const char *name = slash != NULL ? slash + 1 : op->key;
	int dir, lock;

	if ((dir = dir_open(op, true)) == -1) {
		if (op->outcome == BLOB_DONE)
			op_fail(op, BLOB_UNAVAILABLE, "directory: %s",
			    strerror(errno));
		return;
	}
	if ((lock = lock_take(op, LOCK_EX)) != -1) {
		if (!op_fenced(op) && put_check(op, dir, name, fd) == 0) {
			if (renameat(op->root->tmp, tmp, dir, name) == -1)
				op_errno(op, "rename");
			else
				op_sync(op, dir, BLOB_UNSURE);
		}
		close(lock);
	}
	close(dir);
}

void
file_io_put(struct file_op *op)
{
	char tmp[64];
	int fd;

	op->outcome = BLOB_DONE;
	if (op_fenced(op))
		return;
	snprintf(tmp, sizeof(tmp), "%ld-%08x%08x", (long)getpid(),
	    arc4random(), arc4random());
	fd = openat(op->root->tmp, tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	if (fd == -1) {
		op_fail(op, BLOB_UNAVAILABLE, "create: %s", strerror(errno));
		return;
	}
	if (put_write(op, fd) == -1 || set_nsec(fd, fresh_nsec()) == -1)
		op_fail(op, BLOB_UNAVAILABLE, "write: %s", strerror(errno));
	else if (op_sync(op, fd, BLOB_UNAVAILABLE) == 0)
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
	if (op_fenced(op))
		return -1;
	if (op->want == 0 && (lock = lock_take(op, LOCK_SH)) == -1)
		return -1;
	fd = openat(op->root->fd, op->key, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK);
	if (fd == -1)
		op_errno(op, "open");
	else if (fstat(fd, st) == -1)
		op_errno(op, "fstat");
	else if (!S_ISREG(st->st_mode))
		op_fail(op, BLOB_ABSENT, "not a regular file");
	if (lock != -1)
		close(lock);
	if (op->outcome != BLOB_DONE) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	etag_of(st, op->etag, sizeof(op->etag));
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
		op_fail(op, BLOB_ERROR, "%llu bytes, at most %zu wanted",
		    (unsigned long long)want, op->max_len);
		return;
	}
	if ((op->body = malloc(want != 0 ? (size_t)want : 1)) == NULL) {
		op_fail(op, BLOB_UNAVAILABLE, "out of memory");
		return;
	}
	while (op->len < want) {
		n = pread(fd, op->body + op->len, (size_t)want - op->len,
		    (off_t)(op->offset + op->len));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			op_fail(op, BLOB_UNAVAILABLE, "read: %s", n == 0 ?
			    "the file is shorter than it was" :
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
		op_fail(op, BLOB_ERROR, "range begins behind the end");
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
	if (op_fenced(op))
		return;
	if ((dir = dir_open(op, false)) == -1) {
		if (errno != ENOENT && errno != ENOTDIR)
			op_errno(op, "directory");
		return;
	}
	if ((lock = lock_take(op, LOCK_EX)) != -1) {
		if (unlinkat(dir, name, 0) == -1) {
			if (errno != ENOENT)
				op_errno(op, "unlink");
		} else
			op_sync(op, dir, BLOB_UNSURE);
		close(lock);
	}
	close(dir);
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
		    S_ISREG(st.st_mode) && st.st_ctime + TMP_AGE < now)
			unlinkat(tmp, d->d_name, 0);
	}
	closedir(dir);
}

/* Does the file system keep the nanoseconds that ETags are made of? */
static int
try_nsec(int tmp)
{
	const long long odd = 1700000000LL * NSEC + 123456789;
	char name[64];
	struct stat st;
	int fd, rc = -1;

	snprintf(name, sizeof(name), "%ld-%08x", (long)getpid(), arc4random());
	fd = openat(tmp, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (set_nsec(fd, odd) == 0 && fstat(fd, &st) == 0) {
		rc = stat_nsec(&st) == odd ? 0 : -1;
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
	atomic_init(&r->fenced, false);
	if ((mkdir(path, 0700) == -1 && errno != EEXIST) ||
	    (r->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    (r->tmp = subdir(r->fd, ".tmp")) == -1 ||
	    (r->lock = subdir(r->fd, ".lock")) == -1 ||
	    (r->dirs = calloc(1, sizeof(*r->dirs))) == NULL) {
		snprintf(why, size, "store.path %s: %s", path,
		    strerror(errno));
		file_io_close(r);
		return -1;
	}
	pthread_mutex_init(&r->dirs->mutex, NULL);
	if (try_nsec(r->tmp) == -1) {
		snprintf(why, size, "store.path %s: %s", path,
		    errno == ENOTSUP ? "the file system keeps no nanoseconds "
		    "in file times; the file store needs them" :
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
	if (r->fd != -1)
		close(r->fd);
	if (r->tmp != -1)
		close(r->tmp);
	if (r->lock != -1)
		close(r->lock);
}
