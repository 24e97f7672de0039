/* When what credd keeps expires (common/metric.h). */
#ifndef CREDD_METRICS_H
#define CREDD_METRICS_H

#include <stdint.h>

struct metric_family;

/* A request is on its way to a service: "imds", "container" or "sts". */
void	 metrics_request(const char *service);
/* For the daemon's counts(), before metrics_tell(): when credentials expire, or
 * have expired, in seconds since 1970 (0: never, or there were none yet), by
 * whose they are ("store", "ingest.0") ... */
void	 metrics_credential(const char *of, int64_t expires);
/* ... and each certificate that there is now. */
void	 metrics_certificate(const char *name, int64_t expires);
/* Calls tell for each family; both are to be said anew then. */
void	 metrics_tell(void (*tell)(const struct metric_family *));

#endif
