/* See user_cmd.h. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/escape.h"
#include "common/json_write.h"
#include "common/proc_kind.h"
#include "common/user.h"
#include "common/userline.h"
#include "pailctl/app_password.h"
#include "pailctl/out.h"
#include "pailctl/password.h"
#include "pailctl/user_cmd.h"
#include "pailctl/user_fields.h"
#include "pailctl/users_file.h"

struct user_args {
	enum users_change	 what;
	const char		*scheme;	/* NULL: the default one */
	char			 name[USER_ID_MAX + 1];
	struct user_fields	 fields;
};

static void
json_limit(struct buf *b, const char *key, uint64_t n)
{
	if (n == 0)
		json_add_null(b, key);
	else
		json_add_number(b, key, n);
}

static void
json_user(const char *name, bool locked, const struct userline_more *more,
    void *arg)
{
	struct buf	*b = arg;
	struct str	 rest = more->aliases, alias;

	json_add_object(b, NULL);
	json_add_text(b, "name", name);
	json_add_bool(b, "locked", locked);
	json_add_array(b, "aliases");
	while (userline_alias(&rest, &alias))
		json_add_str(b, NULL, alias);
	json_end_array(b);
	if (more->has_quota) {
		json_add_object(b, "quota");
		json_limit(b, "bytes", more->bytes);
		json_limit(b, "messages", more->messages);
		json_end_object(b);
	} else
		json_add_null(b, "quota");
	json_end_object(b);
}

static int
list_json(const char *path)
{
	struct buf	*b = out_members();
	char		 why[512];
	int		 r;

	json_add_array(b, "users");
	r = users_each(path, json_user, b, why, sizeof(why));
	json_end_array(b);
	return r == -1 ? out_fail("%s", why) : 0;
}

static int
list_users(const char *path)
{
	struct escape_out	o = { .f = stdout };
	struct buf		b;
	char			why[512];
	int			r;

	buf_init(&b, 64 * 1024 * 1024);
	if (users_list(path, &b, why, sizeof(why)) == -1)
		return out_fail("%s", why);
	r = escape_write(&o, b.data, b.len);
	buf_free(&b);
	return escape_end(&o) == 0 && r == 0 ? 0 : out_fail("standard output");
}

/* 0; 1: a that has no such option; -1: why. */
static int
read_option(struct user_args *a, const char *option, const char *value,
    char *why, size_t size)
{
	if (strcmp(option, "--scheme") == 0 && (a->what == USERS_ADD ||
	    a->what == USERS_PASSWD)) {
		a->scheme = value;
		if (password_scheme(value))
			return 0;
		snprintf(why, size, "unknown scheme (use one of: "
		    PASSWORD_SCHEMES ")");
		return -1;
	}
	if (a->what != USERS_SET && (a->what != USERS_ADD ||
	    strcmp(option, "--no-alias") == 0))
		return 1;
	return user_fields_option(&a->fields, option, value, why, size);
}

/* As read_option(); all of them, then the name. */
static int
read_args(struct user_args *a, int argc, char *argv[], char *why, size_t size)
{
	static const struct { const char *word; enum users_change what; }
	    t[] = { { "add", USERS_ADD }, { "passwd", USERS_PASSWD },
	    { "set", USERS_SET }, { "lock", USERS_LOCK },
	    { "unlock", USERS_UNLOCK }, { "del", USERS_DEL } };
	size_t	i;
	int	k, r;

	for (i = 0; i < nitems(t) && strcmp(argv[1], t[i].word) != 0; i++)
		;
	if (i == nitems(t))
		return 1;
	a->what = t[i].what;
	for (k = 2; k + 2 < argc && strncmp(argv[k], "--", 2) == 0; k += 2)
		if ((r = read_option(a, argv[k], argv[k + 1], why, size)) != 0)
			return r;
	if (k + 1 != argc || strncmp(argv[k], "--", 2) == 0 ||
	    (a->what == USERS_SET && k == 2))
		return 1;
	if (user_normalize(str_from(argv[k]), a->name, sizeof(a->name)) ==
	    -1 || strchr(a->name, ':') != NULL || a->name[0] == '#') {
		snprintf(why, size, "invalid user name");
		return -1;
	}
	return 0;
}

static int
change(const struct conf *conf, struct user_args *a, const char *path,
    const struct app_ops *ops)
{
	char		 password[PASSWORD_MAX], why[1024];
	const char	*hash = "";
	int		 r;

	if (a->what == USERS_ADD || a->what == USERS_PASSWD) {
		if (password_read(password, why, sizeof(why)) == -1)
			return out_fail("%s", why);
		hash = password_hash(password, a->scheme);
		explicit_bzero(password, sizeof(password));
		if (hash == NULL)
			return out_fail("cannot hash the password");
	}
	if (users_change(path, a->what, a->name, hash, &a->fields,
	    proc_row(PROC_AUTHWORKER)->user, why, sizeof(why)) == -1)
		return out_fail("%s", why);
	if (out_is_json())
		json_add_text(out_members(), "user", a->name);
	if (a->what == USERS_ADD || a->what == USERS_SET ||
	    a->what == USERS_UNLOCK)
		return 0;
	/* Who is deleted must not come back by another password. */
	r = a->what == USERS_DEL ? app_password_forget(conf, a->name, ops) :
	    0;
	return ops->revoked(a->name) != 0 || r != 0;
}

int
user_cmd(const struct conf *conf, int argc, char *argv[], const char *path,
    const struct app_ops *ops)
{
	struct user_args	 a = { .what = USERS_ADD };
	char			 why[512];
	int			 r;

	if (path == NULL)
		return out_fail("the configuration has no auth entry of type "
		    "file");
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return out_is_json() ? list_json(path) : list_users(path);
	r = read_args(&a, argc, argv, why, sizeof(why));
	if (r == 0)
		r = change(conf, &a, path, ops);
	else
		r = r == -1 ? out_fail("%s", why) : -1;
	user_fields_free(&a.fields);
	return r;
}
