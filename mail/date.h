/* The Date field (RFC 5322 section 3.3, obsolete forms of section 4.3). */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include <stdint.h>

#include "common/buf.h"

/*
 * Seconds since 1970 UTC and minutes east of UTC. A missing or unknown zone is
 * UTC. -1: not recognizable as a date.
 */
int	 mail_date_parse(struct str value, int64_t *when, int *zone);
/* Days since 1970-01-01 of a civil date (proleptic Gregorian). */
int64_t	 civil_days(int64_t year, int month, int day);
/* The reverse. */
void	 civil_date(int64_t days, int64_t *year, int *month, int *day);

#endif
