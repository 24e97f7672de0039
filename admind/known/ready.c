/*
 * Clients must not be sent here while Pail starts, drains or stops, nor without
 * a recent proof that the store can be written and read, nor with credentials
 * that have expired or a clock that is wrong.  A proof that is missing counts
 * as none: whatever is not known, clients are not sent.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "admind/known/ready.h"
#include "common/arena.h"
#include "common/escape.h"
#include "common/metric_text.h"
#include "common/msg_setup.h"
#include "common/proc_kind.h"
#include "common/ready_row.h"

#define CLOCK_MAX	60		/* seconds off */
#define PART_MAX	(ESCAPE_MOST(METRIC_VALUE) + 1)
#define TROUBLE_MAX	(ESCAPE_MOST(READY_WHY) + 1)
#define ARENA_MAX	(4 * 1024 * 1024)

/* What the processes say that matters here. */
struct facts {
	bool	 told;			/* the first storaged has answered */
	int64_t	 proved;		/* Unix time; 0: not yet */
	char	 trouble[TROUBLE_MAX];	/* of the last try; "" */
	int64_t	 expires;		/* Unix time; 0: never, or unknown */
	int64_t	 clock;			/* seconds that ours is ahead */
};

static void
take_trouble(struct facts *f, struct str labels)
{
	struct str	 key;
	char		 part[PART_MAX];

	while (metric_text_next(&labels, &key, part, sizeof(part)) == 1 &&
	    str_eq(key, STR(READY_TROUBLE)))
		strlcat(f->trouble, part, sizeof(f->trouble));
}

static void
take_row(struct facts *f, enum proc_kind kind, uint32_t index,
    const struct ctl_count *c)
{
	int64_t		 v = (int64_t)c->value;

	if (kind == PROC_CREDD && str_eq(c->metric,
	    STR("credential_expiry_timestamp_seconds")) &&
	    str_eq(c->labels, STR("of=store")))
		f->expires = v;
	if (kind != PROC_STORAGED)
		return;
	if (str_eq(c->metric, STR("clock_offset_seconds")) &&
	    v != INT64_MIN && llabs(v) > llabs(f->clock))
		f->clock = v;
	if (index == 0 && str_eq(c->metric, STR(READY_METRIC)))
		f->proved = v;
	if (index == 0 && c->metric.len == 0)
		take_trouble(f, c->labels);
}

static void
take_proc(struct facts *f, const struct admin_proc *p)
{
	struct ctl_counts	 counts;
	struct arena		*a;
	size_t			 i;

	if (p->kind == PROC_STORAGED && p->index == 0)
		f->told = p->answered;
	if (p->counts.len == 0 || (a = arena_new(ARENA_MAX)) == NULL)
		return;
	if (wire_decode(&ctl_counts_wire, &counts, p->counts.p,
	    p->counts.len, a) == 0)
		for (i = 0; i < counts.counts.n; i++)
			take_row(f, (enum proc_kind)p->kind, p->index,
			    (const struct ctl_count *)counts.counts.v + i);
	arena_free(a);
}

static void
say_store(const struct facts *f, bool starting, uint32_t within,
    int64_t now, struct buf *out)
{
	const char	*sep = f->trouble[0] != '\0' ? ": " : "";

	if (starting && f->told && f->proved == 0)
		buf_printf(out, "waiting for the store%s%s\n", sep,
		    f->trouble);
	else if (!f->told)
		buf_puts(out, "storaged 0 does not say whether the store can "
		    "be written and read\n");
	else if (f->proved == 0)
		buf_printf(out, "the store has not been written and read "
		    "yet%s%s\n", sep, f->trouble);
	else if (now - f->proved > (int64_t)within)
		buf_printf(out, "the store was last written and read %" PRId64
		    " s ago%s%s\n", now - f->proved, sep, f->trouble);
}

void
ready_say(const struct state *s, uint32_t within, struct buf *out)
{
	struct facts	 f = { 0 };
	int64_t		 now = (int64_t)time(NULL);
	size_t		 i;

	for (i = 0; i < s->nprocs; i++)
		take_proc(&f, &s->procs[i]);
	if (s->leaving)
		buf_puts(out, "Pail is draining\n");
	else if (s->done.stopping)
		buf_puts(out, "Pail is stopping\n");
	else if (!s->done.serving)
		buf_puts(out, "Pail is starting\n");
	say_store(&f, !s->done.serving, within, now, out);
	if (f.expires != 0 && f.expires <= now)
		buf_printf(out, "the store's credentials expired %" PRId64
		    " s ago\n", now - f.expires);
	if (llabs(f.clock) > CLOCK_MAX)
		buf_printf(out, "this host's clock is %lld s %s the store's\n",
		    llabs(f.clock), f.clock > 0 ? "ahead of" : "behind");
}
