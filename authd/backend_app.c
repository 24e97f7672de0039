/*
 * App passwords: a file of lines (common/appline.h), read again when it has
 * changed.  They are ours, whatever a directory does; who is removed from one
 * has them until they are revoked.  Must never accept one that has expired, nor
 * show by time whether a name has any.
 */
#include "common/compat.h"

#include <stdio.h>
#include <time.h>

#include "authd/backend.h"
#include "authd/reread.h"
#include "authd/watch.h"
#include "common/appline.h"
#include "common/hex.h"
#include "common/log.h"
#include "common/sandbox.h"

#define APP_WARNINGS	10
#define APP_BETWEEN	'\001'	/* in no user id, and before all in it */

struct app_state {
	struct reread	 file;
	struct watch	*watch;
	char		 watched[160];	/* the generation that it has seen */
	struct app_password *all;	/* by user and id */
	size_t		 n;
	size_t		 expired;	/* of them */
	int64_t		 last_expiry;	/* of these, or 0 */
	int64_t		 next_expiry;	/* of the others, or INT64_MAX */
	char		 gone[USER_ID_MAX + 1];
};

static void
app_forget(void *state)
{
	struct app_state	*s = state;

	freezero(s->all, s->n * sizeof(*s->all));
	s->all = NULL;
	s->n = s->expired = 0;
	s->last_expiry = 0;
	s->next_expiry = INT64_MAX;
}

static void
app_close(void *state)
{
	struct app_state	*s = state;

	if (s == NULL)
		return;
	app_forget(s);
	watch_close(s->watch);
	reread_close(&s->file);
	free(s);
}

static void *
app_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	const char		*path = slice_str(conf, "app-passwords-file");
	struct app_state	*s;

	(void)index;
	if (path[0] == '\0') {
		snprintf(why, size, "app-passwords-file is not set");
		return NULL;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    reread_open(&s->file, path) == -1 ||
	    (s->watch = watch_open(path)) == NULL) {
		snprintf(why, size, "out of memory");
		app_close(s);
		return NULL;
	}
	app_forget(s);
	return s;
}

static int
app_cmp(const void *a, const void *b)
{
	const struct app_password	*x = a, *y = b;
	int				 c = strcmp(x->user, y->user);

	return c != 0 ? c : strcmp(x->id, y->id);
}

/* -1 on ENOMEM.  loud: the file is not one complained of. */
static int
app_parse(struct app_state *s, bool loud)
{
	const char	*p = s->file.text, *end = p + s->file.size, *nl;
	char		 why[128];
	enum userline	 r;
	size_t		 lines = 1, line = 0, i, kept, warned = 0;

	for (i = 0; i < s->file.size; i++)
		lines += p[i] == '\n';
	if ((s->all = calloc(lines, sizeof(*s->all))) == NULL)
		return -1;
	p += userline_bom(p, s->file.size);
	for (; p < end; p = nl + 1) {
		line++;
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		r = app_line_parse(p, (size_t)(nl - p), &s->all[s->n], why,
		    sizeof(why));
		s->n += r == USERLINE_USER;
		if (r == USERLINE_BAD && loud && warned++ < APP_WARNINGS)
			log_warnx("%s:%zu: %s; the line is ignored",
			    s->file.path, line, why);
	}
	qsort(s->all, s->n, sizeof(*s->all), app_cmp);
	for (i = kept = 0; i < s->n; i++)
		if (kept == 0 || app_cmp(&s->all[kept - 1], &s->all[i]) != 0)
			s->all[kept++] = s->all[i];
		else if (loud && warned++ < APP_WARNINGS)
			log_warnx("%s: duplicate id %s; one line is ignored",
			    s->file.path, s->all[i].id);
	s->n = kept;
	return 0;
}

static bool
app_expired(const struct app_password *p, int64_t now)
{
	return p->expires != 0 && p->expires <= now;
}

/* Which have expired: what the generation must tell. */
static void
app_expire(struct app_state *s, int64_t now)
{
	size_t	i;

	s->expired = 0;
	s->last_expiry = 0;
	s->next_expiry = INT64_MAX;
	for (i = 0; i < s->n; i++) {
		if (s->all[i].expires == 0)
			continue;
		if (app_expired(&s->all[i], now)) {
			s->expired++;
			if (s->all[i].expires > s->last_expiry)
				s->last_expiry = s->all[i].expires;
		} else if (s->all[i].expires < s->next_expiry)
			s->next_expiry = s->all[i].expires;
	}
}

/* Brings s up to what is at the path now: 0, or -1 with the reason. */
static int
app_refresh(struct app_state *s, char *why, size_t size)
{
	int64_t			now = (int64_t)time(NULL);
	enum reread_result	r;

	r = reread_look(&s->file, app_forget, s, why, size);
	if (r == REREAD_FAILED) {
		/* Nobody has any yet. */
		return s->file.absent ? 0 : -1;
	}
	if (r != REREAD_SAME && app_parse(s, r == REREAD_NEW) == -1) {
		snprintf(why, size, "out of memory");
		reread_forget(&s->file);
		return -1;
	}
	if (r != REREAD_SAME || now >= s->next_expiry)
		app_expire(s, now);
	return 0;
}

static void
app_generation(const struct app_state *s, char *dst, size_t size)
{
	char	text[112];

	reread_generation(&s->file, text, sizeof(text));
	snprintf(dst, size, "%s/%zu", text, s->expired);
}

/* The first of user's, and how many follow. */
static size_t
app_range(const struct app_state *s, const char *user, size_t *first)
{
	size_t	lo = 0, hi = s->n, mid, n = 0;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(s->all[mid].user, user) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*first = lo;
	while (lo + n < s->n && strcmp(s->all[lo + n].user, user) == 0)
		n++;
	return n;
}

/* All of the user's are tried, whichever is right, and one for who has none. */
static const struct app_password *
app_match(const struct app_state *s, enum app_scope scope, size_t first,
    size_t n, const char secret[APP_SECRET + 1])
{
	static const uint8_t		 salt[APP_SALT];
	const struct app_password	*right = NULL, *p;
	uint8_t				 hash[APP_HASH];
	int64_t				 now = (int64_t)time(NULL);
	size_t				 i;

	if (n == 0)
		app_hash(salt, secret, hash);
	for (i = 0; i < n; i++) {
		p = &s->all[first + i];
		app_hash(p->salt, secret, hash);
		if (timingsafe_memcmp(hash, p->hash, APP_HASH) == 0 &&
		    (p->scopes & scope) && !app_expired(p, now))
			right = p;
	}
	explicit_bzero(hash, sizeof(hash));
	return right;
}

void
backend_app_check(void *state, enum work_how how, struct str user,
    struct str password, struct backend_answer *a)
{
	struct app_state		*s = state;
	const struct app_password	*p = NULL;
	char				 secret[APP_SECRET + 1];
	char				 id[USER_ID_MAX + 1];
	size_t				 first, n;
	int				 len;

	if (app_refresh(s, a->why, sizeof(a->why)) == -1) {
		a->code = WORK_UNAVAILABLE;
		return;
	}
	app_generation(s, a->why, sizeof(a->why));
	a->code = WORK_UNKNOWN;
	if ((how != WORK_PASSWORD && how != WORK_ADMIN) || user.len == 0 ||
	    user_normalize(user, id, sizeof(id)) == -1 ||
	    app_text_parse(password, secret) == -1)
		return;
	n = app_range(s, id, &first);
	p = app_match(s, how == WORK_ADMIN ? APP_SCOPE_admin : APP_SCOPE_imap,
	    first, n, secret);
	explicit_bzero(secret, sizeof(secret));
	if (n > 0)
		a->code = WORK_NO;
	if (p == NULL)
		return;
	a->code = WORK_YES;
	strlcpy(a->user, p->user, sizeof(a->user));
	len = snprintf((char *)a->data, sizeof(a->data), "%s %s", p->id,
	    p->name);
	if (len > 0 && (size_t)len < sizeof(a->data))
		a->len = (size_t)len;
}

/* One that has expired is gone as one that was revoked. */
static int
app_watch(struct app_state *s)
{
	struct watch_user	*users;
	char			 generation[sizeof(s->watched)], *text, *p;
	const size_t		 each = USER_ID_MAX + APP_ID + 2 * APP_HASH + 3;
	int64_t			 now = (int64_t)time(NULL), changed;
	size_t			 i, n = 0;
	int			 r;

	app_generation(s, generation, sizeof(generation));
	if (strcmp(generation, s->watched) == 0 ||
	    (watch_has(s->watch) && !reread_certain(&s->file)))
		return 0;
	if ((users = calloc(s->n + 1, sizeof(*users))) == NULL ||
	    (p = text = calloc(s->n + 1, each)) == NULL) {
		free(users);
		return -1;
	}
	for (i = 0; i < s->n; i++) {
		if (app_expired(&s->all[i], now))
			continue;
		users[n].name = p;
		p += snprintf(p, each, "%s%c%s", s->all[i].user, APP_BETWEEN,
		    s->all[i].id) + 1;
		users[n++].hash = p;
		hex_print(s->all[i].hash, APP_HASH, p);
		p += 2 * APP_HASH + 1;
	}
	changed = reread_changed(&s->file);
	if (s->last_expiry * 1000 > changed)
		changed = s->last_expiry * 1000;
	r = watch_saw(s->watch, users, n, changed);
	free(users);
	freezero(text, (s->n + 1) * each);
	if (r == 0)
		strlcpy(s->watched, generation, sizeof(s->watched));
	return r;
}

static const char *
app_gone(void *state, int64_t *changed)
{
	struct app_state	*s = state;
	const char		*name = watch_next(s->watch, changed);
	char			 why[128];

	/* One that cannot be read says nothing of its users. */
	if (name == NULL && app_refresh(s, why, sizeof(why)) == 0 &&
	    !s->file.absent && app_watch(s) == 0)
		name = watch_next(s->watch, changed);
	if (name == NULL)
		return NULL;
	snprintf(s->gone, sizeof(s->gone), "%.*s",
	    (int)strcspn(name, "\001"), name);
	return s->gone;
}

/* backend_app_check() has its own way. */
static enum found_code
app_find(void *state, struct str name, bool keys, struct found *f)
{
	(void)state;
	(void)name;
	(void)keys;
	(void)f;
	return FOUND_NONE;
}

static const struct lookup_kind lookup_app = {
	.open = app_open,
	.find = app_find,
	.gone = app_gone,
	.close = app_close
};

/* Wherever a reload moves the file. */
static void
app_reach(const struct slice *conf, uint32_t index, struct sandbox *box)
{
	(void)conf;
	(void)index;
	sandbox_reach(box, "/", false);
}

const struct backend_kind backend_app = {
	.type = "app",
	.lookup = &lookup_app,
	.reach = app_reach
};
