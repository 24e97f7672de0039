/* Logins by mechanism, backend and result (common/metric.h). */
#ifndef AUTHD_METRICS_H
#define AUTHD_METRICS_H

struct login;
struct metric_family;

/* The last word on a login: result is that of its line of the log. */
void	 metrics_login(const struct login *l, const char *result);
/* For the daemon's counts(): calls tell for each family. */
void	 metrics_tell(void (*tell)(const struct metric_family *));

#endif
