/*
 * The outer encoding of every object, and the type-length-value fields
 * inside (pail-bucket.5, "The object header" and "Fields").
 */
#ifndef STORAGED_OBJECT_H
#define STORAGED_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/format/codec.h"

enum object_kind {
	OBJECT_STORE	= 1,
	OBJECT_HEAD	= 2,
	OBJECT_MANIFEST	= 3,
	OBJECT_LOG	= 4,
	OBJECT_PACK	= 5,
	OBJECT_MSG	= 6,
	OBJECT_INDEX	= 7,
	OBJECT_BACKOFF	= 8,
	OBJECT_APPS	= 9
};

#define OBJECT_LEVEL	1	/* format level that we read and write */
#define OBJECT_HEADER	96	/* bytes */

/* Returned by all decoders of objects and their parts. */
#define FORMAT_DAMAGED	(-1)	/* not what the page defines */
#define FORMAT_UNKNOWN	(-2)	/* critical and newer than we are */
#define FORMAT_NO_MEMORY (-3)	/* nothing is known of it */

struct object_header {
	enum object_kind	 kind;
	uint8_t		 codec;		/* enum codec_id, of the body */
	uint8_t		 history[16];
	uint64_t	 length;	/* of the body once decompressed */
};

/*
 * Appends an object: header and body (compressed by codec; NULL: as it is).
 * 0 or -1 (ENOMEM, out full).
 */
int	 object_seal(enum object_kind kind, const uint8_t history[16],
	    const struct codec_choice *codec, const void *body, size_t len,
	    struct buf *out);
/*
 * The same without a codec, in place: what is appended between the two is
 * the body.  at: out->len before object_begin().
 */
int	 object_begin(struct buf *out);
int	 object_end(enum object_kind kind, const uint8_t history[16],
	    struct buf *out, size_t at);
/*
 * Checks an object and gives its body: borrowed from p when it is stored as
 * it is, else decompressed into store (at most max bytes).  0,
 * FORMAT_DAMAGED, FORMAT_UNKNOWN or FORMAT_NO_MEMORY.
 */
int	 object_open(struct object_header *f, enum object_kind kind,
	    const void *p, size_t len, size_t max, struct buf *store,
	    const uint8_t **body, size_t *body_len);

/*
 * Only the header, for objects that are read in part. covered: the bytes after
 * the header that its checksum covers. object_header_get() checks everything
 * but the checksum; object_header_check() checks that.
 */
int	 object_header_put(const struct object_header *f, const void *covered,
	    size_t len, struct buf *out);
int	 object_header_get(struct object_header *f, enum object_kind kind,
	    const void *p, size_t len);
int	 object_header_check(const void *p, const void *covered, size_t len);

/*
 * A field: varint (number * 2 + critical), varint length, the value.  Numbers
 * are in ascending order, none occurs twice, and those that a reader does not
 * know are greater than all that it knows.
 */
int	 tlv_put(struct buf *b, uint32_t number, bool critical,
	    const void *p, size_t len);
int	 tlv_put_num(struct buf *b, uint32_t number, bool critical, uint64_t v);
/* Number and length alone; len bytes of value follow. */
int	 tlv_put_head(struct buf *b, uint32_t number, bool critical,
	    size_t len);
/*
 * A value whose length is not known beforehand: what is appended between the
 * two calls. tlv_begin() returns at; tlv_end() 0 or -1.
 */
size_t	 tlv_begin(struct buf *b, uint32_t number, bool critical);
int	 tlv_end(struct buf *b, size_t at);

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

uint64_t zigzag(int64_t v);
int64_t	 unzigzag(uint64_t v);

#endif
