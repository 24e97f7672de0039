/* What credd may have read for it, and what nobody may. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/test.h"
#include "paild/conf_file.h"
#include "paild/give.h"
#include "paild/test/conf_files.h"

static struct conf	*conf;
static struct buf	 b;
static char		 why[400];

static int
ask(enum proc_kind kind, const char *what, struct setup_give *g)
{
	buf_reset(&b);
	return give_find(conf, kind, str_from(what), g, &b, why, sizeof(why));
}

static void
put(const char *path, const char *text)
{
	FILE	*f = fopen(path, "w");

	CHECK(f != NULL);
	if (f == NULL)
		return;
	fputs(text, f);
	fclose(f);
}

/* As long as session tokens are, to the limit; not more. */
static void
check_long(const char *path)
{
	static const struct { size_t len; bool fits; } rows[] = {
		{ 2303, true }, { 2304, true }, { 2305, true }, { 4000, true },
		{ 4095, true }, { 4096, true }, { 4097, false },
		{ 6400, false }, { 20000, false }
	};
	static char		 text[20001];
	struct setup_give	 g;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		memset(text, 'k', rows[i].len);
		text[rows[i].len] = '\0';
		put(path, text);
		CHECK_ROW(ask(PROC_CREDD, "key:store.credentials.secret-key",
		    &g) == 0 && (rows[i].fits ?
		    g.outcome == SETUP_GIVE_FOUND && g.data.len == rows[i].len :
		    g.outcome == SETUP_GIVE_FAILED && strstr(why,
		    "larger than") != NULL), "%zu bytes: %s", rows[i].len,
		    g.outcome == SETUP_GIVE_FAILED ? why : "given");
	}
}

/* One that is too long is not said to be absent. */
static void
check_long_variable(void)
{
	static char		 text[SETUP_GIVE_MAX + 2];
	struct setup_give	 g;

	memset(text, 't', SETUP_GIVE_MAX);
	setenv("AWS_SESSION_TOKEN", text, 1);
	CHECK(ask(PROC_CREDD, "env:AWS_SESSION_TOKEN", &g) == 0 &&
	    g.outcome == SETUP_GIVE_FOUND && g.data.len == SETUP_GIVE_MAX);
	text[SETUP_GIVE_MAX] = 't';
	setenv("AWS_SESSION_TOKEN", text, 1);
	CHECK(ask(PROC_CREDD, "env:AWS_SESSION_TOKEN", &g) == 0 &&
	    g.outcome == SETUP_GIVE_FAILED && g.data.len == 0 &&
	    strstr(why, "AWS_SESSION_TOKEN: larger than") != NULL);
	unsetenv("AWS_SESSION_TOKEN");
}

/* AWS's shared files, and of paths that credd asks for only those that one of
 * them names. */
static void
check_aws(const char *dir)
{
	char			 path[64], token[64], what[256], text[256];
	struct setup_give	 g;

	unsetenv("AWS_SHARED_CREDENTIALS_FILE");
	snprintf(path, sizeof(path), "%s/config", dir);
	snprintf(token, sizeof(token), "%s/token", dir);
	setenv("HOME", dir, 1);
	setenv("AWS_CONFIG_FILE", "~/config", 1);
	CHECK(ask(PROC_CREDD, "aws:credentials", &g) == 0 &&
	    g.outcome == SETUP_GIVE_ABSENT);
	snprintf(what, sizeof(what), "%s/.aws/credentials", dir);
	CHECK(str_eq(g.why, str_from(what)));
	CHECK(ask(PROC_CREDD, "aws:config", &g) == 0 &&
	    g.outcome == SETUP_GIVE_ABSENT && str_eq(g.why, str_from(path)));
	snprintf(text, sizeof(text), "[profile a]\nregion = %s/no\n"
	    "Web_Identity_Token_File = %s # x\n", dir, token);
	put(path, text);
	CHECK(ask(PROC_CREDD, "aws:config", &g) == 0 &&
	    g.outcome == SETUP_GIVE_FOUND && str_eq(g.data,
	    str_from(text)) && str_eq(g.why, str_from(path)));
	put(token, "jwt\n");
	snprintf(what, sizeof(what), "aws:web_identity_token_file=%s", token);
	CHECK(ask(PROC_CREDD, what, &g) == 0 &&
	    g.outcome == SETUP_GIVE_FOUND && str_eq(g.data, STR("jwt")));
	/* another, though it is there; and one that another line has */
	CHECK(ask(PROC_CREDD, "aws:web_identity_token_file=/etc/passwd",
	    &g) == 0 && g.outcome == SETUP_GIVE_FAILED && g.data.len == 0);
	snprintf(what, sizeof(what), "aws:web_identity_token_file=%s/no", dir);
	CHECK(ask(PROC_CREDD, what, &g) == 0 &&
	    g.outcome == SETUP_GIVE_FAILED);
	/* which is as good a token, but that no line has */
	snprintf(what, sizeof(what), "%s/other", dir);
	put(what, "jwt\n");
	snprintf(what, sizeof(what), "aws:web_identity_token_file=%s/other",
	    dir);
	CHECK(ask(PROC_CREDD, what, &g) == 0 &&
	    g.outcome == SETUP_GIVE_FAILED && g.data.len == 0);
	unlink(what + strlen("aws:web_identity_token_file="));
	CHECK(ask(PROC_CREDD, "aws:other", &g) == -1);
	unlink(token);
	unlink(path);
	setenv("AWS_CONFIG_FILE", dir, 1);
	CHECK(ask(PROC_CREDD, "aws:config", &g) == 0 &&
	    g.outcome == SETUP_GIVE_FAILED && strstr(why, dir) != NULL);
	unsetenv("AWS_CONFIG_FILE");
}

/* A token that an identity provider writes: longer than a secret. */
static void
check_token(const char *path)
{
	static const char	 key[] = "key:store.credentials."
				    "web-identity-token-file";
	static char		 text[CONF_TOKEN_MAX + 2];
	struct setup_give	 g;
	struct conf		*was = conf;

	memset(text, 'j', CONF_TOKEN_MAX);
	put(path, text);
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path, 1);
	CHECK(ask(PROC_CREDD, "env:AWS_WEB_IDENTITY_TOKEN_FILE", &g) == 0 &&
	    g.outcome == SETUP_GIVE_FOUND && g.data.len == CONF_TOKEN_MAX);
	/* not in the configuration */
	CHECK(ask(PROC_CREDD, key, &g) == 0 &&
	    g.outcome == SETUP_GIVE_ABSENT);
	snprintf(text, sizeof(text), "store: {type: s3, bucket: mail, region: "
	    "r, credentials: {source: web-identity, web-identity-token-file: "
	    "%s}}\n", path);
	conf = conf_load_text("/pail.yaml", text, strlen(text), false);
	CHECK(ask(PROC_CREDD, key, &g) == 0 &&
	    g.outcome == SETUP_GIVE_FOUND && g.data.len == CONF_TOKEN_MAX);
	put(path, "two.1\n");
	CHECK(ask(PROC_CREDD, key, &g) == 0 && str_eq(g.data, STR("two.1")));
	CHECK(ask(PROC_STORAGED, key, &g) == -1);
	memset(text, 'j', CONF_TOKEN_MAX + 1);
	put(path, text);
	CHECK(ask(PROC_CREDD, key, &g) == 0 &&
	    g.outcome == SETUP_GIVE_FAILED && strstr(why, "larger than") !=
	    NULL);
	unlink(path);
	CHECK(ask(PROC_CREDD, key, &g) == 0 &&
	    g.outcome == SETUP_GIVE_FAILED);
	unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
	conf_free(conf);
	conf = was;
}

/* The secrets of a list's elements, for authd's workers; nothing else. */
static void
check_worker(const char *path)
{
	static const char *const no[] = { "key:store.secret-key", "env:HOME",
	    "key:store.credentials.secret-key", "key:auth.0.service-dn",
	    "env:AWS_SECRET_ACCESS_KEY", "aws:credentials", "key:auth.0.none" };
	char			 text[512];
	struct setup_give	 g;
	struct conf		*was = conf;
	size_t			 i;

	snprintf(text, sizeof(text), "auth: [{type: ldap, url: ['ldaps://h'], "
	    "base: dc=x, service-dn: cn=p, service-password: {file: %s}}]\n",
	    path);
	put(path, "one\n");
	conf = conf_load_text("/pail.yaml", text, strlen(text), false);
	put(path, "two\n");
	CHECK(ask(PROC_AUTHWORKER, "key:auth.0.service-password", &g) == 0 &&
	    g.outcome == SETUP_GIVE_FOUND && str_eq(g.data, STR("two")));
	/* a reload may have removed it meanwhile */
	CHECK(ask(PROC_AUTHWORKER, "key:auth.12.service-password", &g) == 0 &&
	    g.outcome == SETUP_GIVE_ABSENT);
	for (i = 0; i < nitems(no); i++)
		CHECK_ROW(ask(PROC_AUTHWORKER, no[i], &g) == -1, "%s", no[i]);
	CHECK(ask(PROC_AUTHD, "key:auth.0.service-password", &g) == -1);
	CHECK(ask(PROC_CREDD, "key:auth.0.service-password", &g) == -1);
	unlink(path);
	CHECK(ask(PROC_AUTHWORKER, "key:auth.0.service-password", &g) == 0 &&
	    g.outcome == SETUP_GIVE_FAILED);
	conf_free(conf);
	conf = was;
}

int
main(void)
{
	static const char *const none[] = { "key:store.bucket", "key:tls.private-key",
	    "key:tls.0.names.0", "key:tls.x.private-key", "mark:", "mark:store",
	    "key:nothing", "env:PATH", "env:HOME", "env:", "key:", "x", "",
	    "file:/etc/passwd" };
	char			 dir[] = "/tmp/give_test.XXXXXX";
	char			 path[64], text[1024];
	struct setup_give	 g;
	size_t			 i;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/secret", dir);
	put(path, "one\n");
	snprintf(text, sizeof(text), "store: {type: s3, bucket: mail, "
	    "region: r, access-key: k, secret-key: {file: %s}}\n", path);
	conf = conf_load_text("/pail.yaml", text, strlen(text), false);
	buf_init(&b, SETUP_GIVE_MAX);
	/* a file in its short form, as it is now */
	CHECK(ask(PROC_CREDD, "key:store.credentials.secret-key", &g) == 0 &&
	    g.outcome == SETUP_GIVE_FOUND && str_eq(g.data, STR("one")));
	put(path, "two\n");
	CHECK(ask(PROC_CREDD, "key:store.credentials.secret-key", &g) == 0 &&
	    str_eq(g.data, STR("two")));
	put(path, "two\nlines\n");
	CHECK(ask(PROC_CREDD, "key:store.credentials.secret-key", &g) == 0 &&
	    g.outcome == SETUP_GIVE_FAILED && g.data.len == 0);
	check_long(path);
	check_worker(path);
	put(path, "two\n");
	unlink(path);
	CHECK(ask(PROC_CREDD, "key:store.credentials.secret-key", &g) == 0 &&
	    g.outcome == SETUP_GIVE_FAILED && g.why.len > 0);
	/* one that is in the configuration itself */
	CHECK(ask(PROC_CREDD, "key:store.credentials.access-key", &g) == 0 &&
	    g.outcome == SETUP_GIVE_ABSENT);
	/* nobody else, and nothing else */
	CHECK(ask(PROC_IMAPD, "key:store.credentials.secret-key", &g) == -1);
	CHECK(ask(PROC_STORAGED, "env:AWS_ACCESS_KEY_ID", &g) == -1);
	for (i = 0; i < nitems(none); i++)
		CHECK_ROW(ask(PROC_CREDD, none[i], &g) == -1 &&
		    g.outcome == SETUP_GIVE_ABSENT, "%s", none[i]);
	/* variables, and files that they name */
	unsetenv("AWS_ACCESS_KEY_ID");
	CHECK(ask(PROC_CREDD, "env:AWS_ACCESS_KEY_ID", &g) == 0 &&
	    g.outcome == SETUP_GIVE_ABSENT);
	setenv("AWS_ACCESS_KEY_ID", "AKIAX", 1);
	CHECK(ask(PROC_CREDD, "env:AWS_ACCESS_KEY_ID", &g) == 0 &&
	    str_eq(g.data, STR("AKIAX")));
	check_long_variable();
	put(path, "tok\n");
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, 1);
	CHECK(ask(PROC_CREDD, "env:AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	    &g) == 0 && str_eq(g.data, STR("tok")));
	check_token(path);
	unlink(path);
	check_aws(dir);
	rmdir(dir);
	buf_free(&b);
	conf_free(conf);
	return TEST_END();
}
