/* The store object: its bytes, and what is taken for an empty bucket. */
#include "common/compat.h"

#include <sys/stat.h>

#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/msg_setup.h"
#include "common/slice.h"
#include "common/test.h"
#include "storaged/blob.h"
#include "storaged/storeobj.h"

static struct event_base	*base;
static char			 dir[] = "/tmp/pail-storeobj.XXXXXX";
static enum storeobj_verdict	 verdict;
static uint8_t			 uuid[16];
static bool			 told;

static void
test_bytes(void)
{
	uint8_t		 in[16] = { 1, 2, 3 }, out[16];
	struct buf	 b = BUF_INIT;
	size_t		 i;

	CHECK(storeobj_encode(in, &b) == 0);
	CHECK(storeobj_decode(b.data, b.len, out) == 0 &&
	    memcmp(in, out, 16) == 0);
	for (i = 0; i < b.len; i++)
		CHECK_ROW(storeobj_decode(b.data, i, out) != 0, "prefix %zu",
		    i);
	for (i = 0; i < b.len; i++) {
		b.data[i] ^= 0x40;
		CHECK_ROW(storeobj_decode(b.data, b.len, out) != 0,
		    "octet %zu", i);
		b.data[i] ^= 0x40;
	}
	buf_free(&b);
}

static void
opened(enum storeobj_verdict v, const uint8_t id[16], const char *why)
{
	(void)why;
	verdict = v;
	memcpy(uuid, id, 16);
	told = true;
	event_base_loopbreak(base);
}

static enum storeobj_verdict
run(struct blob_store *s, bool make)
{
	told = false;
	storeobj_open(s, make, opened);
	while (!told)
		event_base_loop(base, EVLOOP_ONCE);
	return verdict;
}

static void
test_store(const char *path)
{
	struct setup_pair	 v[] = {
		{ STR("store.type"), STR("file") },
		{ STR("store.path"), str_from(path) },
	};
	struct setup_conf	 sc = { { v, nitems(v) } };
	struct buf		 b = BUF_INIT;
	struct slice		*conf;
	struct blob_store	*s;
	char			 why[200], name[200];
	uint8_t			 first[16], other[16] = { 9 };
	FILE			*f;

	wire_encode(&setup_conf_wire, &sc, &b);
	conf = slice_new(b.data, b.len);
	buf_free(&b);
	if ((s = blob_open(base, conf, why, sizeof(why))) == NULL) {
		CHECK(s != NULL);
		return;
	}
	CHECK(run(s, false) == STOREOBJ_ABSENT);
	CHECK(run(s, true) == STOREOBJ_OK);	/* empty: made */
	memcpy(first, uuid, 16);
	CHECK(run(s, true) == STOREOBJ_OK && memcmp(first, uuid, 16) == 0);
	snprintf(name, sizeof(name), "%s/pail", path);
	CHECK((f = fopen(name, "w")) != NULL);
	fputs("not a store", f);
	fclose(f);
	CHECK(run(s, true) == STOREOBJ_REFUSED);
	unlink(name);
	snprintf(name, sizeof(name), "%s/0123abcd", path);
	mkdir(name, 0700);
	strlcat(name, "/head", sizeof(name));
	CHECK((f = fopen(name, "w")) != NULL);
	fclose(f);
	/* a head, but no object */
	CHECK(run(s, true) == STOREOBJ_REFUSED);
	CHECK(!storeobj_known(dir));
	CHECK(storeobj_cache(dir, first) && storeobj_cache(dir, first));
	CHECK(!storeobj_cache(dir, other) && storeobj_known(dir));
	blob_close(s);
	slice_free(conf);
}

int
main(void)
{
	char	 path[128], cmd[128];

	log_init("storeobj_test");
	if (mkdtemp(dir) == NULL)
		return 1;
	base = event_base_new();
	snprintf(path, sizeof(path), "%s/store", dir);
	test_bytes();
	test_store(path);
	event_base_free(base);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
	return TEST_END();
}
