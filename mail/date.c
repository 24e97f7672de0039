/*
 * Dates of messages: tolerant, as mail is old and strange.  No locale, no
 * time zone files.
 */
#include "mail/date.h"

#include <string.h>
#include <strings.h>

#include "common/compat.h"
#include "mail/lex.h"

int64_t
civil_days(int64_t year, int month, int day)
{
	int64_t	 era, yoe, doy;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	yoe = year - era * 400;
	doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void
civil_date(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t	 era, doe, yoe, doy, mp;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

/* 1 to 12 for "Jan" ... "Dec" in any case (three letters count); else 0. */
static int
mail_date_month(struct str word)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	int	 i;

	if (word.len < 3)
		return 0;
	for (i = 0; i < 12; i++)
		if (strncasecmp(word.p, names + 3 * i, 3) == 0)
			return i + 1;
	return 0;
}

/* Digits at s, at most max of them; -1 when there is none. */
static int
number(struct lex *l, int max)
{
	int	 n = 0, v = 0;

	while (l->p < l->end && *l->p >= '0' && *l->p <= '9' && n < max) {
		v = v * 10 + (*l->p++ - '0');
		n++;
	}
	return n == 0 ? -1 : v;
}

static struct str
word(struct lex *l)
{
	struct str	 s = { l->p, 0 };

	while (l->p < l->end && ((*l->p | 0x20) >= 'a' &&
	    (*l->p | 0x20) <= 'z'))
		l->p++;
	s.len = (size_t)(l->p - s.p);
	return s;
}

/* Separators that people have put between the pieces. */
static void
skip(struct lex *l)
{
	while (lex_cfws(l, NULL) ||
	    (l->p < l->end && (*l->p == ',' || *l->p == '-' ||
	    *l->p == '/')))
		if (l->p < l->end && (*l->p == ',' || *l->p == '-' ||
		    *l->p == '/'))
			l->p++;
}

static int
zone_parse(struct lex *l)
{
	static const struct { const char *name; int minutes; } zones[] = {
		{ "EST", -300 }, { "EDT", -240 }, { "CST", -360 },
		{ "CDT", -300 }, { "MST", -420 }, { "MDT", -360 },
		{ "PST", -480 }, { "PDT", -420 },
	};
	struct str	 w;
	size_t		 i;
	int		 sign, v;

	lex_cfws(l, NULL);
	if (l->p < l->end && (*l->p == '+' || *l->p == '-')) {
		sign = *l->p++ == '-' ? -1 : 1;
		if ((v = number(l, 4)) == -1 || v % 100 > 59 || v > 2400)
			return 0;
		return sign * (v / 100 * 60 + v % 100);
	}
	w = word(l);
	for (i = 0; i < nitems(zones); i++)
		if (str_caseeq(w, str_from(zones[i].name)))
			return zones[i].minutes;
	return 0;		/* UT, GMT, military and unknown ones */
}

/* hh:mm[:ss]; -1: no time. */
static int
time_parse(struct lex *l)
{
	int	 h, m, s = 0;

	if ((h = number(l, 2)) == -1 || h > 24)
		return -1;
	lex_cfws(l, NULL);
	if (l->p >= l->end || (*l->p != ':' && *l->p != '.'))
		return -1;
	l->p++;
	lex_cfws(l, NULL);
	if ((m = number(l, 2)) == -1 || m > 59)
		return -1;
	lex_cfws(l, NULL);
	if (l->p < l->end && (*l->p == ':' || *l->p == '.')) {
		l->p++;
		lex_cfws(l, NULL);
		if ((s = number(l, 2)) == -1 || s > 60)
			return -1;
	}
	return h * 3600 + m * 60 + s;
}

static int
year_fix(int year, int digits)
{
	if (digits <= 2)
		return year < 50 ? year + 2000 : year + 1900;
	return digits == 3 ? year + 1900 : year;
}

int
mail_date_parse(struct str value, int64_t *when, int *zone)
{
	struct lex	 l;
	struct str	 w;
	const char	*p;
	int		 day, month, year, secs = -1, digits, early = 0;

	lex_init(&l, value);
	skip(&l);
	w = word(&l);
	month = mail_date_month(w);		/* "Nov 5 ..." of some */
	skip(&l);
	if (month == 0 && (w.len == 0 || (l.p < l.end &&
	    (*l.p < '0' || *l.p > '9'))))
		month = mail_date_month(word(&l));
	skip(&l);
	if ((day = number(&l, 2)) == -1)
		return -1;
	skip(&l);
	if (month == 0)
		month = mail_date_month(word(&l));
	skip(&l);
	p = l.p;
	if ((year = number(&l, 5)) == -1)
		return -1;
	if (l.p < l.end && *l.p == ':') {	/* asctime: the time first */
		l.p = p;
		if ((secs = time_parse(&l)) == -1)
			return -1;
		skip(&l);
		if (l.p < l.end && (*l.p | 0x20) >= 'a')
			early = zone_parse(&l);
		skip(&l);
		p = l.p;
		if ((year = number(&l, 5)) == -1)
			return -1;
	}
	digits = (int)(l.p - p);
	year = year_fix(year, digits);
	if (month == 0 || day < 1 || day > 31)
		return -1;
	skip(&l);
	if (secs == -1 && (secs = time_parse(&l)) == -1)
		secs = 0;
	if ((*zone = zone_parse(&l)) == 0)
		*zone = early;
	*when = civil_days(year, month, day) * 86400 + secs - *zone * 60;
	return 0;
}
