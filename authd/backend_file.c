/*
 * The users' file: a line `name:hash` for each, perhaps with aliases and a
 * quota, # comments, empty lines; authd(8).  It is read again when it has
 * changed.  Must never answer from a file that is gone, nor show by time or
 * words whether a name is in it.
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

/* A name, and whose it is: the user's own, or an alias of his. */
struct file_user {
	const char	*name;		/* as a user id */
	const char	*user;		/* whose; name itself: his own */
	const char	*hash;
	size_t		 line;
	uint64_t	 point;		/* of the circle of hashes; his own */
	struct found_quota quota;
};

struct file_state {
	struct reread	 file;		/* the names' and hashes' bytes */
	struct watch	*watch;
	char		 watched[128];	/* the generation that it has seen */
	struct file_user *users;	/* by name; one's own is first */
	size_t		 n;
	struct dummies	 dummy;
	char		 fallback[HASH_MAX + 1];	/* for an empty file */
};

/* The reading of a file. */
struct file_lines {
	struct file_state	*f;
	bool			 loud;		/* complaints are told */
	size_t			 line;
	size_t			 warned;
	char			*text;
	char			 why[160];
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

static bool
file_own(const struct file_user *u)
{
	return u->name == u->user;
}

static int
file_user_cmp(const void *a, const void *b)
{
	const struct file_user	*x = a, *y = b;
	int			 c = strcmp(x->name, y->name);

	if (c != 0)
		return c;
	if (file_own(x) != file_own(y))
		return file_own(x) ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* In the place of a hash, as in shadow(5): none that a password has.  Such a
 * user is one whom another kind of database verifies. */
static bool
file_bars(const char *hash)
{
	return hash[0] == '*' || hash[0] == '!';
}

static void
file_complain(struct file_lines *l, const char *bad, const char *what)
{
	if (l->loud && l->warned++ < FILE_WARNINGS)
		log_warnx("%s:%zu: %s; %s ignored", l->f->file.path, l->line,
		    bad, what);
}

/* A name where it stands, NUL-terminated: it fits, but for the rare one that
 * grows when it is normalized (NFC).  Then -1. */
static int
file_name(char *at, size_t room, const char *name)
{
	size_t	n = strlen(name);

	if (n > room)
		return -1;
	memcpy(at, name, n + 1);
	return 0;
}

/* Each alias is one name more.  The octet behind it is a comma, a space, or the
 * line's end: its NUL takes nothing away. */
static void
file_aliases(struct file_lines *l, const struct file_user *u,
    struct str aliases)
{
	struct file_user	*v;
	struct str		 alias;
	char			 name[USER_ID_MAX + 1], *at;

	while (userline_alias(&aliases, &alias)) {
		/* The list goes on behind what is overwritten. */
		if (aliases.len > 0) {
			aliases.p++;
			aliases.len--;
		}
		at = l->text + (alias.p - l->text);
		if (user_normalize(alias, name, sizeof(name)) == -1 ||
		    file_name(at, alias.len, name) == -1) {
			file_complain(l, "an alias is not in Unicode NFC",
			    "it is");
			continue;
		}
		v = &l->f->users[l->f->n++];
		*v = *u;
		v->name = at;
	}
}

/*
 * One line, NUL-terminated in place, to l->f->users: NULL, else what is wrong
 * with it, or "" for one that says nothing.
 */
static const char *
file_line(struct file_lines *l, char *line, size_t len)
{
	struct userline_more	 more;
	struct file_user	*u = &l->f->users[l->f->n];
	char			 name[USER_ID_MAX + 1];
	struct str		 hash;

	switch (userline_read(line, len, name, sizeof(name), &hash, &more,
	    l->why, sizeof(l->why))) {
	case USERLINE_NOTHING:
		return "";
	case USERLINE_BAD:
		return l->why;
	case USERLINE_USER:
		break;
	}
	if (file_name(line, (size_t)(hash.p - line) - 1, name) == -1)
		return "the name is not in Unicode NFC";
	line[hash.p - line + (ptrdiff_t)hash.len] = '\0';
	if (!file_bars(hash.p) && !hash_acceptable(hash))
		return
		    "unsupported hash (use yescrypt, argon2id, bcrypt or "
		    "sha512-crypt)";
	*u = (struct file_user){ .name = line, .user = line, .hash = hash.p,
	    .line = l->line, .quota = { more.has_quota ? QUOTA_OWN :
	    QUOTA_DEFAULT, more.bytes, more.messages } };
	l->f->n++;
	if (more.why[0] != '\0')
		file_complain(l, more.why, "it is");
	file_aliases(l, u, more.aliases);
	return NULL;
}

/* How many names there may be: of each line one, and one behind each '=' and
 * each comma. */
static size_t
file_names(const char *p, size_t len)
{
	size_t	n = 1;

	for (; len > 0; p++, len--)
		n += *p == '\n' || *p == ',' || *p == '=';
	return n;
}

/* Of several lines for a name one counts. */
static void
file_sort(struct file_lines *l)
{
	struct file_state	*f = l->f;
	struct file_user	*users;
	size_t			 i, kept;

	qsort(f->users, f->n, sizeof(*f->users), file_user_cmp);
	for (i = kept = 0; i < f->n; i++) {
		if (kept > 0 && strcmp(f->users[kept - 1].name,
		    f->users[i].name) == 0) {
			l->line = f->users[i].line;
			if (file_own(&f->users[i]))
				file_complain(l, "duplicate name",
				    "the line is");
			else if (f->users[kept - 1].user != f->users[i].user)
				file_complain(l, "an alias is another user's "
				    "name or alias", "it is");
			continue;
		}
		if (file_own(&f->users[i])) {
			if (!file_bars(f->users[i].hash))
				dummy_add(&f->dummy, f->users[i].hash);
			f->users[i].point = file_point(f->users[i].hash);
		}
		f->users[kept++] = f->users[i];
	}
	f->n = kept;
	users = realloc(f->users, (kept + 1) * sizeof(*users));
	if (users != NULL)
		f->users = users;
}

/* From f->file.text to f->users.  loud: the file is not one complained of. */
static int
file_parse(struct file_state *f, bool loud)
{
	struct file_lines	 l = { .f = f, .loud = loud,
				    .text = f->file.text };
	char			*p = f->file.text, *end = p + f->file.size,
				*nl;
	const char		*bad;

	f->users = calloc(file_names(p, f->file.size), sizeof(*f->users));
	if (f->users == NULL)
		return -1;
	p += userline_bom(p, f->file.size);
	for (; p < end; p = nl + 1) {
		l.line++;
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;	/* there is room for its NUL */
		*nl = '\0';
		bad = file_line(&l, p, (size_t)(nl - p));
		if (bad != NULL && *bad != '\0')
			file_complain(&l, bad, "the line is");
	}
	file_sort(&l);
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
		if (!file_own(&f->users[i]) || file_bars(f->users[i].hash))
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
	found->locked = u != NULL && userline_locked(str_from(u->hash));
	strlcpy(found->secret, u != NULL && !found->barred ? u->hash :
	    file_dummy(f, name), sizeof(found->secret));
	if (keys)
		file_scram(f, name, u, found);
	if (u == NULL)
		return FOUND_NONE;
	strlcpy(found->user, u->user, sizeof(found->user));
	found->quota = u->quota;
	snprintf(found->where, sizeof(found->where), "line %zu", u->line);
	return FOUND_USER;
}

static int
file_watch(struct file_state *f)
{
	struct watch_user	*users;
	char			 generation[sizeof(f->watched)];
	size_t			 i, n;
	int			 r;

	reread_generation(&f->file, generation, sizeof(generation));
	if (strcmp(generation, f->watched) == 0 ||
	    (watch_has(f->watch) && !reread_certain(&f->file)))
		return 0;
	if ((users = calloc(f->n + 1, sizeof(*users))) == NULL)
		return -1;
	for (i = n = 0; i < f->n; i++)
		if (file_own(&f->users[i]))
			users[n++] = (struct watch_user){ f->users[i].name,
			    f->users[i].hash };
	r = watch_saw(f->watch, users, n, reread_changed(&f->file));
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
