/*
 * Who is pushed out for whom, how time shrinks, and that EOF ends whatever
 * waits for input.
 */
#include <sys/socket.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/listen.h"
#include "common/log.h"
#include "common/strangers.h"
#include "common/test.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/run.h"
#include "imapd/test/rig.h"
#include "imapd/test/storage_fake.h"

static struct rig	 rig;

/* A connection as common/listen.c takes it: NULL is turned away.  The
 * other end in *fd. */
static struct client *
arrive(const char *remote, int *fd)
{
	struct listen_from	 from = { .loopback = true };
	const char		*why;
	int			 fds[2];

	if (!client_room(remote, &why))
		return NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		abort();
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	*fd = fds[0];
	from.fd = fds[1];
	strlcpy(from.remote, remote, sizeof(from.remote));
	return run_accept(rig.base, &from);
}

/* What lies there to be read. */
static const char *
heard(int fd)
{
	static char	 b[4096];
	ssize_t		 n;

	rig_turn(&rig, 0);
	n = read(fd, b, sizeof(b) - 1);
	b[n > 0 ? n : 0] = '\0';
	return b;
}

static void
all_go(int *fds, size_t n)
{
	struct client	*c;

	while (n-- > 0)
		close(fds[n]);
	while ((c = TAILQ_FIRST(&clients)) != NULL) {
		client_close(c, NULL);
		rig_turn(&rig, 0);
	}
	CHECK(nclients == 0 && nstrangers == 0);
}

/* The address that has most gives its oldest; others stay. */
static void
test_most_goes_first(void)
{
	struct imapd_conf	 kept = conf;
	struct client		*c[8];
	int			 fd[8];

	conf.max_strangers = 6;
	c[0] = arrive("192.0.2.1", &fd[0]);
	c[1] = arrive("2001:db8::1", &fd[1]);
	c[2] = arrive("2001:db8::2", &fd[2]);		/* the same /64 */
	c[3] = arrive("::ffff:192.0.2.2", &fd[3]);
	c[4] = arrive("192.0.2.2", &fd[4]);		/* the same */
	c[5] = arrive("2001:db8::ffff:1", &fd[5]);
	CHECK(nstrangers == 6);
	c[6] = arrive("198.51.100.1", &fd[6]);
	CHECK(c[6] != NULL && client_closed(c[1]));
	CHECK(strstr(heard(fd[1]), "* BYE [UNAVAILABLE] Too many") != NULL);
	CHECK(!client_closed(c[0]) && !client_closed(c[2]) &&
	    !client_closed(c[3]));
	CHECK(nstrangers == 6);
	/* now two of /64 and two of 192.0.2.2; another two go */
	close(fd[1]);
	c[7] = arrive("198.51.100.2", &fd[7]);
	c[1] = arrive("198.51.100.3", &fd[1]);
	CHECK(nstrangers == 6);
	rig_turn(&rig, 0);
	CHECK(nclients == 6);
	CHECK(strstr(heard(fd[0]), "BYE") == NULL);
	CHECK(strstr(heard(fd[6]), "BYE") == NULL);
	CHECK(strstr(heard(fd[7]), "BYE") == NULL);
	conf = kept;
	all_go(fd, 8);
}

/* 1,010 addresses of a /64 against one of another, and the other way. */
static void
test_a_64_is_one(void)
{
	struct imapd_conf	 kept = conf;
	struct client		*honest;
	char			 remote[64];
	int			 fd[1200], i, n = 0;

	conf.max_strangers = 50;
	conf.max_per_address = 40;
	honest = arrive("2001:db8:0:1::1", &fd[n++]);
	for (i = 1; i <= 1010; i++) {
		snprintf(remote, sizeof(remote), "2001:db8:0:2::%x", i);
		CHECK(arrive(remote, &fd[n++]) != NULL);
		rig_turn(&rig, 0);
	}
	CHECK(nstrangers == 41);
	CHECK(strstr(heard(fd[0]), "* OK ") != NULL && !client_closed(honest));
	/* from many, each with one: it is the oldest */
	for (i = 1; i <= 60; i++) {
		snprintf(remote, sizeof(remote), "192.0.2.%d", i);
		CHECK(arrive(remote, &fd[n++]) != NULL);
		rig_turn(&rig, 0);
	}
	CHECK(nstrangers == 50);
	CHECK(strstr(heard(fd[0]), "BYE") != NULL);
	conf = kept;
	all_go(fd, (size_t)n);
}

/* One whose login is being checked stays, while another can go. */
static void
test_checked_stays(void)
{
	struct imapd_conf	 kept = conf;
	struct client		*c[4];
	int			 fd[4];

	conf.max_per_address = 2;
	c[0] = arrive("192.0.2.1", &fd[0]);
	CHECK(write(fd[0], "a AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=\r\n", 39)
	    == 39);
	while (c[0]->login == NULL)
		rig_turn(&rig, 1);
	CHECK(!client_silent(c[0]));
	c[1] = arrive("192.0.2.1", &fd[1]);
	CHECK(write(fd[1], "a AUTHENTICATE PLAIN\r\n", 22) == 22);
	c[2] = arrive("192.0.2.1", &fd[2]);
	CHECK(!client_closed(c[0]) && client_closed(c[1]));
	all_go(fd, 3);
	conf = kept;
}

/* In the middle of SASL it is we who wait. */
static void
test_sasl_waits(void)
{
	struct client	*c;
	int		 fd;

	c = arrive("192.0.2.1", &fd);
	(void)heard(fd);
	CHECK(write(fd, "a AUTHENTICATE PLAIN\r\n", 22) == 22);
	while (c->taking == NULL || c->wants == WANTS_NOTHING)
		rig_turn(&rig, 1);
	CHECK(client_silent(c) && c->login != NULL);
	all_go(&fd, 1);
}

static void
test_time_shrinks(void)
{
	struct imapd_conf	 kept = conf;
	unsigned int		 was = nstrangers;

	conf.max_strangers = 1000;
	nstrangers = 500;
	CHECK(client_patience() == 180 * 1000);
	nstrangers = 750;
	CHECK(client_patience() == 95 * 1000);
	nstrangers = 1000;
	CHECK(client_patience() == STRANGERS_LEAST * 1000);
	nstrangers = 5000;
	CHECK(client_patience() == STRANGERS_LEAST * 1000);
	conf.login_timeout = 5;
	CHECK(client_patience() == 5000);
	conf.max_strangers = 1;
	CHECK(client_patience() == 5000);
	nstrangers = was;
	conf = kept;
}

/* Says all of text and no more: what is owed is answered, the rest ends. */
static void
half_close(const char *text, const char *want)
{
	struct client	*c;
	char		 all[8192];
	size_t		 len = 0;
	ssize_t		 n;
	int		 fd, i;

	c = arrive("192.0.2.1", &fd);
	CHECK(c != NULL);
	for (i = 0; i < 2; i++)
		rig_turn(&rig, 0);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	shutdown(fd, SHUT_WR);
	for (i = 0; i < 500 && nclients > 0; i++) {
		rig_turn(&rig, 1);
		if ((n = read(fd, all + len, sizeof(all) - 1 - len)) > 0)
			len += (size_t)n;
	}
	if ((n = read(fd, all + len, sizeof(all) - 1 - len)) > 0)
		len += (size_t)n;
	all[len] = '\0';
	CHECK_ROW(nclients == 0, "%s", text);
	CHECK_ROW(strstr(all, want) != NULL, "%s: %s", text, all);
	close(fd);
	if (nclients > 0)
		all_go(&fd, 0);
}

static void
test_eof(void)
{
	static const char *const t[][2] = {
		{ "", "* OK " },
		{ "a AUTHENTICATE PLAIN\r\n", "+ \r\n" },
		{ "a AUTHENTICATE PLAIN\r\nAGFubg", "+ \r\n" },
		{ "a AUTHENTICATE PLAIN\r\nAGFubgBzZWNyZXQ=\r\n", "a OK " },
		{ "a AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=\r\n", "a OK " },
		{ "a AUTHENTICATE LOGIN\r\nYW5u\r\n", "+ " },
		{ "a LOGIN {3}\r\n", "+ OK" },
		{ "a LOGIN {3+}\r\nan", "* OK " },
		{ "a LOGIN ann secret\r\nb IDLE\r\n", "+ idling" },
		{ "a LOGIN ann secret\r\nb IDLE\r\nDONE\r\n", "b OK " },
		{ "a LOGIN ann secret\r\nb APPEND INBOX {9}\r\n", "a OK " },
		{ "a LOGIN ann secret\r\nb APPEND INBOX {9+}\r\nabc",
		    "a OK " },
		{ "a LOGIN ann secret\r\nb APPEND INBOX {3+}\r\nabc\r\n",
		    "b OK " },
		{ "a LOGIN ann secret\r\nb SELECT INBOX\r\n"
		    "c STORE 1 +FLAGS (\\Seen)\r\nd NOOP\r\n", "d OK " },
		{ "a LOGIN ann secret\r\nb SELECT INBOX\r\n"
		    "c STORE 1 +FLAGS (\\Seen)\r\nd APPEND INBOX {9+}\r\nab",
		    "c OK " },
		{ "a NOOP\r\nb LOGOUT\r\n", "b OK " },
		{ "a NOOP\r\nb NOO", "a OK " },
	};
	size_t	 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		half_close(t[i][0], t[i][1]);
}

/* 32 MB that are not DONE; CRs alone, too. */
static void
test_idle_flood(void)
{
	static const char *const	 what[] = { "x", "\r" };
	char				 b[3000];
	size_t				 i;

	for (i = 0; i < 2; i++) {
		rig_connect(&rig, false, true);
		rig_say(&rig, "l LOGIN ann secret\r\na IDLE\r\n");
		CHECK(rig_hear(&rig, "+ idling"));
		memset(b, what[i][0], sizeof(b) - 1);
		b[sizeof(b) - 1] = '\0';
		rig_say(&rig, b);
		CHECK(rig_hear(&rig, "* BYE Expected DONE to end IDLE") &&
		    rig_closed(&rig));
		rig_disconnect(&rig);
	}
}

int
main(void)
{
	rig_init(&rig, false);
	test_most_goes_first();
	test_a_64_is_one();
	test_checked_stays();
	test_sasl_waits();
	test_time_shrinks();
	test_eof();
	test_idle_flood();
	rig_end(&rig);
	return TEST_END();
}
