/*
 * Moments, not what is left: nothing has to be asked for them to stay right,
 * and what never expires has no series that an alert could take for 0.
 */
#include "credd/metrics.h"

#include "common/metric.h"

static struct metric_family credential = METRIC_GAUGE(
    "credential_expiry_timestamp_seconds",
    "When credentials expire, or have expired", "of");
static struct metric_family certificate = METRIC_GAUGE(
    "certificate_expiry_timestamp_seconds",
    "When a TLS certificate expires, by the first of its names", "name");
static struct metric_family requests = METRIC_COUNTER(
    "credential_requests_total",
    "HTTP requests to what gives out credentials", "service");

void
metrics_request(const char *service)
{
	METRIC_ADD(&requests, 1, service);
}

void
metrics_credential(const char *of, int64_t expires)
{
	if (expires > 0)
		METRIC_SET(&credential, (uint64_t)expires, of);
}

void
metrics_certificate(const char *name, int64_t expires)
{
	if (expires > 0)
		METRIC_SET(&certificate, (uint64_t)expires, name);
}

void
metrics_tell(void (*tell)(const struct metric_family *))
{
	tell(&credential);
	tell(&certificate);
	tell(&requests);
	metric_clear(&credential);
	metric_clear(&certificate);
}
