/*
 * /metrics: what all processes count, what the system says of them, and what is
 * known here.  Made once for all who ask within a second.
 */
#include "common/compat.h"

#include <stdio.h>

#include "admind/expose.h"
#include "admind/page.h"
#include "admind/known/sample.h"
#include "common/metric_text.h"

#define MICRO	1000000

/* The names are those of Prometheus' own client libraries. */
static void
add_system(struct samples *v, const struct admin_proc *p)
{
	samples_add(v, p, "process_cpu_seconds_total", COUNTER_COUNTER,
	    "User and system CPU time", "", p->cpu_us, MICRO);
	samples_add(v, p, "process_resident_memory_bytes", COUNTER_GAUGE,
	    "Memory that is resident", "", p->rss, 1);
	samples_add(v, p, "process_virtual_memory_bytes", COUNTER_GAUGE,
	    "Memory that is mapped", "", p->vsize, 1);
	if (p->fds != 0)
		samples_add(v, p, "process_open_fds", COUNTER_GAUGE,
		    "Open file descriptors", "", p->fds, 1);
	if (p->threads != 0)
		samples_add(v, p, "process_threads", COUNTER_GAUGE,
		    "Threads", "", p->threads, 1);
}

static void
add_proc(struct samples *v, const struct admin_proc *p)
{
	samples_add(v, p, "process_up", COUNTER_GAUGE,
	    "Whether the process runs and responds", "",
	    p->state == ADMIN_READY && p->answered, 1);
	samples_add(v, p, "process_restarts_total", COUNTER_COUNTER,
	    "Restarts of the process since paild was started", "",
	    p->restarts, 1);
	if (p->pid != 0)
		samples_add(v, p, "process_start_time_seconds", COUNTER_GAUGE,
		    "Start of the process, in Unix time", "", p->started, 1);
	if (p->known)
		add_system(v, p);
}

static int
make(const struct state *s, enum expose_format f, struct buf *out)
{
	struct samples	 v;
	struct buf	 version = BUF_INIT;
	size_t		 i;
	int		 r;

	r = samples_gather(&v, s);
	for (i = 0; i < s->nprocs; i++)
		add_proc(&v, &s->procs[i]);
	metric_text_put(&version, "version", s->done.version);
	buf_put_u8(&version, '\0');
	samples_add(&v, NULL, "build_info", COUNTER_GAUGE,
	    "Which Pail this is; the value is always 1", version.failed ? "" :
	    (const char *)version.data, 1, 1);
	samples_add(&v, NULL, "scrape_missing_processes", COUNTER_GAUGE,
	    "Processes whose figures are not here: they have not responded "
	    "within a second", "", s->done.missing, 1);
	samples_add(&v, NULL, "scrape_dropped_samples", COUNTER_GAUGE,
	    "Figures that a process sent in no valid form", "", v.dropped, 1);
	samples_sort(&v);
	if (v.failed)
		r = -1;
	if (r == 0)
		r = expose(&v, f, out);
	buf_free(&version);
	samples_free(&v);
	return r;
}

void
page_metrics(struct state *s, const struct head *h, bool known,
    struct answer *a)
{
	enum expose_format	 f = expose_wanted(h->accept);
	struct buf		*text = &s->text[f];

	(void)known;
	if (text->len == 0) {
		buf_init(text, ANSWER_MAX);
		if (make(s, f, text) == -1) {
			buf_free(text);
			answer_text(a, 500, "out of memory");
			return;
		}
	}
	a->type = expose_type(f);
	buf_put(&a->body, text->data, text->len);
}
