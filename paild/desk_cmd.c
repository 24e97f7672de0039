/*
 * The table of what the admin page can do.  Arguments are a stranger's: they
 * become elements of an argv, never text that is split or expanded, and none of
 * them can pass for an option that is not in the table.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "paild/desk_cmd.h"

static const struct desk_row {
	const char	*word;
	const char	*verb;		/* its second word; NULL: it has none */
	enum desk_by	 by;
	size_t		 min, max;	/* arguments behind the options */
	const char	*options;	/* "--a --b", each with a value */
	bool		 secret;
} rows[] = {
	{ "status", NULL, DESK_CONTROL, 0, 0, NULL, false },
	{ "credentials", NULL, DESK_CONTROL, 0, 0, NULL, false },
	{ "store-check", NULL, DESK_CONTROL, 0, 0, NULL, false },
	{ "ingest-list", NULL, DESK_CONTROL, 0, 0, NULL, false },
	{ "ingest-retry", NULL, DESK_CONTROL, 0, 1, NULL, false },
	{ "throttle-list", NULL, DESK_CONTROL, 0, 0, NULL, false },
	{ "throttle-clear", NULL, DESK_CONTROL, 0, 1, NULL, false },
	{ "sessions", NULL, DESK_CONTROL, 0, 1, NULL, false },
	{ "session-end", NULL, DESK_CONTROL, 1, 1, NULL, false },
	{ "logout", NULL, DESK_LOGOUT, 0, 0, NULL, false },
	/* As many as there are arguments. */
	{ "quota", NULL, DESK_TOOL, 1, ADMIN_ARGS_MAX - 1, NULL, false },
	{ "user", "list", DESK_TOOL, 0, 0, NULL, false },
	{ "user", "add", DESK_TOOL, 1, 1, "--quota --alias", true },
	{ "user", "passwd", DESK_TOOL, 1, 1, NULL, true },
	{ "user", "set", DESK_TOOL, 1, 1, "--quota --alias --no-alias",
	    false },
	{ "user", "lock", DESK_TOOL, 1, 1, NULL, false },
	{ "user", "unlock", DESK_TOOL, 1, 1, NULL, false },
	{ "user", "del", DESK_TOOL, 1, 1, NULL, false },
	{ "app-password", "list", DESK_TOOL, 0, 1, NULL, false },
	{ "app-password", "add", DESK_TOOL, 2, 2, "--scope --expires",
	    false },
	{ "app-password", "revoke", DESK_TOOL, 2, 2, NULL, false }
};

static bool
has_control(struct str s)
{
	size_t	i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

static bool
in_words(struct str word, const char *words)
{
	struct str	rest = str_from(words), part;

	while (str_split(&rest, ' ', &part))
		if (str_eq(part, word))
			return true;
	return str_eq(rest, word);
}

static const struct desk_row *
find(const struct str *args, size_t n)
{
	size_t	i;

	for (i = 0; i < nitems(rows); i++)
		if (n > 0 && str_eq(args[0], str_from(rows[i].word)) &&
		    (rows[i].verb == NULL || (n > 1 && str_eq(args[1],
		    str_from(rows[i].verb)))))
			return &rows[i];
	return NULL;
}

/* Are they what the row says?  *first is the first behind the options. */
static const char *
check(const struct desk_row *r, const struct str *args, size_t n,
    size_t *first)
{
	size_t	i = r->verb != NULL ? 2 : 1;

	for (; i < n && r->options != NULL && in_words(args[i], r->options);
	    i += 2)
		if (i + 1 >= n || (args[i + 1].len > 1 &&
		    memcmp(args[i + 1].p, "--", 2) == 0))
			return "an option without its value";
	*first = i;
	if (n < i || n - i < r->min || n - i > r->max)
		return "too few arguments, or too many";
	for (; i < n; i++)
		if (args[i].len == 0 || args[i].p[0] == '-')
			return "an argument is empty, or begins with -";
	return NULL;
}

static const char *
make_line(struct desk_cmd *c, const struct str *args, size_t n)
{
	int	len = snprintf(c->line, sizeof(c->line), "%.*s%s%.*s",
		    (int)args[0].len, args[0].p, n > 1 ? " " : "",
		    n > 1 ? (int)args[1].len : 0, n > 1 ? args[1].p : "");

	return len < 0 || (size_t)len >= sizeof(c->line) ?
	    "an argument is too long" : NULL;
}

static void
make_argv(struct desk_cmd *c, const struct str *args, size_t n)
{
	size_t	 i, room = 1;
	char	*p;

	for (i = 0; i < n; i++)
		room += args[i].len + 1;
	p = c->text = mem_new(room, 1);
	for (i = 0; i < n; i++) {
		c->argv[i] = p;
		memcpy(p, args[i].p, args[i].len);
		p += args[i].len + 1;
	}
}

int
desk_cmd_read(struct desk_cmd *c, const struct str *args, size_t n,
    bool secret, char *why, size_t size)
{
	const struct desk_row	*r = find(args, n);
	const char		*bad = NULL;
	size_t			 i, first;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < n && bad == NULL; i++)
		if (has_control(args[i]))
			bad = "a control character in an argument";
	if (bad == NULL && (r == NULL || n > ADMIN_ARGS_MAX))
		bad = "no such command";
	if (bad == NULL && secret != r->secret)
		bad = secret ? "it takes no password" : "a password is missing";
	if (bad == NULL)
		bad = check(r, args, n, &first);
	if (bad == NULL && r->by == DESK_CONTROL)
		bad = make_line(c, args, n);
	if (bad != NULL) {
		snprintf(why, size, "%s", bad);
		return -1;
	}
	c->by = r->by;
	c->secret = r->secret;
	if (r->by == DESK_TOOL)
		make_argv(c, args, n);
	return 0;
}

void
desk_cmd_free(struct desk_cmd *c)
{
	free(c->text);
	c->text = NULL;
}
