/* Compression: zstd, gzip, lz4, none; each object names its own. */
#ifndef STORAGED_CODEC_H
#define STORAGED_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/util/piece.h"

enum codec_id { CODEC_NONE = 0, CODEC_ZSTD = 1, CODEC_GZIP = 2, CODEC_LZ4 = 3 };

struct codec_choice { enum codec_id id; int level; };

const char *codec_name(enum codec_id id);
/* "zstd:3", "gzip", "lz4", "none".  -1: no such codec or level. */
int	 codec_parse(const char *word, struct codec_choice *c);
/*
 * Appends src compressed.  If that is no smaller, *used is CODEC_NONE and the
 * bytes are appended unchanged.  0 or -1 (out full, ENOMEM).
 */
int	 codec_compress(const struct codec_choice *c, const void *src,
	    size_t len, struct buf *out, enum codec_id *used);
/* As above, from several pieces (digest, message) as one stream. */
int	 codec_compress_pieces(const struct codec_choice *c,
	    const struct piece *v, size_t n, struct buf *out,
	    enum codec_id *used);
/*
 * Appends exactly want bytes to out, or fails: -1 on damage, on another
 * length, on a window over 8 MiB, and with errno ENOMEM for want of memory.
 * Hostile input.
 */
int	 codec_expand(enum codec_id id, const void *src, size_t len,
	    size_t want, struct buf *out);
/* Frees what the thread keeps between calls, as its exit does (which the main
 * thread never reaches). */
void	 codec_thread_end(void);

#endif
