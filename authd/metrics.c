/* Labels come from tables and from the configuration, never from a client. */
#include "authd/metrics.h"

#include "authd/request.h"
#include "common/metric.h"

static struct metric_family logins = METRIC_COUNTER("logins_total",
    "Logins that were answered, and which backend verified them",
    "mechanism", "backend", "result");

void
metrics_login(const struct login *l, const char *result)
{
	METRIC_ADD(&logins, 1, l->sasl.mech == NULL ? "none" :
	    l->sasl.mech->name, l->backend[0] == '\0' ? "none" : l->backend,
	    result);
}

void
metrics_tell(void (*tell)(const struct metric_family *))
{
	tell(&logins);
}
