/* Figures of processes as text, in both formats; and hostile ones. */
#include "common/compat.h"

#include "admind/expose.h"
#include "admind/known/sample.h"
#include "admind/test/told_rig.h"
#include "common/metric_text.h"
#include "common/msg_setup.h"
#include "common/proc_kind.h"
#include "common/test.h"

static void
check(enum expose_format f, size_t dropped, const char *want)
{
	struct samples	 v;
	struct buf	 b = BUF_INIT;

	CHECK(samples_gather(&v, &told) == 0);
	samples_sort(&v);
	CHECK(expose(&v, f, &b) == 0);
	buf_put_u8(&b, '\0');
	CHECK_ROW(strcmp((char *)b.data, want) == 0, "%s", (char *)b.data);
	CHECK_ROW(v.dropped == dropped, "%zu", v.dropped);
	buf_free(&b);
	samples_free(&v);
}

static void
test_formats(void)
{
	told_row(COUNTER_GAUGE, "x_sessions", "", 3);
	told_row(COUNTER_COUNTER, "x_total",
	    "result=ok,who=a\\,b\\=\"\\\\\\n", 7);
	told_row(COUNTER_GAUGE, "", "", 1);		/* only for status */
	(void)told_sent(PROC_IMAPD, 0);
	told_row(COUNTER_COUNTER, "x_total", "result=ok",
	    18446744073709551615ULL);
	told_row(COUNTER_SIGNED, "offset", "", (uint64_t)-5);
	told_row(COUNTER_HISTOGRAM, "t_seconds_bucket", "le=0.001", 1);
	told_rows[told_nrows - 1].scale = 1;
	told_row(COUNTER_HISTOGRAM, "t_seconds_bucket", "le=+Inf", 2);
	told_rows[told_nrows - 1].scale = 1;
	told_row(COUNTER_HISTOGRAM, "t_seconds_sum", "", 2500);
	(void)told_sent(PROC_STORAGED, 1);
	check(EXPOSE_TEXT, 0,
	    "# HELP offset A \\\\ \"help\"\n# TYPE offset gauge\n"
	    "offset{process=\"storaged\",index=\"1\"} -5\n"
	    "# HELP t_seconds A \\\\ \"help\"\n# TYPE t_seconds histogram\n"
	    "t_seconds_bucket{process=\"storaged\",index=\"1\",le=\"0.001\"} "
	    "1\n"
	    "t_seconds_bucket{process=\"storaged\",index=\"1\",le=\"+Inf\"} "
	    "2\n"
	    "t_seconds_sum{process=\"storaged\",index=\"1\"} 0.0025\n"
	    "# HELP x_total A \\\\ \"help\"\n# TYPE x_total counter\n"
	    "x_total{process=\"imapd\",index=\"0\",result=\"ok\","
	    "who=\"a,b=\\\"\\\\\\n\"} 7\n"
	    "x_total{process=\"storaged\",index=\"1\",result=\"ok\"} "
	    "18446744073709551615\n"
	    "# HELP x_sessions A \\\\ \"help\"\n# TYPE x_sessions gauge\n"
	    "x_sessions{process=\"imapd\",index=\"0\"} 3\n");
	told_forget();
	told_row(COUNTER_COUNTER, "x_total", "", 1);
	(void)told_sent(PROC_CREDD, 0);
	check(EXPOSE_OPENMETRICS, 0,
	    "# HELP x A \\\\ \\\"help\\\"\n# TYPE x counter\n"
	    "x_total{process=\"credd\",index=\"0\"} 1\n# EOF\n");
	told_forget();
	check(EXPOSE_TEXT, 0, "");
	check(EXPOSE_OPENMETRICS, 0, "# EOF\n");
}

static void
test_hostile(void)
{
	static const struct {
		enum counter_kind kind;
		const char	*metric, *labels;
	} bad[] = {
		{ COUNTER_GAUGE, "x y", "" },
		{ COUNTER_GAUGE, "x\ny", "" },
		{ COUNTER_GAUGE, "1x", "" },
		{ COUNTER_GAUGE, "X", "" },
		{ COUNTER_GAUGE, "x{", "" },
		{ COUNTER_COUNTER, "x", "" },
		{ COUNTER_COUNTER, "_total", "" },
		{ COUNTER_HISTOGRAM, "x", "" },
		{ COUNTER_HISTOGRAM, "x_total", "" },
		{ COUNTER_GAUGE, "x", "process=paild" },
		{ COUNTER_GAUGE, "x", "index=1" },
		{ COUNTER_GAUGE, "x", "a=1,a=2" },
		{ COUNTER_GAUGE, "x", "a" },
		{ COUNTER_GAUGE, "x", "A=1" },
		{ COUNTER_GAUGE, "x", "a=1," },
		{ COUNTER_GAUGE, "x", "a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8" },
	};
	size_t	 i;

	for (i = 0; i < nitems(bad); i++) {
		told_row(bad[i].kind, bad[i].metric, bad[i].labels, 1);
		told_row(COUNTER_GAUGE, "y", "", 2);
		(void)told_sent(PROC_IMAPD, 0);
		check(EXPOSE_OPENMETRICS, 1, "# HELP y A \\\\ \\\"help\\\"\n"
		    "# TYPE y gauge\ny{process=\"imapd\",index=\"0\"} 2\n"
		    "# EOF\n");
		told_forget();
	}
	/* Another kind than the first who had the name. */
	told_row(COUNTER_GAUGE, "y", "", 2);
	(void)told_sent(PROC_CREDD, 0);
	told_row(COUNTER_SIGNED, "y", "", 2);
	told_row(COUNTER_COUNTER, "y_total", "", 2);
	told_row(COUNTER_GAUGE, "y", "a=b", 2);
	(void)told_sent(PROC_IMAPD, 0);
	check(EXPOSE_OPENMETRICS, 2, "# HELP y A \\\\ \\\"help\\\"\n"
	    "# TYPE y gauge\ny{process=\"credd\",index=\"0\"} 2\n"
	    "y{process=\"imapd\",index=\"0\",a=\"b\"} 2\n# EOF\n");
	told_forget();
	/* What does not decode is nothing. */
	told_row(COUNTER_GAUGE, "y", "", 2);
	(void)told_sent(PROC_IMAPD, 0);
	for (i = told_procs[0].counts.len; i-- > 1;) {
		told_procs[0].counts.len = i;
		check(EXPOSE_OPENMETRICS, 0, "# EOF\n");
	}
	told_forget();
}

static void
test_accept(void)
{
#define OM	"application/openmetrics-text"
	static const struct {
		const char		*accept;
		enum expose_format	 want;
	} t[] = {
		{ "", EXPOSE_TEXT },
		{ "*/*", EXPOSE_TEXT },
		{ "text/html", EXPOSE_TEXT },
		{ OM, EXPOSE_OPENMETRICS },
		{ OM ";version=1.0.0", EXPOSE_OPENMETRICS },
		{ "Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.1",
		    EXPOSE_OPENMETRICS },
		{ OM ";version=0.0.1", EXPOSE_TEXT },
		{ OM ";version=1.0.0;q=0", EXPOSE_TEXT },
		{ OM ";version=1.0.0;q=0.5," OM ";version=0.0.1;q=0.4,"
		    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		    EXPOSE_OPENMETRICS },
		{ "text/plain;version=0.0.4;q=1,*/*;q=0.1", EXPOSE_TEXT },
		{ "text/plain;q=0.6," OM ";q=0.501", EXPOSE_TEXT },
		{ "text/plain;q=0.5," OM ";q=0.501", EXPOSE_OPENMETRICS },
		{ OM ";q=", EXPOSE_OPENMETRICS },
		{ OM ";q=2", EXPOSE_TEXT },
		{ OM ";q=0.0001", EXPOSE_TEXT },
		{ OM ";q=1.001", EXPOSE_TEXT },
		{ OM ";q=1x", EXPOSE_TEXT },
		{ OM ";;;,,;q=0.5,", EXPOSE_OPENMETRICS },
		{ "x" OM, EXPOSE_TEXT },
	};
	size_t	 i;

	for (i = 0; i < nitems(t); i++)
		CHECK_ROW(expose_wanted(str_from(t[i].accept)) == t[i].want,
		    "%s", t[i].accept);
}

int
main(void)
{
	test_formats();
	test_hostile();
	test_accept();
	return TEST_END();
}
