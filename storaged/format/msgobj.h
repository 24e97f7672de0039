/*
 * Message objects: a large message in independent chunks of 256 KiB, with a
 * seek table at the beginning to find and verify each (pail-bucket.5, "Message
 * objects").  The content is the digest, then the message.
 */
#ifndef STORAGED_MSGOBJ_H
#define STORAGED_MSGOBJ_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/format/codec.h"

#define MSGOBJ_CHUNK	(256 * 1024)		/* bytes of content */
#define MSGOBJ_CONTENT_MAX ((uint64_t)1 << 40)

/*
 * Writing, into a file (a spool) at offset 0: begin with the length of the
 * content, write it in pieces of any size, end.  Each chunk is compressed
 * as it fills (some ms a chunk: call it from a helper thread, or write at
 * most one chunk's worth in a turn).
 */
struct msgobj_writer {
	int			 fd;		/* borrowed */
	uint8_t			 history[16];
	struct codec_choice	 codec;
	uint64_t		 content;	/* bytes in all */
	uint64_t		 done;
	uint64_t		 at;		/* where the next chunk goes */
	struct buf		 chunk;		/* content of the open chunk */
	struct buf		 table;		/* its entries so far */
	struct buf		 packed;
};
int	 msgobj_begin(struct msgobj_writer *w, int fd,
	    const uint8_t history[16], const struct codec_choice *codec,
	    uint64_t content);				/* 0 or -1 */
int	 msgobj_write(struct msgobj_writer *w, const void *p, size_t len);
/* The length of the object; -1 (errno) also if not everything was written. */
int	 msgobj_end(struct msgobj_writer *w, uint64_t *size);
void	 msgobj_writer_free(struct msgobj_writer *w);	/* always, once begun */

/* Reading: the table first. */
struct msgobj {
	uint64_t	 content;
	uint8_t		 codec;
	size_t		 nchunks;
	const uint8_t	*table;		/* borrowed from the object's start */
	uint64_t	 first;		/* where the first chunk lies */
};
/* The length of header and table at the start of the object, for content of
 * that length. */
uint64_t msgobj_start(uint64_t content);
/* p: at least msgobj_start() bytes of the object, of any length.  0,
 * FORMAT_DAMAGED or FORMAT_UNKNOWN. */
int	 msgobj_open(struct msgobj *m, const void *p, size_t len,
	    const uint8_t history[16]);
/* Where chunk i lies in the object: *offset, *stored.  0 or
 * FORMAT_DAMAGED (no such chunk). */
int	 msgobj_chunk(const struct msgobj *m, size_t i, uint64_t *offset,
	    uint32_t *stored);
/* Appends the content of chunk i, checked; p: its stored bytes.  0,
 * FORMAT_DAMAGED or FORMAT_NO_MEMORY. */
int	 msgobj_expand(const struct msgobj *m, size_t i, const void *p,
	    size_t len, struct buf *out);

#endif
