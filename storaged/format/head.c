/*
 * The head's bytes and its node table.  It sends nothing and settles
 * nothing.  Defined in pail-bucket.5, "The head".
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/format/fields.h"
#include "storaged/format/object.h"
#include "storaged/format/head.h"

enum {
	F_COMMIT = 1,
	F_NONCE,
	F_TIME,
	F_RECORDS,
	F_UIDVALIDITY,
	F_STATE_HASH,
	F_NODES,
	F_FLOOR,
	F_MANIFEST,		/* id, SHA-256; absent: none yet */
	F_LOGS,
	F_GARBAGE,
	F_USER,
	F_LAST = F_USER
};
#define NODE_MIN	34

static int	 nodes_put(const void *, struct buf *);
static int	 nodes_get(void *, struct cursor *);
static bool	 manifest_none(const void *);
static int	 manifest_put(const void *, struct buf *);
static int	 manifest_get(void *, struct cursor *);
static int	 user_put(const void *, struct buf *);
static int	 user_get(void *, struct cursor *);
static void	 user_print(const void *, struct buf *);

/* Of the whole head: they are in more than one member. */
static const struct field_own	 nodes_own = { .put = nodes_put,
				    .get = nodes_get };
static const struct field_own	 manifest_own = { .empty = manifest_none,
				    .put = manifest_put,
				    .get = manifest_get };
static const struct field_own	 user_own = { .put = user_put,
				    .get = user_get, .print = user_print };

#define AT(m)	FIELD_AT(struct head, m)
static const struct field rows[] = {
	[F_COMMIT] =	  { FIELD_NUM, "commit", AT(commit) },
	[F_NONCE] =	  { FIELD_BYTES, "nonce", AT(nonce) },
	[F_TIME] =	  { FIELD_INT, "time", AT(time) },
	[F_RECORDS] =	  { FIELD_NUM, "records", AT(records) },
	[F_UIDVALIDITY] = { FIELD_NUM, "uidvalidity", AT(uidvalidity) },
	[F_STATE_HASH] =  { FIELD_BYTES, "state_hash", AT(state_hash) },
	[F_NODES] =	  { FIELD_OWN, "nodes", 0, 0, .own = &nodes_own },
	[F_FLOOR] =	  { FIELD_NUM, "floor", AT(floor) },
	[F_MANIFEST] =	  { FIELD_OWN, "manifest", 0, 0,
			    .own = &manifest_own },
	[F_LOGS] =	  { FIELD_OWN, "logs", AT(logs),
			    .own = &loglist_own },
	[F_GARBAGE] =	  { FIELD_OWN, "garbage", AT(garbage),
			    .own = &garbage_own },
	[F_USER] =	  { FIELD_OWN, "user", AT(user), .own = &user_own },
};
static const struct fields fields = { rows, F_LAST,
	FIELD_ALL(F_LAST) - FIELD_BIT(F_MANIFEST), FIELD_BIT(F_MANIFEST) };

void
head_init(struct head *h)
{
	memset(h, 0, offsetof(struct head, nodes));
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

/* All of it, and no blocks. */
static void
head_assign(struct head *dst, const struct head *src)
{
	memcpy(dst, src, offsetof(struct head, nodes) +
	    src->nnodes * sizeof(src->nodes[0]));
	TAILQ_INIT(&dst->blocks);
}

void
head_move(struct head *dst, struct head *src)
{
	head_free(dst);
	head_assign(dst, src);
	TAILQ_CONCAT(&dst->blocks, &src->blocks, entry);
	head_init(src);
}

int
head_copy(struct head *dst, const struct head *src)
{
	head_assign(dst, src);
	memset(&dst->logs, 0, sizeof(dst->logs));
	memset(&dst->garbage, 0, sizeof(dst->garbage));
	buf_init(&dst->unknown, 0);
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
nodes_put(const void *m, struct buf *b)
{
	const struct head	*h = m;
	const struct head_node	*n;

	for (n = h->nodes; n < h->nodes + h->nnodes; n++) {
		buf_put(b, n->id, sizeof(n->id));
		buf_put(b, n->nonce, sizeof(n->nonce));
		buf_put_varint(b, n->commit);
		buf_put_varint(b, zigzag(n->time));
	}
	return b->failed ? -1 : 0;
}

static bool
manifest_none(const void *m)
{
	return !((const struct head *)m)->has_manifest;
}

static int
manifest_put(const void *m, struct buf *b)
{
	const struct head	*h = m;

	buf_put(b, h->manifest, sizeof(h->manifest));
	return buf_put(b, h->manifest_sha256, sizeof(h->manifest_sha256));
}

static int
user_put(const void *user, struct buf *b)
{
	return buf_puts(b, user);
}

int
head_encode(const struct head *h, const struct block *first, struct buf *out)
{
	const struct block	*k;
	struct buf		 v = BUF_INIT;
	size_t			 at = out->len, len;
	int			 ret = -1;

	if (h->user[0] == '\0' || fields_encode(&fields, h, &v) == -1 ||
	    buf_put(&v, h->unknown.data, h->unknown.len) == -1)
		goto done;
	len = OBJECT_HEADER + 4 + v.len + blocks_bytes(first) +
	    blocklist_bytes(&h->blocks);
	if (len > HEAD_MAX || buf_reserve(out, len) == NULL)
		goto done;
	object_begin(out);
	buf_put_u32(out, (uint32_t)v.len);
	buf_put(out, v.data, v.len);
	for (k = first; k != NULL; k = TAILQ_NEXT(k, entry))
		buf_put(out, k->bytes, k->len);
	TAILQ_FOREACH(k, &h->blocks, entry)
		buf_put(out, k->bytes, k->len);
	ret = object_end(OBJECT_HEAD, h->history, out, at);
done:
	buf_free(&v);
	return ret;
}

static int
nodes_get(void *m, struct cursor *c)
{
	struct head		*h = m;
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
manifest_get(void *m, struct cursor *c)
{
	struct head	*h = m;
	const uint8_t	*id = cursor_bytes(c, sizeof(h->manifest));
	const uint8_t	*sum = cursor_bytes(c, sizeof(h->manifest_sha256));

	if (sum == NULL || !cursor_done(c))
		return FORMAT_DAMAGED;
	h->has_manifest = true;
	memcpy(h->manifest, id, sizeof(h->manifest));
	memcpy(h->manifest_sha256, sum, sizeof(h->manifest_sha256));
	return 0;
}

static int
user_get(void *user, struct cursor *c)
{
	size_t		 len = cursor_left(c);
	const uint8_t	*p = cursor_bytes(c, len);

	if (!key_user_valid((const char *)p, len))
		return FORMAT_DAMAGED;
	memcpy(user, p, len);
	((char *)user)[len] = '\0';
	return 0;
}

static void
user_print(const void *user, struct buf *b)
{
	buf_puts(b, user);
}

static int
head_fields(struct head *h, struct cursor *c)
{
	struct str	 rest;
	int		 r;

	if ((r = fields_decode_sized(&fields, h, c, HEAD_MAX, &rest)) != 0)
		return r;
	if (h->commit == 0 || h->commit > INT64_MAX ||
	    h->records > INT64_MAX || h->floor > h->commit)
		return FORMAT_DAMAGED;
	return buf_put(&h->unknown, rest.p, rest.len) == -1 ?
	    FORMAT_NO_MEMORY : 0;
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
		    memcmp(last->state_hash, h->state_hash, 32) != 0 ||
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
	struct object_header	 header;
	struct cursor	 c;
	const uint8_t	*body;
	size_t		 n;
	int		 r;

	head_init(h);
	if (len > HEAD_MAX)
		return FORMAT_DAMAGED;
	if ((r = object_open(&header, OBJECT_HEAD, p, len, HEAD_MAX, &store,
	    &body, &n)) != 0)
		goto done;
	memcpy(h->history, header.history, 16);
	cursor_init(&c, body, n);
	if ((r = head_fields(h, &c)) == 0 && user != NULL &&
	    strcmp(h->user, user) != 0)
		r = HEAD_FOREIGN;
	if (r == 0 &&
	    (r = blocklist_decode(&h->blocks, c.p, cursor_left(&c))) == 0)
		r = chain_check(h);
done:
	buf_free(&store);
	return r;
}

void
head_print(const struct head *h, struct buf *b)
{
	static const uint8_t	 user[] = { F_USER }, rest[] = { F_COMMIT,
				    F_RECORDS, F_TIME, F_UIDVALIDITY,
				    F_FLOOR };

	buf_puts(b, "head");
	fields_print(&fields, h, user, nitems(user), b);
	buf_puts(b, " history=");
	fields_print_hex(h->history, sizeof(h->history), b);
	fields_print(&fields, h, rest, nitems(rest), b);
	buf_printf(b, " inline=%zu\n", blocklist_bytes(&h->blocks));
}

const char *
head_why(int e)
{
	switch (e) {
	case FORMAT_UNKNOWN:
		return "the head uses a critical feature that this version "
		    "does not support";
	case FORMAT_NO_MEMORY:
		return "out of memory";
	case HEAD_FOREIGN:
		return "the head belongs to another user";
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
