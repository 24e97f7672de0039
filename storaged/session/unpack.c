/* Runs of small messages (unpack.h).  The thread touches nothing but the
 * run: it neither logs nor says what damage means. */
#include "common/compat.h"

#include <string.h>

#include "common/sum.h"
#include "storaged/format/codec.h"
#include "storaged/session/unpack.h"
#include "storaged/util/helper.h"

static size_t
content_len(const struct place *p)
{
	return (size_t)(p->at.digest_len + p->size);
}

bool
unpack_room(const struct unpack *u, const struct place *p)
{
	return u->n == 0 || (u->n < UNPACK_MESSAGES &&
	    u->want + content_len(p) <= UNPACK_OCTETS);
}

int
unpack_add(struct unpack *u, const struct place *p, const uint8_t *stored)
{
	struct unpack_item	*it = &u->v[u->n];

	it->place = *p;
	it->in = u->in.len;
	if (buf_put(&u->in, stored, (size_t)p->at.stored) == -1)
		return -1;
	u->want += content_len(p);
	u->n++;
	return 0;
}

/* In a helper thread. */
static void
unpack_work(void *arg)
{
	struct unpack		*u = arg;
	struct unpack_item	*it;
	const struct place	*p;

	if (buf_reserve(&u->out, u->want) == NULL)
		u->out.failed = true;
	for (it = u->v; it < u->v + u->n; it++) {
		p = &it->place;
		it->out = u->out.len;
		it->good = codec_expand(p->at.codec, u->in.data + it->in,
		    (size_t)p->at.stored, content_len(p), &u->out) == 0 &&
		    sum_is(u->out.data + it->out + p->at.digest_len,
		    (size_t)p->size, p->at.sha256);
	}
}

static void
unpack_over(void *arg)
{
	struct unpack	*u = arg;

	u->job = NULL;
	u->done = true;
	u->ready(u->arg);
}

void
unpack_run(struct unpack *u, struct helper_pool *pool, void (*ready)(void *),
    void *arg)
{
	u->ready = ready;
	u->arg = arg;
	u->job = helper_run(pool, true, unpack_work, unpack_over, u);
}

const uint8_t *
unpack_content(const struct unpack *u, unsigned i)
{
	return u->v[i].good ? u->out.data + u->v[i].out : NULL;
}

void
unpack_reset(struct unpack *u)
{
	if (u->job != NULL)
		helper_cancel(u->job);
	u->job = NULL;
	u->done = false;
	u->n = 0;
	u->want = 0;
	buf_reset(&u->in);
	buf_reset(&u->out);
}

void
unpack_free(struct unpack *u)
{
	unpack_reset(u);
	buf_free(&u->in);
	buf_free(&u->out);
}
