/*
 * The limit of lines that strangers cause: bursts, minutes, what is told
 * and when, with a clock of our own.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/compat.h"
#include "common/log_limit.h"
#include "common/test.h"
#include "common/test/capture.h"

static uint64_t	now = 1000000;

/* Instead of common/clock.c's. */
uint64_t
clock_ms(void)
{
	return now;
}

static unsigned int
lines(const char *s)
{
	unsigned int	 n = 0;

	for (; *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

/* A burst of 34,637: a handful, and the count at the next chance. */
static void
test_flood(void)
{
	static struct log_limit	 a = LOG_LIMIT("turned away");
	static struct log_limit	 b = LOG_LIMIT("other");
	unsigned int		 n = 0, i;
	const char		*s;

	capture();
	for (i = 0; i < 34637; i++)
		n += log_limit(&a);
	s = captured();
	CHECK(n == LOG_LIMIT_BURST);
	CHECK(*s == '\0');
	now += LOG_LIMIT_TELL * 1000;
	capture();
	CHECK(log_limit(&b));		/* any kind's next line */
	s = captured();
	CHECK(lines(s) == 1);
	CHECK(strstr(s, "warn: turned away: 34627 similar messages were "
	    "suppressed in 10 s\n") != NULL);
	/* and not again */
	capture();
	now += LOG_LIMIT_TELL_MOST * 1000;
	CHECK(log_limit(&b));
	CHECK(*captured() == '\0');
}

/* So many a minute, for an hour: lines and tellings stay few. */
static void
test_minutes(void)
{
	static struct log_limit	 l =
	    LOG_LIMIT_OF("slow", LOG_LEVEL_INFO, 5, 6);
	unsigned int		 n = 0, i;
	const char		*s;

	capture();
	for (i = 0; i < 3600 * 10; i++) {
		n += log_limit(&l);
		now += 100;
	}
	log_limit_flush();
	s = captured();
	CHECK(n >= 5 + 6 * 60 - 7 && n <= 5 + 6 * 60);
	CHECK(lines(s) <= 64);
	CHECK(lines(s) >= 58);
	CHECK(strstr(s, "info: slow: ") != NULL);
	/* each line is either written or counted */
	for (i = 0; (s = strstr(s, "slow: ")) != NULL; s++)
		i += (unsigned int)strtoul(s + 6, NULL, 10);
	CHECK(n + i == 3600 * 10);
	/* after peace all is as at first */
	now += 3600 * 1000;
	for (i = n = 0; i < 20; i++)
		n += log_limit(&l);
	CHECK(n == 5);
	capture();
	log_limit_flush();
	CHECK(strstr(captured(), "slow: 15 similar") != NULL);
}

/* What a pause between two bursts is worth, to the line. */
static void
test_pauses(void)
{
	static struct log_limit	 l =
	    LOG_LIMIT_OF("pauses", LOG_LEVEL_WARN, 10, 20);
	static const struct {
		uint64_t	ms;
		unsigned int	lines;		/* of 30 */
	} rows[] = {
		{ 0, 10 },			/* the first burst */
		{ 0, 0 }, { 1500, 0 },
		{ 1500, 1 },			/* 20 a minute: 3 s each */
		{ 3000, 1 }, { 15000, 5 }, { 29900, 9 },
		{ 30000, 10 },
		/* a long time makes no larger burst */
		{ 31000, 10 }, { 3600 * 1000, 10 }, { 3600 * 1001, 10 },
		{ (uint64_t)1 << 56, 10 }	/* times 20,000: overflow */
	};
	unsigned int		 k, n;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		now += rows[i].ms;
		capture();
		for (k = n = 0; k < 30; k++)
			n += log_limit(&l);
		log_limit_flush();
		(void)captured();
		CHECK_ROW(n == rows[i].lines, "row %zu: %u", i, n);
	}
}

/* A flood that goes on is told of less and less often; one that comes
 * after peace is told of as soon as the first was. */
static void
test_telling_time(void)
{
	static struct log_limit	 l =
	    LOG_LIMIT_OF("floods", LOG_LEVEL_WARN, 10, 10);
	static struct log_limit	 other = LOG_LIMIT("looks");
	static const struct {
		unsigned int	peace, seconds;	/* then a flood of so many */
		const char	*told[5];	/* how, in its course */
	} rows[] = {
		{ 0, 140, { "in 10 s", "in 20 s", "in 40 s", "in 60 s" } },
		/* too short for a full burst: it is the same flood */
		{ 30, 130, { "in 60 s", "in 60 s" } },
		{ 60, 80, { "in 10 s", "in 20 s", "in 40 s" } }
	};
	const char		*s, *at;
	unsigned int		 k, n;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		capture();
		log_limit_flush();
		(void)captured();
		now += rows[i].peace * 1000;
		capture();
		for (n = 0; n < rows[i].seconds * 10; n++) {
			(void)log_limit(&l);
			now += 100;
		}
		s = captured();
		for (k = 0; rows[i].told[k] != NULL; k++) {
			at = strstr(s, rows[i].told[k]);
			CHECK_ROW(at != NULL, "row %zu: %s", i, s);
			if (at != NULL)
				s = at + 1;
		}
		CHECK_ROW(lines(s) == 1, "row %zu: %s", i, s);
	}
	capture();
	CHECK(log_limit(&other));
	log_limit_flush();
	(void)captured();
}

/* No further line comes: the timer tells, and is gone then. */
static void
test_timer(void)
{
	static struct log_limit	 l = LOG_LIMIT_OF("timed", LOG_LEVEL_WARN,
				    1, 1);
	struct event_base	*base = event_base_new();

	CHECK(base != NULL);
	log_limit_loop(base);
	CHECK(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED) == 0);
	CHECK(log_limit(&l));
	CHECK(!log_limit(&l));
	CHECK(!log_limit(&l));
	CHECK(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED) == 1);
	/* a nearer one than what the clock says: the loop's is real */
	now += LOG_LIMIT_TELL * 1000 - 20;
	log_limit_loop(base);
	capture();
	now += 20;
	CHECK(event_base_dispatch(base) == 1);
	CHECK(strstr(captured(),
	    "timed: 2 similar messages were suppressed in 10 s\n") != NULL);
	log_limit_loop(NULL);
	event_base_free(base);
}

int
main(void)
{
	log_init("limittest");
	test_flood();
	test_minutes();
	test_pauses();
	test_telling_time();
	test_timer();
	return TEST_END();
}
