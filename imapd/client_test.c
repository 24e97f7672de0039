/*
 * What a client can make us hold: one that never reads, one that never
 * logs in, one that is idle; and what storaged is told of pipelines.
 */
#include <sys/socket.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/test.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/fetch_run.h"
#include "imapd/test/rig.h"
#include "imapd/test/storage_fake.h"

static void
login(struct rig *r)
{
	rig_connect(r, false, true);
	rig_say(r, "l LOGIN ann secret\r\n");
	CHECK(rig_hear(r, "l OK "));
}

/* Commands are no longer read once 64 KiB wait for the client. */
static void
test_never_reads(struct rig *r)
{
	struct buf	 b = BUF_INIT;
	char		 line[60];
	unsigned int	 i, n = 3000;
	size_t		 most = 0;

	login(r);
	for (i = 0; i < n; i++)
		(void)buf_printf(&b, "a%u LIST \"\" *\r\n", i);
	(void)buf_put_u8(&b, '\0');
	r->deaf = true;
	/* as much as the socket takes */
	for (i = 0; i < 400; i++) {
		ssize_t	 k = send(r->fd, b.data, b.len - 1,
		    MSG_NOSIGNAL);

		if (k > 0)
			buf_drain(&b, (size_t)k);
		rig_turn(r, 0);
		if (client_queued(r->client) > most)
			most = client_queued(r->client);
		CHECK(r->client->in.size <= 4 * CLIENT_IN_CHUNK);
		if (b.len == 1)
			break;
	}
	CHECK(most >= CLIENT_OUT_HIGH && most < CLIENT_OUT_HIGH + 4096);
	r->deaf = false;
	rig_say(r, (char *)b.data);
	snprintf(line, sizeof(line), "a%u OK Done\r\n", n - 1);
	CHECK(rig_hear(r, line));
	buf_free(&b);
	rig_disconnect(r);
}

/* One answer that is larger than what may wait. */
static void
test_large_answer(struct rig *r)
{
	char	 line[100];
	int	 i;

	login(r);
	for (i = 0; i < 2000; i++) {
		snprintf(line, sizeof(line), "c CREATE a-quite-long-name-of-a"
		    "-mailbox-of-which-there-are-many-%d\r\n", i);
		rig_say(r, line);
	}
	rig_say(r, "d NOOP\r\n");
	CHECK(rig_hear(r, "d OK "));
	r->deaf = true;
	rig_say(r, "e LIST \"\" *\r\nf LOGOUT\r\n");
	for (i = 0; i < 200; i++)
		rig_turn(r, 0);
	CHECK(client_queued(r->client) < CLIENT_OUT_HIGH + 4096);
	r->deaf = false;
	CHECK(rig_hear(r, "many-1999\r\n") && rig_hear(r, "e OK ") &&
	    rig_hear(r, "f OK ") && rig_closed(r));
	rig_disconnect(r);
}

static void
test_timeouts(struct rig *r)
{
	struct imapd_conf	 kept = conf;

	conf.login_timeout = 0;
	rig_connect(r, false, true);
	CHECK(rig_hear(r, "* BYE ") && rig_closed(r));
	rig_disconnect(r);
	conf = kept;
	conf.idle_timeout = 0;
	rig_connect(r, false, true);
	rig_say(r, "l LOGIN ann secret\r\n");
	CHECK(rig_hear(r, "* BYE ") && rig_closed(r));
	rig_disconnect(r);
	conf = kept;
	login(r);
	conf.still_here = 1;
	rig_say(r, "a IDLE\r\n");
	CHECK(rig_hear(r, "+ idling\r\n* OK Still here\r\n"));
	rig_say(r, "DONE\r\n");
	CHECK(rig_hear(r, "a OK "));
	rig_disconnect(r);
	conf = kept;
	/* reads nothing of what waits for it */
	conf.write_timeout = 1;
	login(r);
	r->deaf = true;
	for (int i = 0; i < 1200 && nclients > 0; i++) {
		(void)send(r->fd, "a LIST \"\" *\r\n", 13, MSG_NOSIGNAL);
		rig_turn(r, i < 950 ? 0 : 20);
	}
	CHECK(nclients == 0);
	conf = kept;
	rig_disconnect(r);
}

/* MBOX_MORE goes up while further commands lie there. */
static void
test_more(struct rig *r)
{
	unsigned int	 before;

	CHECK(fake_do(r->fake, "deliver INBOX 3") == 0);
	login(r);
	rig_say(r, "s SELECT INBOX\r\n");
	CHECK(rig_hear(r, "s OK "));
	before = fake_mores(r->fake);
	rig_say(r, "a STORE 1 +FLAGS.SILENT (\\Seen)\r\n");
	CHECK(rig_hear(r, "a OK ") && fake_mores(r->fake) == before);
	rig_say(r, "b STORE 1 +FLAGS.SILENT (\\Seen)\r\n"
	    "c STORE 2 +FLAGS.SILENT (\\Seen)\r\n"
	    "d STORE 3 +FLAGS.SILENT (\\Seen)\r\n");
	CHECK(rig_hear(r, "d OK ") && fake_mores(r->fake) == before + 1);
	/* at once they are all asked for */
	CHECK(fake_do(r->fake, "wait") == 0);
	rig_say(r, "e STORE 1 -FLAGS.SILENT (\\Seen)\r\n"
	    "f COPY 1 Trash\r\ng UID STORE 3 -FLAGS.SILENT (\\Seen)\r\n"
	    "h NOOP\r\n");
	rig_turn(r, 0);
	rig_turn(r, 0);
	CHECK(fake_waiting(r->fake) == 3);
	CHECK(fake_do(r->fake, "go") == 0);
	CHECK(rig_hear(r, "h OK "));
	rig_disconnect(r);
}

/* The header of the first is cut off in its digest: while its octets come,
 * only so many of the others wait behind it. */
static void
test_rows_wait(struct rig *r)
{
	static char		 text[320 * 1024];
	const struct command	*cmd;
	const struct fetch_run	*f;
	char			 line[50];
	int			 i;

	for (i = 0; i < 100; i++) {
		memset(text, 'x', sizeof(text));
		memcpy(text, "mail Trash Subject: ", 20);
		snprintf(text + (i == 0 ? 300 : 20) * 1024, 10, "\\n\\n");
		CHECK(fake_do(r->fake, text) == 0);
	}
	login(r);
	rig_say(r, "s SELECT Trash\r\n");
	CHECK(rig_hear(r, "s OK "));
	CHECK(fake_do(r->fake, "wait") == 0);
	rig_say(r, "a FETCH 1:* BODY.PEEK[HEADER]\r\n");
	for (i = 0; i < 500; i++)
		rig_turn(r, 0);
	CHECK((cmd = TAILQ_FIRST(&r->client->commands)) != NULL);
	f = cmd->state;
	CHECK(f->waiting > FETCH_WAITING &&
	    f->waiting < FETCH_WAITING + MBOX_CREDIT + 32768);
	CHECK(fake_do(r->fake, "go") == 0);
	for (i = 1; i <= 100; i++) {
		snprintf(line, sizeof(line), "* %d FETCH (BODY[HEADER] {", i);
		CHECK_ROW(rig_hear(r, line), "%s", line);
	}
	CHECK(rig_hear(r, "a OK "));
	rig_disconnect(r);
}

/* A message of so many octets in Archive. */
static void
mail(struct rig *r, size_t len)
{
	static const char	 head[] = "mail Archive Subject: x\\n\\n";
	static char		 line[MBOX_CREDIT + 64];

	len += strlen(head) - strlen("Subject: x..");
	memset(line, 'x', len);
	memcpy(line, head, strlen(head));
	line[len] = '\0';
	CHECK(fake_do(r->fake, line) == 0);
}

/*
 * A client that takes nothing for a while, so that all credit is used up; and
 * then the last octet that came is the first of a message's head.  What was
 * acknowledged before that are whole frames of the fake's.
 */
static void
test_head_is_cut(struct rig *r)
{
	const size_t	 frame = 4093;
	int		 small = 4096, i;

	mail(r, MBOX_CREDIT - 1 - 5);		/* 5: its own head */
	for (i = 0; i < 100; i++)
		mail(r, frame - 4);
	login(r);
	rig_say(r, "s SELECT Archive\r\n");
	CHECK(rig_hear(r, "s OK "));
	CHECK(setsockopt(r->client->io.fd, SOL_SOCKET, SO_SNDBUF, &small,
	    sizeof(small)) == 0);
	r->deaf = true;
	rig_say(r, "a FETCH 1:* BODY.PEEK[]\r\n");
	for (i = 0; i < 500; i++)
		rig_turn(r, 0);
	r->deaf = false;
	CHECK(rig_hear(r, "a OK "));
	rig_disconnect(r);
}

/* What is left of a literal does not come; what comes is no reason. */
static void
test_literal_stops(struct rig *r)
{
	static const char *const said[] = {
		"a APPEND INBOX {100}\r\n",
		"a APPEND INBOX {100+}\r\nabc",
		"a APPEND INBOX {3+}\r\nabc",
		"a APPEND Nowhere {100+}\r\nabc",
		"a CREATE {10}\r\nab",
	};
	struct imapd_conf	 kept = conf;
	size_t			 i;

	conf.literal_timeout = 0;
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		login(r);
		rig_say(r, said[i]);
		CHECK_ROW(rig_hear(r, "* BYE ") && rig_closed(r), "%s",
		    said[i]);
		rig_disconnect(r);
	}
	/* storaged's turn, not the client's; and no literal at all */
	login(r);
	CHECK(fake_do(r->fake, "wait") == 0);
	rig_say(r, "a APPEND INBOX {3+}\r\nabc\r\n");
	for (i = 0; i < 30; i++)
		rig_turn(r, 10);
	CHECK(fake_do(r->fake, "go") == 0);
	CHECK(rig_hear(r, "a OK "));
	rig_say(r, "b IDLE\r\n");
	for (i = 0; i < 30; i++)
		rig_turn(r, 10);
	rig_say(r, "DONE\r\n");
	CHECK(rig_hear(r, "b OK "));
	conf = kept;
	rig_disconnect(r);
}

/* Two that ask and never read: the one that holds most goes. */
static void
test_unsent(struct rig *r)
{
	struct imapd_conf	 kept = conf;
	struct rig		 o = *r;
	int			 i;

	login(r);
	memset(&o.in, 0, sizeof(o.in));
	login(&o);
	for (i = 0; i < 300; i++)
		CHECK(fake_do(r->fake, "deliver INBOX") == 0);
	rig_say(r, "s SELECT INBOX\r\n");
	CHECK(rig_hear(r, "s OK "));
	conf.max_unsent = 20 * 1024;
	r->deaf = true;
	rig_say(r, "a FETCH 1:300 (ENVELOPE BODYSTRUCTURE)\r\n");
	for (i = 0; i < 100 && nclients == 2; i++)
		rig_turn(r, 1);
	CHECK(nclients == 1 && TAILQ_FIRST(&clients) == o.client);
	rig_say(&o, "b NOOP\r\n");
	CHECK(rig_hear(&o, "b OK "));
	r->deaf = false;
	CHECK(rig_closed(r));
	conf = kept;
	rig_disconnect(&o);
	rig_disconnect(r);
}

/* The client is gone while its commands are under way. */
static void
test_goes_away(struct rig *r)
{
	static const char *const said[] = {
		"a STORE 1 +FLAGS (\\Flagged)\r\n",
		"a APPEND INBOX {100+}\r\nabc",
		"a APPEND INBOX {3+}\r\nabc\r\nb EXPUNGE\r\n",
		"a IDLE\r\n",
		"a FETCH 1:* (BODY[] ENVELOPE)\r\n",
		"a SEARCH TEXT hello\r\n",
		"a LIST \"\" *\r\n",
		"a CLOSE\r\n",
	};
	size_t	 i;

	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		login(r);
		rig_say(r, "s SELECT INBOX\r\n");
		CHECK(rig_hear(r, "s OK "));
		CHECK(fake_do(r->fake, "wait") == 0);
		rig_say(r, said[i]);
		rig_disconnect(r);
		CHECK_ROW(nclients == 0, "%s", said[i]);
		CHECK(fake_do(r->fake, "go") == 0);
		rig_turn(r, 0);
	}
}

/* authd hears of the end of a session: soon, or where it counts, at once. */
static void
test_tells_authd(struct rig *r)
{
	uint64_t	 start = clock_ms();
	int		 i;

	for (i = 0; i < 2; i++) {
		fake_prompt(r->fake, i == 1);
		login(r);
		CHECK(fake_ended(r->fake) == 0);
		rig_say(r, "a LOGOUT\r\n");
		CHECK(rig_hear(r, "a OK ") && rig_closed(r));
		rig_disconnect(r);
		if (i == 1) {
			rig_turn(r, 0);
			rig_turn(r, 0);
			CHECK(fake_ended(r->fake) == 1);
		}
		while (fake_ended(r->fake) == 0 &&
		    clock_ms() - start < TEST_PATIENCE_MS)
			rig_turn(r, 10);
		CHECK(fake_ended(r->fake) == 1);
	}
}

int
main(void)
{
	struct rig	 r;

	rig_init(&r, false);
	test_never_reads(&r);
	test_large_answer(&r);
	test_timeouts(&r);
	test_more(&r);
	test_goes_away(&r);
	test_literal_stops(&r);
	test_unsent(&r);
	test_head_is_cut(&r);
	test_rows_wait(&r);
	test_tells_authd(&r);
	CHECK(nclients == 0 && nstrangers == 0);
	rig_end(&r);
	return TEST_END();
}
