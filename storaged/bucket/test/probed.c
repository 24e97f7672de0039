#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "common/test.h"
#include "storaged/bucket/test/probed.h"

static void
on_probe(const struct probe_result *r, void *arg)
{
	struct probed *p = arg;

	if (r->verdict == PROBE_BEGINS) {
		CHECK(!p->done && !p->begins);
		p->begins = true;
		if (*p->fake != NULL) {
			p->gets = s3_fake_count(*p->fake, "GET");
			p->puts = s3_fake_count(*p->fake, "PUT");
		}
		return;
	}
	if (r->verdict == PROBE_LIKELY) {
		CHECK(p->begins && !p->done && !p->likely);
		p->likely = true;
		if (*p->fake != NULL)
			p->likely_waits = s3_fake_waits(*p->fake);
		return;
	}
	if (r->verdict == PROBE_NEARLY) {
		CHECK(p->begins && !p->done && !p->nearly);
		p->nearly = true;
		if (*p->fake != NULL)
			p->nearly_waits = s3_fake_waits(*p->fake);
		return;
	}
	p->done = true;
	p->verdict = r->verdict;
	strlcpy(p->line, r->line, sizeof(p->line));
	snprintf(p->report, sizeof(p->report), "%.*s", (int)r->report->len,
	    (const char *)r->report->data);
}

void
probed_run(struct event_base *base, struct blob_store *s,
    struct s3_fake *const *fake, bool report, struct probed *p)
{
	memset(p, 0, sizeof(*p));
	p->fake = fake;
	probe_start(base, s, report, on_probe, p);
	CHECK(!p->done);
	while (!p->done)
		event_base_loop(base, EVLOOP_ONCE);
}

void
probed_end(struct event_base *base)
{
	while (probe_count() > 0)
		event_base_loop(base, EVLOOP_ONCE);
}
