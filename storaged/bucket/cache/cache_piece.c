/* See cache_piece.h.  What is read here is believed only as far as its
 * checksums go: each page that is read is checked. */
#include "common/compat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "common/sum.h"
#include "common/write_all.h"
#include "storaged/bucket/cache/cache_piece.h"
#include "storaged/util/file_at.h"

static const uint8_t magic[8] = { 'P', 'A', 'I', 'L', 'B', 'L', 'K', '2' };

#define AT_SIZE		8
#define AT_OFFSET	16
#define AT_PLACE	24
#define AT_LEN		32
#define AT_ID		36
#define AT_PAGES	52
#define AT_CRC		(AT_PAGES + 4 * CACHE_PAGES)

static void
put_le(uint8_t *p, uint64_t v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
get_le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static uint32_t
crc(const uint8_t *p, size_t len)
{
	return (uint32_t)crc32(crc32(0, NULL, 0), p, (uInt)len);
}

void
cache_piece_id(const char *key, uint8_t id[16])
{
	uint8_t md[32];

	sum_of(key, strlen(key), md);
	memcpy(id, md, 16);
}

size_t
cache_piece_len(const struct cache_piece *b)
{
	uint64_t at = b->number * CACHE_PIECE;

	if (at >= b->size)
		return 0;
	return b->size - at < CACHE_PIECE ? (size_t)(b->size - at) :
	    CACHE_PIECE;
}

size_t
cache_pieces(uint64_t len)
{
	return (size_t)((len + CACHE_PIECE - 1) / CACHE_PIECE);
}

uint64_t
cache_pages(uint64_t len)
{
	return (len + CACHE_PAGE - 1) / CACHE_PAGE * CACHE_PAGE;
}

/* -- headers -- */

static void
header_make(const struct cache_piece *b, uint64_t at, const uint8_t *data,
    size_t len, uint8_t h[CACHE_HEADER])
{
	size_t i, n;

	memset(h, 0, CACHE_HEADER);
	memcpy(h, magic, sizeof(magic));
	put_le(h + AT_SIZE, b->size, 8);
	put_le(h + AT_OFFSET, b->number * CACHE_PIECE, 8);
	put_le(h + AT_PLACE, at, 8);
	put_le(h + AT_LEN, len, 4);
	memcpy(h + AT_ID, b->id, 16);
	for (i = 0; i * CACHE_PAGE < len; i++) {
		n = len - i * CACHE_PAGE;
		put_le(h + AT_PAGES + 4 * i, crc(data + i * CACHE_PAGE,
		    n < CACHE_PAGE ? n : CACHE_PAGE), 4);
	}
	put_le(h + AT_CRC, crc(h, AT_CRC), 4);
}

int
cache_header_parse(const uint8_t h[CACHE_HEADER], struct cache_piece *b,
    uint64_t *at)
{
	uint64_t offset = get_le(h + AT_OFFSET, 8);

	if (memcmp(h, magic, sizeof(magic)) != 0 ||
	    get_le(h + AT_CRC, 4) != crc(h, AT_CRC) ||
	    offset % CACHE_PIECE != 0)
		return -1;
	b->number = offset / CACHE_PIECE;
	b->size = get_le(h + AT_SIZE, 8);
	memcpy(b->id, h + AT_ID, sizeof(b->id));
	*at = get_le(h + AT_PLACE, 8);
	return cache_piece_len(b) != 0 && *at % CACHE_PAGE == 0 &&
	    *at <= INT64_MAX - CACHE_PIECE &&
	    get_le(h + AT_LEN, 4) == cache_piece_len(b) ? 0 : -1;
}

/* -- files -- */

int
cache_piece_write(const struct cache_place *p, const struct cache_piece *b,
    const void *data, size_t len)
{
	struct cache_piece k = *b;
	size_t i, off, n = cache_pieces(len);
	uint8_t *h;
	int rc;

	if ((h = malloc(n * CACHE_HEADER)) == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		off = i * CACHE_PIECE;
		k.number = b->number + i;
		header_make(&k, p->at + off, (const uint8_t *)data + off,
		    cache_piece_len(&k), h + i * CACHE_HEADER);
	}
	/* Headers last: what was torn by a kill is not even known. */
	rc = write_all_at(p->data, data, len, p->at);
	if (rc == 0)
		rc = write_all_at(p->headers, h, n * CACHE_HEADER,
		    p->slot * CACHE_HEADER);
	free(h);
	return rc;
}

/* The pages that the range touches, each checked, and of them what is
 * asked. */
static int
read_pages(const struct cache_place *p, const uint8_t *h, size_t blen,
    size_t offset, size_t len, uint8_t *dst)
{
	size_t i, n, from, to;
	uint8_t *pages;
	int rc = -1;

	if (len == 0)
		return 0;
	from = offset / CACHE_PAGE * CACHE_PAGE;
	to = (size_t)cache_pages(offset + len);
	if (to > blen)
		to = blen;
	/* whole pages need no second place */
	pages = to - from == len ? dst : malloc(to - from);
	if (pages == NULL)
		return -1;
	if (file_read_at(p->data, pages, to - from, p->at + from) == -1)
		goto done;
	for (i = from; i < to; i += CACHE_PAGE) {
		n = to - i < CACHE_PAGE ? to - i : CACHE_PAGE;
		if (crc(pages + (i - from), n) != get_le(h + AT_PAGES +
		    4 * (i / CACHE_PAGE), 4)) {
			errno = EBADMSG;
			goto done;
		}
	}
	if (pages != dst)
		memcpy(dst, pages + (offset - from), len);
	rc = 0;
done:
	if (pages != dst)
		free(pages);
	return rc;
}

int
cache_piece_read(const struct cache_place *p, const struct cache_piece *b,
    size_t offset, size_t len, void *dst)
{
	struct cache_piece was;
	uint8_t h[CACHE_HEADER];
	uint64_t at;
	size_t blen = cache_piece_len(b);

	if (offset > blen || len > blen - offset) {
		errno = EINVAL;
		return -1;
	}
	if (file_read_at(p->headers, h, sizeof(h),
	    p->slot * CACHE_HEADER) == -1)
		return -1;
	if (cache_header_parse(h, &was, &at) == -1 || at != p->at ||
	    was.number != b->number || was.size != b->size ||
	    memcmp(was.id, b->id, sizeof(was.id)) != 0) {
		errno = EBADMSG;
		return -1;
	}
	return read_pages(p, h, blen, offset, len, dst);
}

void
cache_piece_clear(const struct cache_place *p)
{
	static const uint8_t zeros[sizeof(magic)];

	(void)write_all_at(p->headers, zeros, sizeof(zeros),
	    p->slot * CACHE_HEADER);
}
