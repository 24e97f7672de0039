/*
 * Dates in commands and INTERNALDATE (RFC 3501 section 9).  APPEND's
 * date-time is also taken as Apple's and other clients write it: a day and
 * an hour of one digit, the zone "+01:00" or by one of UTC's names.
 */
#include "imapd/parse.h"

#include <stdio.h>
#include <strings.h>

#include "common/compat.h"
#include "mail/date.h"

/* Beyond any year that can be written. */
#define DATE_MOST	((int64_t)1000000000000)

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static bool
leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
month_days(int year, int month)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };

	return days[month - 1] + (month == 2 && leap(year));
}

/* n digits exactly, between min and max. */
static int
parse_digits(struct parse *p, int n, int min, int max, int *v)
{
	int	 i, x = 0, ch;

	for (i = 0; i < n; i++) {
		ch = p->p + i < p->end ? p->p[i] : -1;
		if (ch < '0' || ch > '9')
			return -1;
		x = x * 10 + ch - '0';
	}
	if (x < min || x > max)
		return -1;
	p->p += n;
	*v = x;
	return 0;
}

/* "-Jul-1996" */
static int
parse_month_year(struct parse *p, int *month, int *year)
{
	int	 m;

	if (parse_char(p, '-') == -1 || p->end - p->p < 3)
		return -1;
	for (m = 0; m < 12; m++)
		if (strncasecmp(p->p, months[m], 3) == 0)
			break;
	if (m == 12)
		return -1;
	p->p += 3;
	*month = m + 1;
	if (parse_char(p, '-') == -1)
		return -1;
	return parse_digits(p, 4, 1, 9999, year);
}

/* One digit or two. */
static int
parse_short(struct parse *p, int min, int max, int *v)
{
	return parse_digits(p, 2, min, max, v) == 0 ? 0 :
	    parse_digits(p, 1, min, max, v);
}

static int
parse_zone(struct parse *p, int *zone)
{
	static const char *const utc[] = { "GMT", "UTC", "UT", "Z" };
	int	 sign, hours, minutes;
	size_t	 i;

	*zone = 0;
	for (i = 0; i < nitems(utc); i++)
		if (parse_word(p, utc[i]) == 0)
			return 0;
	if (parse_char(p, '+') == 0)
		sign = 1;
	else if (parse_char(p, '-') == 0)
		sign = -1;
	else
		return -1;
	if (parse_digits(p, 2, 0, 23, &hours) == -1)
		return -1;
	(void)parse_char(p, ':');
	if (parse_digits(p, 2, 0, 59, &minutes) == -1)
		return -1;
	*zone = sign * (hours * 60 + minutes);
	return 0;
}

static int
parse_in_quotes(struct parse *p, int64_t *seconds, int *zone)
{
	int	 day, month, year, h, m, s;

	if (parse_char(p, '"') == -1)
		return -1;
	(void)parse_sp(p);
	if (parse_short(p, 1, 31, &day) == -1)
		return -1;
	if (parse_month_year(p, &month, &year) == -1 ||
	    day > month_days(year, month) || parse_sp(p) == -1 ||
	    parse_short(p, 0, 23, &h) == -1 || parse_char(p, ':') == -1 ||
	    parse_digits(p, 2, 0, 59, &m) == -1 || parse_char(p, ':') == -1 ||
	    parse_digits(p, 2, 0, 60, &s) == -1 || parse_sp(p) == -1 ||
	    parse_zone(p, zone) == -1 || parse_char(p, '"') == -1)
		return -1;
	*seconds = civil_days(year, month, day) * 86400 + h * 3600 + m * 60 +
	    s - *zone * 60;
	return 0;
}

int
parse_date_time(struct parse *p, int64_t *seconds, int *zone)
{
	const char	*at = p->p;

	if (parse_in_quotes(p, seconds, zone) == -1) {
		p->p = at;
		return -1;
	}
	return 0;
}

static int
parse_date_text(struct parse *p, int64_t *days)
{
	int	 day, month, year;

	if (parse_short(p, 1, 31, &day) == -1)
		return -1;
	if (parse_month_year(p, &month, &year) == -1 ||
	    day > month_days(year, month))
		return -1;
	*days = civil_days(year, month, day);
	return 0;
}

int
parse_date(struct parse *p, int64_t *days)
{
	const char	*at = p->p;
	bool		 quoted;

	quoted = parse_char(p, '"') == 0;
	if (parse_date_text(p, days) == -1 ||
	    (quoted && parse_char(p, '"') == -1)) {
		p->p = at;
		return -1;
	}
	return 0;
}

char *
date_print(char *dst, size_t size, int64_t seconds, int zone)
{
	int64_t	 t, days, rest, year;
	int	 month, day, az = zone < 0 ? -zone : zone;

	if (seconds > DATE_MOST)
		seconds = DATE_MOST;
	if (seconds < -DATE_MOST)
		seconds = -DATE_MOST;
	t = seconds + (int64_t)zone * 60;
	days = t / 86400;
	rest = t % 86400;
	if (rest < 0) {
		rest += 86400;
		days--;
	}
	/* Years 1 to 9999 have a form; what lies outside is clamped. */
	if (days < civil_days(1, 1, 1))
		days = civil_days(1, 1, 1);
	if (days > civil_days(9999, 12, 31))
		days = civil_days(9999, 12, 31);
	civil_date(days, &year, &month, &day);
	snprintf(dst, size, "%02d-%s-%04d %02d:%02d:%02d %c%02d%02d",
	    day, months[month - 1], (int)year, (int)(rest / 3600),
	    (int)(rest / 60 % 60), (int)(rest % 60), zone < 0 ? '-' : '+',
	    az / 60 % 100, az % 60);
	return dst;
}
