/*
 * Cached blocks on disk: what a crash may tear.  A segment of the cache
 * (cache_segment.h) is a file of headers, all of one size, and a file of
 * the blocks' bytes.  A header, little-endian:
 *
 *	"PAILBLK2"  u64 object size  u64 offset in the object
 *	u64 where its bytes are, a multiple of 4 KiB  u32 how many
 *	u8[16] id  u32 CRC-32 of each 4 KiB page (64)  u32 CRC-32 of all this
 *
 * id is the first half of the SHA-256 of the object's name.
 */
#ifndef STORAGED_CACHE_BLOCK_H
#define STORAGED_CACHE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_BLOCK	((size_t)256 * 1024)
#define CACHE_PAGE	((size_t)4096)
#define CACHE_PAGES	(CACHE_BLOCK / CACHE_PAGE)
#define CACHE_HEADER	((size_t)312)

struct cache_block {
	uint8_t		 id[16];
	uint64_t	 number;	/* offset / CACHE_BLOCK */
	uint64_t	 size;		/* of the object */
};

struct cache_segment;

struct cache_place {			/* where a block is */
	struct cache_segment *segment;	/* whose descriptors these are */
	int		 headers, data;
	uint64_t	 slot;		/* which header */
	uint64_t	 at;		/* its bytes in data */
};

void	 cache_block_id(const char *key, uint8_t id[16]);
/* Bytes that the block has; 0: it lies behind the object's end. */
size_t	 cache_block_len(const struct cache_block *b);
/* Of how many blocks a run of so many bytes is. */
size_t	 cache_blocks(uint64_t len);
/* How much of a file so many bytes take: whole pages. */
uint64_t cache_pages(uint64_t len);

/* A header as it is on disk: 0, or -1: it is none. */
int	 cache_header_parse(const uint8_t h[CACHE_HEADER],
	    struct cache_block *b, uint64_t *at);

/*
 * Blocking, in a helper thread.  0 or -1 with errno (EBADMSG: damaged).
 * cache_block_write: a run of blocks of one object, the first of them is
 * b; len: bytes of all, whole blocks but for the object's last.  Block i is
 * then at slot + i and at + i * CACHE_BLOCK.
 */
int	 cache_block_write(const struct cache_place *p,
	    const struct cache_block *b, const void *data, size_t len);
int	 cache_block_read(const struct cache_place *p,
	    const struct cache_block *b, size_t offset, size_t len,
	    void *dst);
/* Its header no longer tells of it: one page in memory is written, so this is
 * for the loop.  No harm when it does not work. */
void	 cache_block_clear(const struct cache_place *p);

#endif
