/* Labels come from tables alone, never from what a client has written. */
#include "lmtpd/metrics.h"

#include "common/metric.h"
#include "lmtpd/verdict.h"

static struct metric_family requests = METRIC_COUNTER("lmtp_requests_total",
    "Commands that were read; other: not in the command table", "command");
static struct metric_family received = METRIC_COUNTER("emails_received_total",
    "Emails by how they came, and whether they were taken", "via", "result");

void
metrics_command(const char *verb)
{
	METRIC_ADD(&requests, 1, verb);
}

void
metrics_received(const char *via, const struct verdict *v)
{
	METRIC_ADD(&received, 1, via, v->code / 100 == 2 ? "ok" :
	    v->code / 100 == 4 ? "later" : "no");
}

void
metrics_tell(void (*tell)(const struct metric_family *))
{
	tell(&requests);
	tell(&received);
}
