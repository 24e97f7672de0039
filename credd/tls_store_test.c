/* Which certificates are in use as their files change; with a clock of the
 * test's own. */
#include "common/compat.h"

#include <stdio.h>
#include <time.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "common/test/capture.h"
#include "common/test/slice_make.h"
#include "common/test/tls_fake.h"
#include "credd/test/files_fake.h"
#include "credd/tls_store.h"

#define DAY	86400

static struct event_base *base;
static struct tls_store	 *store;
static int64_t		  clock_ahead;
static unsigned		  sets;

/* Two places for files, as certificate 0 and 1 of the configuration. */
static char	cert[2][TLS_FAKE_PEM], key[2][TLS_FAKE_PEM];

static int64_t
fake_now(void)
{
	return (int64_t)time(NULL) + clock_ahead;
}

static void
changed(void *arg)
{
	(void)arg;
	sets++;
}

static void
pump(void)
{
	int	i;

	for (i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
mark(const char *text)
{
	files_fake_set("mark:tls", text, strlen(text));
}

static void
put(int i, const char *name, long from, long until)
{
	struct tls_fake	want = { "P-256", name, NULL, from, until };
	char		what[64];

	tls_fake_make(&want, cert[i], key[i]);
	snprintf(what, sizeof(what), "key:tls.%d.certificate", i);
	files_fake_set(what, cert[i], strlen(cert[i]));
	snprintf(what, sizeof(what), "key:tls.%d.private-key", i);
	files_fake_set(what, key[i], strlen(key[i]));
}

static void
look(void)
{
	tls_store_look(store);
	pump();
}

/* The files are others now, and stay so. */
static void
settle(const char *text)
{
	mark(text);
	look();
	look();
}

static bool
shows(size_t i, const char *name)
{
	char *const	*names;
	size_t		 n;

	if (i >= tls_store_count(store))
		return false;
	(void)tls_store_at(store, i, &names, &n);
	return n == 1 && strcmp(names[0], name) == 0;
}

static void
configure(const char *const conf[][2])
{
	struct slice	*s = slice_make(conf, NULL);

	tls_store_configure(store, s);
	slice_free(s);
	pump();
}

static const char *const one[][2] = {
	{ "tls.0.certificate", "/a" }, { "tls.0.private-key", "/ak" },
	{ "tls.0.ocsp-response", "" }, { NULL, NULL }
};

/* What is for another credd. */
static const char *const hidden[][2] = {
	{ "tls.0.certificate", "" }, { "tls.0.private-key", "" },
	{ "tls.0.ocsp-response", "" }, { NULL, NULL }
};

static void
test_first(void)
{
	put(0, "first", -DAY, 90 * DAY);
	mark("1");
	CHECK(!tls_store_ready(store) && tls_store_count(store) == 0);
	configure(one);
	CHECK(tls_store_ready(store) && sets == 1 && shows(0, "first"));
	CHECK(tls_store_expires(store) > 89 * DAY &&
	    tls_store_expires(store) <= 90 * DAY);
	look();
	look();
	CHECK(sets == 1);
	/* a reload that changes nothing */
	configure(one);
	CHECK(sets == 2 && shows(0, "first"));
}

/* Not while they are being written; the old key serves who has begun. */
static void
test_renewed(void)
{
	char *const	*names;
	size_t		 n;
	uint8_t		 id[SIGN_ID_LEN];
	unsigned	 was = sets;

	memcpy(id, tls_store_at(store, 0, &names, &n)->id, sizeof(id));
	put(0, "second", -DAY, 90 * DAY);
	mark("2");
	look();
	CHECK(sets == was && shows(0, "first"));
	mark("3");
	look();
	CHECK(sets == was && shows(0, "first"));
	look();
	CHECK(sets == was + 1 && shows(0, "second"));
	CHECK(tls_store_find(store, id) != NULL);
	clock_ahead += TLS_STORE_OLD - 10;
	look();
	CHECK(tls_store_find(store, id) != NULL);
	clock_ahead += 20;
	look();
	CHECK(tls_store_find(store, id) == NULL);
	CHECK(tls_store_find(store, tls_store_at(store, 0, &names,
	    &n)->id) != NULL);
}

/* What is broken or worse changes nothing, and is said. */
static void
test_kept(void)
{
	static char	both[2 * TLS_FAKE_PEM];
	const char	*said;
	unsigned	 was = sets;

	put(0, "third", -DAY, -60);
	capture();
	settle("4");
	said = captured();
	CHECK(strstr(said, "result=kept why=\"it has expired") != NULL);
	put(0, "third", 7200, DAY);
	capture();
	settle("5");
	CHECK(strstr(captured(), "result=kept why=\"it has expired, or is not "
	    "valid yet\"") != NULL);
	put(1, "other", -DAY, DAY);
	files_fake_set("key:tls.0.private-key", key[1], strlen(key[1]));
	capture();
	settle("6");
	CHECK(strstr(captured(), "why=\"the private key does not match") !=
	    NULL);
	files_fake_set("key:tls.0.certificate", NULL, 0);
	capture();
	settle("7");
	CHECK(strstr(captured(), "result=kept why=\"no such file\"") != NULL);
	put(0, "third", -DAY, 90 * DAY);
	snprintf(both, sizeof(both), "%s%s", cert[0], cert[1]);
	files_fake_set("key:tls.0.certificate", both, strlen(both));
	capture();
	settle("8");
	CHECK(strstr(captured(), "did not issue the one before it") != NULL);
	CHECK(sets == was && shows(0, "second"));
	put(0, "third", -DAY, 10 * DAY);
	capture();
	settle("9");
	said = captured();
	/* 14 days before it expires */
	CHECK(strstr(said, "result=new") != NULL &&
	    strstr(said, "warn: tls certificate=\"/a\" expires=") != NULL);
	CHECK(sets == was + 1 && shows(0, "third"));
	capture();
	look();
	CHECK(strstr(captured(), "warn") == NULL);
	clock_ahead += DAY;
	capture();
	look();
	CHECK(strstr(captured(), "warn: tls certificate=\"/a\"") != NULL);
	/* It expires: what is no better may take its place. */
	clock_ahead += 10 * DAY;
	CHECK(tls_store_expires(store) == 0);
	put(0, "fourth", -DAY, 60);
	settle("10");
	CHECK(shows(0, "fourth"));
	clock_ahead = 0;
}

static void
test_list(void)
{
	static const char *const two[][2] = {
		{ "tls.0.certificate", "/b" }, { "tls.0.private-key", "/bk" },
		{ "tls.0.ocsp-response", "" },
		{ "tls.0.names.0", "Mail.Example.ORG" },
		{ "tls.1.certificate", "/a" }, { "tls.1.private-key", "/ak" },
		{ "tls.1.ocsp-response", "" }, { NULL, NULL }
	};
	static const char *const none[][2] = { { NULL, NULL } };
	unsigned	was = sets;

	/* The second is the one that was there; its files are broken now. */
	put(0, "b", -DAY, 90 * DAY);
	files_fake_set("key:tls.1.certificate", "x", 1);
	configure(two);
	CHECK(sets == was + 1 && tls_store_count(store) == 2);
	CHECK(shows(0, "mail.example.org") && shows(1, "fourth"));
	/* One that was never there is left out. */
	files_fake_set("key:tls.0.certificate", "x", 1);
	configure(none);
	CHECK(sets == was + 2 && tls_store_count(store) == 0 &&
	    tls_store_expires(store) == 0);
	capture();
	configure(two);
	CHECK(strstr(captured(), "result=no why=") != NULL);
	CHECK(sets == was + 3 && tls_store_count(store) == 0 &&
	    tls_store_ready(store));
	put(0, "b", -DAY, 90 * DAY);
	settle("11");
	CHECK(tls_store_count(store) == 1 && shows(0, "mail.example.org"));
	was = sets;
	configure(hidden);
	CHECK(sets == was + 1 && tls_store_count(store) == 0);
}

/* Of several credds with the same files one tells of them; that a certificate
 * is missing, each of them. */
static void
test_hushed(void)
{
	tls_store_hush(store);
	capture();
	put(0, "hushed", -DAY, DAY);
	configure(one);
	CHECK(shows(0, "hushed"));
	files_fake_set("key:tls.0.certificate", "x", 1);
	settle("12");
	CHECK(shows(0, "hushed"));
	CHECK_ROW(*captured() == '\0', "%s", captured());
	configure(hidden);
	capture();
	configure(one);
	CHECK(tls_store_count(store) == 0 &&
	    strstr(captured(), "result=no why=") != NULL);
}

int
main(void)
{
	struct files	*files;

	log_init("test");
	base = event_base_new();
	files = files_fake_new(base);
	store = tls_store_new(base, files, fake_now, changed, NULL);
	test_first();
	test_renewed();
	test_kept();
	test_list();
	test_hushed();
	tls_store_free(store);
	files_free(files);
	event_base_free(base);
	return TEST_END();
}
