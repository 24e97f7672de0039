/*
 * pailctl app-password.  A new one is shown on the terminal once, and is then
 * nowhere: its hash is in the file.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <openssl/rand.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/appline.h"
#include "common/auth_kind.h"
#include "common/escape.h"
#include "common/hex.h"
#include "common/json_write.h"
#include "common/proc_kind.h"
#include "common/user.h"
#include "paild/app_file.h"
#include "paild/conf.h"
#include "pailctl/app_password.h"
#include "pailctl/out.h"
#include "pailctl/users_file.h"

/* NULL: the configuration has none. */
static const char *
file_of(const struct conf *conf)
{
	return auth_has_app(conf_str(conf, "app-passwords")) ?
	    conf_str(conf, "app-passwords-file") : NULL;
}

/* Are changes paild's business? */
static bool
in_bucket(const struct conf *conf)
{
	const char	*where = conf_str(conf, "app-passwords");

	return where != NULL && strcmp(where, "bucket") == 0;
}

static int
bucket_add(const struct app_password *p, const struct app_ops *ops, char *why,
    size_t size)
{
	struct buf	b;
	int		r = -1;

	buf_init(&b, APP_LINE_MAX);
	app_line_print(p, &b);
	if (b.failed || b.len == 0)
		snprintf(why, size, "out of memory");
	else {
		b.data[b.len - 1] = '\0';	/* its newline */
		r = ops->ask("app-add", (char *)b.data, why, size);
	}
	buf_free(&b);
	return r;
}

/* As app_file_revoke(). */
static int
bucket_revoke(const char *user, const char *what, const struct app_ops *ops,
    char *why, size_t size)
{
	char	arg[USER_ID_MAX + APP_NAME_MAX + 2];

	if ((size_t)snprintf(arg, sizeof(arg), "%s:%s", user, what != NULL ?
	    what : "") >= sizeof(arg)) {
		snprintf(why, size, "the name is too long");
		return -1;
	}
	return ops->ask("app-revoke", arg, why, size) == 0 ?
	    atoi(why + strcspn(why, " ")) : -1;
}

int
app_password_when(const char *text, int64_t now, int64_t *when)
{
	static const struct { char unit; int64_t seconds; } units[] = {
		{ 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 },
		{ 'y', 365 * 86400 }
	};
	int64_t	n = 0;
	size_t	i, len = strspn(text, "0123456789");

	if (len > 0 && len <= 6 && strlen(text) == len + 1) {
		for (i = 0; i < len; i++)
			n = n * 10 + (text[i] - '0');
		for (i = 0; i < nitems(units); i++)
			if (text[len] == units[i].unit) {
				*when = now + n * units[i].seconds;
				return n > 0 ? 0 : -1;
			}
		return -1;
	}
	return app_time_parse(str_from(text), when) == 0 && *when > now ? 0 :
	    -1;
}

/* Is the user in a file?  Of other databases we cannot tell: yes. */
static bool
may_exist(const struct conf *conf, const char *user)
{
	const char	*type, *p;
	struct buf	 b;
	char		 why[512];
	unsigned	 i;
	size_t		 n = strlen(user);
	bool		 found = false;

	for (i = 0; !found && (type = conf_at(conf, "auth.%u.type", i)) !=
	    NULL; i++) {
		if (strcmp(type, "file") != 0)
			return true;
		buf_init(&b, 64 * 1024 * 1024);
		if (users_list(conf_at(conf, "auth.%u.path", i), &b, why,
		    sizeof(why)) == -1 || buf_put_u8(&b, '\0') == -1) {
			buf_free(&b);
			return true;	/* that may not be the reason */
		}
		for (p = (char *)b.data; *p != '\0' && !found;
		    p = strchr(p, '\n') + 1)
			found = strncmp(p, user, n) == 0 && p[n] == '\n';
		buf_free(&b);
	}
	return found;
}

static int
make(struct app_password *p, char text[APP_TEXT + 1])
{
	uint8_t	id[APP_ID / 2];
	char	secret[APP_SECRET + 1];

	if (RAND_bytes(id, sizeof(id)) != 1 ||
	    RAND_bytes(p->salt, APP_SALT) != 1 || app_text_make(text) == -1 ||
	    app_text_parse(str_from(text), secret) == -1)
		return -1;
	hex_print(id, sizeof(id), p->id);
	app_hash(p->salt, secret, p->hash);
	explicit_bzero(secret, sizeof(secret));
	return 0;
}

static void
json_members(const struct app_password *p, struct buf *b)
{
	char	scopes[64];

	app_scopes_print(p->scopes, scopes, sizeof(scopes));
	json_add_text(b, "user", p->user);
	json_add_text(b, "id", p->id);
	json_add_text(b, "name", p->name);
	json_add_text(b, "scope", scopes);
	json_add_time(b, "created", p->created);
	json_add_time(b, "expires", p->expires);
}

static int
add(const struct conf *conf, const char *path, struct app_password *p,
    const struct app_ops *ops)
{
	char	text[APP_TEXT + 1], why[1024];
	int	r;

	if (!may_exist(conf, p->user))
		return out_fail("%s does not exist", p->user);
	if (make(p, text) == -1)
		return out_fail("no random numbers");
	r = in_bucket(conf) ? bucket_add(p, ops, why, sizeof(why)) :
	    app_file_add(path, p, proc_row(PROC_AUTHWORKER)->user, why,
	    sizeof(why));
	if (r == 0 && out_is_json()) {
		json_members(p, out_members());
		json_add_text(out_members(), "password", text);
	} else if (r == 0) {
		if (isatty(STDOUT_FILENO))
			(void)escape_printf(stderr, "App password \"%s\" of "
			    "%s; it is not shown again:\n", p->name, p->user);
		r = printf("%s\n", text) < 0 || fflush(stdout) == EOF;
		if (r != 0)
			out_fail("standard output");
	} else
		r = out_fail("%s", why);
	explicit_bzero(text, sizeof(text));
	return r;
}

static void
row(const struct app_password *p, void *arg)
{
	char	created[24], expires[24], used[24], scopes[64];
	bool	*any = arg;

	if (!*any)
		printf("%-16s %-8s %-16s %-6s %-20s %-20s %s\n", "user", "id",
		    "name", "scope", "created", "expires", "last use");
	*any = true;
	app_time_print(p->created, APP_TIME, created, sizeof(created));
	app_time_print(p->expires, APP_TIME, expires, sizeof(expires));
	app_time_print(p->used, APP_TIME_DAY, used, sizeof(used));
	app_scopes_print(p->scopes, scopes, sizeof(scopes));
	(void)escape_printf(stdout, "%-16s %-8s %-16s %-6s %-20s %-20s %s%s\n",
	    p->user, p->id, p->name, scopes, created, expires, used,
	    p->expires != 0 && p->expires <= (int64_t)time(NULL) ?
	    " expired" : "");
}

static void
json_row(const struct app_password *p, void *arg)
{
	struct buf	*b = arg;
	char		 used[24];

	json_add_object(b, NULL);
	json_members(p, b);
	app_time_print(p->used, APP_TIME_DAY, used, sizeof(used));
	json_add_text(b, "last_use", p->used != 0 ? used : NULL);
	json_add_bool(b, "expired", p->expires != 0 &&
	    p->expires <= (int64_t)time(NULL));
	json_end_object(b);
}

static int
list(const char *path, const char *user)
{
	struct stat	st;
	struct buf	rows;
	char		why[1024];
	bool		any = false;
	int		r = 0;

	if (out_is_json()) {
		buf_init(&rows, 0);
		json_add_array(&rows, NULL);
		if (stat(path, &st) == 0 || errno != ENOENT)
			r = app_file_list(path, user, json_row, &rows, why,
			    sizeof(why));
		json_end_array(&rows);
		if (r == 0)
			json_add_raw(out_members(), "app_passwords",
			    (struct str){ (char *)rows.data, rows.len });
		out_members()->failed |= rows.failed;
		buf_free(&rows);
		return r == -1 ? out_fail("%s", why) : 0;
	}
	if (stat(path, &st) == -1 && errno == ENOENT)
		return 0;		/* nobody has any yet */
	if (app_file_list(path, user, row, &any, why, sizeof(why)) == -1)
		return out_fail("%s", why);
	return fflush(stdout) == EOF ? out_fail("standard output") : 0;
}

static int
revoke_app(const struct conf *conf, const char *path, const char *user,
    const char *what, const struct app_ops *ops)
{
	char	why[1024];
	int	n;

	n = in_bucket(conf) ? bucket_revoke(user, what, ops, why,
	    sizeof(why)) : app_file_revoke(path, user, what, why,
	    sizeof(why));
	if (n == 0)
		snprintf(why, sizeof(why), "%s has no app passwords", user);
	if (n > 0 && out_is_json()) {
		json_add_text(out_members(), "user", user);
		json_add_signed(out_members(), "revoked", n);
	}
	return n <= 0 ? out_fail("%s", why) : ops->revoked(user);
}

struct import {
	const struct app_ops	*ops;
	unsigned		 n;
	int			 r;
};

static void
import_row(const struct app_password *p, void *arg)
{
	struct import	*im = arg;
	char		 why[1024];

	if (bucket_add(p, im->ops, why, sizeof(why)) == -1)
		im->r = out_fail("%s", why);
	else
		im->n++;
}

/* What a node had for itself. */
static int
import_app(const struct conf *conf, const char *file,
    const struct app_ops *ops)
{
	struct import	im = { .ops = ops };
	char		why[1024];

	if (!in_bucket(conf))
		return out_fail("this is for \"app-passwords: bucket\"");
	if (app_file_list(file, NULL, import_row, &im, why,
	    sizeof(why)) == -1)
		return out_fail("%s", why);
	if (out_is_json())
		json_add_number(out_members(), "imported", im.n);
	else
		printf("%u imported\n", im.n);
	return im.r;
}

int
app_password_forget(const struct conf *conf, const char *user,
    const struct app_ops *ops)
{
	const char	*path = file_of(conf);
	struct stat	 st;
	char		 why[1024];

	if (in_bucket(conf))
		return bucket_revoke(user, NULL, ops, why, sizeof(why)) == -1 ?
		    out_fail("%s", why) : 0;
	if (path == NULL || stat(path, &st) == -1)
		return 0;
	return app_file_revoke(path, user, NULL, why, sizeof(why)) == -1 ?
	    out_fail("%s", why) : 0;
}

/* Takes the options out of argv; -1: usage, 1: said what is wrong. */
static int
options(int *argc, char *argv[], struct app_password *p)
{
	int	i, n = 0;
	bool	scope;

	for (i = 0; i < *argc; i++) {
		scope = strcmp(argv[i], "--scope") == 0;
		if (!scope && strcmp(argv[i], "--expires") != 0) {
			if (strncmp(argv[i], "--", 2) == 0)
				return -1;
			argv[n++] = argv[i];
			continue;
		}
		if (++i == *argc)
			return -1;
		if (scope && (p->scopes = app_scopes(str_from(argv[i]))) == 0)
			return out_fail("unknown scope (use imap or admin)");
		if (!scope && app_password_when(argv[i], p->created,
		    &p->expires) == -1)
			return out_fail("invalid expiry, or one in the past "
			    "(use a date such as 2027-01-31, or a time from "
			    "now such as 90d)");
	}
	*argc = n;
	return 0;
}

int
app_password(const struct conf *conf, int argc, char *argv[],
    const struct app_ops *ops)
{
	struct app_password	 p = { .scopes = APP_SCOPE_imap,
				    .created = (int64_t)time(NULL) };
	const char		*path = file_of(conf), *word = argv[1], *name;
	int			 r;

	argc -= 2;
	argv += 2;
	if (strcmp(word, "add") == 0) {
		if ((r = options(&argc, argv, &p)) != 0)
			return r;
	} else if (strcmp(word, "list") != 0 && strcmp(word, "revoke") != 0 &&
	    strcmp(word, "import") != 0)
		return -1;
	if (path == NULL)
		return out_fail("the configuration has no app passwords: set "
		    "\"app-passwords: file\" or \"bucket\"");
	if (argc == 0 && strcmp(word, "list") == 0)
		return list(path, NULL);
	if (strcmp(word, "import") == 0)
		return argc == 1 ? import_app(conf, argv[0], ops) : -1;
	if (argc < 1 || argc > 2)
		return -1;
	if (user_normalize(str_from(argv[0]), p.user, sizeof(p.user)) == -1 ||
	    strchr(p.user, ':') != NULL || p.user[0] == '#')
		return out_fail("invalid user name");
	name = argc == 2 ? argv[1] : NULL;
	if (strcmp(word, "list") == 0)
		return name != NULL ? -1 : list(path, p.user);
	if (strcmp(word, "revoke") == 0)
		return revoke_app(conf, path, p.user, name, ops);
	if (name == NULL)
		name = "app";
	if (!app_name_valid(name))
		return out_fail("invalid name (1 to 64 bytes, no control "
		    "characters)");
	strlcpy(p.name, name, sizeof(p.name));
	return add(conf, path, &p, ops);
}
