/* What is counted of commits, of all users (common/metric.h). */
#ifndef STORAGED_COMMIT_METRIC_H
#define STORAGED_COMMIT_METRIC_H

#include <stdint.h>

struct metric_family;

/* A commit of so many intents is in the bucket; 0: only work of our own. */
void	 commit_metric_won(uint64_t intents);
/* When (clock_ms()) the last one was won; 0: none was. */
uint64_t commit_metric_last(void);
/* One is lost: another node was first. */
void	 commit_metric_lost(void);
/* For the daemon's counts(): calls tell for each family. */
void	 commit_metric_tell(void (*tell)(const struct metric_family *));

#endif
