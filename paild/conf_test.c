/*
 * The configuration: mistakes with their place and message, what a good
 * file becomes.  Files are in paild/test.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "common/test.h"
#include "paild/conf.h"
#include "paild/conf_file.h"
#include "paild/conf_slice.h"
#include "paild/test/conf_files.h"

static const struct {
	const char	*text;
	const char	*errors;	/* line:column: text, one a line */
} mistakes[] = {
#include "paild/conf_mistakes.h"
#include "paild/conf_mistakes_keys.h"
#include "paild/conf_mistakes_mail.h"
#include "paild/conf_mistakes_listen.h"
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
	char		 first[200];
	struct conf	*c;
	size_t		 i, n = 0;

	memset(big, '#', sizeof(big));
	c = conf_load_text("t.yaml", big, sizeof(big), false);
	CHECK(c->nerrors == 1 &&
	    strcmp(c->errors[0].text, "the file is larger than 1 MiB") == 0);
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
	/* The file is named by what prints the error. */
	conf_first_error(c, first, sizeof(first));
	CHECK_ROW(strcmp(first, "paild/test/no-such-file:1:1: No such file or "
	    "directory") == 0, "%s", first);
	CHECK(c->nerrors == 1 && !conf_ok(c) &&
	    strcmp(c->errors[0].text, "No such file or directory") == 0);
	conf_free(c);
	c = conf_load("paild/test", false);
	CHECK(c->nerrors == 1 && !conf_ok(c) &&
	    strcmp(c->errors[0].text, "not a regular file") == 0);
	conf_free(c);
}

/* A value or its default, never both: daemons read what comes first. */
static void
check_once(const struct conf *c)
{
	size_t	 i, k;

	for (i = 0; i < c->n; i++)
		for (k = 0; k < i; k++)
			CHECK_ROW(strcmp(c->items[i].path,
			    c->items[k].path) != 0, "%s", c->items[i].path);
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
	    "metrics: {prices: {put: 12, list: 0.000000001}}\n"
	    "login-cache: 0s\nsasl-mechanisms: [PLAIN]\n";

	setenv("TEST_PAIL_KEY", "from the environment", 1);
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
	IS("metrics.prices.put", "12000000000");
	IS("metrics.prices.get", "400000");
	IS("metrics.prices.list", "1");
	IS("metrics.prices.out", "90000000");
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
	check_once(c);
	CHECK(conf_processes(c, PROC_IMAPD) == 3);
	CHECK(conf_processes(c, PROC_STORAGED) >= 1);
	/* It has TLS. */
	CHECK(conf_processes(c, PROC_CREDD) >= 2);
	CHECK(conf_processes(c, PROC_CREDD) <= 4);
	CHECK(conf_processes(c, PROC_CREDD) <=
	    1 + conf_processes(c, PROC_STORAGED));
	CHECK(conf_processes(c, PROC_AUTHWORKER) >= 2);
	CHECK(conf_processes(c, PROC_AUTHWORKER) >=
	    conf_processes(c, PROC_STORAGED));
	snprintf(want, sizeof(want), "%s/users", c->base);
	IS("auth.0.path", want);
	snprintf(want, sizeof(want), "%s/key.pem", c->base);
	IS("tls.0.private-key", want);
	conf_free(c);

	c = conf_load_text("paild/test/t.yaml", GOOD, strlen(GOOD), false);
	CHECK(conf_ok(c) && c->nerrors == 0);
	IS("mailboxes.4.name", "Archive");
	IS("mailboxes.4.use", "archive");
	CHECK(conf_str(c, "mailboxes.5.name") == NULL);
	check_once(c);
	conf_free(c);
	c = conf_load_text("paild/test/t.yaml", L S3
	    "  secret-key: {env: TEST_PAIL_KEY}\n" A,
	    strlen(L S3 "  secret-key: {env: TEST_PAIL_KEY}\n" A), false);
	CHECK(conf_ok(c));
	IS("store.secret-key", "from the environment");
	conf_free(c);
}

/* What follows from a region when no endpoint is written. */
static void
test_regions(void)
{
	static const struct { const char *region, *sign, *endpoint; } t[] = {
		{ "us-east-1", "us-east-1", NULL },
		{ "cn-north-1", "cn-north-1", NULL },
		{ "xx-new-9", "xx-new-9", NULL },
		{ "fra1", "fra1", "https://fra1.digitaloceanspaces.com" },
		{ "wa-eu-west-1", "eu-west-1",
		    "https://s3.eu-west-1.wasabisys.com" },
		{ "us-west-004", "us-west-004",
		    "https://s3.us-west-004.backblazeb2.com" },
		{ "fr-par", "fr-par", "https://s3.fr-par.scw.cloud" },
		{ "gra", "gra", "https://s3.gra.io.cloud.ovh.net" },
		{ "hel1", "hel1", "https://hel1.your-objectstorage.com" },
		{ "ch-gva-2", "ch-gva-2", "https://sos-ch-gva-2.exo.io" },
		{ "e2-us-west-1", "us-west-1",
		    "https://s3.us-west-1.idrivee2.com" },
		{ "us-ord-1", "us-ord-1",
		    "https://us-ord-1.linodeobjects.com" },
		{ "linode-us-east-1", "us-east-1",
		    "https://us-east-1.linodeobjects.com" },
		{ "ru-central1", "ru-central1",
		    "https://storage.yandexcloud.net" },
		{ "google", "auto", "https://storage.googleapis.com" },
	};
	struct conf	*c;
	const char	*endpoint;
	char		 text[512];
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		snprintf(text, sizeof(text), L "store: {type: s3, bucket: b-1,"
		    " access-key: k, secret-key: s, region: %s}\n" A,
		    t[i].region);
		c = conf_load_text("paild/test/t.yaml", text, strlen(text),
		    false);
		CHECK(conf_ok(c));
		IS("store.region", t[i].sign);
		endpoint = conf_str(c, "store.endpoint");
		CHECK_ROW(t[i].endpoint == NULL ? endpoint == NULL :
		    endpoint != NULL && strcmp(endpoint, t[i].endpoint) == 0,
		    "%s: %s", t[i].region, endpoint != NULL ? endpoint : "-");
		conf_free(c);
	}
}

/* A proxy always has a port: what connects and what allows it agree. */
static void
test_proxy_ports(void)
{
	static const struct { const char *written, *is; } t[] = {
		{ "http://p.example.org", "http://p.example.org:80" },
		{ "http://p.example.org/", "http://p.example.org:80" },
		{ "https://192.0.2.1", "https://192.0.2.1:443" },
		{ "socks5h://[2001:db8::1]", "socks5h://[2001:db8::1]:1080" },
		{ "http://p.example.org:/", "http://p.example.org:80" },
		{ "http://p.example.org:3128/", "http://p.example.org:3128" },
		{ "https://[::1]:8443", "https://[::1]:8443" },
	};
	struct conf	*c;
	char		 text[512];
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		snprintf(text, sizeof(text), L S3 "  secret-key: s\n"
		    "  proxy: '%s'\n" A, t[i].written);
		c = conf_load_text("paild/test/t.yaml", text, strlen(text),
		    false);
		CHECK(conf_ok(c));
		IS("store.proxy", t[i].is);
		conf_free(c);
	}
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
count_change(const char *path, void *arg)
{
	char	*list = arg;

	strlcat(list, path, 256);
	strlcat(list, " ", 256);
}

/* A key whose name begins another's (cache.spool, cache.spool-per-user) has
 * its default when only the longer one is written. */
static void
test_longer_names(void)
{
	const struct conf_key	*a, *b;
	struct conf		*c;
	const char		*dot, *v;
	char			 text[4096];
	size_t			 i, k, n, pairs = 0;

	for (i = 0; i < conf_keys_n; i++)
		for (k = 0; k < conf_keys_n; k++) {
			a = &conf_keys[i];
			b = &conf_keys[k];
			n = strlen(a->path);
			if (strncmp(a->path, b->path, n) != 0 ||
			    b->path[n] != '-' || a->def == NULL ||
			    strchr(b->path, '*') != NULL ||
			    (dot = strchr(b->path, '.')) == NULL)
				continue;
			pairs++;
			snprintf(text, sizeof(text), "%s%.*s: {%s: %s}\n",
			    GOOD, (int)(dot - b->path), b->path, dot + 1,
			    b->def);
			c = conf_load_text("paild/test/t.yaml", text,
			    strlen(text), false);
			v = conf_str(c, a->path);
			CHECK_ROW(conf_ok(c) && v != NULL && *v != '\0',
			    "%s without %s", b->path, a->path);
			conf_free(c);
		}
	CHECK(pairs >= 3);
}

/* One key alone says where credentials come from. */
static void
test_implied_source(void)
{
	static const struct { const char *text, *source, *key, *value; }
	rows[] = {
		{ "  auth-role: r\n", "imds", "role", "r" },
		{ "  profile: a b\n", "profile", "profile", "a b" },
		{ "  profile: p\n  credentials: {source: auto}\n", "auto",
		  "profile", "p" },
		{ "  access-key: k\n  secret-key: s\n  security-token: t\n",
		  "static", "session-token", "t" }
	};
	struct conf	*c;
	char		 text[512], key[64];
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		snprintf(text, sizeof(text), L C "%s" A, rows[i].text);
		c = conf_load_text("paild/test/t.yaml", text, strlen(text),
		    false);
		snprintf(key, sizeof(key), "store.credentials.%s",
		    rows[i].key);
		CHECK_ROW(conf_ok(c) && strcmp(conf_str(c,
		    "store.credentials.source"), rows[i].source) == 0 &&
		    strcmp(conf_str(c, key), rows[i].value) == 0, "row %zu",
		    i);
		conf_free(c);
	}
}

static void
test_restart_keys(void)
{
	static const char a[] = GOOD "processes: {imapd: 1}\ncluster: true\n";
	static const char b[] = L "store: {type: file, path: other}\n" A
	    "processes: {imapd: 2}\ncluster: false\n";
#define H	"  request-headers: "
#define CHANGED	"store.request-headers.* "
	static const struct { const char *was, *is, *changed; } lists[] = {
		{ H "['A: b']\n", H "['A: b']\n", "" },
		{ H "['A: b']\n", H "['A: c']\n", CHANGED },
		{ H "['A: b']\n", H "['A: b', 'C: d']\n", CHANGED },
		{ H "['A: b']\n", "", CHANGED },
		{ "", H "['A: b']\n", CHANGED },
	};
	struct conf	*ca, *cb;
	char		 list[256] = "", text[2][512];
	size_t		 i;

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
	/* In a list: another one, one more, one fewer. */
	for (i = 0; i < nitems(lists); i++) {
		snprintf(text[0], sizeof(text[0]), "%s%s%s", L S3
		    "  secret-key: s\n", lists[i].was, A);
		snprintf(text[1], sizeof(text[1]), "%s%s%s", L S3
		    "  secret-key: s\n", lists[i].is, A);
		ca = conf_load_text("paild/test/t.yaml", text[0],
		    strlen(text[0]), false);
		cb = conf_load_text("paild/test/t.yaml", text[1],
		    strlen(text[1]), false);
		CHECK(conf_ok(ca) && conf_ok(cb));
		list[0] = '\0';
		conf_restart_keys(ca, cb, count_change, list);
		CHECK_ROW(strcmp(list, lists[i].changed) == 0, "%zu %s", i,
		    list);
		conf_free(ca);
		conf_free(cb);
	}
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
		/* * would be an alias. */
		snprintf(word, sizeof(word), *conf_keys[i].def == '*' ?
		    "%s: \"%s\"" : "%s: %s", conf_key_leaf(
		    conf_keys[i].path), conf_keys[i].def);
		CHECK_ROW(strstr((char *)b.data, word) != NULL, "%s", word);
	}
	c = conf_load("etc/pail.yaml", true);
	CHECK(conf_ok(c));
	conf_free(c);
	buf_free(&b);
	buf_free(&page);
}

/* Writes a configuration, and what is said of it is to be errors. */
static void
check_said(const char *text, const char *errors)
{
	struct conf	*c;
	char		 got[8192];
	FILE		*f = fopen("paild/test/t.yaml", "r+");

	CHECK(f != NULL && ftruncate(fileno(f), 0) == 0 &&
	    fputs(text, f) != EOF && fclose(f) == 0);
	c = conf_load("paild/test/t.yaml", false);
	CHECK(c != NULL);
	join_errors(c, got, sizeof(got));
	CHECK_ROW(strcmp(got, errors) == 0, "%s\ngot:\n%swanted:\n%s", text,
	    got, errors);
	conf_free(c);
}

/* Who can write to what decides over root and the users; who can read a
 * secret has it. */
static void
test_files_of_others(void)
{
	static const char	 inside[] = L S3 "  secret-key: s\n" A;
	static const char	 file[] = L S3 "  secret-key: {file: secret}\n"
				    A TLS;
	static const struct {
		const char	*file;
		mode_t		 mode, mend;
		long		 uid, gid;	/* -1: ours */
		const char	*text;
		const char	*errors;
	} t[] = {
		{ "t.yaml", 0644, 0644, -1, -1, GOOD, "" },
		{ "t.yaml", 0666, 0644, -1, -1, GOOD,
		  "1:1: @/t.yaml can be modified by others: it is writable by "
		  "all users (\"chown root\" or \"chmod go-w\" fixes it)\n" },
		{ "t.yaml", 0664, 0644, -1, 65532, GOOD,
		  "1:1: @/t.yaml can be modified by others: it is writable by "
		  "group 65532 (\"chown root\" or \"chmod go-w\" fixes it)\n" },
		{ "t.yaml", 0644, 0644, 65532, -1, GOOD,
		  "1:1: @/t.yaml can be modified by others: it is owned by uid "
		  "65532 (\"chown root\" or \"chmod go-w\" fixes it)\n" },
		{ "users", 0640, 0644, -1, 65532, GOOD, "" },
		{ "users", 0666, 0644, -1, -1, GOOD,
		  "3:27: auth.0.path: @/users can be modified by others: it is "
		  "writable by all users (\"chown root\" or \"chmod go-w\" "
		  "fixes it)\n" },
		{ "users", 0644, 0644, 65532, -1, GOOD,
		  "3:27: auth.0.path: @/users can be modified by others: it is "
		  "owned by uid 65532 (\"chown root\" or \"chmod go-w\" fixes "
		  "it)\n" },
		{ "secret", 0622, 0600, -1, -1, file,
		  "7:15: store.secret-key: @/secret can be modified by others: "
		  "it is writable by all users (\"chown root\" or \"chmod "
		  "go-w\" fixes it)\n" },
		{ "cert.pem", 0666, 0644, -1, -1, file,
		  "9:20: tls.0.certificate: @/cert.pem can be modified by others: "
		  "it is writable by all users (\"chown root\" or \"chmod "
		  "go-w\" fixes it)\n" },
		{ "t.yaml", 0600, 0644, -1, -1, inside, "" },
		{ "t.yaml", 0644, 0644, -1, -1, inside,
		  "7:15: warning: store.secret-key: this configuration file can be read by all users of this host: use {file: PATH} or \"chmod 600\"\n" },
		{ "t.yaml", 0640, 0644, -1, -1, inside,
		  "7:15: warning: store.secret-key: this configuration file can be read by its group: use {file: PATH} or \"chmod 600\"\n" },
		{ "t.yaml", 0644, 0644, -1, -1, file, "" },
		{ ".", 0777, 0755, -1, -1, GOOD,
		  "1:1: @/t.yaml can be replaced by others: @: it is writable "
		  "by all users\n3:27: auth.0.path: @/users can be replaced by "
		  "others: @: it is writable by all users\n" },
		{ ".", 01777, 0755, -1, -1, GOOD, "" },
	};
	char	path[64];
	size_t	i;

	fclose(fopen("paild/test/t.yaml", "w"));
	for (i = 0; i < nitems(t); i++) {
		if (geteuid() != 0 && (t[i].uid != -1 || t[i].gid != -1))
			continue;
		snprintf(path, sizeof(path), "paild/test/%s", t[i].file);
		CHECK(chown(path, (uid_t)t[i].uid, (gid_t)t[i].gid) == 0 &&
		    chmod(path, t[i].mode) == 0);
		check_said(t[i].text, t[i].errors);
		CHECK(chown(path, geteuid(), getegid()) == 0 &&
		    chmod(path, t[i].mend) == 0);
	}
	unlink("paild/test/t.yaml");
}

int
main(void)
{
	conf_files_copy();
	test_mistakes();
	test_damage();
	test_limits();
	test_good();
	test_regions();
	test_proxy_ports();
	test_no_secrets();
	test_longer_names();
	test_implied_source();
	test_restart_keys();
	test_example();
	test_files_of_others();
	conf_files_remove();
	return TEST_END();
}
