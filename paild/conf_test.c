/*
 * The configuration: mistakes with their place and message, what a good
 * file becomes, and each daemon's slice.  Files are in paild/test.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <limits.h>
#include <stdio.h>

#include "common/slice.h"
#include "common/test.h"
#include "paild/conf.h"
#include "paild/conf_file.h"
#include "paild/conf_slice.h"

#define L	"listen: [imap://127.0.0.1:1143]\n"		/* line 1 */
#define S	"store: {type: file, path: store}\n"		/* line 2 */
#define A	"auth: [{type: file, path: users}]\n"		/* line 3 */
#define S3	"store:\n  type: s3\n  bucket: mail\n  region: us-east-1\n" \
		"  access-key: k\n"				/* 5 lines */
#define TLS	"tls: {certificate: cert.pem, private-key: key.pem}\n"
#define GOOD	L S A

static const struct {
	const char	*text;
	const char	*errors;	/* line:column: text, one a line */
} mistakes[] = {
#include "paild/conf_mistakes.h"
};

/* The messages of c, with the base directory as '@'. */
static void
join_errors(const struct conf *c, char *dst, size_t size)
{
	const char	*s, *hit;
	size_t		 i, off = 0, n = strlen(c->base);

	*dst = '\0';
	for (i = 0; i < c->nerrors; i++) {
		off += (size_t)snprintf(dst + off, size - off, "%u:%u: %s",
		    c->errors[i].at.line, c->errors[i].at.column,
		    c->errors[i].warning ? "warning: " : "");
		for (s = c->errors[i].text; off + 2 < size; s = hit + n) {
			hit = strstr(s, c->base);
			off += (size_t)snprintf(dst + off, size - off, "%.*s",
			    hit != NULL ? (int)(hit - s) : INT_MAX, s);
			if (hit == NULL || off + 2 >= size)
				break;
			dst[off++] = '@';
			dst[off] = '\0';
		}
		if (off + 2 < size) {
			dst[off++] = '\n';
			dst[off] = '\0';
		}
	}
}

static void
test_mistakes(void)
{
	struct conf	*c;
	char		 got[8192];
	size_t		 i;

	CHECK(nitems(mistakes) >= 60);
	for (i = 0; i < nitems(mistakes); i++) {
		c = conf_load_text("paild/test/t.yaml", mistakes[i].text,
		    strlen(mistakes[i].text), false);
		CHECK(c != NULL);
		if (c == NULL)
			continue;
		join_errors(c, got, sizeof(got));
		CHECK_ROW(strcmp(got, mistakes[i].errors) == 0,
		    "row %zu:\n%s\ngot:\n%swanted:\n%s", i, mistakes[i].text,
		    got, mistakes[i].errors);
		conf_free(c);
	}
}

/* No prefix of a good file and no single changed byte does any harm. */
static void
test_damage(void)
{
	static const char	 text[] = L S3 "  secret-key: {file: secret}\n"
				    A TLS "cache: {path: c, size: 1G}\n";
	struct conf		*c;
	char			 copy[sizeof(text)];
	size_t			 i;

	for (i = 0; i < sizeof(text) - 1; i++) {
		c = conf_load_text("paild/test/t.yaml", text, i, false);
		CHECK_ROW(c != NULL && (!conf_ok(c) || i > 120), "%zu", i);
		conf_free(c);
		memcpy(copy, text, sizeof(text));
		copy[i] = (char)(copy[i] ^ (1 << (i % 8)));
		c = conf_load_text("paild/test/t.yaml", copy,
		    sizeof(text) - 1, false);
		CHECK(c != NULL);
		conf_free(c);
	}
}

static void
test_limits(void)
{
	static char	 big[TREE_FILE_MAX + 2];
	struct conf	*c;
	size_t		 i, n = 0;

	memset(big, '#', sizeof(big));
	c = conf_load_text("t.yaml", big, sizeof(big), false);
	CHECK(c->nerrors == 1 &&
	    strcmp(c->errors[0].text, "the file is over 1 MiB") == 0);
	conf_free(c);
	for (i = 0; i < 30000; i++)
		n += (size_t)snprintf(big + n, sizeof(big) - n, "- %zu\n", i);
	c = conf_load_text("t.yaml", big, n, false);
	CHECK(c->nerrors == 1 && c->errors[0].at.line == 20000 &&
	    strstr(c->errors[0].text, "too many values") != NULL);
	conf_free(c);
	for (i = n = 0; i < 500; i++)
		n += (size_t)snprintf(big + n, sizeof(big) - n, "k%zu: 1\n",
		    i);
	c = conf_load_text("t.yaml", big, n, false);
	CHECK(c->nerrors == CONF_ERRORS_MAX);
	conf_free(c);
	c = conf_load("paild/test/no-such-file", false);
	CHECK(c->nerrors == 1 && !conf_ok(c));
	conf_free(c);
	c = conf_load("paild/test", false);
	CHECK(c->nerrors == 1 && !conf_ok(c));
	conf_free(c);
}

static void
test_good(void)
{
	struct conf	*c;
	char		 want[PATH_MAX];
	static const char text[] = "listen: ['imap://*', 'imaps://[::1]']\n"
	    S3 "  secret-key: {file: ./secret}\n"
	    "  endpoint: https://s3.example.org/\n  timeout: 1m\n"
	    "  compression: gzip\n  key-prefix: a/b\n" A TLS
	    "cache: {size: 1GiB}\ncluster: false\n"
	    "mailboxes: [{name: Sent, use: sent}, {name: Lists/Misc}]\n"
	    "processes: {imapd: 3}\n"
	    "login-cache: 0s\nsasl-mechanisms: [PLAIN]\n";

	setenv("PAIL_TEST_KEY", "from the environment", 1);
	c = conf_load_text("paild/test/t.yaml", text, strlen(text), false);
	conf_print_errors(c);
	CHECK(conf_ok(c));
#define IS(path, value)							\
	CHECK_ROW(conf_str(c, path) != NULL &&				\
	    strcmp(conf_str(c, path), value) == 0, "%s is %s", path,	\
	    conf_str(c, path) != NULL ? conf_str(c, path) : "(none)")
	IS("listen.0", "imap://*:143");
	IS("listen.1", "imaps://[::1]:993");
	IS("store.secret-key", "sesame");
	IS("store.endpoint", "https://s3.example.org");
	IS("store.timeout", "60");
	IS("store.compression", "gzip:6");
	IS("store.key-prefix", "a/b");
	IS("store.verify-after-write", "true");
	IS("store.max-retries", "3");
	IS("cache.size", "1073741824");
	IS("cache.path", "/var/cache/pail");
	IS("cluster", "false");
	IS("plaintext-login", "loopback");
	IS("append-limit", "67108864");
	IS("login-cache", "0");
	IS("sasl-mechanisms.0", "PLAIN");
	IS("mailboxes.0.use", "sent");
	IS("mailboxes.1.name", "Lists/Misc");
	CHECK(conf_str(c, "mailboxes.1.use") == NULL);
	CHECK(conf_str(c, "mailboxes.2.name") == NULL);
	CHECK(conf_processes(c, PROC_IMAPD) == 3);
	CHECK(conf_processes(c, PROC_STORAGED) >= 1);
	snprintf(want, sizeof(want), "%s/users", c->base);
	IS("auth.0.path", want);
	CHECK(strncmp(conf_str(c, "tls.private-key"), "-----BEGIN", 10) == 0);
	conf_free(c);

	c = conf_load_text("paild/test/t.yaml", GOOD, strlen(GOOD), false);
	CHECK(conf_ok(c) && c->nerrors == 0);
	IS("mailboxes.4.name", "Archive");
	IS("mailboxes.4.use", "archive");
	CHECK(conf_str(c, "mailboxes.5.name") == NULL);
	conf_free(c);
	c = conf_load_text("paild/test/t.yaml", L S3
	    "  secret-key: {env: PAIL_TEST_KEY}\n" A,
	    strlen(L S3 "  secret-key: {env: PAIL_TEST_KEY}\n" A), false);
	CHECK(conf_ok(c));
	IS("store.secret-key", "from the environment");
	conf_free(c);
}

/* Without secrets: what pailctl sees when it may not read them. */
static void
test_no_secrets(void)
{
	static const char text[] = L S3 "  secret-key: {file: nowhere}\n" A
	    "tls: {certificate: no.pem, private-key: no.pem}\n";
	struct conf	*c;

	c = conf_load_text("paild/test/t.yaml", text, strlen(text), true);
	CHECK(conf_ok(c));
	IS("store.bucket", "mail");
	IS("store.secret-key", "");
	conf_free(c);
}

static void
test_slices(void)
{
	static const char text[] = L S3 "  secret-key: {file: secret}\n" A TLS;
	static const struct {
		enum proc_kind	 kind;
		const char	*key;
		bool		 has;
	} t[] = {
		{ PROC_IMAPD, "tls.private-key", true },
		{ PROC_IMAPD, "plaintext-login", true },
		{ PROC_IMAPD, "listen.0", true },
		{ PROC_IMAPD, "store.access-key", false },
		{ PROC_IMAPD, "store.secret-key", false },
		{ PROC_IMAPD, "auth.0.path", false },
		{ PROC_STORAGED, "store.bucket", true },
		{ PROC_STORAGED, "cache.path", true },
		{ PROC_STORAGED, "mailboxes.0.name", true },
		{ PROC_STORAGED, "store.access-key", false },
		{ PROC_STORAGED, "store.secret-key", false },
		{ PROC_STORAGED, "tls.private-key", false },
		{ PROC_STORAGED, "auth.0.path", false },
		{ PROC_CREDD, "store.secret-key", true },
		{ PROC_CREDD, "store.access-key", true },
		{ PROC_CREDD, "store.region", true },
		{ PROC_CREDD, "auth.0.path", false },
		{ PROC_CREDD, "tls.private-key", false },
		{ PROC_AUTHD, "auth.0.type", true },
		{ PROC_AUTHD, "store.secret-key", false },
		{ PROC_AUTHWORKER, "auth.0.path", true },
		{ PROC_AUTHWORKER, "tls.private-key", false },
		{ PROC_STORAGED, "index", true },
		{ PROC_IMAPD, "index", true },
	};
	static const struct conf_extra	 extra[] = { { "index", "7" } };
	struct conf			*c;
	struct slice			*s;
	struct buf			 b;
	size_t				 i;

	c = conf_load_text("paild/test/t.yaml", text, strlen(text), false);
	CHECK(conf_ok(c));
	for (i = 0; i < nitems(t); i++) {
		buf_init(&b, 1024 * 1024);
		CHECK(conf_slice(c, t[i].kind, extra, 1, &b) == 0);
		s = slice_new(b.data, b.len);
		CHECK(s != NULL);
		CHECK_ROW(s != NULL && (slice_str(s, t[i].key, NULL) !=
		    NULL) == t[i].has, "%s %s", proc_kind_name(t[i].kind),
		    t[i].key);
		slice_free(s);
		buf_free(&b);
	}
	conf_free(c);
}

static void
count_change(const char *path, void *arg)
{
	char	*list = arg;

	strlcat(list, path, 256);
	strlcat(list, " ", 256);
}

static void
test_restart_keys(void)
{
	static const char a[] = GOOD "processes: {imapd: 1}\ncluster: true\n";
	static const char b[] = L "store: {type: file, path: other}\n" A
	    "processes: {imapd: 2}\ncluster: false\n";
	struct conf	*ca, *cb;
	char		 list[256] = "";

	ca = conf_load_text("paild/test/t.yaml", a, strlen(a), false);
	cb = conf_load_text("paild/test/t.yaml", b, strlen(b), false);
	conf_restart_keys(ca, cb, count_change, list);
	CHECK_ROW(strcmp(list, "store.path processes.imapd ") == 0, "%s",
	    list);
	list[0] = '\0';
	conf_restart_keys(ca, ca, count_change, list);
	CHECK(list[0] == '\0');
	conf_free(ca);
	conf_free(cb);
}

/* etc/pail.yaml names every key with its default, and is valid;
 * pail.yaml(5) names them too. */
static void
test_example(void)
{
	struct conf	*c;
	struct buf	 b, page;
	char		 why[512], word[64];
	size_t		 i;

	buf_init(&b, 0);
	buf_init(&page, 0);
	CHECK(conf_file_read("etc/pail.yaml", 65536, &b, why,
	    sizeof(why)) == 0);
	buf_put_u8(&b, 0);
	CHECK(conf_file_read("man/pail.yaml.5", 65536, &page, why,
	    sizeof(why)) == 0);
	buf_put_u8(&page, 0);
	for (i = 1; i < conf_keys_n; i++) {
		if (strcmp(conf_key_leaf(conf_keys[i].path), "*") == 0)
			continue;
		snprintf(word, sizeof(word), "%s:",
		    conf_key_leaf(conf_keys[i].path));
		CHECK_ROW(strstr((char *)b.data, word) != NULL, "%s", word);
		*strchr(word, ':') = '\0';
		CHECK_ROW(conf_keys[i].type == CONF_MAP ||
		    strstr((char *)page.data, word) != NULL, "%s", word);
		if (conf_keys[i].def == NULL || *conf_keys[i].def == '\0')
			continue;
		snprintf(word, sizeof(word), "%s: %s",
		    conf_key_leaf(conf_keys[i].path), conf_keys[i].def);
		CHECK_ROW(strstr((char *)b.data, word) != NULL, "%s", word);
	}
	c = conf_load("etc/pail.yaml", true);
	CHECK(conf_ok(c));
	conf_free(c);
	buf_free(&b);
	buf_free(&page);
}

/* A checkout does not keep what is private. */
static void
set_modes(void)
{
	static const char *const names[] = { "key.pem", "other-key.pem",
	    "locked-key.pem", "secret", "empty", "two-lines" };
	char	path[64];
	size_t	i;

	for (i = 0; i < nitems(names); i++) {
		snprintf(path, sizeof(path), "paild/test/%s", names[i]);
		CHECK(chmod(path, 0600) == 0);
	}
	CHECK(chmod("paild/test/open-secret", 0644) == 0);
}

int
main(void)
{
	set_modes();
	test_mistakes();
	test_damage();
	test_limits();
	test_good();
	test_no_secrets();
	test_slices();
	test_restart_keys();
	test_example();
	return TEST_END();
}
