/* What families tell, for tests: collect, then ask by name and labels. */
#ifndef COMMON_TEST_METRIC_TOLD_H
#define COMMON_TEST_METRIC_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct metric_family;

/* Asks a room's function that tells its families; forgets what was told. */
void	 metric_told_ask(void (*tell)(void (*)(const struct metric_family *)));
/* For those with another form: begins, and takes one family. */
void	 metric_told_begin(void);
void	 metric_told_add(const struct metric_family *f);
/* The value of "name{a=b,c=d}"; 0 if it was not told. */
uint64_t metric_told(const char *row);
bool	 metric_is_told(const char *row);
/* The sum of all rows whose text begins so. */
uint64_t metric_told_sum(const char *begin);

#endif
