/* Logins by mechanism, by who verified them, and by what was answered. */
#include <string.h>

#include "authd/metrics.h"
#include "authd/test/authd_whole.h"
#include "common/test/metric_told.h"

#define LOGINS(mechanism, backend, result)				\
	metric_told("logins_total{mechanism=" mechanism ",backend=" backend \
	    ",result=" result "}")

int
main(void)
{
	whole_begin();
	login(&imapd, 1, "ann", "pw");
	pump();
	CHECK(granted(&imapd, 1, "ann"));
	login(&imapd, 2, "ann", "pw");		/* from the cache */
	pump();
	CHECK(granted(&imapd, 2, "ann"));
	login(&imapd, 3, "ann", "wrong");
	pump();
	CHECK(refused(&imapd, 3, AUTH_FAILED));
	start(&imapd, 4, "X,=\\", STR(""), false);
	pump();
	start(&imapd, 5, "PLAIN", STR("no NULs"), true);
	pump();
	metric_told_ask(metrics_tell);
	CHECK(metric_told_sum("logins_total{") == 5);
	CHECK_ROW(LOGINS("PLAIN", "cache", "ok") == 1, "%llu",
	    (unsigned long long)LOGINS("PLAIN", "cache", "ok"));
	CHECK(metric_told_sum("logins_total{mechanism=PLAIN,backend=file") ==
	    1);
	CHECK(LOGINS("PLAIN", "none", "no") == 1);
	CHECK(LOGINS("none", "none", "no") == 1);
	CHECK(LOGINS("PLAIN", "none", "bad") == 1);
	whole_end();
	return TEST_END();
}
