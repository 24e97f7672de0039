/* What the pages say of what is known: each reason, and none without need. */
#include "common/compat.h"

#include <stdlib.h>
#include <time.h>

#include "admind/conf.h"
#include "admind/page.h"
#include "admind/test/told_rig.h"
#include "common/metric_text.h"
#include "common/msg_setup.h"
#include "common/proc_kind.h"
#include "common/ready_row.h"
#include "common/test.h"

static void
row(const char *metric, const char *labels, int64_t value)
{
	told_row(COUNTER_GAUGE, metric, labels, (uint64_t)value);
}

static void
sent(enum proc_kind kind, uint32_t index)
{
	struct admin_proc	*p = told_sent(kind, index);

	p->state = ADMIN_READY;
	p->answered = true;
}

static void
says(page_fn *page, bool known, int status, const char *want)
{
	struct head	 h = { 0 };
	struct answer	 a;

	answer_init(&a);
	page(&told, &h, known, &a);
	buf_put_u8(&a.body, '\0');
	CHECK_ROW(a.status == status, "%d", a.status);
	CHECK_ROW(strcmp((char *)a.body.data, want) == 0, "%s",
	    (char *)a.body.data);
	answer_free(&a);
}

/* proved, expires: seconds from now; 0: none. */
static void
facts(int64_t proved_ago, const char *trouble, int64_t expires, int64_t clock)
{
	int64_t	 now = (int64_t)time(NULL);

	told_forget();
	row("credential_expiry_timestamp_seconds", "of=ingest.0", now - 1);
	row("credential_expiry_timestamp_seconds", "of=store", expires == 0 ?
	    0 : now + expires);
	sent(PROC_CREDD, 0);
	row(READY_METRIC, "", proved_ago == 0 ? 0 : now - proved_ago);
	if (*trouble != '\0')
		row("", trouble, 1);
	row("clock_offset_seconds", "", -1);
	sent(PROC_STORAGED, 0);
	/* Another's proof is none, its clock is. */
	row(READY_METRIC, "", now);
	row("clock_offset_seconds", "", clock);
	sent(PROC_STORAGED, 1);
}

static void
test_readyz(void)
{
	page_fn	*page = page_readyz;

	conf.ready_within = 60;
	facts(50, "", 0, 60);
	says(page, true, 200, "ok\n");
	says(page, false, 200, "ok\n");
	facts(50, READY_TROUBLE "=x", 300, -60);
	says(page, true, 200, "ok\n");	/* it is recent enough */
	facts(100, "", 0, 0);
	says(page, true, 503, "the store was last written and read 100 s "
	    "ago\n");
	says(page, false, 503, "not ready\n");
	facts(100, READY_TROUBLE "=write: a\\=b\\, c", 0, 0);
	says(page, true, 503, "the store was last written and read 100 s "
	    "ago: write: a=b, c\n");
	facts(0, READY_TROUBLE "=there are no credentials", 0, 0);
	says(page, true, 503, "the store has not been written and read yet: "
	    "there are no credentials\n");
	facts(50, "", -10, 0);
	says(page, true, 503, "the store's credentials expired 10 s ago\n");
	facts(50, "", 0, 61);
	says(page, true, 503, "this host's clock is 61 s ahead of the "
	    "store's\n");
	facts(50, "", 0, -1200);
	says(page, true, 503, "this host's clock is 1200 s behind the "
	    "store's\n");
	told.done.serving = false;
	facts(100, "", -10, 0);
	says(page, true, 503, "Pail is starting\n"
	    "the store was last written and read 100 s ago\n"
	    "the store's credentials expired 10 s ago\n");
	facts(0, READY_TROUBLE "=no such," READY_TROUBLE "= host", 0, 0);
	says(page, true, 503, "Pail is starting\n"
	    "waiting for the store: no such host\n");
	told.done.stopping = true;
	facts(50, "", 0, 0);
	says(page, true, 503, "Pail is stopping\n");
	told.done.stopping = false;
	told.leaving = true;
	says(page, true, 503, "Pail is draining\n");
	says(page, false, 503, "not ready\n");
	told.leaving = false;
	told.done.serving = true;
	/* Who says nothing, or nonsense, proves nothing. */
	told_forget();
	sent(PROC_STORAGED, 0);
	says(page, true, 503, "the store has not been written and read "
	    "yet\n");
	told_procs[0].counts.len = 1;
	says(page, true, 503, "the store has not been written and read "
	    "yet\n");
	/* That it does not answer says nothing of the store. */
	facts(50, "", 0, 0);
	told_procs[1].answered = false;
	free((void *)(uintptr_t)told_procs[1].counts.p);
	told_procs[1].counts = (struct str){ NULL, 0 };
	says(page, true, 503, "storaged 0 does not say whether the store can "
	    "be written and read\n");
	told_forget();
	says(page, true, 503, "storaged 0 does not say whether the store can "
	    "be written and read\n");
	told.done.serving = false;
	says(page, true, 503, "Pail is starting\nstoraged 0 does not say "
	    "whether the store can be written and read\n");
	told.done.serving = true;
}

static void
test_healthz(void)
{
	static const struct {
		enum admin_state state;
		bool		 answered;
		const char	*says;
	} t[] = {
		{ ADMIN_DOWN, false, "imapd 1 is not running\n" },
		{ ADMIN_STARTING, false, "imapd 1 is starting\n" },
		{ ADMIN_STARTING, true, NULL },
		{ ADMIN_DRAINING, false, "imapd 1 is stopping\n" },
		{ ADMIN_READY, false, "imapd 1 does not respond\n" },
		{ ADMIN_READY, true, NULL },
	};
	size_t	 i;

	sent(PROC_CREDD, 0);
	sent(PROC_IMAPD, 1);
	for (i = 0; i < nitems(t); i++) {
		told_procs[1].state = (uint8_t)t[i].state;
		told_procs[1].answered = t[i].answered;
		says(page_healthz, true, t[i].says == NULL ? 200 : 503,
		    t[i].says == NULL ? "ok\n" : t[i].says);
	}
	told_procs[1].answered = false;
	says(page_healthz, false, 503, "not healthy\n");
	told_forget();
}

int
main(void)
{
	test_readyz();
	test_healthz();
	return TEST_END();
}
