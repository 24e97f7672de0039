/* The configuration from variables: names by rule, what they override, and
 * errors that name them. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/test.h"
#include "paild/conf.h"
#include "paild/conf_env.h"

extern char	**environ;

static const char	base[] =
	"listen: [imap://127.0.0.1:143, imap://127.0.0.1:144]\n"
	"store: {type: s3, bucket: mail, region: us-east-1, "
	"access-key: AK, secret-key: SK}\n"
	"auth: [{type: file, path: /etc/group}]\n"
	"cache: {path: /tmp, size: 512M}\n";

/* All variables are these: NAME=VALUE. */
static struct conf *
load(const char *text, const char *const *vars)
{
	static char	*env[CONF_ENV_MAX + 2];
	struct conf	*c;
	char		**was = environ;
	size_t		 i;

	for (i = 0; vars[i] != NULL; i++)
		CHECK((env[i] = strdup(vars[i])) != NULL);
	env[i] = NULL;
	environ = env;
	c = conf_load_text("/etc/x.yaml", text, strlen(text), false);
	environ = was;
	while (i > 0)
		free(env[--i]);
	return c;
}

#define V(...)	((const char *const []){ __VA_ARGS__, NULL })

static void
test_values(void)
{
	static const struct {
		const char	*vars[6];
		const char	*path, *want;
	} rows[] = {
		{ { "PAIL_BUCKET=other" }, "store.bucket", "other" },
		{ { "PAIL_STORE_BUCKET=other" }, "store.bucket", "other" },
		{ { "PAIL_STORE_SECRET_KEY=x: [y]" }, "store.secret-key",
		    "x: [y]" },
		{ { "PAIL_STORE_SECRET_KEY={env: PAIL_MINE}",
		    "PAIL_MINE=hidden" }, "store.secret-key", "hidden" },
		{ { "PAIL_CACHE_SIZE=1G" }, "cache.size", "1073741824" },
		{ { "PAIL_LOG_LEVEL=debug" }, "log.level", "debug" },
		{ { "PAIL_LISTEN=[imap://127.0.0.1:1]" }, "listen.0",
		    "imap://127.0.0.1:1" },
		{ { "PAIL_LISTEN=[imap://127.0.0.1:1]" }, "listen.1", NULL },
		{ { "PAIL_LISTEN_0=imap://127.0.0.1:1" }, "listen.1",
		    "imap://127.0.0.1:144" },
		{ { "PAIL_LISTEN_2=imap://127.0.0.1:1" }, "listen.2",
		    "imap://127.0.0.1:1" },
		/* In whichever order they come. */
		{ { "PAIL_LISTEN_1=imap://127.0.0.1:2",
		    "PAIL_LISTEN=[imap://127.0.0.1:1]" }, "listen.1",
		    "imap://127.0.0.1:2" },
		{ { "PAIL_AUTH_0_PATH=/etc/passwd" }, "auth.0.path",
		    "/etc/passwd" },
		{ { "PAIL_AUTH_1_TYPE=file", "PAIL_AUTH_1_PATH=/etc/hosts" },
		    "auth.1.path", "/etc/hosts" },
		{ { "PAIL_AUTH=[{type: file, path: /etc/hosts}]" },
		    "auth.0.path", "/etc/hosts" },
		{ { "PAIL_DOMAINS_0=example.org" }, "domains.0",
		    "example.org" },
		{ { "PAIL_IMAP={idle-timeout: 45m}" }, "imap.idle-timeout",
		    "2700" },
		/* Links of a Kubernetes service "pail". */
		{ { "PAIL_SERVICE_HOST=10.0.0.1", "PAIL_SERVICE_PORT=143",
		    "PAIL_PORT=tcp://10.0.0.1:143",
		    "PAIL_PORT_143_TCP_ADDR=10.0.0.1",
		    "PAIL_SERVICE_PORT_IMAP=143" }, "store.bucket", "mail" },
	};
	struct conf	*c;
	const char	*got;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		c = load(base, rows[i].vars);
		got = conf_str(c, rows[i].path);
		CHECK_ROW(conf_ok(c), "%s: %s", rows[i].vars[0],
		    c->nerrors > 0 ? c->errors[0].text : "");
		CHECK_ROW(rows[i].want == NULL ? got == NULL : got != NULL &&
		    strcmp(got, rows[i].want) == 0, "%s: %s",
		    rows[i].vars[0], got != NULL ? got : "(none)");
		conf_free(c);
	}
}

static void
test_errors(void)
{
	static const struct {
		const char	*vars[4];
		const char	*want;
	} rows[] = {
		{ { "PAIL_STORE_REGOIN=x" }, "PAIL_STORE_REGOIN: no key has "
		    "this variable (did you mean PAIL_STORE_REGION?)" },
		{ { "PAIL_BUCKT=x" }, "PAIL_BUCKT: no key has this variable "
		    "(did you mean PAIL_BUCKET?)" },
		{ { "PAIL_AUTH_3_TYP=x" }, "PAIL_AUTH_3_TYP: no key has this "
		    "variable (did you mean PAIL_AUTH_N_TYPE?)" },
		{ { "PAIL_QQQQQQ=x" }, "PAIL_QQQQQQ: no key has this "
		    "variable: paild -n --env" },
		{ { "PAIL_=x" }, "PAIL_: no key has this variable" },
		{ { "PAIL_PORT=143" }, "PAIL_PORT: no key has this " },
		{ { "PAIL_CACHE_SIZE=big" }, "PAIL_CACHE_SIZE: cache.size: " },
		{ { "PAIL_CACHE_SIZE=" }, "PAIL_CACHE_SIZE: cache.size has no "
		    "value" },
		{ { "PAIL_BUCKET=aaa", "PAIL_STORE_BUCKET=bbb" },
		    "store.bucket is already set by PAIL_" },
		{ { "PAIL_LISTEN_7=imap://127.0.0.1:1" }, "PAIL_LISTEN_7: "
		    "listen.7: the elements before it are missing" },
		{ { "PAIL_LISTEN=imap://127.0.0.1:1" }, "PAIL_LISTEN: listen "
		    "is a single value, expected a list" },
		{ { "PAIL_LISTEN=[imap://127.0.0.1:1" },
		    "PAIL_LISTEN: column " },
		{ { "PAIL_LISTEN=[imap://127.0.0.1:1, x]" },
		    "PAIL_LISTEN: listen.1: " },
		{ { "PAIL_STORE_PATH=/x" }, "PAIL_STORE_PATH: store.path "
		    "cannot be used with \"type: s3\"" },
		{ { "PAIL_STORE_CREDENTIALS_ACCESS_KEY=X" },
		    "is already set as store.access-key in " },
		{ { "PAIL_STORE_SECRET_KEY=SK\n" }, "PAIL_STORE_SECRET_KEY: "
		    "store.secret-key: a secret must be a single line" },
		{ { "PAIL_STORE=x" }, "PAIL_STORE: " },
	};
	struct conf	*c;
	char		 at[200], line[1400];
	size_t		 i, k;
	bool		 found;

	for (i = 0; i < nitems(rows); i++) {
		c = load(base, rows[i].vars);
		found = false;
		line[0] = '\0';
		for (k = 0; k < c->nerrors && !found; k++) {
			conf_place(c, c->errors[k].at, at, sizeof(at));
			snprintf(line, sizeof(line), "%s: %s", at,
			    c->errors[k].text);
			found = strstr(line, rows[i].want) != NULL &&
			    strstr(line, "line 1073") == NULL;
		}
		CHECK_ROW(found, "%s: %s", rows[i].vars[0], line);
		conf_free(c);
	}
}

/* None of them is left out silently. */
static void
test_too_many(void)
{
	static char		 names[CONF_ENV_MAX + 1][40];
	const char		*vars[CONF_ENV_MAX + 2] = { NULL };
	struct conf		*c;
	char			 at[200];
	size_t			 i, k, n;

	for (n = CONF_ENV_MAX; n <= CONF_ENV_MAX + 1; n++) {
		for (i = 0; i < n; i++) {
			snprintf(names[i], sizeof(names[i]), "PAIL_STORE_"
			    "CUSTOM_HEADERS_%zu=A%zu: b", i, i);
			vars[i] = names[i];
		}
		c = load(base, vars);
		for (i = k = 0; i < c->nerrors; i++) {
			if (strstr(c->errors[i].text, "one more than the 512 "
			    "variables") == NULL)
				continue;
			conf_place(c, c->errors[i].at, at, sizeof(at));
			CHECK(strcmp(at, "PAIL_STORE_CUSTOM_HEADERS_512") ==
			    0);
			k++;
		}
		CHECK_ROW(k == n - CONF_ENV_MAX, "%zu: %zu", n, k);
		conf_free(c);
	}
}

/* Nothing is lost of a secret, and no warning is due: it is in no file. */
static void
test_alone(void)
{
	struct conf	*c = load("{}", V("PAIL_LISTEN=[imap://127.0.0.1:1]",
	    "PAIL_STORE_TYPE=s3", "PAIL_BUCKET=mail",
	    "PAIL_STORE_REGION=us-east-1", "PAIL_STORE_ACCESS_KEY=AK",
	    "PAIL_STORE_SECRET_KEY=SK", "PAIL_CACHE_PATH=/tmp",
	    "PAIL_AUTH=[{type: file, path: /etc/group}]", "HOME=/"));
	size_t		 i;

	CHECK_ROW(conf_ok(c), "%s", c->nerrors > 0 ? c->errors[0].text : "");
	for (i = 0; i < c->n; i++)
		CHECK(!c->items[i].inside);
	conf_free(c);
	c = load("{}", V("PAIL_BUCKET=mail"));
	CHECK(!conf_ok(c));
	conf_free(c);
}

/* No two keys have the same variable, and each is found by its own. */
static void
test_all_keys(void)
{
	struct conf	*c;
	char		 name[CONF_PATH_MAX], other[CONF_PATH_MAX];
	char		 var[CONF_PATH_MAX + 2], *p;
	size_t		 i, k;

	for (i = 0; i < conf_keys_n; i++) {
		if (*conf_keys[i].path == '\0')
			continue;
		conf_env_name(conf_keys[i].path, name, sizeof(name));
		for (k = 0; k < i; k++) {
			conf_env_name(conf_keys[k].path, other, sizeof(other));
			CHECK_ROW(strcmp(name, other) != 0, "%s: %s and %s",
			    name, conf_keys[i].path, conf_keys[k].path);
		}
		while ((p = strstr(name, "_N_")) != NULL)
			p[1] = '0';
		p = name + strlen(name) - 1;
		if (*p == 'N' && strchr(conf_keys[i].path, '*') != NULL &&
		    conf_keys[i].path[strlen(conf_keys[i].path) - 1] == '*')
			*p = '0';
		snprintf(var, sizeof(var), "%s=", name);
		c = load("{}", V(var));
		for (k = 0; k < c->nerrors; k++)
			CHECK_ROW(strstr(c->errors[k].text, "no key has") ==
			    NULL, "%s", name);
		conf_free(c);
	}
}

int
main(void)
{
	test_values();
	test_errors();
	test_too_many();
	test_alone();
	test_all_keys();
	return TEST_END();
}
