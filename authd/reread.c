/*
 * Reading a file again (reread.h).  Must never answer from a file that is
 * gone.
 */
#include "common/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "authd/reread.h"

#define SETTLED		2	/* seconds: a younger one may change unseen */

int
reread_open(struct reread *r, const char *path)
{
	return (r->path = strdup(path)) == NULL ? -1 : 0;
}

void
reread_forget(struct reread *r)
{
	freezero(r->text, r->size);
	r->text = NULL;
	r->size = 0;
	r->read = false;
}

void
reread_close(struct reread *r)
{
	reread_forget(r);
	free(r->path);
	r->path = NULL;
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	    a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Fills r->text from fd; -1 with errno. */
static int
slurp(struct reread *r, int fd, size_t size)
{
	size_t	got = 0;
	ssize_t	n;

	if ((r->text = malloc(size + 1)) == NULL)
		return -1;
	r->size = size + 1;
	while (got < size) {
		n = read(fd, r->text + got, size - got);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;		/* it shrank meanwhile */
		got += (size_t)n;
	}
	memset(r->text + got, 0, r->size - got);
	r->size = got;
	return 0;
}

enum reread_result
reread_look(struct reread *r, void (*forget)(void *), void *arg, char *why,
    size_t size)
{
	struct stat	st;
	int		fd = -1;
	bool		again;

	if (r->read && r->settled && stat(r->path, &st) == 0 &&
	    same(&st, &r->st))
		return REREAD_SAME;
	forget(arg);
	reread_forget(r);
	r->absent = false;
	if ((fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1 ||
	    fstat(fd, &st) == -1) {
		r->absent = errno == ENOENT && r->st.st_ino == 0;
		snprintf(why, size, "%s: %s", r->path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > REREAD_MAX) {
		snprintf(why, size,
		    "%s: not a regular file, or larger than 64 MiB", r->path);
		goto fail;
	}
	if (slurp(r, fd, (size_t)st.st_size) == -1) {
		snprintf(why, size, "%s: %s", r->path, strerror(errno));
		goto fail;
	}
	close(fd);
	again = same(&st, &r->st);
	r->st = st;
	r->settled = time(NULL) - st.st_mtim.tv_sec > SETTLED;
	r->read = true;
	return again ? REREAD_AGAIN : REREAD_NEW;
 fail:
	if (fd != -1)
		close(fd);
	reread_forget(r);
	return REREAD_FAILED;
}

void
reread_generation(const struct reread *r, char *dst, size_t size)
{
	snprintf(dst, size, "%llx-%llx-%llx-%llx.%lx-%llx.%lx",
	    (unsigned long long)r->st.st_dev, (unsigned long long)r->st.st_ino,
	    (unsigned long long)r->st.st_size,
	    (unsigned long long)r->st.st_mtim.tv_sec, r->st.st_mtim.tv_nsec,
	    (unsigned long long)r->st.st_ctim.tv_sec, r->st.st_ctim.tv_nsec);
}

bool
reread_certain(const struct reread *r)
{
	return time(NULL) - r->st.st_ctim.tv_sec > SETTLED;
}

int64_t
reread_changed(const struct reread *r)
{
	return (int64_t)r->st.st_ctim.tv_sec * 1000 +
	    r->st.st_ctim.tv_nsec / 1000000;
}
