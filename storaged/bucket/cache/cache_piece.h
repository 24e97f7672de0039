/*
 * Cached pieces on disk, which a crash may tear.  A segment of the cache
 * (cache_segment.h) is a file of headers, all of one size, and a file of the
 * pieces' bytes.  A header, little-endian:
 *
 *	"PAILBLK2"  u64 object size  u64 offset in the object
 *	u64 where its bytes are, a multiple of 4 KiB  u32 how many
 *	u8[16] id  u32 CRC-32 of each 4 KiB page (64)  u32 CRC-32 of all this
 *
 * id is the first half of the SHA-256 of the object's name.
 */
#ifndef STORAGED_CACHE_PIECE_H
#define STORAGED_CACHE_PIECE_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_PIECE	((size_t)256 * 1024)
#define CACHE_PAGE	((size_t)4096)
#define CACHE_PAGES	(CACHE_PIECE / CACHE_PAGE)
#define CACHE_HEADER	((size_t)312)

struct cache_piece {
	uint8_t		 id[16];
	uint64_t	 number;	/* offset / CACHE_PIECE */
	uint64_t	 size;		/* of the object */
};

struct cache_segment;

struct cache_place {			/* where a piece is */
	struct cache_segment *segment;	/* whose descriptors these are */
	int		 headers, data;
	uint64_t	 slot;		/* which header */
	uint64_t	 at;		/* its bytes in data */
};

void	 cache_piece_id(const char *key, uint8_t id[16]);
/* Bytes that the piece has; 0: it lies behind the object's end. */
size_t	 cache_piece_len(const struct cache_piece *b);
/* The number of pieces in a run of that many bytes. */
size_t	 cache_pieces(uint64_t len);
/* How much of a file that many bytes occupy: whole pages. */
uint64_t cache_pages(uint64_t len);

/* A header as found on disk: 0, or -1: it is not one. */
int	 cache_header_parse(const uint8_t h[CACHE_HEADER],
	    struct cache_piece *b, uint64_t *at);

/*
 * Blocking, in a helper thread.  0 or -1 with errno (EBADMSG: damaged).
 * cache_piece_write: a run of pieces of one object, the first of them is
 * b; len: bytes of all, whole pieces but for the object's last.  Piece i is
 * then at slot + i and at + i * CACHE_PIECE.
 */
int	 cache_piece_write(const struct cache_place *p,
	    const struct cache_piece *b, const void *data, size_t len);
int	 cache_piece_read(const struct cache_place *p,
	    const struct cache_piece *b, size_t offset, size_t len,
	    void *dst);
/* Erases its header: this only writes a page in memory, so it may be called
 * from the loop.  Failure does no harm. */
void	 cache_piece_clear(const struct cache_place *p);

#endif
