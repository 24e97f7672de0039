/*
 * LIST on the file store (file_io.h): a walk through the tree in the order
 * that S3 has, which is by the bytes of the whole names.  A directory is
 * therefore compared as its name with a '/' behind, and one whose names all
 * lie outside of what is asked for is not opened.
 */
#include "common/compat.h"

#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storaged/bucket/file/file_io.h"

#define DEPTH_MAX	64

struct walk {
	struct file_op		*op;
	const char		*after;		/* "": from the first */
	size_t			 prefix_len;
	size_t			 room;		/* of out->v */
	unsigned		 max;
	struct file_listed	*out;
};

struct entries {
	char	**v;		/* directories end with '/' */
	size_t	 n, size;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
entries_free(struct entries *e)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		free(e->v[i]);
	free(e->v);
}

static int
entries_add(struct entries *e, const char *name, bool dir)
{
	size_t size, len = strlen(name);
	char **v, *s;

	if (e->n == e->size) {
		size = e->size != 0 ? e->size * 2 : 64;
		if ((v = realloc(e->v, size * sizeof(*v))) == NULL)
			return -1;
		e->v = v;
		e->size = size;
	}
	if ((s = malloc(len + 2)) == NULL)
		return -1;
	memcpy(s, name, len);
	s[len] = '/';
	s[len + (dir ? 1 : 0)] = '\0';
	e->v[e->n++] = s;
	return 0;
}

/* May names below path (which ends with '/') or path itself be asked for? */
static bool
wanted(const struct walk *w, const char *path)
{
	size_t len = strlen(path), plen = strlen(w->op->key);
	bool dir = path[len - 1] == '/';

	if (dir ? strncmp(path, w->op->key, len < plen ? len : plen) != 0 :
	    strncmp(path, w->op->key, plen) != 0)
		return false;
	if (strcmp(path, w->after) > 0)
		return true;
	return dir && strncmp(path, w->after, len) == 0;
}

static int
entries_read(struct walk *w, const char *path, struct entries *e)
{
	struct dirent *d;
	struct stat st;
	DIR *dir;
	int fd, rc = 0;

	fd = openat(w->op->root->fd, *path != '\0' ? path : ".", O_RDONLY |
	    O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (rc == 0 && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.' || fstatat(fd, d->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		if (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))
			rc = entries_add(e, d->d_name, S_ISDIR(st.st_mode));
	}
	closedir(dir);
	if (e->n > 1)
		qsort(e->v, e->n, sizeof(*e->v), compare);
	return rc;
}

static int
found(struct walk *w, const char *path)
{
	struct blob_listed *v;
	struct stat st;
	char *key;

	if (w->out->n == w->max) {
		w->out->more = true;
		return 1;
	}
	if (fstatat(w->op->root->fd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	if (w->out->n == w->room) {
		w->room = w->room != 0 ? w->room * 2 : 64;
		if ((v = realloc(w->out->v, w->room * sizeof(*v))) == NULL)
			return -1;
		w->out->v = v;
	}
	if ((key = strdup(path + w->prefix_len)) == NULL)
		return -1;
	v = &w->out->v[w->out->n++];
	v->key = key;
	v->size = (uint64_t)st.st_size;
	v->modified = (int64_t)st.st_mtim.tv_sec;
	return 0;
}

/* 1: there is more than was asked for; 0; -1 with errno. */
static int
walk(struct walk *w, const char *path, unsigned depth)
{
	struct entries e = { 0 };
	char name[KEY_MAX];
	size_t i, len;
	int rc;

	rc = entries_read(w, path, &e);
	for (i = 0; rc == 0 && i < e.n; i++) {
		len = (size_t)snprintf(name, sizeof(name), "%s%s", path,
		    e.v[i]);
		if (len >= sizeof(name) || !wanted(w, name))
			continue;
		if (name[len - 1] != '/')
			rc = found(w, name);
		else if (depth < DEPTH_MAX)
			rc = walk(w, name, depth + 1);
	}
	entries_free(&e);
	return rc;
}

void
file_io_list(struct file_op *op, const char *start_after, unsigned max,
    size_t prefix_len, struct file_listed *out)
{
	struct walk w = { op, start_after != NULL ? start_after : "",
	    prefix_len, 0, max, out };
	char top[KEY_MAX];
	char *slash;

	memset(out, 0, sizeof(*out));
	op->outcome = BLOB_DONE;
	/* Begin at the last directory that the prefix names wholly. */
	strlcpy(top, op->key, sizeof(top));
	if ((slash = strrchr(top, '/')) != NULL)
		slash[1] = '\0';
	else
		top[0] = '\0';
	if (atomic_load(&op->root->disabled)) {
		op->outcome = BLOB_UNAVAILABLE;
		snprintf(op->why, sizeof(op->why),
		    "the store is disabled: an fsync has failed");
	} else if (walk(&w, top, 0) == -1) {
		op->outcome = errno == EACCES ? BLOB_DENIED :
		    BLOB_UNAVAILABLE;
		snprintf(op->why, sizeof(op->why), "list: %s",
		    strerror(errno));
	}
}

void
file_listed_free(struct file_listed *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		char *key;

		memcpy(&key, &l->v[i].key, sizeof(key));
		free(key);
	}
	free(l->v);
	memset(l, 0, sizeof(*l));
}
