/*
 * Commit blocks to bytes and back; pail-bucket.5, "Commit blocks".
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "storaged/format/block.h"
#include "storaged/format/fields.h"
#include "storaged/format/object.h"

enum {
	F_NUMBER = 1,
	F_NONCE,
	F_PREV,
	F_NODE,
	F_TIME,
	F_FIRST,
	F_COUNT,
	F_RECORDS,
	F_MESSAGES,
	F_STATE_HASH,
	F_LAST = F_STATE_HASH
};
#define FIELDS_MAX	4096	/* bytes */

#define AT(m)	FIELD_AT(struct block, m)
static const struct field rows[] = {
	[F_NUMBER] =	{ FIELD_NUM, "commit", AT(number) },
	[F_NONCE] =	{ FIELD_BYTES, "nonce", AT(nonce) },
	[F_PREV] =	{ FIELD_BYTES, "prev", AT(prev) },
	[F_NODE] =	{ FIELD_BYTES, "node", AT(node) },
	[F_TIME] =	{ FIELD_INT, "time", AT(time) },
	[F_FIRST] =	{ FIELD_NUM, "first", AT(first) },
	[F_COUNT] =	{ FIELD_NUM, "records", AT(count) },
	[F_RECORDS] =	{ FIELD_NUM, "records_len", AT(records_len) },
	[F_MESSAGES] =	{ FIELD_NUM, "messages", AT(messages_len) },
	[F_STATE_HASH] = { FIELD_BYTES, "state_hash", AT(state_hash) },
};
static const struct fields fields = { rows, F_LAST, FIELD_ALL(F_LAST), 0 };

int
block_encode(const struct block *k, struct buf *b)
{
	struct buf	 v = BUF_INIT;
	int		 ret = -1;

	if (fields_encode(&fields, k, &v) == -1 ||
	    k->records_len > BLOCK_MAX || k->messages_len > BLOCK_MAX ||
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

int
block_decode(struct block *k, struct cursor *c)
{
	struct str	 rest;
	int		 r;

	memset(k, 0, sizeof(*k));
	k->bytes = c->p;
	if ((r = fields_decode_sized(&fields, k, c, FIELDS_MAX, &rest)) != 0)
		return r;
	if (k->records_len > cursor_left(c) ||
	    k->messages_len > cursor_left(c) - k->records_len ||
	    k->number == 0 || k->number > INT64_MAX || k->first == 0 ||
	    k->first > INT64_MAX || k->count > k->records_len ||
	    (k->count == 0) != (k->records_len == 0))
		return FORMAT_DAMAGED;
	k->records = cursor_bytes(c, k->records_len);
	k->messages = cursor_bytes(c, k->messages_len);
	k->len = (size_t)(c->p - k->bytes);
	return 0;
}

void
block_print(const struct block *k, struct buf *b)
{
	static const uint8_t	 shown[] = { F_TIME, F_COUNT };

	buf_printf(b, "commit %" PRIu64, k->number);
	fields_print(&fields, k, shown, nitems(shown), b);
	buf_printf(b, " messages=%zu bytes node=", k->messages_len);
	fields_print_hex(k->node, 4, b);	/* enough to tell them apart */
	buf_puts(b, " nonce=");
	fields_print_hex(k->nonce, 4, b);
	buf_puts(b, "\n");
}

/* A block stays in each head until it is flushed: its bytes are there once. */
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
blocks_bytes(const struct block *k)
{
	size_t	 n = 0;

	for (; k != NULL; k = TAILQ_NEXT(k, entry))
		n += k->len;
	return n;
}

size_t
blocklist_bytes(const struct blocklist *l)
{
	return blocks_bytes(TAILQ_FIRST(l));
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
		if (!follows(&k, TAILQ_LAST(l, blocklist))) {
			r = FORMAT_DAMAGED;
			break;
		}
		if ((copy = block_dup(&k)) == NULL) {
			r = FORMAT_NO_MEMORY;
			break;
		}
		TAILQ_INSERT_TAIL(l, copy, entry);
	}
	if (r != 0)
		blocklist_free(l);
	return r;
}
