/* See quota_model.h. */
#include "common/compat.h"

#include <string.h>

#include "common/test.h"
#include "storaged/index/test/quota_model.h"

#define BOX_MAX		2000

struct mail { uint32_t uid; uint64_t size; bool deleted; };
struct mailbox { bool exists; uint32_t uidnext; struct mail v[BOX_MAX];
    size_t n; };

static struct mailbox	 boxes[MODEL_BOXES];
const char *const	 model_names[MODEL_BOXES] = { "INBOX", "a", "b", "c" };
struct quota		 model_quota;

void
model_begin(void)
{
	memset(boxes, 0, sizeof(boxes));
	memset(&model_quota, 0, sizeof(model_quota));
	boxes[0].exists = true;
	boxes[0].uidnext = 1;
}

struct usage
model_usage(void)
{
	struct usage	 u = { 0, 0 };
	size_t		 i, j;

	for (i = 0; i < MODEL_BOXES; i++)
		for (j = 0; boxes[i].exists && j < boxes[i].n; j++) {
			u.messages++;
			u.bytes += boxes[i].v[j].size;
		}
	return u;
}

/* One after the other: who is at the limit or over it gets none. */
static bool
model_refuses(const struct mail *v, size_t n)
{
	struct usage	 u = model_usage();
	size_t		 i;

	for (i = 0; i < n; i++) {
		if (model_quota.bytes != 0 && u.bytes >= model_quota.bytes)
			return true;
		if (model_quota.messages != 0 &&
		    u.messages >= model_quota.messages)
			return true;
		u.bytes += v[i].size;
		u.messages++;
	}
	return false;
}

static void
model_add(struct mailbox *b, const struct mail *v, size_t n)
{
	size_t	 i;

	for (i = 0; i < n && b->n < BOX_MAX; i++) {
		b->v[b->n] = v[i];
		b->v[b->n++].uid = b->uidnext++;
	}
	CHECK(i == n);
}

static bool
in_plan(const struct plan *p, const struct mail *m)
{
	return (p->kind == WORK_EXPUNGE && !p->only) ||
	    uidset_has(&p->uids, m->uid);
}

/* Those of the plan, which are the ones that go when take is set. */
static size_t
model_pick(const struct plan *p, struct mail *out, bool take)
{
	struct mailbox	*b = &boxes[p->box];
	size_t		 i, n = 0, left = 0;

	for (i = 0; i < b->n; i++) {
		if (in_plan(p, &b->v[i]) && (p->kind != WORK_EXPUNGE ||
		    b->v[i].deleted))
			out[n++] = b->v[i];
		else if (take)
			b->v[left++] = b->v[i];
	}
	if (take)
		b->n = left;
	return n;
}

static int
model_append(const struct plan *p)
{
	struct mail	 v[MODEL_ITEMS];
	size_t		 i;

	for (i = 0; i < p->n; i++)
		v[i] = (struct mail){ 0, p->size[i], p->deleted[i] };
	if (!boxes[p->box].exists)
		return MBOX_TRYCREATE;
	if (model_refuses(v, p->n))
		return MBOX_OVERQUOTA;
	model_add(&boxes[p->box], v, p->n);
	return MBOX_CODE_NONE;
}

static int
model_copy(const struct plan *p)
{
	static struct mail	 v[BOX_MAX];
	size_t			 n;

	if (!boxes[p->box].exists)
		return MBOX_NONEXISTENT_BOX;
	if (!boxes[p->to].exists)
		return MBOX_TRYCREATE;
	n = model_pick(p, v, false);
	if (p->kind == WORK_COPY && model_refuses(v, n))
		return MBOX_OVERQUOTA;
	if (p->kind == WORK_MOVE)
		(void)model_pick(p, v, true);
	model_add(&boxes[p->to], v, n);
	return MBOX_CODE_NONE;
}

static int
model_rename(const struct plan *p)
{
	struct mailbox	*from = &boxes[p->box], *to = &boxes[p->to];

	if (!from->exists)
		return MBOX_NONEXISTENT_BOX;
	if (to->exists)
		return MBOX_ALREADYEXISTS;
	if (p->box != 0) {
		*to = *from;
		from->exists = false;
		return MBOX_CODE_NONE;
	}
	to->exists = true;
	to->uidnext = 1;
	to->n = 0;
	model_add(to, from->v, from->n);
	from->n = 0;
	return MBOX_CODE_NONE;
}

int
model_do(const struct plan *p)
{
	static struct mail	 gone[BOX_MAX];
	struct mailbox		*b = &boxes[p->box];

	switch (p->kind) {
	case WORK_APPEND:
		return model_append(p);
	case WORK_COPY:
	case WORK_MOVE:
		return model_copy(p);
	case WORK_EXPUNGE:
		if (!b->exists)
			return MBOX_NONEXISTENT_BOX;
		(void)model_pick(p, gone, true);
		return MBOX_CODE_NONE;
	case WORK_CREATE:
		if (b->exists)
			return MBOX_ALREADYEXISTS;
		b->exists = true;
		b->uidnext = 1;
		b->n = 0;
		return MBOX_CODE_NONE;
	case WORK_DELETE:
		if (p->box == 0)
			return MBOX_CANNOT;
		if (!b->exists)
			return MBOX_NONEXISTENT_BOX;
		b->exists = false;
		return MBOX_CODE_NONE;
	default:
		return model_rename(p);
	}
}
