/* The store object: its bytes, and what is taken for an empty bucket. */
#include "common/compat.h"

#include <sys/stat.h>

#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/slice.h"
#include "common/test.h"
#include "storaged/bucket/blob.h"
#include "storaged/bucket/storeobj.h"
#include "storaged/format/key.h"
#include "storaged/format/object.h"
#include "storaged/test/store_slice.h"

static struct event_base	*base;
static char			 dir[] = "/tmp/pail-storeobj.XXXXXX";
static enum storeobj_verdict	 verdict;
static uint8_t			 uuid[16];
static char			 reason[200];
static bool			 told;

static void
test_bytes(void)
{
	struct storeobj	 in = { { 1, 2, 3 }, KEY_DISPERSION }, out;
	struct buf	 b = BUF_INIT;
	size_t		 i, len;

	CHECK(storeobj_encode(&in, &b) == 0);
	len = b.len;
	for (in.dispersion = 0; in.dispersion <= KEY_DISPERSION;
	    in.dispersion++) {
		buf_reset(&b);
		CHECK(storeobj_encode(&in, &b) == 0);
		CHECK(storeobj_decode(b.data, b.len, &out) == 0 &&
		    memcmp(in.uuid, out.uuid, 16) == 0 &&
		    in.dispersion == out.dispersion);
		/* The usual one is written as it always was. */
		CHECK((b.len == len) == (in.dispersion == KEY_DISPERSION));
	}
	for (i = 0; i < b.len; i++)
		CHECK_ROW(storeobj_decode(b.data, i, &out) != 0, "prefix %zu",
		    i);
	for (i = 0; i < b.len; i++) {
		b.data[i] ^= 0x40;
		CHECK_ROW(storeobj_decode(b.data, b.len, &out) != 0,
		    "octet %zu", i);
		b.data[i] ^= 0x40;
	}
	buf_free(&b);
}

/* A store object of these fields: 0, or what it is read as. */
static int
made(const char *fields, size_t len)
{
	static const uint8_t	 none[16];
	struct buf		 b = BUF_INIT;
	struct storeobj		 out;
	int			 e;

	CHECK(object_seal(OBJECT_STORE, none, NULL, fields, len, &b) == 0);
	e = storeobj_decode(b.data, b.len, &out);
	CHECK(e != 0 || memcmp(out.uuid, fields + 2, 16) == 0);
	buf_free(&b);
	return e;
}

/* What a newer node may have made, and what nobody made. */
static void
test_fields(void)
{
#define UUID	"\x03\x10" "0123456789abcdef"
	static const struct { const char *p; size_t len; int e; } cases[] = {
#define C(s, e)	{ s, sizeof(s) - 1, e }
		C(UUID "\x05\x01\x01", 0),
		C(UUID "\x05\x01\x02", FORMAT_UNKNOWN),	/* key rules */
		C(UUID, FORMAT_UNKNOWN),
		C("\x05\x01\x01", FORMAT_DAMAGED),
		C("\x03\x0f" "0123456789abcde" "\x05\x01\x01",
		    FORMAT_DAMAGED),
		C(UUID "\x05\x01\x01\x07\x01\x01", 0),	/* digits */
		C(UUID "\x05\x01\x01\x07\x01\x09", 0),
		C(UUID "\x05\x01\x01\x07\x01\x00", FORMAT_DAMAGED),
		C(UUID "\x05\x01\x01\x07\x01\x0a", FORMAT_DAMAGED),
		C(UUID "\x05\x01\x01\x08\x01x", 0),
		C(UUID "\x05\x01\x01\x09\x01x", FORMAT_UNKNOWN),
		C(UUID "\x05\x01\x01\x09\x02x", FORMAT_DAMAGED),
	};
	size_t	 i;

	for (i = 0; i < nitems(cases); i++)
		CHECK_ROW(made(cases[i].p, cases[i].len) == cases[i].e,
		    "case %zu", i);
}

static void
opened(enum storeobj_verdict v, const uint8_t id[16], const char *why)
{
	strlcpy(reason, why, sizeof(reason));
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

static size_t
read_uuid(const char *name, char *dst, size_t size)
{
	FILE	*f = fopen(name, "r");
	size_t	 n;

	CHECK(f != NULL);
	n = fread(dst, 1, size, f);
	fclose(f);
	return n;
}

static void
write_uuid(const char *name, const void *p, size_t len)
{
	FILE	*f = fopen(name, "w");

	CHECK(f != NULL && fwrite(p, 1, len, f) == len);
	fclose(f);
}

/*
 * Each bit of store-uuid flipped, and each length but its own: never taken
 * for another store, never for none; then it is whole again.  A good one of
 * another store stays a refusal.
 */
static void
test_cache_damage(const uint8_t ours[16], const uint8_t other[16])
{
	char	 name[128], good[128], now[128];
	size_t	 n, i;

	snprintf(name, sizeof(name), "%s/store-uuid", dir);
	n = read_uuid(name, good, sizeof(good));
	CHECK(n == 50);
	for (i = 0; i < n * 8 + n; i++) {
		memcpy(now, good, n);
		if (i < n * 8) {
			now[i / 8] = (char)(now[i / 8] ^ (1 << (i % 8)));
			write_uuid(name, now, n);
		} else if (i - n * 8 == 16)
			continue;	/* as older versions wrote it */
		else
			write_uuid(name, now, i - n * 8);
		CHECK_ROW(storeobj_known(dir) && storeobj_cache(dir, ours),
		    "%zu", i);
		CHECK_ROW(read_uuid(name, now, sizeof(now)) == n &&
		    memcmp(now, good, n) == 0, "%zu", i);
		CHECK(!storeobj_cache(dir, other));
	}
	write_uuid(name, "", 0);
	CHECK(storeobj_known(dir) && storeobj_cache(dir, other) &&
	    !storeobj_cache(dir, ours));
	/* Older versions' form counts, and becomes ours. */
	write_uuid(name, ours, 16);
	CHECK(!storeobj_cache(dir, other) && storeobj_cache(dir, ours));
	CHECK(read_uuid(name, now, sizeof(now)) == n &&
	    memcmp(now, good, n) == 0);
}

static void
test_store(const char *path)
{
	struct slice		*conf = store_slice("store.path", path, NULL);
	struct blob_store	*s;
	char			 why[200], name[200];
	uint8_t			 first[16], other[16] = { 9 };
	FILE			*f;

	if ((s = blob_open(base, conf, why, sizeof(why))) == NULL) {
		CHECK(s != NULL);
		return;
	}
	CHECK(run(s, false) == STOREOBJ_ABSENT);
	CHECK(!storeobj_made());
	CHECK(run(s, true) == STOREOBJ_OK);	/* empty: made */
	CHECK(storeobj_made());
	memcpy(first, uuid, 16);
	CHECK(run(s, true) == STOREOBJ_OK && memcmp(first, uuid, 16) == 0);
	key_disperse(2);
	CHECK(run(s, true) == STOREOBJ_REFUSED);
	CHECK_ROW(strcmp(reason, "store.dispersion is 2, but this store was "
	    "created with 8: set \"dispersion: 8\"") == 0, "%s", reason);
	key_disperse(KEY_DISPERSION);
	CHECK(run(s, true) == STOREOBJ_OK);
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
	CHECK(!storeobj_known(dir) && !storeobj_told(dir));
	CHECK(storeobj_cache(dir, first) && storeobj_told(dir));
	CHECK(storeobj_cache(dir, first));
	CHECK(!storeobj_cache(dir, other) && storeobj_known(dir));
	test_cache_damage(first, other);
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
	test_fields();
	test_store(path);
	event_base_free(base);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
	return TEST_END();
}
