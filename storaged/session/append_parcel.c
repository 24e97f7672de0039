/*
 * APPEND_PARCEL: the message is the recipient's trace lines and a parcel
 * (parcel.h) that other recipients may share.  A small one is copied and
 * packed; of a large one, the lines are copied and the parcel is kept, to be
 * read a chunk at a time.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/msg_deliver.h"
#include "common/proc_kind.h"
#include "storaged/session/append.h"

/* All of it in memory, as far as it is small.  0 or -1. */
static int
parcel_load(struct append *x, const struct append_parcel *r)
{
	size_t	 n = (size_t)parcel_size(x->parcel);
	uint8_t	*p;

	if (buf_put(&x->mem, r->prefix.p, r->prefix.len) == -1)
		return -1;
	x->prefix = r->prefix.len;
	x->got = r->size;
	if (!append_small(x, r->digest))
		return 0;
	if ((p = buf_reserve(&x->mem, n)) == NULL ||
	    parcel_read(x->parcel, p, n, 0) == -1)
		return -1;
	x->mem.len += n;
	sum_add(&x->sum, x->mem.data, x->mem.len);
	return 0;
}

/* -1: it makes no sense; 0: it is an item, or refused (op is gone). */
static int
parcel_item(struct op *op, const struct append_parcel *r)
{
	struct append		*x = op->x;
	struct append_msg	 msg = {
		.flags = r->flags, .keywords = r->keywords,
		.dated = r->dated, .date = r->date, .zone = r->zone,
		.size = r->size, .digest = r->digest
	};

	if (r->key.len != 0 && r->key.len != DELIVER_KEY_LEN)
		return -1;
	x->target = r->target;
	x->keyed = r->key.len > 0;
	if (x->keyed)
		memcpy(x->key, r->key.p, sizeof(x->key));
	x->parcel = parcel_keep(op->s->index, r->parcel);
	if (x->parcel == NULL) {
		op_no(op, MBOX_UNAVAILABLE,
		    "The message is gone, send it again");
		return 0;
	}
	if (r->size != r->prefix.len + parcel_size(x->parcel))
		return -1;
	if (r->size > op->user->env->appendlimit + DELIVER_PREFIX_MAX) {
		op_no(op, MBOX_TOOBIG, "The message is too large");
		return 0;
	}
	if (parcel_load(x, r) == -1) {
		log_warn("user=%s cmd=APPEND parcel", op->user->word);
		op_no(op, MBOX_UNAVAILABLE,
		    "The message cannot be stored now, try again later");
		return 0;
	}
	return append_item(op, &msg);
}

int
append_parcel(struct session *s, const struct msg *m)
{
	struct op		*op = append_find(s, m);
	struct append_parcel	 r;
	struct append		*x;
	struct arena		*a;
	unsigned		 spools;
	int			 rv = -1;

	if (s->kind != PROC_LMTPD)
		return -1;
	if (op == NULL)
		return 0;
	x = op->x;
	if (!append_may_come(op) || x->done || x->n != 0 || x->got != 0)
		return -1;
	if (append_holds(s, &spools) > SESSION_APPENDS_MAX) {
		op_no(op, MBOX_LIMIT, "Too many messages at once");
		return 0;
	}
	if ((a = arena_new(1024 * 1024)) == NULL)
		return -1;
	x->whole = true;
	if (wire_decode(&append_parcel_wire, &r, m->data, m->len, a) == 0)
		rv = parcel_item(op, &r);
	arena_free(a);
	return rv;
}

bool
append_repeated(struct op *op)
{
	struct index	*ix = op->user->ix;
	struct append		*x = op->x;

	if (!x->keyed || (key_known(&ix->read, x->key, (int64_t)time(NULL)) !=
	    1 && !usage_over(&ix->usage, &op->user->quota, 0, 0)))
		return false;
	large_free(x, TAILQ_FIRST(&x->larges));
	x->n = 0;
	free((void *)(uintptr_t)x->v[0].digest.p);
	x->open = true;
	return true;
}
