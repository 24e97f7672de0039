/* See cache_block.h.  A file here is believed only as far as its checksums
 * go: each page that is read is checked. */
#include "common/compat.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "storaged/cache_block.h"
#include "storaged/sum.h"

static const uint8_t magic[8] = { 'P', 'A', 'I', 'L', 'B', 'L', 'K', '1' };

#define AT_SIZE		8
#define AT_OFFSET	16
#define AT_LEN		24
#define AT_ID		28
#define AT_PAGES	44
#define AT_CRC		(AT_PAGES + 4 * CACHE_PAGES)
#define HEADER		(AT_CRC + 4)

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
cache_block_id(const char *key, uint8_t id[16])
{
	uint8_t md[32];

	sum_of(key, strlen(key), md);
	memcpy(id, md, 16);
}

size_t
cache_block_len(const struct cache_block *b)
{
	uint64_t at = b->number * CACHE_BLOCK;

	if (at >= b->size)
		return 0;
	return b->size - at < CACHE_BLOCK ? (size_t)(b->size - at) :
	    CACHE_BLOCK;
}

uint64_t
cache_block_disk(const struct cache_block *b)
{
	return (cache_block_len(b) + HEADER + CACHE_PAGE - 1) / CACHE_PAGE *
	    CACHE_PAGE;
}

void
cache_block_name(const struct cache_block *b, char dst[CACHE_NAME_MAX])
{
	char id[33];
	size_t i;

	for (i = 0; i < 16; i++)
		snprintf(id + 2 * i, 3, "%02x", b->id[i]);
	snprintf(dst, CACHE_NAME_MAX, "%.1s/%s-%llx-%llx", id, id,
	    (unsigned long long)b->number, (unsigned long long)b->size);
}

int
cache_block_parse(const char *name, struct cache_block *b)
{
	char back[CACHE_NAME_MAX];
	unsigned long long number, size;
	unsigned v;
	size_t i;
	int n = 0;

	if (strlen(name) < 36 || strlen(name) >= CACHE_NAME_MAX - CACHE_SUB_LEN)
		return -1;
	for (i = 0; i < 16; i++) {
		if (sscanf(name + 2 * i, "%2x", &v) != 1)
			return -1;
		b->id[i] = (uint8_t)v;
	}
	if (sscanf(name + 32, "-%llx-%llx%n", &number, &size, &n) != 2 ||
	    name[32 + n] != '\0' || number > UINT64_MAX / CACHE_BLOCK - 1)
		return -1;
	b->number = number;
	b->size = size;
	if (cache_block_len(b) == 0)
		return -1;
	cache_block_name(b, back);
	return strcmp(back + CACHE_SUB_LEN, name) == 0 ? 0 : -1;
}

static void
header_make(const struct cache_block *b, const uint8_t *data, size_t len,
    uint8_t h[HEADER])
{
	size_t i, n;

	memset(h, 0, HEADER);
	memcpy(h, magic, sizeof(magic));
	put_le(h + AT_SIZE, b->size, 8);
	put_le(h + AT_OFFSET, b->number * CACHE_BLOCK, 8);
	put_le(h + AT_LEN, len, 4);
	memcpy(h + AT_ID, b->id, 16);
	for (i = 0; i * CACHE_PAGE < len; i++) {
		n = len - i * CACHE_PAGE;
		put_le(h + AT_PAGES + 4 * i, crc(data + i * CACHE_PAGE,
		    n < CACHE_PAGE ? n : CACHE_PAGE), 4);
	}
	put_le(h + AT_CRC, crc(h, AT_CRC), 4);
}

/* Header and bytes, of a new file. */
static int
write_both(int fd, const uint8_t *h, const uint8_t *p, size_t len)
{
	struct iovec iov[2];
	size_t at = 0, part;
	ssize_t n;

	while (at < HEADER + len) {
		part = at < HEADER ? HEADER - at : 0;
		/* writev() reads only; its type lacks the const */
		memcpy(&iov[0].iov_base, &h, sizeof(h));
		memcpy(&iov[1].iov_base, &p, sizeof(p));
		iov[0].iov_base = (uint8_t *)iov[0].iov_base + HEADER - part;
		iov[0].iov_len = part;
		iov[1].iov_base = (uint8_t *)iov[1].iov_base + at + part -
		    HEADER;
		iov[1].iov_len = HEADER + len - at - part;
		if ((n = writev(fd, iov, 2)) == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		at += (size_t)n;
	}
	return 0;
}

int
cache_block_write(int dir, const struct cache_block *b, const void *data)
{
	char name[CACHE_NAME_MAX], sub[CACHE_SUB_LEN];
	uint8_t h[HEADER];
	size_t len = cache_block_len(b);
	int fd, rc, save;

	cache_block_name(b, name);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1 && errno == ENOENT) {
		strlcpy(sub, name, sizeof(sub));
		if (mkdirat(dir, sub, 0700) == -1 && errno != EEXIST)
			return -1;
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC |
		    O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (fd == -1)
		return -1;
	header_make(b, data, len, h);
	rc = write_both(fd, h, data, len);
	save = errno;
	if (rc == -1)
		unlinkat(dir, name, 0);
	close(fd);
	errno = save;
	return rc;
}

static int
read_at(int fd, uint8_t *p, size_t len, size_t at)
{
	ssize_t n;

	while (len > 0) {
		if ((n = pread(fd, p, len, (off_t)at)) == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (n == 0) {
			errno = EBADMSG;
			return -1;
		}
		p += n;
		at += (size_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int
header_check(const struct cache_block *b, const uint8_t h[HEADER])
{
	return memcmp(h, magic, sizeof(magic)) == 0 &&
	    get_le(h + AT_CRC, 4) == crc(h, AT_CRC) &&
	    get_le(h + AT_SIZE, 8) == b->size &&
	    get_le(h + AT_OFFSET, 8) == b->number * CACHE_BLOCK &&
	    get_le(h + AT_LEN, 4) == cache_block_len(b) &&
	    memcmp(h + AT_ID, b->id, 16) == 0 ? 0 : -1;
}

/* The pages that the range touches, each checked, and of them what is
 * asked. */
static int
read_pages(int fd, const uint8_t *h, size_t blen, size_t offset, size_t len,
    uint8_t *dst)
{
	size_t i, n, from, to;
	uint8_t *pages;
	int rc = -1;

	if (len == 0)
		return 0;
	from = offset / CACHE_PAGE * CACHE_PAGE;
	to = (offset + len + CACHE_PAGE - 1) / CACHE_PAGE * CACHE_PAGE;
	if (to > blen)
		to = blen;
	/* whole pages need no second place */
	pages = to - from == len ? dst : malloc(to - from);
	if (pages == NULL)
		return -1;
	if (read_at(fd, pages, to - from, HEADER + from) == -1)
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
cache_block_read(int dir, const struct cache_block *b, size_t offset,
    size_t len, void *dst)
{
	char name[CACHE_NAME_MAX];
	uint8_t h[HEADER];
	size_t blen = cache_block_len(b);
	int fd, rc = -1, save;

	if (offset > blen || len > blen - offset) {
		errno = EINVAL;
		return -1;
	}
	cache_block_name(b, name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (read_at(fd, h, sizeof(h), 0) == 0) {
		if (header_check(b, h) == -1)
			errno = EBADMSG;
		else
			rc = read_pages(fd, h, blen, offset, len, dst);
	}
	save = errno;
	close(fd);
	errno = save;
	return rc;
}
