/* What lmtpd counts by command, and by how mail came (common/metric.h). */
#ifndef LMTPD_METRICS_H
#define LMTPD_METRICS_H

struct metric_family;
struct verdict;

/* A command has been read; verb: of the table of commands, or "other". */
void	 metrics_command(const char *verb);
/* A message has been answered for one recipient; via: "lmtp" or "ingest". */
void	 metrics_received(const char *via, const struct verdict *v);
/* For the daemon's counts(): calls tell for each family. */
void	 metrics_tell(void (*tell)(const struct metric_family *));

#endif
