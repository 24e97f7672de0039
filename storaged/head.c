/*
 * The head's bytes and its node table.  It sends nothing and settles
 * nothing.  Defined in pail-bucket.5, "The head".
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/frame.h"
#include "storaged/head.h"

enum field {
	F_COMMIT = 1,
	F_NONCE,
	F_TIME,
	F_RECORDS,
	F_UIDVALIDITY,
	F_DIGEST,
	F_NODES,
	F_FLOOR,
	F_MANIFEST,		/* id, SHA-256; absent: none yet */
	F_LOGS,
	F_GARBAGE,
	F_USER,
	F_LAST = F_USER
};
#define MUST	(((uint32_t)1 << (F_LAST + 1)) - 2 -			\
		    ((uint32_t)1 << F_MANIFEST))
#define NODE_MIN	34

void
head_init(struct head *h)
{
	memset(h, 0, sizeof(*h));
	TAILQ_INIT(&h->blocks);
}

void
head_free(struct head *h)
{
	loglist_free(&h->logs);
	garbage_free(&h->garbage);
	buf_free(&h->unknown);
	blocklist_free(&h->blocks);
	head_init(h);
}

void
head_move(struct head *dst, struct head *src)
{
	struct block	*k;

	head_free(dst);
	*dst = *src;
	TAILQ_INIT(&dst->blocks);
	while ((k = TAILQ_FIRST(&src->blocks)) != NULL) {
		TAILQ_REMOVE(&src->blocks, k, entry);
		TAILQ_INSERT_TAIL(&dst->blocks, k, entry);
	}
	head_init(src);
}

int
head_copy(struct head *dst, const struct head *src)
{
	*dst = *src;
	memset(&dst->logs, 0, sizeof(dst->logs));
	memset(&dst->garbage, 0, sizeof(dst->garbage));
	buf_init(&dst->unknown, 0);
	TAILQ_INIT(&dst->blocks);
	if (loglist_append(&dst->logs, &src->logs, 0) == -1 ||
	    garbage_append(&dst->garbage, &src->garbage, 0) == -1 ||
	    buf_put(&dst->unknown, src->unknown.data,
	    src->unknown.len) == -1) {
		head_free(dst);
		return -1;
	}
	return 0;
}

static int
nodes_encode(const struct head *h, struct buf *b)
{
	const struct head_node	*n;
	struct buf		 v = BUF_INIT;
	size_t			 i;
	int			 ret;

	for (i = 0; i < h->nnodes; i++) {
		n = &h->nodes[i];
		buf_put(&v, n->id, sizeof(n->id));
		buf_put(&v, n->nonce, sizeof(n->nonce));
		buf_put_varint(&v, n->commit);
		buf_put_varint(&v, zigzag(n->time));
	}
	ret = v.failed ? -1 : tlv_put(b, F_NODES, true, v.data, v.len);
	buf_free(&v);
	return ret;
}

static int
lists_encode(const struct head *h, struct buf *b)
{
	struct buf	 v = BUF_INIT;
	int		 ret = -1;

	if (loglist_encode(&h->logs, &v) == -1)
		goto done;
	tlv_put(b, F_LOGS, true, v.data, v.len);
	buf_reset(&v);
	if (garbage_encode(&h->garbage, &v) == -1)
		goto done;
	ret = tlv_put(b, F_GARBAGE, true, v.data, v.len);
done:
	buf_free(&v);
	return ret;
}

static int
fields_encode(const struct head *h, struct buf *b)
{
	uint8_t	 ref[48];

	if (h->user[0] == '\0')
		return -1;
	tlv_put_varint(b, F_COMMIT, h->commit);
	tlv_put(b, F_NONCE, true, h->nonce, sizeof(h->nonce));
	tlv_put_zigzag(b, F_TIME, h->time);
	tlv_put_varint(b, F_RECORDS, h->records);
	tlv_put_varint(b, F_UIDVALIDITY, h->uidvalidity);
	tlv_put(b, F_DIGEST, true, h->digest, sizeof(h->digest));
	if (nodes_encode(h, b) == -1)
		return -1;
	tlv_put_varint(b, F_FLOOR, h->floor);
	if (h->has_manifest) {
		memcpy(ref, h->manifest, 16);
		memcpy(ref + 16, h->manifest_sha256, 32);
		tlv_put(b, F_MANIFEST, true, ref, sizeof(ref));
	}
	if (lists_encode(h, b) == -1)
		return -1;
	tlv_put(b, F_USER, true, h->user, strlen(h->user));
	return buf_put(b, h->unknown.data, h->unknown.len);
}

int
head_encode(const struct head *h, const struct block *more, struct buf *out)
{
	const struct block	*k;
	struct buf		 fields = BUF_INIT;
	size_t			 at = out->len, len;
	int			 ret = -1;

	if (fields_encode(h, &fields) == -1)
		goto done;
	len = FRAME_HEADER + 4 + fields.len + blocklist_bytes(&h->blocks) +
	    (more != NULL ? more->len : 0);
	if (len > HEAD_MAX || buf_reserve(out, len) == NULL)
		goto done;
	frame_begin(out);
	buf_put_u32(out, (uint32_t)fields.len);
	buf_put(out, fields.data, fields.len);
	TAILQ_FOREACH(k, &h->blocks, entry)
		buf_put(out, k->bytes, k->len);
	if (more != NULL)
		buf_put(out, more->bytes, more->len);
	ret = frame_end(FRAME_HEAD, h->history, out, at);
done:
	buf_free(&fields);
	return ret;
}

static int
nodes_decode(struct head *h, struct cursor *c)
{
	struct head_node	*n;
	const uint8_t		*p;

	while (cursor_left(c) >= NODE_MIN) {
		if (h->nnodes == HEAD_NODES_MAX)
			return FORMAT_DAMAGED;
		n = &h->nodes[h->nnodes];
		if ((p = cursor_bytes(c, sizeof(n->id))) == NULL)
			return FORMAT_DAMAGED;
		if (head_find(h, p) != NULL)
			return FORMAT_DAMAGED;
		memcpy(n->id, p, sizeof(n->id));
		if ((p = cursor_bytes(c, sizeof(n->nonce))) == NULL)
			return FORMAT_DAMAGED;
		memcpy(n->nonce, p, sizeof(n->nonce));
		n->commit = cursor_varint(c);
		n->time = unzigzag(cursor_varint(c));
		h->nnodes++;
	}
	return cursor_done(c) ? 0 : FORMAT_DAMAGED;
}

static int
manifest_ref_decode(struct head *h, struct tlv *t)
{
	uint8_t	 ref[48];

	if (tlv_copy(t, ref, sizeof(ref)) != 0)
		return FORMAT_DAMAGED;
	h->has_manifest = true;
	memcpy(h->manifest, ref, 16);
	memcpy(h->manifest_sha256, ref + 16, 32);
	return 0;
}

static int
user_decode(struct head *h, struct tlv *t)
{
	size_t		 len = cursor_left(&t->value);
	const uint8_t	*p = cursor_bytes(&t->value, len);

	if (!key_user_valid((const char *)p, len))
		return FORMAT_DAMAGED;
	memcpy(h->user, p, len);
	h->user[len] = '\0';
	return 0;
}

static int
field_decode(struct head *h, struct tlv *t)
{
	uint64_t	 v;

	switch ((enum field)t->number) {
	case F_COMMIT:
		return tlv_varint(t, &h->commit);
	case F_NONCE:
		return tlv_copy(t, h->nonce, sizeof(h->nonce));
	case F_TIME:
		return tlv_zigzag(t, &h->time);
	case F_RECORDS:
		return tlv_varint(t, &h->records);
	case F_UIDVALIDITY:
		if (tlv_varint(t, &v) != 0 || v > UINT32_MAX)
			return FORMAT_DAMAGED;
		h->uidvalidity = (uint32_t)v;
		return 0;
	case F_DIGEST:
		return tlv_copy(t, h->digest, sizeof(h->digest));
	case F_NODES:
		return nodes_decode(h, &t->value);
	case F_FLOOR:
		return tlv_varint(t, &h->floor);
	case F_MANIFEST:
		return manifest_ref_decode(h, t);
	case F_LOGS:
		return loglist_decode(&h->logs, &t->value);
	case F_GARBAGE:
		return garbage_decode(&h->garbage, &t->value);
	case F_USER:
		return user_decode(h, t);
	}
	return FORMAT_DAMAGED;
}

static int
fields_decode(struct head *h, struct cursor *c)
{
	struct tlv	 t = { 0 };
	struct str	 rest = { 0 };
	const uint8_t	*start;
	uint32_t	 seen = 0;
	int		 r;

	for (start = c->p; (r = tlv_next(c, &t)) == 1; start = c->p) {
		if (t.number > F_LAST) {
			r = tlv_rest(c, &t, start, &rest);
			break;
		}
		if (field_decode(h, &t) != 0)
			return FORMAT_DAMAGED;
		seen |= (uint32_t)1 << t.number;
	}
	if (r != 0)
		return r;
	if ((seen & MUST) != MUST || h->commit == 0 ||
	    h->commit > INT64_MAX || h->records > INT64_MAX ||
	    h->floor > h->commit)
		return FORMAT_DAMAGED;
	return buf_put(&h->unknown, rest.p, rest.len) == -1 ?
	    FORMAT_DAMAGED : 0;
}

/* Logs, blocks and the head's own numbers must meet without a gap. */
static int
chain_check(const struct head *h)
{
	const struct block	*first = TAILQ_FIRST(&h->blocks);
	const struct block	*last = TAILQ_LAST(&h->blocks, blocklist);
	const struct logref	*log;

	log = h->logs.n > 0 ? &h->logs.v[h->logs.n - 1] : NULL;
	if (last != NULL) {
		if (last->number != h->commit || memcmp(last->nonce,
		    h->nonce, sizeof(h->nonce)) != 0 ||
		    memcmp(last->digest, h->digest, 32) != 0 ||
		    last->first + last->count - 1 != h->records)
			return FORMAT_DAMAGED;
		if (log != NULL && (log->last + 1 != first->number ||
		    log->first_record + log->records != first->first))
			return FORMAT_DAMAGED;
		if (log == NULL && !h->has_manifest && (first->number != 1 ||
		    first->first != 1))
			return FORMAT_DAMAGED;
	} else if (log != NULL) {
		if (log->last != h->commit ||
		    log->first_record + log->records - 1 != h->records)
			return FORMAT_DAMAGED;
	} else if (!h->has_manifest)
		return FORMAT_DAMAGED;
	return 0;
}

int
head_decode(struct head *h, const char *user, const void *p,
    size_t len)
{
	struct buf	 store = BUF_INIT;
	struct frame	 frame;
	struct cursor	 c, fields;
	const uint8_t	*body, *q;
	size_t		 n;
	uint32_t	 flen;
	int		 r;

	head_init(h);
	if (len > HEAD_MAX)
		return FORMAT_DAMAGED;
	if ((r = frame_open(&frame, FRAME_HEAD, p, len, HEAD_MAX, &store,
	    &body, &n)) != 0)
		goto done;
	memcpy(h->history, frame.history, 16);
	cursor_init(&c, body, n);
	flen = cursor_u32(&c);
	r = FORMAT_DAMAGED;
	if (c.bad || (q = cursor_bytes(&c, flen)) == NULL)
		goto done;
	cursor_init(&fields, q, flen);
	if ((r = fields_decode(h, &fields)) == 0 && user != NULL &&
	    strcmp(h->user, user) != 0)
		r = HEAD_FOREIGN;
	if (r == 0 &&
	    (r = blocklist_decode(&h->blocks, c.p, cursor_left(&c))) == 0)
		r = chain_check(h);
done:
	buf_free(&store);
	return r;
}

const char *
head_why(int e)
{
	switch (e) {
	case FORMAT_UNKNOWN:
		return "the head holds something critical that this version "
		    "does not know";
	case HEAD_FOREIGN:
		return "the head is another user's";
	default:
		return "the head is damaged";
	}
}

const struct head_node *
head_find(const struct head *h, const uint8_t node[16])
{
	size_t	 i;

	for (i = 0; i < h->nnodes; i++)
		if (memcmp(h->nodes[i].id, node, 16) == 0)
			return &h->nodes[i];
	return NULL;
}

/* The entry silent for longest, but not that of node. */
static struct head_node *
oldest(struct head *h, const uint8_t node[16])
{
	struct head_node	*o = NULL;
	size_t			 i;

	for (i = 0; i < h->nnodes; i++) {
		if (memcmp(h->nodes[i].id, node, 16) == 0)
			continue;
		if (o == NULL || h->nodes[i].time < o->time)
			o = &h->nodes[i];
	}
	return o;
}

static void
prune(struct head *h, const uint8_t node[16], int64_t now,
    const struct head_prune *how)
{
	struct head_node	*o;

	while (h->nnodes > how->keep &&
	    (o = oldest(h, node)) != NULL) {
		if (h->nnodes < HEAD_NODES_MAX &&
		    o->time > now - how->silent)
			break;
		if (o->commit > h->floor)
			h->floor = o->commit;
		*o = h->nodes[--h->nnodes];
	}
}

void
head_enter(struct head *h, const uint8_t node[16], const uint8_t nonce[16],
    uint64_t commit, int64_t now, const struct head_prune *how)
{
	struct head_node	*n = NULL;
	size_t			 i;

	prune(h, node, now, how);
	for (i = 0; i < h->nnodes; i++)
		if (memcmp(h->nodes[i].id, node, 16) == 0)
			n = &h->nodes[i];
	if (n == NULL)
		n = &h->nodes[h->nnodes++];
	memcpy(n->id, node, 16);
	memcpy(n->nonce, nonce, 16);
	n->commit = commit;
	n->time = now;
}
