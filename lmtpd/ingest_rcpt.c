/* See ingest_rcpt.h. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "lmtpd/ingest_rcpt.h"
#include "mail/lex.h"

void
ingest_rcpts_free(struct ingest_rcpts *r)
{
	while (r->n > 0)
		free(r->v[--r->n]);
	memset(r, 0, sizeof(*r));
}

/* The next of a list; commas in quoted strings are none. */
static bool
next_part(struct str *rest, struct str *part)
{
	size_t	 i;
	bool	 quoted = false;

	if (rest->len == 0)
		return false;
	for (i = 0; i < rest->len; i++) {
		if (rest->p[i] == '\\' && quoted)
			i++;
		else if (rest->p[i] == '"')
			quoted = !quoted;
		else if (rest->p[i] == ',' && !quoted)
			break;
	}
	if (i > rest->len)
		i = rest->len;
	*part = (struct str){ rest->p, i };
	if (i < rest->len)
		i++;
	rest->p += i;
	rest->len -= i;
	return true;
}

/* "Ann <ann@example.org>" is what is in the brackets. */
static struct str
bare_address(struct str s)
{
	const char	*open, *close;

	s = str_trim(s, LEX_WHITE);
	if (s.len == 0 || s.p[s.len - 1] != '>')
		return s;
	close = s.p + s.len - 1;
	for (open = close; open > s.p && *open != '<'; open--)
		;
	if (*open != '<')
		return s;
	return str_trim((struct str){ open + 1, (size_t)(close - open - 1) },
	    LEX_WHITE);
}

/* Nothing that could mean anything else in a log, a list or a trace line. */
static bool
is_address(struct str s)
{
	size_t	 i;

	if (s.len == 0 || s.len > INGEST_ADDRESS_MAX)
		return false;
	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f ||
		    strchr("<>(),;:\\\"[]", s.p[i]) != NULL)
			return false;
	return true;
}

static bool
is_ours(struct str address, const struct slice *domains, bool bare)
{
	const char	*d;
	size_t		 at = address.len;
	unsigned	 i;

	while (at > 0 && address.p[at - 1] != '@')
		at--;
	if (at == 0)
		return bare;
	if (at == 1 || at == address.len)
		return false;
	for (i = 0; (d = slice_at(domains, "domains.%u", i)) != NULL; i++)
		if (str_caseeq(str_from(d), (struct str){ address.p + at,
		    address.len - at }))
			return true;
	return i == 0;		/* the directory knows them all */
}

static void
add_one(struct ingest_rcpts *r, struct str s)
{
	size_t	 i;
	char	*copy;

	for (i = 0; i < r->n; i++)
		if (str_caseeq(str_from(r->v[i]), s))
			return;
	if (r->n == INGEST_RECIPIENTS) {
		r->too_many = true;
		return;
	}
	if ((copy = malloc(s.len + 1)) == NULL) {
		r->no_memory = true;
		return;
	}
	memcpy(copy, s.p, s.len);
	copy[s.len] = '\0';
	r->v[r->n++] = copy;
}

void
ingest_rcpts_add(struct ingest_rcpts *r, struct str list,
    const struct slice *domains, bool bare)
{
	struct str	 part;

	while (next_part(&list, &part)) {
		part = bare_address(part);
		if (!is_address(part))
			continue;
		if (is_ours(part, domains, bare))
			add_one(r, part);
		else
			r->foreign++;
	}
}

/* The length of the line that begins at p, its end included. */
static size_t
line_len(const char *p, size_t len)
{
	const char	*nl = len > 0 ? memchr(p, '\n', len) : NULL;

	return nl != NULL ? (size_t)(nl - p) + 1 : len;
}

static bool
is_empty(const char *p, size_t n)
{
	return (n == 1 && p[0] == '\n') ||
	    (n == 2 && p[0] == '\r' && p[1] == '\n');
}

bool
ingest_head_whole(const char *head, size_t len)
{
	size_t	 at, n;

	for (at = 0; at < len; at += n) {
		n = line_len(head + at, len - at);
		if (is_empty(head + at, n))
			return true;
	}
	return false;
}

/* Does the line begin this field?  How long its name and colon are, or 0. */
static size_t
begins(const char *p, size_t n, const char *name)
{
	size_t	 len = strlen(name), at = len;

	if (n <= len || strncasecmp(p, name, len) != 0)
		return 0;
	while (at < n && (p[at] == ' ' || p[at] == '\t'))
		at++;
	return at < n && p[at] == ':' ? at + 1 : 0;
}

/* Line ends go, blanks stay; a NUL is no part of a header. */
static bool
append(struct str s, char *dst, size_t size, size_t *used)
{
	size_t	 i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n')
			continue;
		if (s.p[i] == '\0' || *used + 1 >= size)
			return false;
		dst[(*used)++] = s.p[i];
	}
	return true;
}

bool
ingest_field(const char *head, size_t len, const char *name, char *dst,
    size_t size)
{
	size_t	 at, n, skip, used = 0;
	bool	 fits = true, found = false;

	dst[0] = '\0';
	for (at = 0; at < len; at += n) {
		n = line_len(head + at, len - at);
		if (is_empty(head + at, n))
			break;
		if (found && head[at] != ' ' && head[at] != '\t')
			break;
		skip = 0;
		if (!found && (skip = begins(head + at, n, name)) == 0)
			continue;
		found = true;
		fits = fits && append((struct str){ head + at + skip,
		    n - skip }, dst, size, &used);
	}
	dst[fits ? used : 0] = '\0';
	return found;
}

/* Fields below the topmost one were there when the mail came: they may be
 * anybody's. */
static void
by_field(struct ingest_rcpts *r, const struct slice *conf,
    const struct ingest_known *k, const char *name)
{
	static char	 value[INGEST_LIST_MAX + 1];

	if (ingest_field(k->head, k->len, name, value, sizeof(value)))
		ingest_rcpts_add(r, str_from(value), conf, false);
}

static void
by_source(struct ingest_rcpts *r, const struct slice *conf,
    const struct ingest_known *k, const char *source)
{
	static const char *const names[] = { "X-Original-To", "Delivered-To",
	    "Envelope-To" };
	size_t	 i;

	if (strcmp(source, "envelope") == 0)
		ingest_rcpts_add(r, k->envelope, conf, false);
	else if (strcmp(source, "metadata") == 0)
		ingest_rcpts_add(r, k->metadata, conf, true);
	else if (strcmp(source, "headers") == 0)
		for (i = 0; i < nitems(names) && r->n == 0; i++)
			by_field(r, conf, k, names[i]);
	else			/* one of them */
		by_field(r, conf, k, source);
}

void
ingest_rcpts_find(struct ingest_rcpts *r, const struct slice *conf,
    unsigned place, const struct ingest_known *known)
{
	static const char *const usual[] = { "envelope", "metadata",
	    "headers" };
	const char	*source, *all;
	unsigned	 i;

	for (i = 0; r->n == 0 && (source = slice_at(conf,
	    "ingest.%u.recipients.%u", place, i)) != NULL; i++)
		by_source(r, conf, known, source);
	if (i == 0)		/* as it is without that key */
		for (; i < nitems(usual) && r->n == 0; i++)
			by_source(r, conf, known, usual[i]);
	all = slice_at(conf, "ingest.%u.catch-all", place);
	if (r->n == 0 && all != NULL && *all != '\0')
		add_one(r, str_from(all));
}
