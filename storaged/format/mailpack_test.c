/* Groups of messages as bytes: round trips at the edges of each width, and
 * what is cut, longer, out of bounds or bent. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/msg_mbox.h"
#include "common/test.h"
#include "storaged/format/mailpack.h"

static struct mailgroup	 in, out;

/* n ordinary messages: UIDs from uid on, a gap after every gap-th. */
static void
fill(unsigned n, int64_t uid, unsigned gap)
{
	unsigned	 i;

	in.n = n;
	for (i = 0; i < n; i++) {
		in.v[MAIL_UID][i] = uid++;
		if (gap != 0 && i % gap == gap - 1)
			uid += 3;
		in.v[MAIL_FLAGS][i] = i % 3 == 0 ? MBOX_SEEN : 0;
		in.v[MAIL_KW][i] = i % 7;
		in.v[MAIL_MODSEQ][i] = 100000 + i;
		in.v[MAIL_SIZE][i] = 4000 + i * 13 % 1000;
		in.v[MAIL_DATE][i] = 1700000000 + i * 60;
		in.v[MAIL_ZONE][i] = i % 2 == 0 ? 60 : -420;
		in.v[MAIL_SAVEDATE][i] = 1700000001;
		in.v[MAIL_M][i] = 100000 + i;
	}
}

static bool
same(unsigned from, unsigned to)
{
	unsigned	 col;

	for (col = from; col < to; col++)
		if (memcmp(in.v[col], out.v[col],
		    in.n * sizeof(in.v[0][0])) != 0)
			return false;
	return out.n == in.n;
}

/* There and back; the sizes of both parts. */
static void
round_trip(size_t *state, size_t *facts)
{
	struct buf	 s = BUF_INIT, f = BUF_INIT;

	memset(&out, 0xa5, sizeof(out));
	CHECK(mailpack_encode(&in, MAIL_STATE, &s) == 0);
	CHECK(mailpack_encode(&in, MAIL_FACTS, &f) == 0);
	CHECK(mailpack_decode(&out, MAIL_STATE, s.data, s.len) == 0);
	CHECK(mailpack_decode(&out, MAIL_FACTS, f.data, f.len) == 0);
	CHECK(same(0, MAIL_COLS));
	*state = s.len;
	*facts = f.len;
	buf_free(&s);
	buf_free(&f);
}

static void
test_round_trips(void)
{
	static const struct { enum mail_col col; int64_t a, b; } edges[] = {
		{ MAIL_UID, 1, UINT32_MAX - 1 },
		{ MAIL_UID, 1, 255 }, { MAIL_UID, 1, 257 },
		{ MAIL_UID, 1, 65537 }, { MAIL_UID, 1, 65538 },
		{ MAIL_FLAGS, 0, MBOX_FLAGS_ALL },
		{ MAIL_KW, INT64_MAX, 0 },
		{ MAIL_KW, 0, 255 }, { MAIL_KW, 0, 256 },
		{ MAIL_KW, 0, 65535 }, { MAIL_KW, 65536, 0 },
		{ MAIL_KW, 0, UINT32_MAX }, { MAIL_KW, (int64_t)1 << 32, 0 },
		{ MAIL_MODSEQ, INT64_MAX, 1 },
		{ MAIL_SIZE, UINT32_MAX, 0 },
		{ MAIL_DATE, INT64_MIN, INT64_MAX },
		{ MAIL_DATE, -1, INT64_MIN },
		{ MAIL_ZONE, INT16_MIN, INT16_MAX },
		{ MAIL_SAVEDATE, INT64_MAX, INT64_MIN },
		{ MAIL_M, 0, INT64_MAX }, { MAIL_M, INT64_MAX, 0 },
		{ MAIL_M, 7, 7 },
	};
	size_t	 i, s, f;

	for (i = 0; i < nitems(edges); i++) {
		fill(2, 5, 0);
		in.v[edges[i].col][0] = edges[i].a;
		in.v[edges[i].col][1] = edges[i].b;
		round_trip(&s, &f);
	}
	for (i = 1; i <= MAIL_ROWS; i++) {
		fill((unsigned)i, (int64_t)(i * i), i % 5);
		round_trip(&s, &f);
	}
	/* A new mailbox's: a byte for flags, one for kw, one for modseq. */
	fill(MAIL_ROWS, 1, 0);
	round_trip(&s, &f);
	CHECK(s < MAIL_ROWS * 3 + 32 && f < MAIL_ROWS * 6 + 64);
	for (i = 0; i < MAIL_ROWS; i++) {
		in.v[MAIL_FLAGS][i] = MBOX_FLAGGED;
		in.v[MAIL_KW][i] = 0;
		in.v[MAIL_MODSEQ][i] = 7;
	}
	round_trip(&s, &f);
	CHECK(s < 32);
	in.n = 0;
	CHECK(mailpack_encode(&in, MAIL_STATE, &(struct buf){ 0 }) == -1);
	in.n = MAIL_ROWS + 1;
	CHECK(mailpack_encode(&in, MAIL_STATE, &(struct buf){ 0 }) == -1);
}

/* What is decoded at all is within its bounds. */
static bool
sound(enum mail_part part)
{
	unsigned	 i;

	if (out.n == 0 || out.n > MAIL_ROWS)
		return false;
	for (i = 0; i < out.n; i++) {
		if (part == MAIL_STATE && (out.v[MAIL_UID][i] < 1 ||
		    out.v[MAIL_UID][i] >= UINT32_MAX ||
		    (i > 0 && out.v[MAIL_UID][i] <= out.v[MAIL_UID][i - 1]) ||
		    out.v[MAIL_FLAGS][i] < 0 ||
		    out.v[MAIL_FLAGS][i] > MBOX_FLAGS_ALL ||
		    out.v[MAIL_KW][i] < 0 || out.v[MAIL_MODSEQ][i] < 0))
			return false;
		if (part == MAIL_FACTS && (out.v[MAIL_SIZE][i] < 0 ||
		    out.v[MAIL_SIZE][i] > UINT32_MAX ||
		    out.v[MAIL_ZONE][i] < INT16_MIN ||
		    out.v[MAIL_ZONE][i] > INT16_MAX ||
		    out.v[MAIL_M][i] < 0))
			return false;
	}
	return true;
}

/* The bytes in memory of their own, for the sanitizer to guard. */
static int
decode(enum mail_part part, const uint8_t *p, size_t len)
{
	uint8_t	*copy = malloc(len != 0 ? len : 1);
	int	 rv;

	if (copy == NULL)
		return -1;
	memcpy(copy, p, len);
	out.n = in.n;
	rv = mailpack_decode(&out, part, copy, len);
	free(copy);
	return rv;
}

static void
test_damage(enum mail_part part, unsigned n)
{
	struct buf	 b = BUF_INIT;
	size_t		 i, accepted = 0;
	unsigned	 bit;

	fill(n, 77, 4);
	in.v[MAIL_KW][0] = (int64_t)1 << 40;
	in.v[MAIL_DATE][0] = 5;
	CHECK(mailpack_encode(&in, part, &b) == 0);
	CHECK(decode(part, b.data, b.len) == 0 && sound(part));
	for (i = 0; i < b.len; i++)
		if (decode(part, b.data, i) == 0)
			accepted++;
	CHECK(accepted == 0);
	for (i = 0, accepted = 0; i < b.len; i++)
		for (bit = 0; bit < 8; bit++) {
			b.data[i] ^= (uint8_t)(1 << bit);
			if (decode(part, b.data, b.len) == 0 && !sound(part))
				accepted++;
			b.data[i] ^= (uint8_t)(1 << bit);
		}
	CHECK(accepted == 0);
	buf_put_u8(&b, 0);
	CHECK(decode(part, b.data, b.len) == -1);
	out.n = n + 1;		/* facts of another number than the state */
	CHECK(part == MAIL_STATE || mailpack_decode(&out, part, b.data,
	    b.len - 1) == -1);
	buf_free(&b);
}

/* One message by hand: lowest number and offset of one column. */
static void
test_bounds(void)
{
	static const struct {
		int64_t	 uid, flags, kw;
		uint64_t off;		/* of the UID, eight bytes wide */
		int	 rv;
	} cases[] = {
		{ 1, 0, 0, 0, 0 },
		{ 0, 0, 0, 0, -1 },
		{ 0, 0, 0, 1, 0 },
		{ -300, 0, 0, 301, -1 },	/* lower than a ramp needs */
		{ 1, 0, 0, UINT32_MAX - 2, 0 },
		{ 1, 0, 0, UINT32_MAX - 1, -1 },
		{ 1, 0, 0, UINT64_MAX, -1 },	/* wraps to 0 */
		{ UINT32_MAX, 0, 0, 0, -1 },
		{ INT64_MAX, 0, 0, 2, -1 },
		{ INT64_MIN, 0, 0, 2, -1 },
		{ 1, -1, 0, 0, -1 },
		{ 1, MBOX_FLAGS_ALL + 1, 0, 0, -1 },
		{ 1, 0, -1, 0, -1 },
		{ 1, 0, INT64_MAX, 0, 0 },
	};
	struct buf	 b = BUF_INIT;
	size_t		 i;

	for (i = 0; i < nitems(cases); i++) {
		buf_reset(&b);
		buf_put_u8(&b, 0);
		buf_put_zigzag(&b, cases[i].uid);
		buf_put_u8(&b, 8);
		buf_put_u64(&b, cases[i].off);
		buf_put_zigzag(&b, cases[i].flags);
		buf_put_u8(&b, 0);
		buf_put_zigzag(&b, cases[i].kw);
		buf_put_u8(&b, 0);
		buf_put_zigzag(&b, 1);
		buf_put_u8(&b, 0);
		CHECK(mailpack_decode(&out, MAIL_STATE, b.data, b.len) ==
		    cases[i].rv);
	}
	buf_free(&b);
}

static void
test_copy(void)
{
	fill(10, 1, 0);
	out.n = 0;
	mailgroup_copy(&out, &in, 4, 6);
	mailgroup_copy(&out, &in, 0, 2);
	CHECK(out.n == 8 && out.v[MAIL_UID][0] == 5 &&
	    out.v[MAIL_UID][6] == 1 && out.v[MAIL_M][5] == 100009);
}

int
main(void)
{
	log_init("mailpack_test");
	test_round_trips();
	test_damage(MAIL_STATE, 1);
	test_damage(MAIL_STATE, 9);
	test_damage(MAIL_STATE, MAIL_ROWS);
	test_damage(MAIL_FACTS, 1);
	test_damage(MAIL_FACTS, 9);
	test_damage(MAIL_FACTS, MAIL_ROWS);
	test_bounds();
	test_copy();
	return TEST_END();
}
