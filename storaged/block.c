/*
 * Commit blocks to bytes and back; pail-bucket.5, "Commit blocks".
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "storaged/block.h"
#include "storaged/frame.h"

enum field {
	F_NUMBER = 1,
	F_NONCE,
	F_PREV,
	F_NODE,
	F_TIME,
	F_FIRST,
	F_COUNT,
	F_RECORDS,
	F_MESSAGES,
	F_DIGEST,
	F_LAST = F_DIGEST
};
#define FIELDS_MAX	4096	/* bytes */
#define ALL_FIELDS	(((uint32_t)1 << (F_LAST + 1)) - 2)

int
block_encode(const struct block *k, struct buf *b)
{
	struct buf	 v = BUF_INIT;
	int		 ret = -1;

	tlv_put_varint(&v, F_NUMBER, k->number);
	tlv_put(&v, F_NONCE, true, k->nonce, sizeof(k->nonce));
	tlv_put(&v, F_PREV, true, k->prev, sizeof(k->prev));
	tlv_put(&v, F_NODE, true, k->node, sizeof(k->node));
	tlv_put_zigzag(&v, F_TIME, k->time);
	tlv_put_varint(&v, F_FIRST, k->first);
	tlv_put_varint(&v, F_COUNT, k->count);
	tlv_put_varint(&v, F_RECORDS, k->records_len);
	tlv_put_varint(&v, F_MESSAGES, k->messages_len);
	tlv_put(&v, F_DIGEST, true, k->digest, sizeof(k->digest));
	if (v.failed || k->records_len > BLOCK_MAX ||
	    k->messages_len > BLOCK_MAX ||
	    v.len + k->records_len + k->messages_len > BLOCK_MAX)
		goto done;
	buf_put_u32(b, (uint32_t)v.len);
	buf_put(b, v.data, v.len);
	buf_put(b, k->records, k->records_len);
	ret = buf_put(b, k->messages, k->messages_len);
done:
	buf_free(&v);
	return ret;
}

static int
field_decode(struct block *k, struct tlv *t, uint64_t *records,
    uint64_t *messages)
{
	switch ((enum field)t->number) {
	case F_NUMBER:
		return tlv_varint(t, &k->number);
	case F_NONCE:
		return tlv_copy(t, k->nonce, sizeof(k->nonce));
	case F_PREV:
		return tlv_copy(t, k->prev, sizeof(k->prev));
	case F_NODE:
		return tlv_copy(t, k->node, sizeof(k->node));
	case F_TIME:
		return tlv_zigzag(t, &k->time);
	case F_FIRST:
		return tlv_varint(t, &k->first);
	case F_COUNT:
		return tlv_varint(t, &k->count);
	case F_RECORDS:
		return tlv_varint(t, records);
	case F_MESSAGES:
		return tlv_varint(t, messages);
	case F_DIGEST:
		return tlv_copy(t, k->digest, sizeof(k->digest));
	}
	return FORMAT_DAMAGED;
}

static int
fields_decode(struct block *k, struct cursor *c, uint64_t *records,
    uint64_t *messages)
{
	struct tlv	 t = { 0 };
	struct str	 rest;
	const uint8_t	*start;
	uint32_t	 seen = 0;
	int		 r;

	for (start = c->p; (r = tlv_next(c, &t)) == 1; start = c->p) {
		if (t.number > F_LAST) {
			r = tlv_rest(c, &t, start, &rest);
			break;
		}
		if (field_decode(k, &t, records, messages) != 0)
			return FORMAT_DAMAGED;
		seen |= (uint32_t)1 << t.number;
	}
	if (r != 0)
		return r;
	return seen == ALL_FIELDS ? 0 : FORMAT_DAMAGED;
}

int
block_decode(struct block *k, struct cursor *c)
{
	struct cursor	 fields;
	const uint8_t	*p;
	uint64_t	 records = 0, messages = 0;
	uint32_t	 n;
	int		 r;

	memset(k, 0, sizeof(*k));
	k->bytes = c->p;
	n = cursor_u32(c);
	if (c->bad || n > FIELDS_MAX || (p = cursor_bytes(c, n)) == NULL)
		return FORMAT_DAMAGED;
	cursor_init(&fields, p, n);
	if ((r = fields_decode(k, &fields, &records, &messages)) != 0)
		return r;
	if (records > cursor_left(c) || messages > cursor_left(c) - records ||
	    k->number == 0 || k->number > INT64_MAX || k->first == 0 ||
	    k->first > INT64_MAX || k->count > records ||
	    (k->count == 0) != (records == 0))
		return FORMAT_DAMAGED;
	k->records_len = (size_t)records;
	k->messages_len = (size_t)messages;
	k->records = cursor_bytes(c, k->records_len);
	k->messages = cursor_bytes(c, k->messages_len);
	k->len = (size_t)(c->p - k->bytes);
	return 0;
}

/* A block stays in each head until it is spilled: its bytes are there once. */
struct block_bytes {
	unsigned	 refs;
	uint8_t		 v[];
};

struct block *
block_dup(const struct block *k)
{
	struct block		*n;
	struct block_bytes	*own = k->own;

	if ((n = malloc(sizeof(*n))) == NULL)
		return NULL;
	*n = *k;
	if (own == NULL) {
		if ((own = malloc(sizeof(*own) + k->len)) == NULL) {
			free(n);
			return NULL;
		}
		own->refs = 0;
		memcpy(own->v, k->bytes, k->len);
		n->own = own;
		n->bytes = own->v;
		n->records = own->v + (k->records - k->bytes);
		n->messages = own->v + (k->messages - k->bytes);
	}
	own->refs++;
	return n;
}

void
block_free(struct block *k)
{
	if (k == NULL)
		return;
	if (k->own != NULL && --k->own->refs == 0)
		free(k->own);
	free(k);
}

void
blocklist_free(struct blocklist *l)
{
	struct block	*k;

	while ((k = TAILQ_FIRST(l)) != NULL) {
		TAILQ_REMOVE(l, k, entry);
		block_free(k);
	}
}

size_t
blocklist_bytes(const struct blocklist *l)
{
	const struct block	*k;
	size_t			 n = 0;

	TAILQ_FOREACH(k, l, entry)
		n += k->len;
	return n;
}

/* Does k follow the block before it? */
static int
follows(const struct block *k, const struct block *before)
{
	if (before == NULL)
		return 1;
	return k->number == before->number + 1 &&
	    k->first == before->first + before->count &&
	    memcmp(k->prev, before->nonce, sizeof(k->prev)) == 0;
}

int
blocklist_decode(struct blocklist *l, const void *p, size_t len)
{
	struct block	 k, *copy;
	struct cursor	 c;
	int		 r = 0;

	cursor_init(&c, p, len);
	while (cursor_left(&c) > 0) {
		if ((r = block_decode(&k, &c)) != 0)
			break;
		if (!follows(&k, TAILQ_LAST(l, blocklist)) ||
		    (copy = block_dup(&k)) == NULL) {
			r = FORMAT_DAMAGED;
			break;
		}
		TAILQ_INSERT_TAIL(l, copy, entry);
	}
	if (r != 0)
		blocklist_free(l);
	return r;
}
