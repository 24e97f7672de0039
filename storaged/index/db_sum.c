/*
 * The sums over pages (db_sum.h) and SQLite's own over its write-ahead log.
 * Nothing here knows SQLite but the formats of its files, as
 * sqlite.org/fileformat2.html defines them.
 */
#include "common/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "storaged/index/db_sum.h"

#define SUMMED		(DB_PAGE - DB_RESERVE)
#define WORDS		(SUMMED / 8)		/* a multiple of 3 */

#define WAL_MAGIC	0x377f0682u		/* | 1: big-endian sums */

static uint64_t
word(const uint8_t *p)
{
	uint64_t	 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t
step(uint64_t sum, uint64_t v)
{
	sum = (sum + v) * 0x9e3779b97f4a7c15u;
	return sum << 29 | sum >> 35;
}

/* Three lanes, so that the processor need not wait for each product. */
static uint64_t
page_sum(const uint8_t *p)
{
	uint64_t	 a = 1, b = 2, c = 3;
	int		 i;

	for (i = 0; i < WORDS; i += 3, p += 24) {
		a = step(a, word(p));
		b = step(b, word(p + 8));
		c = step(c, word(p + 16));
	}
	return step(step(step(a, b), c), 0);
}

void
db_sum_seal(uint8_t *page, uint32_t number)
{
	uint64_t	 v[2] = { page_sum(page) + number, 0 };

	memcpy(page + SUMMED, v, sizeof(v));
}

void
db_sum_seal_wal(uint8_t *page, uint32_t number)
{
	uint64_t	 sum = page_sum(page) + number;
	uint32_t	 was[4], v[4], d0, d1;

	memcpy(was, page + SUMMED, sizeof(was));
	memcpy(v, &sum, sizeof(sum));
	d0 = v[0] - was[0];
	d1 = v[1] - was[1];
	v[2] = was[2] - (2 * d0 + d1);
	v[3] = was[3] - (d0 + d1);
	memcpy(page + SUMMED, v, sizeof(v));
}

bool
db_sum_right(const uint8_t *page, uint32_t number)
{
	return word(page + SUMMED) - page_sum(page) == number;
}

bool
db_sum_of_any(const uint8_t *page)
{
	return word(page + SUMMED) - page_sum(page) <= UINT32_MAX;
}

/* SQLite's sum over pairs of 32-bit words of this machine's order. */
static void
wal_sum(uint32_t s[2], const uint8_t *p, size_t len)
{
	uint32_t	 v[2];

	for (; len >= sizeof(v); p += sizeof(v), len -= sizeof(v)) {
		memcpy(v, p, sizeof(v));
		s[0] += v[0] + s[1];
		s[1] += v[1] + s[0];
	}
}

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

uint32_t
db_wal_number(const uint8_t *frame)
{
	return be32(frame);
}

bool
db_wal_ends(const uint8_t *frame)
{
	return be32(frame + 4) != 0;
}

static bool
sum_is(const uint32_t s[2], const uint8_t *p)
{
	return be32(p) == s[0] && be32(p + 4) == s[1];
}

/* Sums are kept in the order of the machine that began the log; a log of
 * another is none of ours. */
static bool
header_right(const uint8_t *h, uint32_t s[2])
{
	const uint16_t	 one = 1;
	uint8_t		 little;

	memcpy(&little, &one, 1);
	s[0] = s[1] = 0;
	wal_sum(s, h, 24);
	return be32(h) == (WAL_MAGIC | !little) &&
	    be32(h + 8) == DB_PAGE && sum_is(s, h + 24);
}

/* Of the log that the header begins?  Older frames differ in both. */
static bool
frame_current(const uint8_t *f, const uint8_t *header)
{
	return memcmp(f + 8, header + 16, 4) == 0 ||
	    memcmp(f + 12, header + 20, 4) == 0;
}

static bool
frame_right(const uint8_t *f, const uint8_t *header, uint32_t s[2])
{
	if (memcmp(f + 8, header + 16, 8) != 0)
		return false;
	wal_sum(s, f, 8);
	wal_sum(s, f + DB_WAL_FRAME, DB_PAGE);
	return sum_is(s, f + 16) &&
	    db_sum_right(f + DB_WAL_FRAME, db_wal_number(f));
}

/* Could the first frame that is not right have been cut short by a kill?
 * Its header was there, and behind it a page of the log before. */
static bool
frame_torn(const uint8_t *f)
{
	return db_sum_of_any(f + DB_WAL_FRAME) &&
	    !db_sum_right(f + DB_WAL_FRAME, db_wal_number(f));
}

static const char *
wal_look(int fd)
{
	uint8_t		 header[DB_WAL_HEADER], f[DB_WAL_FRAME + DB_PAGE];
	uint32_t	 s[2];
	off_t		 off = DB_WAL_HEADER;
	ssize_t		 n;
	bool		 ended = false;

	if ((n = pread(fd, header, sizeof(header), 0)) == 0)
		return NULL;
	if (n != sizeof(header) || !header_right(header, s))
		return "the log's header is damaged";
	while ((n = pread(fd, f, sizeof(f), off)) == sizeof(f)) {
		off += n;
		if (!ended && frame_right(f, header, s))
			continue;
		if (frame_current(f, header) && (ended || !frame_torn(f)))
			return "a frame of the log is damaged";
		ended = true;
	}
	return n == -1 ? "the log cannot be read" : NULL;
}

const char *
db_wal_wrong(const char *path)
{
	const char	*why;
	int		 fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return errno == ENOENT ? NULL : "the log cannot be opened";
	why = wal_look(fd);
	close(fd);
	return why;
}
