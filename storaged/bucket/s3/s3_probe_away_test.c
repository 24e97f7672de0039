/*
 * The probe of a server that is away, or goes away meanwhile: that is no
 * verdict on it.
 */
#include "common/compat.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/test.h"
#include "storaged/bucket/test/probed.h"
#include "storaged/bucket/test/s3_store.h"

static struct event_base *base;
static struct s3_fake *fake;

static struct blob_store *
open_keyed(const char *timeout, const char *retries)
{
	const struct s3_store_conf c = { timeout, retries, "false", NULL,
	    false };

	return s3_store_open(base, fake, &c);
}

static void
probe(struct blob_store *s, bool report, struct probed *p)
{
	probed_run(base, s, &fake, report, p);
}

/* The server is gone in the middle of the races: that tells nothing of it. */
static void
kill_fake(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	s3_fake_free(fake);
	fake = NULL;
}

static void
test_away(void)
{
	struct timeval soon;
	struct blob_store *s;
	struct probed p;
	int ms;

	s = open_keyed("1", "0");
	s3_fake_free(fake);
	probe(s, true, &p);
	CHECK_ROW(p.verdict == PROBE_AWAY && strncmp(p.line,
	    "probe=away why=\"", 16) == 0, "%s", p.line);
	blob_close(s);
	for (ms = 2; ms < 100; ms += 7) {
		fake = s3_fake_new(base);
		s = open_keyed("1", "0");
		soon = (struct timeval){ 0, ms * 1000 };
		event_base_once(base, -1, EV_TIMEOUT, kill_fake, NULL, &soon);
		probe(s, ms % 2 == 0, &p);
		CHECK_ROW(p.verdict != PROBE_REFUSED, "%d ms: %s", ms,
		    p.report);
		while (fake != NULL || probe_count() > 0)
			event_base_loop(base, EVLOOP_ONCE);
		blob_close(s);
	}
	fake = s3_fake_new(base);
}

/* No update has an answer: the server is gone, whatever it did before. */
static void
test_gone(void)
{
	static const struct fake_unsure unsure = { "PUT", 'c', "If-Match", 0,
	    UINT_MAX, true, false };
	struct blob_store *s = open_keyed("5", "3");
	struct probed p;

	s3_fake_unsure(fake, &unsure);
	probe(s, false, &p);
	CHECK_ROW(p.verdict == PROBE_AWAY && strstr(p.line,
	    "no response to ") != NULL, "%s", p.line);
	probed_end(base);
	s3_fake_unsure(fake, NULL);
	blob_close(s);
}

static void
answer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	s3_fake_always(fake, NULL);
}

/* One that takes requests and drops them is asked one at a time, whether it
 * answers again, and tried as soon as it does. */
static void
test_knock(void)
{
	static const struct fake_step closes = { "", FAKE_CLOSE, 0, NULL, 0,
	    NULL, NULL };
	struct timeval later = { 0, 450000 };
	struct blob_store *s = open_keyed("5", "3");
	unsigned puts = s3_fake_count(fake, "PUT"), gets;
	struct probed p;
	uint64_t begun;

	s3_fake_always(fake, &closes);
	probe(s, false, &p);
	CHECK_ROW(p.verdict == PROBE_AWAY && p.begins, "%s", p.line);
	probed_end(base);
	gets = s3_fake_count(fake, "GET");
	CHECK_ROW(gets - p.gets == 2, "%u GETs", gets - p.gets);
	event_base_once(base, -1, EV_TIMEOUT, answer, NULL, &later);
	probe(s, false, &p);
	CHECK_ROW(p.verdict == PROBE_GOOD && p.begins, "%s", p.report);
	CHECK_ROW(p.puts == puts, "%u PUTs", p.puts - puts);
	CHECK_ROW(p.gets - gets >= 3 && p.gets - gets <= 10, "%u GETs",
	    p.gets - gets);
	probed_end(base);
	/* Once there is nothing at all, that is known at once. */
	s3_fake_always(fake, &closes);
	probe(s, false, &p);
	CHECK_ROW(p.verdict == PROBE_AWAY, "%s", p.line);
	s3_fake_free(fake);
	fake = NULL;
	begun = clock_ms();
	probe(s, false, &p);
	CHECK(clock_ms() - begun < 5000);
	CHECK_ROW(p.verdict == PROBE_AWAY && !p.begins && strstr(p.line,
	    "connect") != NULL, "%s", p.line);
	probed_end(base);
	blob_close(s);
	fake = s3_fake_new(base);
}

int
main(void)
{
	log_init("s3_probe_away_test");
	log_set_level(LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	fake = s3_fake_new(base);
	test_away();
	test_gone();
	test_knock();
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
