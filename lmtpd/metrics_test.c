/* Commands count by the table's names, mail by what was answered at its end. */
#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "common/test/metric_told.h"
#include "lmtpd/metrics.h"
#include "lmtpd/test/engine_fake.h"
#include "lmtpd/test/lmtp_rig.h"
#include "lmtpd/verdict.h"

static void
test_commands(void)
{
	static const char in[] = "LHLO x\r\nMAIL FROM:<s@x>\r\n"
	    "RCPT TO:<nobody>\r\nRCPT TO:<ann>\r\nrcpt to:<defer>\r\n"
	    "DATA\r\nx\r\n.\r\nXYZZY=,\\\r\nNOOP\r\nQUIT\r\n";

	(void)lmtp_talk(in, sizeof(in) - 1, sizeof(in));
	metric_told_ask(metrics_tell);
	CHECK(metric_told("lmtp_requests_total{command=LHLO}") == 1);
	CHECK(metric_told("lmtp_requests_total{command=MAIL}") == 1);
	CHECK(metric_told("lmtp_requests_total{command=RCPT}") == 3);
	CHECK(metric_told("lmtp_requests_total{command=other}") == 1);
	CHECK(metric_told_sum("lmtp_requests_total{") == 9);
	CHECK(metric_told("emails_received_total{via=lmtp,result=ok}") == 1);
	CHECK(metric_told("emails_received_total{via=lmtp,result=later}") ==
	    1);
	CHECK(metric_told_sum("emails_received_total{") == 2);
}

static void
test_results(void)
{
	struct verdict	 v;
	static const int codes[] = { 250, 451, 452, 550, 552 };
	size_t		 i;

	for (i = 0; i < nitems(codes); i++) {
		verdict_set(&v, codes[i], "", "x");
		metrics_received("ingest", &v);
	}
	metric_told_ask(metrics_tell);
	CHECK(metric_told("emails_received_total{via=ingest,result=ok}") == 1);
	CHECK(metric_told("emails_received_total{via=ingest,result=later}") ==
	    2);
	CHECK(metric_told("emails_received_total{via=ingest,result=no}") == 2);
}

int
main(void)
{
	lmtp_begin();
	engine_fake_use();
	test_commands();
	test_results();
	lmtp_end();
	return TEST_END();
}
