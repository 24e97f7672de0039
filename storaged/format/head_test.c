/*
 * Heads, log objects, manifests and packs: the page's examples, round
 * trips, every prefix and bit, the node table and its floor.
 */
#include "common/compat.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/test.h"
#include "storaged/format/fields.h"
#include "storaged/format/format_example.h"
#include "storaged/format/pack.h"

static const char *const objects[] = { "head", "log", "manifest" };

static int
decode(const char *name, const void *p, size_t len)
{
	struct head		 h;
	struct manifest		 m;
	struct blocklist	 l;
	int			 e;

	if (strcmp(name, "head") == 0) {
		e = head_decode(&h, EXAMPLE_USER, p, len);
		head_free(&h);
	} else if (strcmp(name, "manifest") == 0) {
		e = manifest_decode(&m, p, len, example_history, NULL);
		manifest_free(&m);
	} else {
		TAILQ_INIT(&l);
		e = logobj_decode(p, len, example_history, NULL, &l);
		blocklist_free(&l);
	}
	return e;
}

static void
test_examples(void)
{
	struct buf	 mine = BUF_INIT, page = BUF_INIT;
	uint8_t		*copy;
	size_t		 i, n;

	for (i = 0; i < nitems(objects); i++) {
		buf_reset(&mine);
		buf_reset(&page);
		CHECK(example_object(objects[i], &mine) == 0);
		CHECK_ROW(example_read(objects[i], &page) == 0,
		    "%s: not in the page", objects[i]);
		CHECK_ROW(mine.len == page.len && memcmp(mine.data,
		    page.data, mine.len) == 0, "%s: the page differs",
		    objects[i]);
		CHECK_ROW(decode(objects[i], mine.data, mine.len) == 0, "%s",
		    objects[i]);
		for (n = 0; n < mine.len; n++) {
			copy = malloc(n + 1);
			memcpy(copy, mine.data, n);
			CHECK_ROW(decode(objects[i], copy, n) < 0,
			    "%s: %zu bytes", objects[i], n);
			free(copy);
		}
		for (n = 0; n < mine.len * 8; n++) {
			mine.data[n / 8] ^= (uint8_t)(1 << n % 8);
			CHECK_ROW(decode(objects[i], mine.data, mine.len) < 0,
			    "%s: bit %zu", objects[i], n);
			mine.data[n / 8] ^= (uint8_t)(1 << n % 8);
		}
	}
	buf_free(&mine);
	buf_free(&page);
}

/* The checksum made right again: the decoders see every damaged byte. */
static void
test_inside(void)
{
	struct buf	 b = BUF_INIT, whole = BUF_INIT, store = BUF_INIT;
	struct object_header	 f;
	const uint8_t	*body;
	uint8_t		*copy;
	size_t		 i, n, len;

	for (i = 0; i < nitems(objects); i++) {
		buf_reset(&b);
		example_object(objects[i], &b);
		CHECK(object_open(&f, (enum object_kind)b.data[4], b.data,
		    b.len, 1 << 20, &store, &body, &len) == 0);
		copy = malloc(len);
		memcpy(copy, body, len);
		for (n = 0; n < len * 8; n++) {
			copy[n / 8] ^= (uint8_t)(1 << n % 8);
			buf_reset(&whole);
			object_seal(f.kind, f.history, NULL, copy, len,
			    &whole);
			decode(objects[i], whole.data, whole.len);
			copy[n / 8] ^= (uint8_t)(1 << n % 8);
		}
		for (n = 0; n < len; n++) {
			buf_reset(&whole);
			object_seal(f.kind, f.history, NULL, copy, n, &whole);
			CHECK_ROW(decode(objects[i], whole.data,
			    whole.len) < 0, "%s: %zu of the body",
			    objects[i], n);
		}
		free(copy);
	}
	buf_free(&b);
	buf_free(&whole);
	buf_free(&store);
}

static void
test_head(void)
{
	struct head	 h, found, bare;
	struct buf	 b = BUF_INIT, again = BUF_INIT;
	struct block	*k;

	CHECK(example_head(&h) == 0);
	tlv_put(&h.unknown, 500, false, "later", 5);
	CHECK(head_encode(&h, NULL, &b) == 0);
	CHECK(head_decode(&found, EXAMPLE_USER, b.data, b.len) == 0);
	CHECK(found.commit == 8 && found.records == 13 &&
	    found.nnodes == 2 && found.floor == 3 && found.logs.n == 1 &&
	    found.garbage.n == 1 && found.has_manifest);
	CHECK(head_encode(&found, NULL, &again) == 0);
	CHECK(again.len == b.len && memcmp(again.data, b.data, b.len) == 0);
	/* The same with another's blocks, which come first. */
	CHECK(head_copy(&bare, &found) == 0 && TAILQ_EMPTY(&bare.blocks));
	buf_reset(&again);
	CHECK(head_encode(&bare, TAILQ_FIRST(&found.blocks), &again) == 0);
	CHECK(again.len == b.len && memcmp(again.data, b.data, b.len) == 0);
	k = TAILQ_LAST(&found.blocks, blocklist);
	TAILQ_REMOVE(&found.blocks, k, entry);
	TAILQ_INSERT_TAIL(&bare.blocks, k, entry);
	buf_reset(&again);
	CHECK(head_encode(&bare, TAILQ_FIRST(&found.blocks), &again) == 0);
	CHECK(again.len == b.len && memcmp(again.data, b.data, b.len) == 0);
	TAILQ_REMOVE(&bare.blocks, k, entry);
	TAILQ_INSERT_TAIL(&found.blocks, k, entry);
	head_move(&bare, &found);
	CHECK(TAILQ_EMPTY(&found.blocks) && found.nnodes == 0);
	head_move(&found, &bare);
	k = TAILQ_FIRST(&found.blocks);
	CHECK(k != NULL && k->messages_len == 15 &&
	    memcmp(k->messages, "(message bytes)", 15) == 0);
	/* Its last block must be the head's commit. */
	found.commit = 9;
	buf_reset(&again);
	head_encode(&found, NULL, &again);
	head_free(&h);
	CHECK(head_decode(&h, NULL, again.data, again.len) == FORMAT_DAMAGED);
	head_free(&h);
	/* The greatest UIDVALIDITY there can be. */
	found.commit = 8;
	found.uidvalidity = UINT32_MAX;
	buf_reset(&again);
	head_encode(&found, NULL, &again);
	CHECK(head_decode(&h, NULL, again.data, again.len) == 0 &&
	    h.uidvalidity == UINT32_MAX);
	head_free(&h);
	/* Something critical and new. */
	tlv_put(&found.unknown, 501, true, "later", 5);
	buf_reset(&again);
	head_encode(&found, NULL, &again);
	CHECK(head_decode(&h, NULL, again.data, again.len) == FORMAT_UNKNOWN);
	head_free(&h);
	head_free(&found);
	buf_free(&b);
	buf_free(&again);
}

/* A head is its user's, and nobody else's. */
static void
test_user(void)
{
	static const struct {
		const char	*written, *read;
		int		 e;
	} rows[] = {
		{ "ann", "ann", 0 },
		{ "ann", NULL, 0 },
		{ "ann", "bob", HEAD_FOREIGN },
		{ "ann", "an", HEAD_FOREIGN },
		{ "ann", "ann%20", HEAD_FOREIGN },
		{ "%C3%A4@example.org", "%C3%A4@example.org", 0 },
		{ "an/n", "an/n", FORMAT_DAMAGED },
		{ "an n", NULL, FORMAT_DAMAGED },
		{ ".ann", ".ann", FORMAT_DAMAGED },
		{ "\xc3\xa4", NULL, FORMAT_DAMAGED },
	};
	struct head	 h, found;
	struct buf	 b = BUF_INIT;
	size_t		 i;
	int		 e;

	CHECK(example_head(&h) == 0);
	for (i = 0; i < nitems(rows); i++) {
		strlcpy(h.user, rows[i].written, sizeof(h.user));
		buf_reset(&b);
		CHECK(head_encode(&h, NULL, &b) == 0);
		e = head_decode(&found, rows[i].read, b.data, b.len);
		CHECK_ROW(e == rows[i].e && (e != 0 ||
		    strcmp(found.user, rows[i].written) == 0),
		    "%s for %s: %d", rows[i].written, rows[i].read == NULL ?
		    "anyone" : rows[i].read, e);
		head_free(&found);
	}
	/* The longest that there is; and a head of nobody is never made. */
	memset(h.user, 'x', USER_ID_MAX);
	buf_reset(&b);
	CHECK(head_encode(&h, NULL, &b) == 0 && head_decode(&found, h.user,
	    b.data, b.len) == 0);
	head_free(&found);
	h.user[0] = '\0';
	CHECK(head_encode(&h, NULL, &b) == -1);
	CHECK(strstr(head_why(HEAD_FOREIGN), "another user") != NULL);
	head_free(&h);
	buf_free(&b);
}

/* Each known field but the manifest has to be there, and that (13) as long as
 * it is. */
static void
test_missing(void)
{
	struct buf	 b = BUF_INIT, fields = BUF_INIT, body = BUF_INIT;
	struct head	 h;
	struct cursor	 c;
	struct tlv	 t;
	const uint8_t	*start;
	uint32_t	 flen, drop;
	int		 e;

	for (drop = 0; drop <= 13; drop++) {
		buf_reset(&b);
		buf_reset(&fields);
		buf_reset(&body);
		CHECK(example_object("head", &b) == 0);
		cursor_init(&c, b.data + OBJECT_HEADER, 4);
		flen = cursor_u32(&c);
		cursor_init(&c, b.data + OBJECT_HEADER + 4, flen);
		memset(&t, 0, sizeof(t));
		for (start = c.p; tlv_next(&c, &t) == 1; start = c.p)
			if (drop == 13 && t.number == 9) {
				cursor_bytes(&t.value, 47);
				tlv_put(&fields, 9, true, t.value.p - 47, 49);
			} else if (t.number != drop)
				buf_put(&fields, start,
				    (size_t)(c.p - start));
		CHECK(t.number == 12);
		buf_put_u32(&body, (uint32_t)fields.len);
		buf_put(&body, fields.data, fields.len);
		buf_put(&body, c.p, b.len - OBJECT_HEADER - 4 - flen);
		buf_reset(&b);
		CHECK(object_seal(OBJECT_HEAD, example_history, NULL, body.data,
		    body.len, &b) == 0);
		e = head_decode(&h, EXAMPLE_USER, b.data, b.len);
		CHECK_ROW(e == (drop == 0 || drop == 9 ? 0 : FORMAT_DAMAGED),
		    "without field %u: %d", drop, e);
		head_free(&h);
	}
	buf_free(&b);
	buf_free(&fields);
	buf_free(&body);
}

static void
test_nodes(void)
{
	struct head_prune	 how = { 3, 100 };
	struct head		 h;
	uint8_t			 id[16] = { 0 }, nonce[16] = { 9 };
	unsigned		 i;

	head_init(&h);
	for (i = 1; i <= 4; i++) {
		id[0] = (uint8_t)i;
		head_enter(&h, id, nonce, i, i, &how);
	}
	CHECK(h.nnodes == 4 && h.floor == 0);	/* none is silent for long */
	id[0] = 1;
	head_enter(&h, id, nonce, 50, 150, &how);
	CHECK(h.nnodes == 3 && h.floor == 2);	/* node 2 went: the oldest */
	id[0] = 2;
	CHECK(head_find(&h, id) == NULL);
	id[0] = 1;
	CHECK(head_find(&h, id) != NULL && head_find(&h, id)->commit == 50);
	/* A full table loses its oldest, whatever its age. */
	how.silent = 100000;
	for (i = 0; i < 2 * HEAD_NODES_MAX; i++) {
		id[1] = (uint8_t)(i >> 8);
		id[2] = (uint8_t)i;
		id[3] = 1;
		head_enter(&h, id, nonce, 100 + i, 200 + (int)i, &how);
	}
	CHECK(h.nnodes == HEAD_NODES_MAX);
	CHECK(h.floor == 100 + 2 * HEAD_NODES_MAX - HEAD_NODES_MAX - 1);
	head_free(&h);
}

/* In any order as one by one. */
static void
check_find_on(const struct buf *b)
{
	static const uint64_t	order[] = { 7, 8, 8, 7, 7, 6, 8, 9, 7, 8, 0,
				    UINT64_MAX, 8 };
	struct logobj_mark	m = { 0 };
	uint64_t		off, len, off1, len1;
	size_t			i;
	int			r;

	for (i = 0; i < nitems(order); i++) {
		off = len = off1 = len1 = 0;
		r = logobj_find(b->data, b->len, order[i], &off1, &len1);
		CHECK_ROW(logobj_find_on(b->data, b->len, order[i], &m, &off,
		    &len) == r && (r != 0 || (off == off1 && len == len1)),
		    "%zu", i);
		CHECK((r == 0) == (order[i] == 7 || order[i] == 8));
	}
}

static void
test_logobj(void)
{
	struct blocklist	 l, found;
	struct logref		 ref = { .id = { 1 } };
	struct buf		 b = BUF_INIT;
	uint64_t		 off, len, first;

	CHECK(example_blocks(&l) == 0);
	CHECK(logobj_encode(example_history, TAILQ_FIRST(&l),
	    TAILQ_LAST(&l, blocklist), &ref, &b) == 0);
	CHECK(ref.first == 7 && ref.last == 8 && ref.first_record == 12 &&
	    ref.records == 2 && ref.size == b.len);
	TAILQ_INIT(&found);
	CHECK(logobj_decode(b.data, b.len, example_history, &ref,
	    &found) == 0);
	CHECK(TAILQ_FIRST(&found)->number == 7);
	blocklist_free(&found);
	CHECK(logobj_find(b.data, b.len, 7, &off, &len) == 0);
	CHECK(len == 15 && memcmp(b.data + off, "(message bytes)", 15) == 0);
	first = off;
	CHECK(logobj_find(b.data, b.len, 8, &off, &len) == 0 && len == 0);
	CHECK(off >= first + 15 && off <= b.len);
	CHECK(logobj_find(b.data, b.len, 6, &off, &len) == FORMAT_DAMAGED);
	CHECK(logobj_find(b.data, b.len, 9, &off, &len) == FORMAT_DAMAGED);
	check_find_on(&b);
	ref.sha256[3] ^= 1;
	CHECK(logobj_decode(b.data, b.len, example_history, &ref,
	    &found) == FORMAT_DAMAGED);
	blocklist_free(&l);
	buf_free(&b);
}

static void
test_manifest(void)
{
	static const struct codec_choice zstd = { CODEC_ZSTD, 3 };
	struct manifest	 m, found;
	struct buf	 b = BUF_INIT;
	uint8_t		 other[16] = { 0 };
	unsigned	 i;

	CHECK(example_manifest(&m) == 0);
	for (i = 0; i < 1000; i++)
		garbage_add(&m.garbage,
		    "msg/a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", i);
	CHECK(manifest_encode(&m, example_history, &zstd, &b) == 0);
	CHECK(b.len < 20000);
	CHECK(manifest_decode(&found, b.data, b.len, example_history,
	    NULL) == 0);
	CHECK(found.garbage.n == 1001 && found.logs.n == 1 &&
	    found.commit == 3);
	CHECK(loglist_find(&found.logs, 2) == &found.logs.v[0] &&
	    loglist_find(&found.logs, 4) == NULL);
	manifest_free(&found);
	CHECK(manifest_decode(&found, b.data, b.len, other, NULL) ==
	    FORMAT_DAMAGED);
	manifest_free(&found);
	manifest_free(&m);
	buf_free(&b);
}

/* Garbage names nothing but a user's own immutable objects. */
static void
test_garbage_names(void)
{
	static const struct { const char *name; int ok; } rows[] = {
		{ "pack/a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", 1 },
		{ "pack/a0a1a2a3a4a5a6a7a8a9aaabacadaeaF", 0 },
		{ "pack/../../x0a1a2a3a4a5a6a7a8a9aaabacad", 0 },
		{ "headheadheadheadheadheadheadheadhead", 0 },
	};
	struct garbagelist	 g = { 0 };
	struct buf		 b = BUF_INIT;
	struct cursor		 c;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		buf_reset(&b);
		buf_put_bytes(&b, rows[i].name, strlen(rows[i].name));
		buf_put_varint(&b, 0);
		cursor_init(&c, b.data, b.len);
		CHECK_ROW((garbage_own.get(&g, &c) == 0) == rows[i].ok, "%s",
		    rows[i].name);
		garbage_free(&g);
	}
	buf_free(&b);
}

static void
test_pack(void)
{
	struct buf	 b = BUF_INIT, store = BUF_INIT;
	struct object_header	 f;
	const uint8_t	*body;
	size_t		 len;

	CHECK(pack_encode(example_history, "onetwo", 6, &b) == 0);
	CHECK(b.len == PACK_FIRST + 6 &&
	    memcmp(b.data + PACK_FIRST, "onetwo", 6) == 0);
	CHECK(object_open(&f, OBJECT_PACK, b.data, b.len, 6, &store, &body,
	    &len) == 0 && len == 6);
	CHECK(object_open(&f, OBJECT_PACK, b.data, b.len, 5, &store, &body,
	    &len) == FORMAT_DAMAGED);
	CHECK(object_open(&f, OBJECT_LOG, b.data, b.len, 6, &store, &body,
	    &len) == FORMAT_DAMAGED);
	b.data[5] = 2;		/* a format level to come */
	CHECK(object_open(&f, OBJECT_PACK, b.data, b.len, 6, &store, &body,
	    &len) == FORMAT_UNKNOWN);
	b.data[5] = 1;
	b.data[24] = 1;		/* encrypted */
	CHECK(object_open(&f, OBJECT_PACK, b.data, b.len, 6, &store, &body,
	    &len) == FORMAT_UNKNOWN);
	buf_free(&b);
	buf_free(&store);
}

#ifndef __SANITIZE_ADDRESS__
/* 0: with no memory left, an object that must be expanded says so. */
static int
expand_without(const struct buf *object)
{
	static const struct rlimit	 none = { 1 << 20, 1 << 20 };
	struct object_header	 h;
	struct buf		 store = BUF_INIT;
	const uint8_t		*body;
	size_t			 len;

	return setrlimit(RLIMIT_AS, &none) == -1 || object_open(&h,
	    OBJECT_LOG, object->data, object->len, 64 << 20, &store, &body,
	    &len) != FORMAT_NO_MEMORY;
}

static void
test_no_memory(void)
{
	static const struct codec_choice	 zstd = { CODEC_ZSTD, 3 };
	static const uint8_t	 history[16];
	struct buf		 b = BUF_INIT, store = BUF_INIT;
	uint8_t			*zeros = calloc(1, 64 << 20);
	struct object_header	 h;
	const uint8_t		*body;
	size_t			 len;
	int			 status = -1;
	pid_t			 pid;

	CHECK(zeros != NULL && object_seal(OBJECT_LOG, history, &zstd, zeros,
	    64 << 20, &b) == 0);
	free(zeros);
	if ((pid = fork()) == 0)
		_exit(expand_without(&b));
	CHECK(pid != -1 && waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(object_open(&h, OBJECT_LOG, b.data, b.len, 64 << 20, &store,
	    &body, &len) == 0 && len == 64 << 20);
	buf_free(&b);
	buf_free(&store);
}
#endif

int
main(void)
{
	test_examples();
	test_inside();
	test_head();
	test_user();
	test_missing();
	test_nodes();
	test_logobj();
	test_manifest();
	test_garbage_names();
	test_pack();
#ifndef __SANITIZE_ADDRESS__
	test_no_memory();
#endif
	return TEST_END();
}
