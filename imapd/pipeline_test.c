/*
 * What a client is told that does not wait is what one is told that does
 * (RFC 3501 section 5.5): random commands one at a time, and the same in
 * one piece or in some, against the fake, which makes one commit of all that
 * lie there.
 *
 * usage: pipeline_test [seed [rounds]]
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "imapd/auth.h"
#include "imapd/test/rig.h"
#include "imapd/test/storage_fake.h"

#define COMMANDS_MAX	12

static uint32_t	 seed = 20261128;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* One of n strings. */
static const char *
one_of(const char *const *v, size_t n)
{
	return v[rnd((uint32_t)n)];
}

static void
put_set(struct buf *b)
{
	uint32_t	 x = 1 + rnd(6);

	switch (rnd(6)) {
	case 0:
		(void)buf_printf(b, "%u:*", x);
		break;
	case 1:
		(void)buf_puts(b, "*");
		break;
	case 2:
		(void)buf_printf(b, "%u:%u", x, x + rnd(3));
		break;
	case 3:
		(void)buf_printf(b, "%u,%u", x, 1 + rnd(6));
		break;
	default:
		(void)buf_printf(b, "%u", x);
		break;
	}
}

static void
put_store(struct buf *b)
{
	static const char *const how[] = { "+", "-", "" };
	static const char *const flags[] = { "\\Deleted", "\\Seen",
	    "\\Flagged", "\\Deleted \\Draft", "one", "two three", "" };

	(void)buf_puts(b, "STORE ");
	put_set(b);
	(void)buf_printf(b, " %sFLAGS%s (%s)", one_of(how, nitems(how)),
	    rnd(4) == 0 ? ".SILENT" : "", one_of(flags, nitems(flags)));
}

/* One command, with its tag and CRLF. */
static void
put_command(struct buf *b, unsigned int tag)
{
	static const char *const boxes[] = { "INBOX", "Sent", "none" };
	static const char *const reads[] = { "NOOP", "FETCH 1:* (UID FLAGS)",
	    "UID SEARCH ALL", "SEARCH DELETED", "CREATE new" };
	const char	*uid = rnd(2) == 0 ? "UID " : "";
	bool		 move;

	(void)buf_printf(b, "t%u ", tag);
	switch (rnd(11)) {
	case 0:
	case 1:
	case 2:
	case 3:
		(void)buf_puts(b, uid);
		put_store(b);
		break;
	case 4:
	case 5:
		(void)buf_puts(b, "EXPUNGE");
		break;
	case 6:
		(void)buf_puts(b, "UID EXPUNGE ");
		put_set(b);
		break;
	case 7:
	case 8:
		/* where it goes is there: whether it is does not matter
		 * when nothing is left to go (RFC 3501 section 6.4.8) */
		move = rnd(3) == 0;
		(void)buf_printf(b, "%s%s ", uid, move ? "MOVE" : "COPY");
		put_set(b);
		(void)buf_printf(b, " %s", boxes[move ? 1 : rnd(2)]);
		break;
	case 9:
		(void)buf_printf(b, "APPEND %s (%s) {3+}\r\nabc",
		    one_of(boxes, nitems(boxes)),
		    rnd(2) == 0 ? "\\Deleted" : "");
		break;
	default:
		(void)buf_puts(b, one_of(reads, nitems(reads)));
		break;
	}
	(void)buf_puts(b, "\r\n");
}

/* Mailboxes of their own for each run, with messages in INBOX. */
static void
begin(struct rig *r, unsigned int messages)
{
	char	 line[40];

	fake_free(r->fake);
	event_base_loop(r->base, EVLOOP_NONBLOCK);
	r->fake = fake_new(r->base);
	auth_channel(r->base, fake_authd(r->fake));
	snprintf(line, sizeof(line), "deliver INBOX %u", messages);
	CHECK(fake_do(r->fake, line) == 0);
	rig_connect(r, false, true);
	rig_say(r, "l LOGIN ann secret\r\n");
	CHECK(rig_hear(r, "l OK "));
	rig_say(r, "s SELECT INBOX\r\n");
	CHECK(rig_hear(r, "s OK [READ-WRITE] Selected\r\n"));
}

/* All up to the last tagged line, into out; a tagged line without its text
 * ("Stored" or "Nothing to store"), but with its code. */
static void
finish(struct rig *r, unsigned int n, struct buf *out)
{
	uint8_t		*lf;
	char		*line, *text, last[16];
	unsigned int	 tries;

	snprintf(last, sizeof(last), "t%u ", n);
	for (tries = 0; tries < 500;) {
		lf = r->in.len == 0 ? NULL :
		    memchr(r->in.data, '\n', r->in.len);
		if (lf == NULL) {
			tries++;
			rig_turn(r, 10);
			continue;
		}
		*lf = '\0';
		line = (char *)r->in.data;
		if (*line == 't' && (text = strchr(line, ' ')) != NULL) {
			text += strcspn(text + 1, " ") + 1;
			if (text[0] != '\0' && text[1] == '[')
				text += strcspn(text, "]") + 1;
			*text = '\0';
		}
		(void)buf_printf(out, "%s\n", line);
		tries = strncmp(line, last, strlen(last)) == 0 ? 1000 : 0;
		buf_drain(&r->in, (size_t)(lf - r->in.data) + 1);
	}
	CHECK(tries == 1000);
}

static void
round_of(struct rig *r, unsigned int number)
{
	struct buf	 text[COMMANDS_MAX], all = BUF_INIT;
	struct buf	 slow = BUF_INIT, fast = BUF_INIT;
	unsigned int	 i, n = 2 + rnd(COMMANDS_MAX - 1);
	unsigned int	 messages = rnd(6);
	uint32_t	 at_first = seed;
	size_t		 cut;

	for (i = 0; i < n; i++) {
		text[i] = (struct buf)BUF_INIT;
		put_command(&text[i], i);
		(void)buf_put(&all, text[i].data, text[i].len);
		(void)buf_put_u8(&text[i], '\0');
	}
	(void)buf_put_u8(&all, '\0');
	begin(r, messages);
	for (i = 0; i < n; i++) {
		rig_say(r, (char *)text[i].data);
		finish(r, i, &slow);
		buf_free(&text[i]);
	}
	rig_disconnect(r);
	begin(r, messages);
	if (number % 3 == 0) {		/* in two pieces */
		char	 piece[2048];

		cut = rnd((uint32_t)all.len);
		snprintf(piece, sizeof(piece), "%.*s", (int)cut,
		    (char *)all.data);
		rig_say(r, piece);
		buf_drain(&all, cut);
	}
	rig_say(r, (char *)all.data);
	finish(r, n - 1, &fast);
	rig_disconnect(r);
	(void)buf_put_u8(&slow, '\0');
	(void)buf_put_u8(&fast, '\0');
	CHECK_ROW(strcmp((char *)slow.data, (char *)fast.data) == 0,
	    "seed %u, %u messages:\n%s--- one by one:\n%s--- at once:\n%s",
	    at_first, messages, (char *)all.data, (char *)slow.data,
	    (char *)fast.data);
	buf_free(&all);
	buf_free(&slow);
	buf_free(&fast);
}

int
main(int argc, char **argv)
{
	unsigned int	 i, rounds = 400;
	struct rig	 r;

	if (argc > 1)
		seed = (uint32_t)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned int)strtoul(argv[2], NULL, 10);
	rig_init(&r, false);
	for (i = 0; i < rounds && test_failed == 0; i++)
		round_of(&r, i);
	rig_end(&r);
	return TEST_END();
}
