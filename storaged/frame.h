/*
 * The outer encoding of every object, and the type-length-value fields
 * inside (pail-bucket.5, "The frame" and "Fields").
 */
#ifndef STORAGED_FRAME_H
#define STORAGED_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/codec.h"

enum frame_kind {
	FRAME_STORE	= 1,
	FRAME_HEAD	= 2,
	FRAME_MANIFEST	= 3,
	FRAME_LOG	= 4,
	FRAME_PACK	= 5,
	FRAME_MSG	= 6,
	FRAME_INDEX	= 7,
	FRAME_TURN	= 8
};

#define FRAME_LEVEL	1	/* format level that we read and write */
#define FRAME_HEADER	96	/* bytes */

/* What every decoder of an object's parts returns. */
#define FORMAT_DAMAGED	(-1)	/* not what the page defines */
#define FORMAT_UNKNOWN	(-2)	/* critical and newer than we are */

struct frame {
	enum frame_kind	 kind;
	uint8_t		 codec;		/* enum codec_id, of the body */
	uint8_t		 history[16];
	uint64_t	 length;	/* of the body once decompressed */
};

/*
 * Appends an object: header and body (compressed by codec; NULL: as it is).
 * 0 or -1 (ENOMEM, out full).
 */
int	 frame_seal(enum frame_kind kind, const uint8_t history[16],
	    const struct codec_choice *codec, const void *body, size_t len,
	    struct buf *out);
/*
 * The same without a codec, in place: what is appended between the two is
 * the body.  at: out->len before frame_begin().
 */
int	 frame_begin(struct buf *out);
int	 frame_end(enum frame_kind kind, const uint8_t history[16],
	    struct buf *out, size_t at);
/*
 * Checks an object and gives its body: borrowed from p when it is stored as
 * it is, else decompressed into store (at most max bytes).  0,
 * FORMAT_DAMAGED or FORMAT_UNKNOWN.
 */
int	 frame_open(struct frame *f, enum frame_kind kind, const void *p,
	    size_t len, size_t max, struct buf *store, const uint8_t **body,
	    size_t *body_len);

/*
 * The header alone, for objects read in part.  covered: the bytes after the
 * header that its checksum covers.  frame_header_get() checks all but the
 * checksum, frame_header_check() that.
 */
int	 frame_header_put(const struct frame *f, const void *covered,
	    size_t len, struct buf *out);
int	 frame_header_get(struct frame *f, enum frame_kind kind,
	    const void *p, size_t len);
int	 frame_header_check(const void *p, const void *covered, size_t len);

/*
 * A field: varint (number * 2 + critical), varint length, the value.
 * Numbers ascend, none comes twice, and those that a reader does not know
 * come after all that it knows.
 */
int	 tlv_put(struct buf *b, uint32_t number, bool critical,
	    const void *p, size_t len);
int	 tlv_put_varint(struct buf *b, uint32_t number, uint64_t v);
int	 tlv_put_zigzag(struct buf *b, uint32_t number, int64_t v);

struct tlv {
	uint32_t	 number;	/* 0 before the first */
	bool		 critical;
	struct cursor	 value;
};
/* Reads the next field into *t.  1; 0 at the end; FORMAT_DAMAGED. */
int	 tlv_next(struct cursor *c, struct tlv *t);
/*
 * For a number over known: 0, and the rest of c (this field included) is
 * copied to *rest for writing it again; FORMAT_UNKNOWN when any of it is
 * critical; FORMAT_DAMAGED.  start is where this field began.
 */
int	 tlv_rest(struct cursor *c, const struct tlv *first,
	    const uint8_t *start, struct str *rest);
/* Exactly one number fills the value. */
int	 tlv_varint(struct tlv *t, uint64_t *v);
int	 tlv_zigzag(struct tlv *t, int64_t *v);
/* Exactly len bytes. */
int	 tlv_copy(struct tlv *t, void *dst, size_t len);

uint64_t zigzag(int64_t v);
int64_t	 unzigzag(uint64_t v);

#endif
