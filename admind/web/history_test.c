/* Differences of a minute: restarts, missing answers, latencies, the month. */
#include "common/compat.h"

#include <stdlib.h>

#include "admind/web/history.h"
#include "common/metric.h"
#include "common/msg_setup.h"
#include "common/proc_kind.h"
#include "common/test.h"

#define NOV_1	INT64_C(1793491200)	/* 2026-11-01T00:00:00Z */
#define NOV_29	(NOV_1 + 28 * 86400 + 43200)
#define DEC_1	(NOV_1 + 30 * 86400)

static struct ctl_count	 rows[64];
static size_t		 nrows;
static struct admin_proc procs[4];
static struct state	 state = { .procs = procs };
static uint64_t		 ms = 1000000;

static void
row(enum counter_kind kind, const char *metric, const char *labels,
    uint64_t value, uint32_t scale)
{
	rows[nrows++] = (struct ctl_count){ .name = STR(""), .scale = scale,
	    .metric = str_from(metric), .labels = str_from(labels),
	    .help = STR(""), .value = value, .kind = (uint8_t)kind };
}

static void
count(const char *metric, const char *labels, uint64_t value)
{
	row(COUNTER_COUNTER, metric, labels, value, 1);
}

static struct admin_proc *
sent(enum proc_kind kind, uint32_t index)
{
	struct ctl_counts	 counts = { { rows, nrows } };
	struct buf		 b = BUF_INIT;
	struct admin_proc	*p = &procs[state.nprocs++];

	CHECK(wire_encode(&ctl_counts_wire, &counts, &b) == 0);
	*p = (struct admin_proc){ .kind = (uint8_t)kind, .index = index,
	    .state = ADMIN_READY, .answered = true, .pid = 100 + index,
	    .started = (uint64_t)NOV_1 - 10, .counts = { (const char *)b.data,
	    b.len } };
	nrows = 0;
	return p;
}

/* What was sent is looked at, after so many seconds, and forgotten. */
static const struct history_point *
look(struct history *h, int seconds)
{
	static int64_t	 at = NOV_29;

	at += seconds;
	ms += (uint64_t)seconds * 1000;
	history_take(h, &state, ms, at);
	while (state.nprocs > 0)
		free((void *)(uintptr_t)procs[--state.nprocs].counts.p);
	return history_points(h) == 0 ? NULL :
	    history_point(h, history_points(h) - 1);
}

static struct admin_proc *
commands(uint32_t index, uint64_t n)
{
	count("imap_requests_total", "command=NOOP,result=ok", n / 2);
	count("imap_requests_total", "command=LIST,result=no", n - n / 2);
	return sent(PROC_IMAPD, index);
}

static void
test_counts(void)
{
	struct history			*h = history_new();
	const struct history_point	*p;

	CHECK(h != NULL && history_points(h) == 0);
	commands(0, 1000);
	count("store_requests_total", "method=put", 50);
	count("store_requests_total", "method=get", 50);
	count("store_errors_total", "", 1);
	sent(PROC_STORAGED, 0);
	count("logins_total", "mechanism=PLAIN,backend=file,result=ok", 5);
	count("logins_total", "mechanism=PLAIN,backend=none,result=no", 6);
	sent(PROC_AUTHD, 0);
	/* It is since the start, whenever that was. */
	CHECK(look(h, 0) == NULL && history_points(h) == 0);

	commands(0, 1010);
	count("store_requests_total", "method=put", 52);
	count("store_requests_total", "method=get", 53);
	count("store_errors_total", "", 3);
	/* Taken in: from an MTA; not what a client has stored. */
	count("emails_received_total", "via=imap,result=ok", 40);
	sent(PROC_STORAGED, 0);
	count("logins_total", "mechanism=PLAIN,backend=file,result=ok", 7);
	count("logins_total", "mechanism=PLAIN,backend=none,result=no", 9);
	count("logins_total", "mechanism=none,backend=none,result=error", 1);
	sent(PROC_AUTHD, 0);
	count("emails_received_total", "via=lmtp,result=ok", 4);
	count("emails_received_total", "via=lmtp,result=no", 2);
	sent(PROC_LMTPD, 0)->started = NOV_29 + 30;
	p = look(h, 60);
	CHECK(history_points(h) == 1 && !p->partial && p->at == NOV_29 + 60);
	CHECK(p->n[HISTORY_IMAP] == 10 && p->rate[HISTORY_IMAP] == 10);
	CHECK(p->n[HISTORY_STORE] == 5 && p->n[HISTORY_STORE_ERRORS] == 2);
	CHECK(p->n[HISTORY_LOGINS] == 2 && p->n[HISTORY_LOGINS_FAILED] == 4);
	CHECK(p->n[HISTORY_MAIL] == 4);
	CHECK(history_sum(h, HISTORY_IMAP, NOV_29 + 60) == 10);
	CHECK(history_sum(h, HISTORY_IMAP, NOV_29 + 60 + 3600) == 0);

	/* Half a minute early, or late: it is that minute's. */
	commands(0, 1030);
	p = look(h, 80);
	CHECK(p->n[HISTORY_IMAP] == 20 && p->rate[HISTORY_IMAP] == 20);
	/* The machine slept. */
	commands(0, 1130);
	p = look(h, 600);
	CHECK(p->n[HISTORY_IMAP] == 100 && p->rate[HISTORY_IMAP] == 10);
	history_free(h);
	history_free(NULL);
}

static void
test_restarts(void)
{
	struct history			*h = history_new();
	const struct history_point	*p;
	struct admin_proc		*a;

	commands(0, 1000);
	commands(1, 500);
	CHECK(look(h, 60) == NULL);
	/* One process counts from 0; the other goes on. */
	commands(0, 1010);
	a = commands(1, 7);
	a->pid = 900;
	p = look(h, 60);
	CHECK(p->n[HISTORY_IMAP] == 17);
	/* It has already counted more than the one before. */
	commands(0, 1010);
	a = commands(1, 800);
	a->pid = 901;
	CHECK(look(h, 60)->n[HISTORY_IMAP] == 800);
	/* The same pid and start: what fell has restarted nevertheless. */
	commands(0, 4);
	a = commands(1, 800);
	a->pid = 901;
	CHECK(look(h, 60)->n[HISTORY_IMAP] == 4);
	/* A new one, started since: all that it has is new. */
	commands(0, 4);
	a = commands(1, 800);
	a->pid = 901;
	a = commands(2, 30);
	a->started = (uint64_t)p->at + 170;
	CHECK(look(h, 60)->n[HISTORY_IMAP] == 30);
	history_free(h);
}

static void
test_missing(void)
{
	struct history			*h = history_new();
	const struct history_point	*p;
	int				 i;

	/* The second does not answer when it is looked at first: later, it
	 * cannot be told which of what it has counted is new. */
	commands(0, 1000);
	commands(1, 500)->answered = false;
	look(h, 60);
	commands(0, 1010);
	commands(1, 510);
	p = look(h, 60);
	CHECK(p->n[HISTORY_IMAP] == 10 && !p->partial);
	/* Later it hangs: what the others do is shown. */
	for (i = 0; i < 3; i++) {
		commands(0, 1010);
		commands(1, 520)->answered = false;
		p = look(h, 60);
		CHECK(p->partial && p->n[HISTORY_IMAP] == 0);
	}
	commands(0, 1010);
	sent(PROC_IMAPD, 1);			/* an answer without any */
	procs[1].counts.len = 0;
	CHECK(look(h, 60)->partial);
	/* Then it goes on: no peak where there was none. */
	commands(0, 1010);
	commands(1, 560);
	p = look(h, 60);
	CHECK(!p->partial && p->n[HISTORY_IMAP] == 50 &&
	    p->rate[HISTORY_IMAP] == 10);
	/* Nobody answers, or nobody is there. */
	p = look(h, 60);
	CHECK(!p->partial && p->n[HISTORY_IMAP] == 0);
	/* One that has nothing to do with it. */
	sent(PROC_CREDD, 0)->answered = false;
	CHECK(!look(h, 60)->partial);
	for (i = 0; i < 2 * HISTORY_POINTS; i++) {
		commands(0, 1010 + (uint64_t)i);
		p = look(h, 60);
	}
	CHECK(history_points(h) == HISTORY_POINTS);
	CHECK(history_point(h, 0)->at == p->at - 59 * 60);
	CHECK(history_sum(h, HISTORY_IMAP, p->at) == HISTORY_POINTS);
	history_free(h);
}

/* A histogram of IMAP, or of a phase of S3: cumulative, as it is sent. */
static void
histogram(const char *family, const char *labels, uint64_t fast,
    uint64_t slow, uint64_t beyond)
{
	static char	 text[400][80];
	static size_t	 n;
	char		*t;
	size_t		 i;
	uint64_t	 all = fast + slow + beyond, sum;

	sum = fast * 2000 + slow * 80000 + beyond * 20000000;
	for (i = 0; i < 13; i++) {
		char	 le[40] = "+Inf";

		if (metric_latency[i] != 0)
			metric_text_value(le, sizeof(le), metric_latency[i],
			    METRIC_MICRO);
		t = text[n++ % 400];
		snprintf(t, 80, "%s,le=%s", labels, le);
		snprintf(text[n % 400], 80, "%s_bucket", family);
		row(COUNTER_HISTOGRAM, text[n++ % 400], t, metric_latency[i] ==
		    0 ? all : metric_latency[i] >= 100000 ? fast + slow :
		    metric_latency[i] >= 2500 ? fast : 0, 1);
	}
	t = text[n++ % 400];
	snprintf(t, 80, "%s_count", family);
	row(COUNTER_HISTOGRAM, t, labels, all, 1);
	t = text[n++ % 400];
	snprintf(t, 80, "%s_sum", family);
	row(COUNTER_HISTOGRAM, t, labels, sum, METRIC_MICRO);
}

static const struct history_point *
timed(struct history *h, uint64_t fast, uint64_t slow, uint64_t beyond)
{
	histogram("imap_request_duration_seconds", "command=NOOP", fast, slow,
	    0);
	histogram("imap_request_duration_seconds", "command=LIST", 0, 0,
	    beyond);
	sent(PROC_IMAPD, 0);
	histogram("s3_request_duration_seconds",
	    "operation=PutObject,phase=total", fast, 0, 0);
	histogram("s3_request_duration_seconds",
	    "operation=PutObject,phase=tls", fast, 9, 0);
	sent(PROC_STORAGED, 0);
	return look(h, 60);
}

static void
test_latency(void)
{
	struct history			*h = history_new();
	const struct history_latency	*l;

	timed(h, 1000, 500, 3);
	/* Nothing in a minute: no latency, rather than 0. */
	l = timed(h, 1000, 500, 3)->latency;
	CHECK(l[HISTORY_IMAP_TIME].n == 0 && l[HISTORY_STORE_TIME].n == 0);
	l = timed(h, 1100, 500, 3)->latency;
	CHECK(l[HISTORY_IMAP_TIME].n == 100 &&
	    l[HISTORY_IMAP_TIME].mean == 2000);
	/* 95 of 100 in the bucket from 1 to 2.5 ms. */
	CHECK(l[HISTORY_IMAP_TIME].p95 == 2425 && !l[HISTORY_IMAP_TIME].over);
	CHECK(l[HISTORY_STORE_TIME].n == 100 &&
	    l[HISTORY_STORE_TIME].mean == 2000);
	/* 90 fast ones, 10 of 50 to 100 ms: the 95th is in their middle. */
	l = timed(h, 1190, 510, 3)->latency;
	CHECK(l[HISTORY_IMAP_TIME].n == 100 &&
	    l[HISTORY_IMAP_TIME].mean == 9800);
	CHECK_ROW(l[HISTORY_IMAP_TIME].p95 == 75000, "%llu",
	    (unsigned long long)l[HISTORY_IMAP_TIME].p95);
	/* More than the last bound: "over 10 s". */
	l = timed(h, 1190, 510, 5)->latency;
	CHECK(l[HISTORY_IMAP_TIME].n == 2 && l[HISTORY_IMAP_TIME].over &&
	    l[HISTORY_IMAP_TIME].p95 == 10000000 &&
	    l[HISTORY_IMAP_TIME].mean == 20000000);
	history_free(h);
}

static void
test_hostile(void)
{
	static const char *const	 les[] = { "", "x", "1e3", "-1",
					    "0.0010001", "+Inf", "Inf", "0.001",
					    "99999999999999999999999", "1.2.3",
					    "..", "0.001\\,le\\=1" };
	struct history			*h = history_new();
	const struct history_point	*p;
	char				 labels[20][60];
	size_t				 i, k;

	for (k = 0; k < 3; k++) {
		for (i = 0; i < nitems(les); i++) {
			snprintf(labels[i], 60, "le=%s", les[i]);
			row(COUNTER_HISTOGRAM,
			    "imap_request_duration_seconds_bucket", labels[i],
			    k * UINT64_MAX / 2, 1);
		}
		row(COUNTER_HISTOGRAM, "imap_request_duration_seconds_count",
		    "", k * (UINT64_MAX / 2), 1);
		row(COUNTER_HISTOGRAM, "imap_request_duration_seconds_sum",
		    "", k * (UINT64_MAX / 2), 7);
		/* No such kind, no value, twice the same label. */
		row(COUNTER_GAUGE, "imap_requests_total", "a", 3, 0);
		count("logins_total", "result", 3);
		count("logins_total", "", 3);
		count("store_requests_total", "", k * (UINT64_MAX / 2));
		sent(PROC_IMAPD, UINT32_MAX);
		commands(0, 1);
		procs[1].counts.len /= 2;
		p = look(h, 60);
	}
	CHECK(p->n[HISTORY_STORE] == UINT64_MAX / 2);
	CHECK(p->n[HISTORY_LOGINS] == 0 && p->n[HISTORY_LOGINS_FAILED] == 0);
	CHECK(p->latency[HISTORY_IMAP_TIME].mean == 0);
	/* Monotonic time that is not. */
	ms -= 1000000;
	commands(0, 1);
	look(h, 60);
	history_free(h);
}

static void
costs(struct history *h, int64_t now, uint32_t pid, int64_t started,
    uint64_t micro)
{
	struct admin_proc	*p;

	row(COUNTER_COUNTER, "s3_cost_dollars_total", "", micro, METRIC_MICRO);
	p = sent(PROC_STORAGED, 0);
	p->pid = pid;
	p->started = (uint64_t)started;
	ms += 60000;
	history_take(h, &state, ms, now);
	free((void *)(uintptr_t)procs[--state.nprocs].counts.p);
}

static void
check_cost(const struct history *h, int line, int64_t since, uint64_t n)
{
	const struct history_cost	*c = history_cost(h);

	CHECK_ROW(c->known && c->since == since && c->micro == n,
	    "line %d: since %lld, %llu", line, (long long)c->since,
	    (unsigned long long)c->micro);
}

static void
test_cost(void)
{
	struct history	*h = history_new();

	/* Started in this month: all that it has counted is this month's. */
	costs(h, NOV_29, 1, NOV_29 - 500, 100);
	check_cost(h, __LINE__, NOV_29 - 500, 100);
	costs(h, NOV_29 + 60, 1, NOV_29 - 500, 130);
	check_cost(h, __LINE__, NOV_29 - 500, 130);
	costs(h, NOV_29 + 120, 2, NOV_29 + 100, 5);	/* restarted */
	check_cost(h, __LINE__, NOV_29 - 500, 135);
	costs(h, DEC_1 + 10, 2, NOV_29 + 100, 25);	/* a new month */
	check_cost(h, __LINE__, DEC_1, 20);
	costs(h, DEC_1 + 70, 2, NOV_29 + 100, 26);
	check_cost(h, __LINE__, DEC_1, 21);
	history_free(h);
	/* Started before: nobody knows how much of it is this month's. */
	h = history_new();
	costs(h, NOV_29, 1, NOV_1 - 1, 100);
	check_cost(h, __LINE__, NOV_29, 0);
	costs(h, NOV_29 + 60, 1, NOV_1 - 1, 101);
	check_cost(h, __LINE__, NOV_29, 1);
	history_free(h);
	/* At the first look there is no storaged yet; what was before it, in
	 * another run of Pail, is not known. */
	h = history_new();
	history_take(h, &state, ms, NOV_29);
	costs(h, NOV_29 + 60, 1, NOV_29 + 1, 40);
	check_cost(h, __LINE__, NOV_29 + 1, 40);
	history_free(h);
	/* No requests yet, and a store in files: no costs. */
	h = history_new();
	commands(0, 1);
	look(h, 60);
	CHECK(!history_cost(h)->known);
	history_free(h);
}

int
main(void)
{
	test_counts();
	test_restarts();
	test_missing();
	test_latency();
	test_hostile();
	test_cost();
	return TEST_END();
}
