/*
 * What pailctl init writes is read as it was meant, whatever the answers are.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/test.h"
#include "paild/conf.h"
#include "pailctl/init_impl.h"

static void
begin(struct init *in)
{
	memset(in, 0, sizeof(*in));
	in->file = "/etc/pail.yaml";
	strlcpy(in->dir, "/etc/pail", sizeof(in->dir));
	init_set(in, INIT_STORE, "s3");
	init_set(in, INIT_BUCKET, "mail");
	init_set(in, INIT_REGION, "eu-central-1");
	init_set(in, INIT_ENDPOINT, "default");
	init_set(in, INIT_CREDENTIALS, "key");
	init_set(in, INIT_ACCESS_KEY, "AKIAIOSFODNN7EXAMPLE");
	init_set(in, INIT_SECRET_KEY, "wJalrXUtnFEMI/K7MDENG");
	init_set(in, INIT_CERTIFICATE, "none");
	init_set(in, INIT_LISTEN, "imap://127.0.0.1:1143");
	init_set(in, INIT_DOMAINS, "none");
}

static void
end(struct init *in)
{
	size_t	k;

	for (k = 0; k < INIT_KEYS; k++)
		init_forget(in, (enum init_key)k);
}

static bool
is(const struct conf *c, const char *path, const char *value)
{
	const char	*v = conf_str(c, path);

	return v != NULL && strcmp(v, value) == 0;
}

/* The configuration of these answers; the caller frees it. */
static struct conf *
load(const struct init *in, bool draft)
{
	struct buf	 b;
	struct conf	*c;

	buf_init(&b, 65536);
	init_yaml(in, draft, &b);
	CHECK(!b.failed);
	c = conf_load_text(in->file, b.data, b.len, true);
	if (!conf_ok(c))
		conf_print_errors(c);
	CHECK(conf_ok(c));
	buf_free(&b);
	return c;
}

static void
test_any_string_stays_what_it_is(void)
{
	static const char	*const keys[] = { "true", "NO", "~", "null",
				    "123", "0x1f", "1e3", "2026-11-29", "a: b",
				    "#a", "a #b", "'", "it's", "\"", "-", "- a",
				    "*a", "&a", "!a", "%a", "@a", "`a", "{a",
				    "[a]", "a]", "a,b", "|", ">", "a:", "\\n",
				    "\xc3\xa4", "y", "on", "/a:", "a" };
	struct init		 in;
	struct conf		*c;
	char			 path[64];
	size_t			 i;

	for (i = 0; i < nitems(keys); i++) {
		begin(&in);
		init_set(&in, INIT_CONTROL_SOCKET, "/run/pail.sock");
		init_set(&in, INIT_CACHE, keys[i]);
		c = load(&in, false);
		/* relative to the file's directory, unless it begins with / */
		snprintf(path, sizeof(path), "%s%s", keys[i][0] == '/' ? "" :
		    "/etc/", keys[i]);
		CHECK_ROW(is(c, "cache.path", path), "%s: %s", path,
		    conf_str(c, "cache.path"));
		conf_free(c);
		end(&in);
	}
}

static void
test_each_answer_has_its_key(void)
{
	struct init	 in;
	struct conf	*c;

	begin(&in);
	init_set(&in, INIT_LISTEN, "imap://*:143, imaps://[::1]:993");
	init_set(&in, INIT_CERTIFICATE, "/etc/ssl/cert.pem");
	init_set(&in, INIT_PRIVATE_KEY, "/etc/ssl/key.pem");
	init_set(&in, INIT_DOMAINS, "example.org,example.net");
	c = load(&in, false);
	CHECK(is(c, "listen.0", "imap://*:143"));
	CHECK(is(c, "listen.1", "imaps://[::1]:993"));
	CHECK(is(c, "listen.2", "lmtp+unix:/run/pail/lmtp.sock"));
	CHECK(is(c, "tls.0.certificate", "/etc/ssl/cert.pem"));
	CHECK(is(c, "tls.0.private-key", "/etc/ssl/key.pem"));
	CHECK(is(c, "store.bucket", "mail"));
	CHECK(is(c, "store.region", "eu-central-1"));
	CHECK(conf_written(c, "store.endpoint") == NULL);
	CHECK(is(c, "auth.0.path", "/etc/pail/users"));
	CHECK(is(c, "domains.1", "example.net"));
	CHECK(is(c, "cache.path", "/var/cache/pail"));
	conf_free(c);
	init_set(&in, INIT_CREDENTIALS, "auto");
	c = load(&in, false);
	CHECK(is(c, "store.credentials.source", "auto"));
	conf_free(c);
	init_set(&in, INIT_SANDBOX, "best-effort");
	init_set(&in, INIT_STORE, "file");
	init_set(&in, INIT_PATH, "/srv/mail");
	c = load(&in, false);
	CHECK(is(c, "store.path", "/srv/mail"));
	CHECK(is(c, "sandbox", "best-effort"));
	conf_free(c);
	end(&in);
}

/* The secret is in a file of its own, except while it is tried. */
static void
test_the_secret_is_not_written(void)
{
	struct init	in;
	struct buf	b;

	begin(&in);
	buf_init(&b, 65536);
	init_yaml(&in, false, &b);
	CHECK(memmem(b.data, b.len, "K7MDENG", 7) == NULL);
	CHECK(memmem(b.data, b.len, "{file: /etc/pail/secret-key}", 28) !=
	    NULL);
	buf_reset(&b);
	init_yaml(&in, true, &b);
	CHECK(memmem(b.data, b.len, "K7MDENG", 7) != NULL);
	buf_free(&b);
	end(&in);
}

/* Of another configuration in the same directory. */
static void
test_no_other_secret_is_replaced(void)
{
	struct init	in;
	char		dir[] = "/tmp/pail-init.XXXXXX", path[64], why[INIT_WHY];
	int		fd;

	begin(&in);
	CHECK(mkdtemp(dir) != NULL);
	strlcpy(in.dir, dir, sizeof(in.dir));
	snprintf(path, sizeof(path), "%s/secret-key", dir);
	CHECK_ROW(init_try_secret(&in, why, sizeof(why)) == 0, "%s", why);
	CHECK((fd = open(path, O_WRONLY | O_CREAT, 0600)) != -1);
	CHECK(write(fd, "wJalrXUtnFEMI/K7MDENG\n", 22) == 22);
	CHECK_ROW(init_try_secret(&in, why, sizeof(why)) == 0, "%s", why);
	CHECK(pwrite(fd, "x", 1, 0) == 1 && close(fd) == 0);
	CHECK(init_try_secret(&in, why, sizeof(why)) == -1 &&
	    strstr(why, "secret-key has another key") != NULL);
	CHECK(unlink(path) == 0 && symlink("nowhere", path) == 0);
	CHECK(init_try_secret(&in, why, sizeof(why)) == -1 &&
	    strstr(why, "leads nowhere") != NULL);
	CHECK(unlink(path) == 0 && rmdir(dir) == 0);
	end(&in);
}

/* A draft is complete after any number of answers. */
static void
test_a_draft_is_complete(void)
{
	struct init	in;
	size_t		k;

	begin(&in);
	for (k = INIT_KEYS; k-- > 0;) {
		init_forget(&in, (enum init_key)k);
		conf_free(load(&in, true));
	}
}

static void
test_what_a_refusal_is_blamed_on(void)
{
	static const struct { const char *why; enum init_key key; } t[] = {
		{ "bucket: store.secret-key does not match access key pail",
		    INIT_ACCESS_KEY },
		{ "bucket: there is no bucket mail", INIT_BUCKET },
		{ "bucket: the bucket is in another region: write store.region"
		    ": eu-west-1", INIT_REGION },
		{ "connection: no connection to http://127.0.0.1:9",
		    INIT_ENDPOINT },
		{ "rights: PutObject: status=403", INIT_ACCESS_KEY },
		{ "something else", INIT_BUCKET },
	};
	struct init	in;
	size_t		i;

	begin(&in);
	for (i = 0; i < nitems(t); i++)
		CHECK_ROW(init_blame(&in, t[i].why) == t[i].key, "%s",
		    t[i].why);
	init_set(&in, INIT_CREDENTIALS, "auto");
	CHECK(init_blame(&in, t[0].why) == INIT_CREDENTIALS);
	end(&in);
}

int
main(void)
{
	test_any_string_stays_what_it_is();
	test_each_answer_has_its_key();
	test_the_secret_is_not_written();
	test_no_other_secret_is_replaced();
	test_a_draft_is_complete();
	test_what_a_refusal_is_blamed_on();
	return TEST_END();
}
