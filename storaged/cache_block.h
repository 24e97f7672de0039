/*
 * A cached block as a file: what a crash may tear.
 *
 *	"PAILBLK1"  u64 object size  u64 offset in the object  u32 bytes
 *	u8[16] id  u32 CRC-32 of each 4 KiB page (64)  u32 CRC-32 of all this
 *	the bytes
 *
 * Little-endian.  Named <id>-<block>-<object size>, in hex, in a directory
 * of the id's first digit; id is the first half of the SHA-256 of the
 * object's name.
 */
#ifndef STORAGED_CACHE_BLOCK_H
#define STORAGED_CACHE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_BLOCK	((size_t)256 * 1024)
#define CACHE_PAGE	((size_t)4096)
#define CACHE_PAGES	(CACHE_BLOCK / CACHE_PAGE)
#define CACHE_NAME_MAX	80
#define CACHE_SUBS	16	/* directories, "0" to "f": a name's first */
#define CACHE_SUB_LEN	2	/* with the '/' */

struct cache_block {
	uint8_t		 id[16];
	uint64_t	 number;	/* offset / CACHE_BLOCK */
	uint64_t	 size;		/* of the object */
};

void	 cache_block_id(const char *key, uint8_t id[16]);
/* Bytes that the block has; 0: it lies behind the object's end. */
size_t	 cache_block_len(const struct cache_block *b);
/* What it takes on disk, in whole pages. */
uint64_t cache_block_disk(const struct cache_block *b);
void	 cache_block_name(const struct cache_block *b,
	    char dst[CACHE_NAME_MAX]);
/* name: without the directory.  -1: not one of ours. */
int	 cache_block_parse(const char *name, struct cache_block *b);

/* Blocking, in a helper thread; dir is the cache's directory.  0 or -1 with
 * errno (EBADMSG: damaged). */
int	 cache_block_write(int dir, const struct cache_block *b,
	    const void *data);
int	 cache_block_read(int dir, const struct cache_block *b, size_t offset,
	    size_t len, void *dst);

#endif
