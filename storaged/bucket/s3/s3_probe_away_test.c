/*
 * The probe of a server that is away, or goes away meanwhile: that is no
 * verdict on it.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/listener.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/test.h"
#include "storaged/bucket/test/probed.h"
#include "storaged/bucket/test/s3_store.h"

#define SOON_MS	40	/* far away */

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

static const struct fake_step closes = { "", FAKE_CLOSE, 0, NULL, 0, NULL,
    NULL };

/* A store whose probe has seen requests dropped before it wrote: another one if
 * the machine was so busy that it was taken for one that is far away. */
static struct blob_store *
open_dropped(unsigned *gets, unsigned *puts)
{
	struct blob_store *s;
	struct probed p;
	int tries = 20;

	s3_fake_always(fake, &closes);
	for (;;) {
		s = open_keyed("5", "3");
		*puts = s3_fake_count(fake, "PUT");
		probe(s, false, &p);
		probed_end(base);
		CHECK_ROW(p.verdict == PROBE_AWAY && p.begins, "%s", p.line);
		*gets = s3_fake_count(fake, "GET");
		if (*puts == s3_fake_count(fake, "PUT") || --tries == 0)
			break;
		blob_close(s);
	}
	CHECK_ROW(*gets - p.gets == 2, "%u GETs", *gets - p.gets);
	return s;
}

/* One that takes requests and drops them is asked one at a time, whether it
 * answers again, and tried as soon as it does. */
static void
test_knock(void)
{
	struct timeval later = { 0, 450000 };
	struct blob_store *s;
	struct probed p;
	unsigned puts, gets;
	uint64_t begun;

	s = open_dropped(&gets, &puts);
	event_base_once(base, -1, EV_TIMEOUT, answer, NULL, &later);
	probe(s, false, &p);
	CHECK_ROW(p.verdict == PROBE_GOOD && p.begins, "%s", p.report);
	CHECK_ROW(p.puts == puts, "%u PUTs", p.puts - puts);
	CHECK_ROW(p.gets - gets >= 6 && p.gets - gets <= 20, "%u GETs",
	    p.gets - gets);
	probed_end(base);
	blob_close(s);
	/* Once there is nothing at all, that is known at once. */
	s = open_dropped(&gets, &puts);
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

/* -- two addresses -- */

static bool two;

/* Instead of the C library's: the first one is ours alone. */
int
getaddrinfo(const char *restrict node, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict res)
{
	static struct sockaddr_in sin[2];
	static struct addrinfo ai[2];
	int i;

	(void)node;
	(void)hints;
	for (i = 0; i < 2; i++) {
		sin[i].sin_family = AF_INET;
		sin[i].sin_port = htons((uint16_t)(service != NULL ?
		    atoi(service) : 0));
		sin[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK + !i);
		ai[i].ai_family = AF_INET;
		ai[i].ai_socktype = SOCK_STREAM;
		ai[i].ai_addr = (struct sockaddr *)&sin[i];
		ai[i].ai_addrlen = sizeof(sin[i]);
	}
	ai[0].ai_next = &ai[1];
	*res = two ? &ai[0] : &ai[1];
	return 0;
}

void
freeaddrinfo(struct addrinfo *res)
{
	(void)res;
}

static void
drop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	close((int)(intptr_t)arg);
}

static void
accepted(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	const struct timeval soon = { 0, 60000 };

	(void)l;
	(void)sa;
	(void)len;
	(void)arg;
	event_base_once(base, -1, EV_TIMEOUT, drop, (void *)(intptr_t)fd,
	    &soon);
}

/* The other one is good, and is not blamed for what the first has lost of what
 * went out before it was known. */
static void
test_one_drops(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct evconnlistener *l;
	struct blob_store *s;
	struct probed p;
	unsigned before = s3_fake_objects(fake);

	sin.sin_port = htons((uint16_t)s3_fake_port(fake));
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	l = evconnlistener_new_bind(base, accepted, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 512,
	    (struct sockaddr *)&sin, sizeof(sin));
	CHECK(l != NULL);
	two = true;
	s3_fake_far(fake, SOON_MS);
	s = open_keyed("5", "3");
	probe(s, false, &p);
	CHECK_ROW(p.verdict == PROBE_GOOD, "%s", p.report);
	CHECK_ROW(strstr(p.line, "addresses=1 ") != NULL, "%s", p.line);
	CHECK_ROW(strstr(p.report, "warn  address 127.0.0.2: ") != NULL, "%s",
	    p.report);
	probed_end(base);
	two = false;
	evconnlistener_free(l);
	CHECK_ROW(s3_fake_objects(fake) == before, "%u left",
	    s3_fake_objects(fake) - before);
	blob_close(s);
	s3_fake_far(fake, 0);
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
	test_one_drops();
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
