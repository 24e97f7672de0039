/*
 * Connections, by time and by what they are told: the states, the table of
 * pages, the token, and one question for all who ask within a second.
 */
#include "common/compat.h"

#include <event2/event.h>
#include <openssl/sha.h>
#include <unistd.h>

#include "admind/conf.h"
#include "admind/conn.h"
#include "admind/test/admin_rig.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/proc_kind.h"
#include "common/test.h"

#define HEALTH	"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"

static const struct admin_proc	 good = { .kind = PROC_IMAPD,
				    .state = ADMIN_READY, .answered = true };
static const struct admin_proc	 bad = { .kind = PROC_CREDD,
				    .state = ADMIN_DOWN };

/* The loop turns until paild was asked so often. */
static void
await_asked(unsigned int n)
{
	int	 i;

	for (i = 0; i < 3000 && rig_asked < n; i++)
		event_base_loop(rig_base, EVLOOP_ONCE);
	CHECK_ROW(rig_asked == n, "%u", rig_asked);
}

static void
answer(void)
{
	rig_proc(&good);
	rig_proc(&bad);
	rig_done(true);
}

/* A second goes by. */
static void
grow_old(void)
{
	usleep((STATE_FRESH_MS + 10) * 1000);
}

static void
test_one_question(void)
{
	uint64_t	 from;
	int		 a = rig_connect(false), b = rig_connect(false);

	(void)!write(a, HEALTH "\r\n", strlen(HEALTH) + 2);
	(void)!write(b, HEALTH "\r\n", strlen(HEALTH) + 2);
	await_asked(1);
	from = clock_ms();
	answer();
	rig_answers = answer;
	CHECK(strstr(rig_hear(a, "", "running\n"),
	    "credd 0 is not running\n") != NULL);
	CHECK(strncmp(rig_hear(b, "", "running\n"), "HTTP/1.1 503 ",
	    13) == 0);
	/* What is fresh is told again. */
	CHECK(strstr(rig_hear(a, HEALTH "\r\n", "running\n"),
	    "imapd") == NULL);
	CHECK(rig_asked == 1 || clock_ms() - from >= STATE_FRESH_MS);
	close(a);
	close(b);
}

static void
test_token(void)
{
	static const struct {
		const char	*field;
		bool		 known;
	} rows[] = {
		{ "", false },
		{ "Authorization: Bearer secret\r\n", true },
		{ "Authorization: bEARER secret\r\n", true },
		{ "Authorization: Bearer  secret\r\n", false },
		{ "Authorization: Bearer secrets\r\n", false },
		{ "Authorization: Bearer secre\r\n", false },
		{ "Authorization: Bearer\r\n", false },
		{ "Authorization: Basic secret\r\n", false },
		{ "Authorization: secret\r\n", false },
	};
	char		 raw[256];
	const char	*said;
	size_t		 i;
	int		 fd = rig_connect(false), local = rig_connect(true);

	conf.guarded = conf.has_token = true;
	SHA256((const unsigned char *)"secret", 6, conf.token);
	for (i = 0; i < nitems(rows); i++) {
		snprintf(raw, sizeof(raw), HEALTH "%s\r\n", rows[i].field);
		said = rig_hear(fd, raw, "\n\r\n");
		if (strstr(said, "\r\n\r\n")[4] == '\0')
			said = rig_hear(fd, "", "\n");
		CHECK_ROW((strstr(said, "credd") != NULL) == rows[i].known,
		    "%zu: %s", i, said);
	}
	CHECK(strstr(rig_hear(local, HEALTH "\r\n", "ing\n"), "credd") !=
	    NULL);
	/* What was to guard, and is not there, guards still. */
	conf.has_token = false;
	CHECK(strstr(rig_hear(fd, HEALTH "Authorization: Bearer secret\r\n"
	    "\r\n", "healthy\n"), "credd") == NULL);
	conf.guarded = false;
	close(fd);
	close(local);
}

/* Whose pages a browser shows is told by Host; who needs a token is not asked
 * for it. */
static void
test_host(void)
{
	static const struct {
		const char	*request;
		bool		 ours;
	} rows[] = {
		{ "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", true },
		{ "GET /healthz HTTP/1.1\r\nHost: m.example\r\n\r\n", true },
		{ "GET /healthz HTTP/1.1\r\nHost: evil\r\n\r\n", false },
		{ "GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", false },
		{ "GET /none HTTP/1.1\r\nHost: evil\r\n\r\n", false },
		{ "GET http://evil/healthz HTTP/1.1\r\nHost: localhost\r\n"
		  "\r\n", false },
		{ "GET http://localhost/healthz HTTP/1.1\r\nHost: evil\r\n"
		  "\r\n", true }
	};
	const char	*evil = rows[2].request;
	size_t		 i;
	int		 fd = rig_connect(false), local = rig_connect(true);

	conf.hosts = (struct authority_hosts){ { "m.example" }, 1 };
	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW((strstr(rig_hear(fd, rows[i].request, "\n\r\n"),
		    " 421 ") == NULL) == rows[i].ours, "%zu", i);
	CHECK(strstr(rig_hear(local, evil, "\n\r\n"), " 503 ") != NULL);
	conf.guarded = true;
	CHECK(strstr(rig_hear(fd, evil, "\n\r\n"), " 503 ") != NULL);
	conf.guarded = false;
	/* HTTP/1.0 may do without. */
	CHECK(strstr(rig_hear(fd, "GET /healthz HTTP/1.0\r\n\r\n",
	    "\n\r\n"), " 503 ") != NULL);
	conf.hosts.n = 0;
	close(fd);
	close(local);
}

static void
test_time(void)
{
	static const int	 was[] = { CONN_HEAD, CONN_IDLE, CONN_ASKED };
	int			 ms[nitems(was)], fd;
	unsigned int		 asked;
	size_t			 i;

	for (i = 0; i < nitems(was); i++)
		ms[i] = conn_ms[was[i]];
	conn_ms[CONN_HEAD] = 50;
	fd = rig_connect(false);
	CHECK(strstr(rig_hear(fd, "GET / H", "in time\n"), " 408 ") != NULL);
	close(fd);
	conn_ms[CONN_IDLE] = 50;
	conn_ms[CONN_HEAD] = ms[0];
	fd = rig_connect(false);
	CHECK(strstr(rig_hear(fd, HEALTH "\r\n", ""), " 503 ") != NULL);
	close(fd);
	conn_ms[CONN_ASKED] = 50;
	rig_answers = NULL;
	grow_old();
	asked = rig_asked;
	fd = rig_connect(false);
	CHECK(strstr(rig_hear(fd, HEALTH "\r\n", "respond\n"), "503") != NULL &&
	    rig_asked == asked + 1);
	close(fd);
	/* Who is gone is not told. */
	rig_done(true);
	for (i = 0; i < nitems(was); i++)
		conn_ms[was[i]] = ms[i];
}

/* The process ends: who waits hears of it. */
static void
test_drain(void)
{
	unsigned int	 asked = rig_asked;
	char		 said[512] = "";
	int		 fd = rig_connect(false);

	grow_old();
	(void)!write(fd, HEALTH "\r\n", strlen(HEALTH) + 2);
	await_asked(asked + 1);
	conn_drain();
	CHECK(read(fd, said, sizeof(said) - 1) > 0 &&
	    strstr(said, "Pail is stopping\n") != NULL && nconns == 0);
	rig_done(true);
	close(fd);
}

/* Nobody logs in here: the reason must not speak of it. */
static void
test_room(void)
{
	const char	*why = "";

	CHECK(conn_room("192.0.2.1", &why));
	nconns = nstrangers = CONN_MAX;
	CHECK(!conn_room("192.0.2.1", &why));
	CHECK_ROW(strcmp(why, "too many connections") == 0, "%s", why);
	nconns = nstrangers = 0;
}

int
main(void)
{
	rig_begin();
	test_room();
	test_one_question();
	test_token();
	test_host();
	test_time();
	test_drain();
	rig_end();
	return TEST_END();
}
