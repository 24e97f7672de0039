/* What the admin page may do: all that is not in the table is refused. */
#include "common/compat.h"

#include <stdio.h>

#include "common/test.h"
#include "paild/desk_cmd.h"

/* "a|b|c" as arguments; +: with a secret. */
static const struct {
	const char	*args;
	const char	*want;		/* NULL: refused */
} rows[] = {
	{ "status", "=status" },
	{ "credentials", "=credentials" },
	{ "store-check", "=store-check" },
	{ "ingest-list", "=ingest-list" },
	{ "ingest-retry", "=ingest-retry" },
	{ "ingest-retry|0123", "=ingest-retry 0123" },
	{ "throttle-list", "=throttle-list" },
	{ "throttle-clear|192.0.2.1", "=throttle-clear 192.0.2.1" },
	{ "sessions", "=sessions" }, { "sessions|ann", "=sessions ann" },
	{ "session-end|0.1", "=session-end 0.1" },
	{ "session-end", NULL },
	{ "session-end|0.1|0.2", NULL },
	{ "logout", "logout" },
	{ "quota|ann", "quota|ann" },
	{ "quota|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15",
	  "quota|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15" },
	{ "quota|1|--exact", NULL },
	{ "quota", NULL },
	{ "user|list", "user|list" },
	{ "user|list|ann", NULL },
	{ "+user|add|ann", "user|add|ann" },
	{ "user|add|ann", NULL },		/* a password is missing */
	{ "+user|add|--quota|1G|--alias|a b|ann",
	  "user|add|--quota|1G|--alias|a b|ann" },
	{ "+user|add|--quota||ann", "user|add|--quota||ann" },
	{ "+user|add|--scheme|argon2id|ann", NULL },
	{ "+user|add|--quota", NULL },
	{ "+user|add|--quota|--json|ann", NULL },
	{ "+user|add|--json|ann", NULL },
	{ "+user|add|-f", NULL },
	{ "+user|add|", NULL },
	{ "+user|passwd|ann", "user|passwd|ann" },
	{ "user|passwd|ann", NULL },
	{ "user|set|--alias|a|ann", "user|set|--alias|a|ann" },
	{ "user|set|--no-alias|a|--quota|none|ann",
	  "user|set|--no-alias|a|--quota|none|ann" },
	{ "user|lock|ann", "user|lock|ann" },
	{ "+user|lock|ann", NULL },
	{ "user|unlock|ann", "user|unlock|ann" },
	{ "user|del|ann", "user|del|ann" },
	{ "user|del|ann|bob", NULL },
	{ "user|purge|ann", NULL },
	{ "user", NULL },
	{ "app-password|list", "app-password|list" },
	{ "app-password|list|ann", "app-password|list|ann" },
	{ "app-password|add|--scope|imap|--expires|90d|ann|my phone",
	  "app-password|add|--scope|imap|--expires|90d|ann|my phone" },
	{ "app-password|add|ann", NULL },
	{ "app-password|revoke|ann|phone", "app-password|revoke|ann|phone" },
	{ "app-password|revoke|ann", NULL },
	{ "app-password|import|/etc/shadow", NULL },
	/* What shows mail, and what ends things. */
	{ "dump|ann", NULL }, { "deliver|ann", NULL }, { "stop", NULL },
	{ "drain", NULL }, { "reload", NULL }, { "revoke|ann", NULL },
	{ "app-add|x", NULL }, { "init", NULL }, { "store|check", NULL },
	{ "json status", NULL }, { "status\nstop", NULL }, { "status |x",
	  NULL }, { "throttle-clear|a\nb", NULL }, { "", NULL },
	{ "quota|a\x7f" "b", NULL }, { "quota|a\tb", NULL }
};

static size_t
split(const char *text, struct str *args)
{
	struct str	rest = str_from(text), part;
	size_t		n = 0;

	while (n < ADMIN_ARGS_MAX && str_split(&rest, '|', &part))
		args[n++] = part;
	args[n++] = rest;
	return n;
}

static void
print(const struct desk_cmd *c, char *dst, size_t size)
{
	size_t	i;

	switch (c->by) {
	case DESK_CONTROL:
		snprintf(dst, size, "=%s", c->line);
		return;
	case DESK_LOGOUT:
		snprintf(dst, size, "logout");
		return;
	case DESK_TOOL:
		break;
	}
	dst[0] = '\0';
	for (i = 0; c->argv[i] != NULL; i++) {
		strlcat(dst, i > 0 ? "|" : "", size);
		strlcat(dst, c->argv[i], size);
	}
}

static void
test_rows(void)
{
	struct desk_cmd	c;
	struct str	args[ADMIN_ARGS_MAX + 1];
	char		why[128], got[700];
	size_t		i, n;
	bool		secret;
	int		r;

	for (i = 0; i < nitems(rows); i++) {
		secret = rows[i].args[0] == '+';
		n = split(rows[i].args + secret, args);
		why[0] = '\0';
		r = desk_cmd_read(&c, args, n, secret, why, sizeof(why));
		CHECK_ROW(r == (rows[i].want == NULL ? -1 : 0) &&
		    (r == 0) == (why[0] == '\0'), "%s: %s", rows[i].args, why);
		if (r == -1)
			continue;
		print(&c, got, sizeof(got));
		CHECK_ROW(strcmp(got, rows[i].want) == 0, "%s: %s",
		    rows[i].args, got);
		CHECK(c.secret == secret);
		desk_cmd_free(&c);
	}
}

static void
test_long(void)
{
	struct desk_cmd	 c;
	static char	 x[ADMIN_ARG_MAX];
	struct str	 args[2] = { STR("session-end"), { x, sizeof(x) } };
	char		 why[128];

	memset(x, 'x', sizeof(x));
	CHECK(desk_cmd_read(&c, args, 2, false, why, sizeof(why)) == -1);
	args[0] = STR("quota");
	CHECK(desk_cmd_read(&c, args, 2, false, why, sizeof(why)) == 0);
	CHECK(strlen(c.argv[1]) == sizeof(x) && c.argv[2] == NULL);
	desk_cmd_free(&c);
	CHECK(desk_cmd_read(&c, args, 0, false, why, sizeof(why)) == -1);
}

int
main(void)
{
	test_rows();
	test_long();
	return TEST_END();
}
