/* Families of series: what is counted is told, once and under its labels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/metric.h"
#include "common/test.h"

static struct {
	char	 text[4096];
	size_t	 n;
} told;

/* "metric{labels}=value/scale\n" of each row. */
static void
on_row(const struct metric_row *r, void *arg)
{
	size_t	len = strlen(told.text);

	CHECK(arg == &told && strcmp(r->help, "Words") == 0);
	snprintf(told.text + len, sizeof(told.text) - len,
	    "%s{%s}=%llu/%u\n", r->metric, r->labels,
	    (unsigned long long)r->value, r->scale);
	told.n++;
}

static const char *
tell(const struct metric_family *f)
{
	memset(&told, 0, sizeof(told));
	metric_tell(f, on_row, &told);
	return told.text;
}

static void
test_counter(void)
{
	struct metric_family f = METRIC_COUNTER("x_total", "Words", "command",
	    "result");

	CHECK(strcmp(tell(&f), "") == 0);
	METRIC_ADD(&f, 1, "SELECT", "ok");
	METRIC_ADD(&f, 2, "FETCH", "ok");
	METRIC_ADD(&f, 3, "SELECT", "no");
	METRIC_ADD(&f, 4, "SELECT", "ok");
	METRIC_ADD(&f, 5, "SELE", "CTok");	/* another series */
	CHECK_ROW(strcmp(tell(&f),
	    "x_total{command=SELE,result=CTok}=5/1\n"
	    "x_total{command=SELECT,result=no}=3/1\n"
	    "x_total{command=FETCH,result=ok}=2/1\n"
	    "x_total{command=SELECT,result=ok}=5/1\n") == 0, "%s",
	    told.text);
	CHECK(metric_value(&f, METRIC_VALUES("SELECT", "ok")) == 5);
	CHECK(metric_value(&f, METRIC_VALUES("SELECT", "bad")) == 0);
	metric_clear(&f);
	CHECK(strcmp(tell(&f), "") == 0);
	METRIC_ADD(&f, 0, "SELECT", "ok");	/* 0 is a figure, too */
	CHECK(strcmp(tell(&f), "x_total{command=SELECT,result=ok}=0/1\n") ==
	    0);
	metric_clear(&f);
}

static void
test_gauge(void)
{
	struct metric_family f = METRIC_GAUGE("x", "Words", "name");
	struct metric_family bare = METRIC_GAUGE("y", "Words", NULL);

	METRIC_SET(&f, 7, "a,b=\\\n");
	METRIC_SET(&f, 5, "a,b=\\\n");
	CHECK_ROW(strcmp(tell(&f), "x{name=a\\,b\\=\\\\\\n}=5/1\n") == 0, "%s",
	    told.text);
	metric_set(&bare, 9, NULL);
	CHECK_ROW(strcmp(tell(&bare), "y{}=9/1\n") == 0, "%s", told.text);
	metric_clear(&f);
	metric_clear(&bare);
}

static void
test_histogram(void)
{
	static const uint64_t bounds[] = { 1000, 2500, 1000000, 0 };
	struct metric_family f = METRIC_HISTOGRAM("x_seconds", "Words",
	    METRIC_MICRO, bounds, "phase");

	METRIC_OBSERVE(&f, 0, "tls");
	METRIC_OBSERVE(&f, 1000, "tls");	/* le: at most */
	METRIC_OBSERVE(&f, 1001, "tls");
	METRIC_OBSERVE(&f, 1000000, "tls");
	METRIC_OBSERVE(&f, 1000001, "tls");
	CHECK_ROW(strcmp(tell(&f),
	    "x_seconds_bucket{phase=tls,le=0.001}=2/1\n"
	    "x_seconds_bucket{phase=tls,le=0.0025}=3/1\n"
	    "x_seconds_bucket{phase=tls,le=1}=4/1\n"
	    "x_seconds_bucket{phase=tls,le=+Inf}=5/1\n"
	    "x_seconds_count{phase=tls}=5/1\n"
	    "x_seconds_sum{phase=tls}=2002002/1000000\n") == 0, "%s",
	    told.text);
	metric_clear(&f);
}

/* More series than there may be: nothing grows, and nothing is lost. */
static void
test_bound(void)
{
	struct metric_family f = METRIC_COUNTER("x_total", "Words", "a", "b");
	char		 name[32];
	unsigned	 i;

	for (i = 0; i < 10 * METRIC_SERIES; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		METRIC_ADD(&f, 1, name, "z");
	}
	CHECK(f.nseries == METRIC_SERIES + 1);
	CHECK(metric_value(&f, METRIC_VALUES("n0", "z")) == 1);
	CHECK(metric_value(&f, METRIC_VALUES("other", "other")) ==
	    9 * METRIC_SERIES);
	METRIC_ADD(&f, 1, "n0", "z");		/* those that are there go on */
	CHECK(metric_value(&f, METRIC_VALUES("n0", "z")) == 2);
	metric_clear(&f);
}

/* A value that is too long is cut, and then is the same one again. */
static void
test_long(void)
{
	struct metric_family f = METRIC_COUNTER("x_total", "Words", "a");
	char	 one[100], two[100];

	memset(one, 'x', sizeof(one));
	one[sizeof(one) - 1] = '\0';
	memcpy(two, one, sizeof(two));
	two[METRIC_VALUE] = 'y';
	METRIC_ADD(&f, 1, one);
	METRIC_ADD(&f, 1, two);
	CHECK(f.nseries == 1 &&
	    metric_value(&f, METRIC_VALUES(one)) == 2);
	metric_clear(&f);
}

int
main(void)
{
	test_counter();
	test_gauge();
	test_histogram();
	test_bound();
	test_long();
	return TEST_END();
}
