/* What imapd counts by command, and by how mail came (common/metric.h). */
#ifndef IMAPD_METRICS_H
#define IMAPD_METRICS_H

#include <stdint.h>

struct command;

/* The tagged line of a command has been made, us after the command began. */
void	 metrics_command(const struct command *cmd, uint64_t us);
/* n messages of an APPEND are in the bucket. */
void	 metrics_received(const struct command *cmd, uint64_t n);
/* For the daemon's counts(): calls tell for each family. */
struct metric_family;
void	 metrics_tell(void (*tell)(const struct metric_family *));

#endif
