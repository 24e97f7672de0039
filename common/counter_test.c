/* The tables of counters of all daemons (their manual pages: mk/manual.py). */
#include "common/compat.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

#include "authd/counters.h"
#include "common/counter.h"
#include "common/test.h"
#include "credd/counters.h"
#include "imapd/counters.h"
#include "lmtpd/counters.h"
#include "storaged/counters.h"

/* Values are expressions of their daemon's: here nobody asks for them. */
#define ROW(name, kind, metric, labels, help, value)			\
	{ name, COUNTER_##kind, metric, labels, help },

static const struct counter	 imapd[] = { IMAPD_COUNTERS(ROW) };
static const struct counter	 authd[] = { AUTHD_COUNTERS(ROW) };
static const struct counter	 authworker[] = { AUTHWORKER_COUNTERS(ROW) };
static const struct counter	 credd[] = { CREDD_COUNTERS(ROW) };
static const struct counter	 lmtpd[] = { LMTPD_COUNTERS(ROW) };
static const struct counter	 storaged[] = { STORAGED_COUNTERS(ROW)
	    STORAGED_CACHE_COUNTERS(ROW) STORAGED_STORE_COUNTERS(ROW)
	    STORAGED_INGEST_COUNTERS(ROW) };

static const struct {
	const struct counter	*rows;
	size_t			 n;
} tables[] = {
	{ imapd, nitems(imapd) },
	{ authd, nitems(authd) },
	{ authworker, nitems(authworker) },
	{ credd, nitems(credd) },
	{ lmtpd, nitems(lmtpd) },
	{ storaged, nitems(storaged) },
};

static bool
made_of(const char *s, const char *also)
{
	if (!islower((unsigned char)*s))
		return false;
	for (; *s != '\0'; s++)
		if (!islower((unsigned char)*s) && strchr(also, *s) == NULL)
			return false;
	return true;
}

/* One "key=value", or none. */
static bool
is_label(const char *s)
{
	char		 key[32];
	const char	*eq = strchr(s, '=');

	if (*s == '\0')
		return true;
	if (eq == NULL || (size_t)(eq - s) >= sizeof(key))
		return false;
	snprintf(key, sizeof(key), "%.*s", (int)(eq - s), s);
	return made_of(key, "_") && made_of(eq + 1, "-");
}

static bool
ends(const char *s, const char *with)
{
	size_t	n = strlen(s), m = strlen(with);

	return n > m && strcmp(s + n - m, with) == 0;
}

/* What collects metrics relies on this. */
static void
check_row(const struct counter *r)
{
	size_t	n = strlen(r->help);

	CHECK_ROW(*r->name != '\0' || *r->metric != '\0', "%s", r->help);
	CHECK_ROW(*r->name == '\0' || (made_of(r->name, "-") &&
	    strlen(r->name) <= 64), "%s", r->name);
	if (*r->metric == '\0') {		/* only for status */
		CHECK_ROW(*r->labels == '\0', "%s", r->name);
		return;
	}
	CHECK_ROW(made_of(r->metric, "_") && strlen(r->metric) <= 64, "%s",
	    r->name);
	CHECK_ROW(is_label(r->labels) && strlen(r->labels) <= 128, "%s",
	    r->name);
	CHECK_ROW(ends(r->metric, "_total") == (r->kind == COUNTER_COUNTER),
	    "%s: %s", r->name, r->metric);
	CHECK_ROW(isupper((unsigned char)r->help[0]) && n <= 200 &&
	    r->help[n - 1] != '.', "%s: %s", r->name, r->help);
}

/* Rows are apart by name, and by metric and labels; rows of one metric are
 * the same in what is said of the metric. */
static void
check_pair(const struct counter *a, const struct counter *b)
{
	size_t	n = strlen(a->metric), m = strlen(b->metric);

	CHECK_ROW(*a->name == '\0' || strcmp(a->name, b->name) != 0, "%s",
	    a->name);
	if (*a->metric == '\0' || *b->metric == '\0')
		return;
	/* "x" beside "x_total" would be one metric to OpenMetrics. */
	CHECK_ROW(!(n == m + 6 && strncmp(a->metric, b->metric, m) == 0) &&
	    !(m == n + 6 && strncmp(a->metric, b->metric, n) == 0),
	    "%s %s", a->name, b->name);
	if (strcmp(a->metric, b->metric) != 0)
		return;
	CHECK_ROW(strcmp(a->labels, b->labels) != 0, "%s %s", a->name,
	    b->name);
	CHECK_ROW(a->kind == b->kind && strcmp(a->help, b->help) == 0 &&
	    *a->labels != '\0' && *b->labels != '\0', "%s %s", a->name,
	    b->name);
}

int
main(void)
{
	size_t	t, i, k;

	for (t = 0; t < nitems(tables); t++)
		for (i = 0; i < tables[t].n; i++) {
			check_row(&tables[t].rows[i]);
			for (k = 0; k < i; k++)
				check_pair(&tables[t].rows[i],
				    &tables[t].rows[k]);
		}
	return TEST_END();
}
