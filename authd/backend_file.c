/*
 * The users' file: a line `name:hash` for each, # comments, empty lines;
 * pail.yaml(5).  It is read again when it has changed.  Must never answer
 * from a file that is gone, nor show by time or words whether a name is
 * in it.
 */
#include "common/compat.h"

#include <openssl/sha.h>
#include <stdbool.h>
#include <stdio.h>

#include "authd/backend.h"
#include "authd/dummy.h"
#include "authd/hash.h"
#include "authd/reread.h"
#include "authd/watch.h"
#include "common/log.h"
#include "common/userline.h"

#define FILE_WARNINGS	10

struct file_user {
	const char	*name;		/* a user id */
	const char	*hash;
	size_t		 line;
	uint64_t	 point;		/* of the circle of hashes */
};

struct file_state {
	struct reread	 file;		/* the names' and hashes' bytes */
	struct watch	*watch;
	char		 watched[128];	/* the generation that it has seen */
	struct file_user *users;	/* by name */
	size_t		 n;
	struct dummies	 dummy;
	char		 fallback[HASH_MAX + 1];	/* for an empty file */
};

/* What points to the text goes before it. */
static void
file_forget(void *state)
{
	struct file_state	*f = state;

	free(f->users);
	f->users = NULL;
	f->n = 0;
	dummy_clear(&f->dummy);
}

static void
file_close(void *state)
{
	struct file_state	*f = state;

	if (f == NULL)
		return;
	file_forget(f);
	watch_close(f->watch);
	reread_close(&f->file);
	freezero(f, sizeof(*f));
}

static void *
file_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	struct file_state	*f;
	const char		*path = slice_at(conf, "auth.%u.path", index);

	if (path == NULL || path[0] == '\0') {
		snprintf(why, size, "auth.%u has no path", index);
		return NULL;
	}
	if ((f = calloc(1, sizeof(*f))) == NULL ||
	    reread_open(&f->file, path) == -1 ||
	    (f->watch = watch_open(path)) == NULL) {
		snprintf(why, size, "out of memory");
		if (f != NULL)
			reread_close(&f->file);
		free(f);
		return NULL;
	}
	return f;
}

/* The point of a circle that a text has. */
static uint64_t
file_point(const char *text)
{
	uint8_t		md[SHA256_DIGEST_LENGTH];
	uint64_t	x = 0;
	size_t		i;

	SHA256((const uint8_t *)text, strlen(text), md);
	for (i = 0; i < sizeof(x); i++)
		x = x << 8 | md[i];
	return x;
}

static int
file_user_cmp(const void *a, const void *b)
{
	const struct file_user	*x = a, *y = b;
	int			 c = strcmp(x->name, y->name);

	if (c != 0)
		return c;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* In the place of a hash, as in shadow(5): none that a password has.  Such a
 * user is one whom another kind of database verifies. */
static bool
file_bars(const char *hash)
{
	return hash[0] == '*' || hash[0] == '!';
}

/*
 * One line, NUL-terminated in place: NULL if it names a user, else what is
 * wrong with it, or "" for one that says nothing.  The name is normalized
 * where it stands; the rare one that grows by that (NFC) is refused.
 */
static const char *
file_line(char *line, size_t len, struct file_user *u, char why[128])
{
	char		 name[USER_ID_MAX + 1];
	struct str	 hash;

	switch (userline_parse(line, len, name, sizeof(name), &hash, why,
	    128)) {
	case USERLINE_NOTHING:
		return "";
	case USERLINE_BAD:
		return why;
	case USERLINE_USER:
		break;
	}
	if (strlen(name) >= (size_t)(hash.p - line))
		return "the name is not in Unicode NFC";
	if (!file_bars(hash.p) && !hash_acceptable(hash))
		return
		    "unsupported hash (use yescrypt, argon2id, bcrypt or "
		    "sha512-crypt)";
	memcpy(line, name, strlen(name) + 1);
	line[hash.p - line + (ptrdiff_t)hash.len] = '\0';
	u->name = line;
	u->hash = hash.p;
	return NULL;
}

static void
file_complain(const struct file_state *f, bool loud, size_t *warned,
    size_t line, const char *bad)
{
	if (loud && (*warned)++ < FILE_WARNINGS)
		log_warnx("%s:%zu: %s; the line is ignored", f->file.path, line,
		    bad);
}

/* From f->file.text to f->users.  loud: the file is not one complained of. */
static int
file_parse(struct file_state *f, bool loud)
{
	char		*p = f->file.text, *end = p + f->file.size, *nl;
	const char	*bad;
	char		 why[128];
	size_t		 lines = 1, line = 0, i, kept, warned = 0;

	for (i = 0; i < f->file.size; i++)
		lines += f->file.text[i] == '\n';
	if ((f->users = calloc(lines, sizeof(*f->users))) == NULL)
		return -1;
	p += userline_bom(p, f->file.size);
	for (; p < end; p = nl + 1) {
		line++;
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;	/* there is room for its NUL */
		*nl = '\0';
		bad = file_line(p, (size_t)(nl - p), &f->users[f->n],
		    why);
		if (bad == NULL) {
			f->users[f->n++].line = line;
		} else if (*bad != '\0')
			file_complain(f, loud, &warned, line, bad);
	}
	qsort(f->users, f->n, sizeof(*f->users), file_user_cmp);
	for (i = kept = 0; i < f->n; i++) {
		if (kept > 0 && strcmp(f->users[kept - 1].name,
		    f->users[i].name) == 0) {
			file_complain(f, loud, &warned, f->users[i].line,
			    "duplicate name");
			continue;
		}
		if (!file_bars(f->users[i].hash))
			dummy_add(&f->dummy, f->users[i].hash);
		f->users[i].point = file_point(f->users[i].hash);
		f->users[kept++] = f->users[i];
	}
	f->n = kept;
	return 0;
}

/* Brings f up to what is at the path now: 0, or -1 with the reason. */
static int
file_refresh(struct file_state *f, char *why, size_t size)
{
	switch (reread_look(&f->file, file_forget, f, why, size)) {
	case REREAD_SAME:
		return 0;
	case REREAD_NEW:
		if (file_parse(f, true) == 0)
			return 0;
		break;
	case REREAD_AGAIN:
		if (file_parse(f, false) == 0)
			return 0;
		break;
	case REREAD_FAILED:
		return -1;
	}
	snprintf(why, size, "out of memory");
	file_forget(f);
	reread_forget(&f->file);
	return -1;
}

/* What an unknown name is hashed against. */
static const char *
file_dummy(struct file_state *f, const char *name)
{
	const char	*hash = dummy_pick(&f->dummy, name);

	if (hash != NULL)
		return hash;
	if (f->fallback[0] == '\0')
		hash_dummy(f->fallback, sizeof(f->fallback));
	return f->fallback;
}

/*
 * u's keys, or for who has none some that look like them.  What keys an unknown
 * name's salt: the two hashes that follow the name on the circle.  A password
 * that is changed moves the salts of few names, not of all that are unknown at
 * once.
 */
static void
file_scram(struct file_state *f, const char *name, const struct file_user *u,
    struct found *found)
{
	struct scram_keys	 keys;
	const char		*key[2];
	uint64_t		 from = file_point(name), d,
				    far[2] = { UINT64_MAX, UINT64_MAX };
	size_t			 i;

	key[0] = key[1] = file_dummy(f, name);
	for (i = 0; i < f->n; i++) {
		if (file_bars(f->users[i].hash))
			continue;	/* a hash that all know hides nothing */
		d = f->users[i].point - from;
		if (d <= far[0]) {
			far[1] = far[0];
			key[1] = key[0];
			far[0] = d;
			key[0] = f->users[i].hash;
		} else if (d <= far[1]) {
			far[1] = d;
			key[1] = f->users[i].hash;
		}
	}
	/* Whoever has keys: the time tells nothing. */
	dummy_scram(&f->dummy, key, name, &found->keys, &found->alike);
	if (u != NULL && scram_parse(&keys, str_from(u->hash)) == 0) {
		found->keys = keys;
		found->has_keys = true;
	}
	explicit_bzero(&keys, sizeof(keys));
}

static enum found_code
file_find(void *state, struct str user, bool keys, struct found *found)
{
	struct file_state	*f = state;
	struct file_user	 key = { 0 }, *u = NULL;
	char			 name[USER_ID_MAX + 1];
	size_t			 lo = 0, hi, mid;
	int			 c;

	if (file_refresh(f, found->why, sizeof(found->why)) == -1)
		return FOUND_AWAY;
	reread_generation(&f->file, found->generation,
	    sizeof(found->generation));
	if (user.len == 0)
		return FOUND_NONE;
	if (user_normalize(user, name, sizeof(name)) == 0)
		key.name = name;
	else
		name[0] = '\0';
	for (hi = f->n; key.name != NULL && lo < hi;) {
		mid = lo + (hi - lo) / 2;
		if ((c = strcmp(key.name, f->users[mid].name)) == 0) {
			u = &f->users[mid];
			break;
		}
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	found->barred = u != NULL && file_bars(u->hash);
	strlcpy(found->secret, u != NULL && !found->barred ? u->hash :
	    file_dummy(f, name), sizeof(found->secret));
	if (keys)
		file_scram(f, name, u, found);
	if (u == NULL)
		return FOUND_NONE;
	strlcpy(found->user, u->name, sizeof(found->user));
	snprintf(found->where, sizeof(found->where), "line %zu", u->line);
	return FOUND_USER;
}

static int
file_watch(struct file_state *f)
{
	struct watch_user	*users;
	char			 generation[sizeof(f->watched)];
	size_t			 i;
	int			 r;

	reread_generation(&f->file, generation, sizeof(generation));
	if (strcmp(generation, f->watched) == 0 ||
	    (watch_has(f->watch) && !reread_certain(&f->file)))
		return 0;
	if ((users = calloc(f->n + 1, sizeof(*users))) == NULL)
		return -1;
	for (i = 0; i < f->n; i++)
		users[i] = (struct watch_user){ f->users[i].name,
		    f->users[i].hash };
	r = watch_saw(f->watch, users, f->n, reread_changed(&f->file));
	free(users);
	if (r == 0)
		strlcpy(f->watched, generation, sizeof(f->watched));
	return r;
}

static const char *
file_gone(void *state, int64_t *changed)
{
	struct file_state	*f = state;
	const char		*name;
	char			 why[128];

	if ((name = watch_next(f->watch, changed)) != NULL)
		return name;
	/* One that cannot be read says nothing of its users. */
	if (file_refresh(f, why, sizeof(why)) == -1 || file_watch(f) == -1)
		return NULL;
	return watch_next(f->watch, changed);
}

/* The file may be anywhere after a reload; its worker's user decides which
 * files it may read. */
static void
file_reach(const struct slice *conf, uint32_t index, struct sandbox *box)
{
	(void)conf;
	(void)index;
	sandbox_reach(box, "/", false);
	box->threads = true;	/* argon2's, for hashes with p > 1 */
}

const struct lookup_kind lookup_file = {
	.open = file_open, .find = file_find, .gone = file_gone,
	.close = file_close
};

const struct backend_kind backend_file = {
	.type = "file", .lookup = &lookup_file, .verifier = &verifier_hash,
	.reach = file_reach
};
