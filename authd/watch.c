/*
 * The last reading of each users' file that is watched, against the next.
 * Must never take a file that cannot be read, or is just being written, for
 * one without users: its caller gives only what is certain.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "authd/watch.h"
#include "common/buf.h"

/* A reading: "name\0hash\0" for each user, in order. */
struct reading {
	char		*text;
	size_t		 size;
};

struct watch {
	TAILQ_ENTRY(watch)	 entry;
	char			*path;
	unsigned int		 refs;
	bool			 has;
	struct reading		 known;
	int64_t			 changed;	/* of those in gone */
	struct buf		 gone;		/* "name\0" each */
	size_t			 told;		/* bytes of gone */
};

static TAILQ_HEAD(, watch)	watches = TAILQ_HEAD_INITIALIZER(watches);

struct watch *
watch_open(const char *path)
{
	struct watch	*w;

	TAILQ_FOREACH(w, &watches, entry)
		if (strcmp(w->path, path) == 0) {
			w->refs++;
			return w;
		}
	if ((w = calloc(1, sizeof(*w))) == NULL ||
	    (w->path = strdup(path)) == NULL) {
		free(w);
		return NULL;
	}
	buf_init(&w->gone, 0);
	w->refs = 1;
	TAILQ_INSERT_TAIL(&watches, w, entry);
	return w;
}

void
watch_close(struct watch *w)
{
	if (w == NULL || --w->refs > 0)
		return;
	TAILQ_REMOVE(&watches, w, entry);
	freezero(w->known.text, w->known.size);
	buf_free(&w->gone);
	free(w->path);
	free(w);
}

/* The next user of a reading from *p on; NULL at its end. */
static const char *
reading_next(const struct reading *r, size_t *at, const char **hash)
{
	const char	*name;

	if (*at == r->size)
		return NULL;
	name = r->text + *at;
	*hash = name + strlen(name) + 1;
	*at = (size_t)(*hash + strlen(*hash) + 1 - r->text);
	return name;
}

static int
reading_make(struct reading *r, const struct watch_user *users, size_t n)
{
	size_t	i, len, off = 0;

	for (i = r->size = 0; i < n; i++)
		r->size += strlen(users[i].name) + strlen(users[i].hash) + 2;
	/* malloc(0) may be NULL. */
	if ((r->text = malloc(r->size + 1)) == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		len = strlen(users[i].name) + 1;
		memcpy(r->text + off, users[i].name, len);
		off += len;
		len = strlen(users[i].hash) + 1;
		memcpy(r->text + off, users[i].hash, len);
		off += len;
	}
	return 0;
}

int
watch_saw(struct watch *w, const struct watch_user *users, size_t n,
    int64_t changed)
{
	struct reading	 now;
	const char	*name, *hash;
	size_t		 at = 0, i = 0, len = w->gone.len;
	int		 c;

	if (reading_make(&now, users, n) == -1)
		return -1;
	while ((name = reading_next(&w->known, &at, &hash)) != NULL) {
		c = -1;
		while (i < n && (c = strcmp(users[i].name, name)) < 0)
			i++;
		if (i < n && c == 0 && strcmp(users[i].hash, hash) == 0)
			continue;
		if (buf_put(&w->gone, name, strlen(name) + 1) == -1) {
			w->gone.len = len;
			freezero(now.text, now.size);
			return -1;
		}
	}
	freezero(w->known.text, w->known.size);
	w->known = now;
	w->has = true;
	w->changed = changed;
	return 0;
}

bool
watch_has(const struct watch *w)
{
	return w->has;
}

const char *
watch_next(struct watch *w, int64_t *changed)
{
	const char	*name;

	if (w->told == w->gone.len) {
		buf_free(&w->gone);
		buf_init(&w->gone, 0);
		w->told = 0;
		return NULL;
	}
	name = (const char *)w->gone.data + w->told;
	w->told += strlen(name) + 1;
	*changed = w->changed;
	return name;
}
