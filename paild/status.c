/*
 * The status: a row for each process, in the table's order, as text or JSON.
 */
#include "common/compat.h"

#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

#include "common/counter.h"
#include "common/json_write.h"
#include "common/mem.h"
#include "paild/ask.h"
#include "paild/chan.h"
#include "paild/child_log.h"
#include "paild/control.h"
#include "paild/proc.h"
#include "paild/status.h"
#include "paild/watch.h"

#define ANSWER_SECONDS	5

static void
up_time(time_t seconds, char *dst, size_t size)
{
	long long	s = seconds;

	if (s < 60)
		snprintf(dst, size, "%llds", s);
	else if (s < 3600)
		snprintf(dst, size, "%lldm%02llds", s / 60, s % 60);
	else
		snprintf(dst, size, "%lldh%02lldm", s / 3600, s / 60 % 60);
}

static void
text_count(struct buf *row, const struct ctl_count *v)
{
	buf_printf(row, " %.*s=%llu", (int)v->name.len, v->name.p,
	    (unsigned long long)v->value);
}

static void
json_count(struct buf *row, const struct ctl_count *v)
{
	json_add_name(row, v->name);
	if (v->kind == COUNTER_SIGNED)
		json_add_signed(row, NULL, (int64_t)v->value);
	else
		json_add_number(row, NULL, v->value);
}

/* What a child says of itself; m NULL: nothing. */
static void
add_counts(struct buf *row, const struct msg *m,
    void (*add)(struct buf *, const struct ctl_count *))
{
	struct ctl_counts	 counts;
	const struct ctl_count	*v;
	struct arena		*a;
	size_t			 i;

	if (m == NULL || (a = arena_new(4 * 1024 * 1024)) == NULL)
		return;
	if (wire_decode(&ctl_counts_wire, &counts, m->data, m->len, a) == 0)
		for (i = 0; i < counts.counts.n; i++) {
			v = (const struct ctl_count *)counts.counts.v + i;
			if (v->name.len > 0)
				add(row, v);
		}
	arena_free(a);
}

static void
text_row(struct buf *row, const struct proc *p, const struct msg *m)
{
	char	up[32], pid[16] = "-";

	up_time(p->pid != 0 ? paild_now() - p->started : 0, up, sizeof(up));
	if (p->pid != 0)
		snprintf(pid, sizeof(pid), "%d", (int)p->pid);
	buf_printf(row, "%-14s %8s %-9s %8s %8u ", proc_name(p), pid,
	    proc_state_name(p->state), up, p->restarts);
	if (m == NULL && p->state == PROC_READY)
		watch_status(p, row);
	add_counts(row, m, text_count);
	buf_puts(row, "\n");
}

static void
json_row(struct buf *row, const struct proc *p, const struct msg *m)
{
	bool	silent = m == NULL && p->state == PROC_READY;

	json_add_object(row, NULL);
	json_add_text(row, "name", proc_name(p));
	if (p->pid != 0)
		json_add_signed(row, "pid", p->pid);
	else
		json_add_null(row, "pid");
	json_add_text(row, "state", proc_state_name(p->state));
	json_add_signed(row, "up_seconds", p->pid != 0 ?
	    paild_now() - p->started : 0);
	json_add_number(row, "restarts", p->restarts);
	json_add_text(row, "doing", silent ? p->doing : NULL);
	if (silent)
		json_add_signed(row, "doing_seconds",
		    paild_now() - p->doing_since);
	json_add_object(row, "counts");
	add_counts(row, m, json_count);
	json_end_object(row);
	json_end_object(row);
}

/* m NULL: there is no answer. */
static void
status_row(struct control_client *c, struct proc *p, const struct msg *m)
{
	(c->json ? json_row : text_row)(&c->rows[p - c->paild->procs], p, m);
}

static void
json_finish(struct control_client *c)
{
	json_end_array(&c->out);
	json_add_array(&c->out, "channels_down");
	chan_status_json(c->paild, &c->out);
	json_end_array(&c->out);
	json_add_number(&c->out, "silent", c->waiting);
	json_end_object(&c->out);
	buf_puts(&c->out, "\n");
}

/* The rows in the table's order, however the answers came. */
static void
status_finish(struct control_client *c)
{
	size_t	i;

	for (i = 0; i < c->paild->nprocs; i++) {
		if (c->rows[i].len == 0)
			status_row(c, &c->paild->procs[i], NULL);
		if (c->json)
			json_add_raw(&c->out, NULL, (struct str){
			    (char *)c->rows[i].data, c->rows[i].len });
		else
			buf_put(&c->out, c->rows[i].data, c->rows[i].len);
	}
	child_log_sweep(c->paild);
	if (c->json)
		json_finish(c);
	else {
		chan_status(c->paild, &c->out);
		if (c->waiting != 0)
			buf_printf(&c->out, "%zu processes did not respond in "
			    "time\n", c->waiting);
	}
	control_finish(c);
}

static void
status_answer(struct proc *p, const struct msg *m, void *arg)
{
	struct control_client	*c = arg;

	status_row(c, p, m);
	if (--c->waiting == 0)
		status_finish(c);
}

/* Not all have answered in time: the table says which. */
static void
status_late(int fd, short what, void *arg)
{
	struct control_client	*c = arg;

	(void)fd;
	(void)what;
	ask_forget(c->paild, c);
	status_finish(c);
}

static const char *
suite_state(const struct paild *pd)
{
	return pd->draining ? "draining" : pd->stopping ? "stopping" :
	    pd->ready ? "serving" : "starting";
}

static void
text_head(struct control_client *c)
{
	struct paild	*pd = c->paild;
	char		 up[32];

	up_time(paild_now() - pd->started, up, sizeof(up));
	buf_printf(&c->out, "paild %s, pid %d, up %s, %s, %s\n"
	    "%-14s %8s %-9s %8s %8s  %s\n", PAIL_VERSION, (int)getpid(), up,
	    suite_state(pd), pd->file, "process", "pid", "state", "up",
	    "restarts", "counts");
}

static void
json_head(struct control_client *c)
{
	struct paild	*pd = c->paild;

	json_add_object(&c->out, NULL);
	json_add_text(&c->out, "version", PAIL_VERSION);
	json_add_signed(&c->out, "pid", getpid());
	json_add_signed(&c->out, "up_seconds", paild_now() - pd->started);
	json_add_text(&c->out, "state", suite_state(pd));
	json_add_text(&c->out, "configuration", pd->file);
	json_add_array(&c->out, "processes");
}

void
status_run(struct control_client *c, const char *arg)
{
	struct timeval	 tv = { .tv_sec = ANSWER_SECONDS };
	struct paild	*pd = c->paild;
	struct proc	*p;

	(void)arg;
	buf_puts(&c->out, "ok\n");
	(c->json ? json_head : text_head)(c);
	if (c->ev != NULL)	/* the admin page's has none */
		event_free(c->ev);
	c->rows = mem_new(pd->nprocs, sizeof(*c->rows));
	if ((c->ev = evtimer_new(pd->base, status_late, c)) == NULL) {
		control_end(c);
		return;
	}
	event_add(c->ev, &tv);
	c->waiting = ask_stats(pd, false, status_answer, c);
	for (p = pd->procs; p < pd->procs + pd->nprocs; p++)
		if (!ask_open(p, c))
			status_row(c, p, NULL);
	if (c->waiting == 0)
		status_finish(c);
}
