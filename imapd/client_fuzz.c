/*
 * Any octets as what a client says: logged in or not, cut anywhere, against
 * the fake storaged.  Nothing of it may hang, grow or kill.
 */
#include <sys/socket.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/fuzz.h"
#include "imapd/client.h"
#include "imapd/test/rig.h"
#include "imapd/test/storage_fake.h"

static struct rig	 rig;

/* Each input meets the same mailboxes, so that what it does is its own. */
static void
set_up(void)
{
	rig_init(&rig, false);
	(void)fake_do(rig.fake, "deliver INBOX 5");
}

static void
tear_down(void)
{
	rig_disconnect(&rig);
	if (nclients != 0)
		abort();
	rig_end(&rig);
}

/* The input's first octet: 1: logged in, 2: selected, 4: octet by octet. */
static void
fuzz_client(const uint8_t *p, size_t len)
{
	size_t	 n, quiet;
	bool	 single;

	if (len < 2)
		return;
	set_up();
	single = p[0] & 4;
	rig_connect(&rig, false, true);
	if (p[0] & 3)
		rig_say(&rig, "l LOGIN ann secret\r\n");
	if (p[0] & 2)
		rig_say(&rig, "s SELECT INBOX\r\n");
	if (p[0] & 3)
		(void)rig_hear(&rig, p[0] & 2 ? "s OK" : "l OK");
	for (p++, len--; len > 0; p += n, len -= n) {
		n = single ? 1 : len;
		(void)send(rig.fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		rig_turn(&rig, 0);
		if (!rig.eof && rig.client->in.size > 8 * CLIENT_IN_CHUNK)
			abort();
		buf_reset(&rig.in);
	}
	for (quiet = 0; quiet < 10; quiet++) {
		rig_turn(&rig, 0);
		if (rig.in.len > 0)
			quiet = 0;
		buf_reset(&rig.in);
	}
	tear_down();
}

/* Pieces of commands, to be put together at random. */
static const char *const pieces[] = {
	"a ", "b ", "\r\n", " ", "LOGIN", "ann", "secret", "SELECT", "INBOX",
	"EXAMINE", "FETCH", "UID ", "1:*", "1", "2,4:*", "$", "FLAGS",
	"(FLAGS UID ENVELOPE)", "BODY[]", "BODY[1.MIME]<0.10>", "STORE",
	"+FLAGS", "-FLAGS.SILENT", "(\\Deleted)", "\\Seen", "kw", "EXPUNGE",
	"COPY", "MOVE", "Trash", "Sent", "nowhere", "APPEND", "{3}\r\n",
	"{3+}\r\n", "{300+}\r\n", "{0+}\r\n", "abc", "\"", "\\", "(", ")",
	"IDLE\r\n", "DONE\r\n", "NOOP\r\n", "a NOOP\r\n", "LIST", "LSUB",
	"\"\"", "*", "%", "RETURN (STATUS (MESSAGES))", "(SUBSCRIBED "
	"RECURSIVEMATCH)", "STATUS", "(UNSEEN)", "SEARCH", "RETURN (SAVE)",
	"TEXT hello", "OR", "NOT", "DELETED", "SINCE 1-Feb-2000", "CHARSET "
	"UTF-8", "CREATE", "DELETE", "RENAME", "x/y", "(USE (\\Sent))",
	"AUTHENTICATE PLAIN\r\n", "AGFubgBzZWNyZXQ=\r\n", "*\r\n", "CLOSE",
	"UNSELECT", "CHECK", "LOGOUT", "ID NIL", "ENABLE", "NAMESPACE",
	"STARTTLS", "\"17-Jul-1996 02:44:25 -0700\"", "&APw-", "&", "\n",
	"a EXPUNGE\r\n", "a STORE 1 FLAGS (\\Deleted)\r\n",
	"a APPEND INBOX {3+}\r\nabc\r\n", "a UID COPY 1:* Trash\r\n",
	"a DELETE Trash\r\n", "a CREATE Trash\r\n", "a SELECT Trash\r\n",
	"a UID FETCH 1:* (BODY[] FLAGS)\r\n", "a SELECT INBOX\r\n",
};

/* Whole commands, for the states that pieces seldom reach. */
static const char *const lines[] = {
	"NOOP", "IDLE\r\nDONE", "IDLE", "EXPUNGE", "UID EXPUNGE 1:*",
	"STORE 1 +FLAGS (\\Deleted)", "STORE 1:* FLAGS (kw1 \\Seen)",
	"STORE 2 -FLAGS.SILENT \\Deleted", "UID STORE 1:* +FLAGS (\\Deleted)",
	"FETCH 1:* (FLAGS BODY[])", "UID FETCH 1:* (ENVELOPE BODY.PEEK[1])",
	"FETCH * (BODY[HEADER.FIELDS (SUBJECT)]<1.5>)", "FETCH 1 FULL",
	"SEARCH RETURN (SAVE) TEXT hello", "FETCH $ FLAGS", "SEARCH 1:* SEEN",
	"UID SEARCH BODY hello NOT DELETED", "STORE $ +FLAGS (\\Flagged)",
	"COPY 1:* Trash", "UID MOVE 1:3 Sent", "MOVE 1 Trash", "COPY 1 INBOX",
	"APPEND INBOX {3+}\r\nabc", "APPEND Trash (kw2) {3}\r\nabc",
	"APPEND INBOX {3+}\r\nabc {3+}\r\nxyz", "APPEND gone {3+}\r\nabc",
	"SELECT INBOX", "SELECT Trash", "EXAMINE Sent", "CLOSE", "UNSELECT",
	"CHECK", "CREATE a/b/c", "DELETE Trash", "CREATE Trash",
	"RENAME a x", "DELETE INBOX", "LIST \"\" *", "LSUB \"\" %",
	"LIST (SUBSCRIBED) \"\" * RETURN (STATUS (MESSAGES))",
	"STATUS INBOX (MESSAGES UNSEEN RECENT)", "SUBSCRIBE gone/x",
};

/* What others do meanwhile. */
static const char *const events[] = {
	"deliver INBOX 3", "expunge INBOX 1:1000", "flags INBOX 1:50 +kw3",
	"expunge INBOX 3", "deliver Trash", "flags Trash 1:9 +\\Seen",
	"delete Trash", "forget INBOX 2:4", "damage INBOX 1:7", "wait", "go",
	"waiting", "refuse 7", "refuse 3", "delete Sent", "go", "go",
};

static const char *
pick(const char *const *v, size_t n)
{
	return v[(size_t)rand() % n];
}

/* The session goes on: whole commands, events between them. */
static void
fuzz_session(void)
{
	struct buf	 b = BUF_INIT;
	unsigned int	 i, k;

	set_up();
	rig_connect(&rig, false, true);
	rig_say(&rig, "l LOGIN ann secret\r\ns SELECT INBOX\r\n");
	(void)rig_hear(&rig, "s ");
	for (i = 0; i < 20 && !rig.eof; i++) {
		for (k = (unsigned int)rand() % 6; k > 0; k--)
			(void)buf_printf(&b, "t%u %s\r\n", i,
			    pick(lines, nitems(lines)));
		rig.deaf = rand() % 10 == 0;
		(void)send(rig.fd, b.data, b.len, MSG_NOSIGNAL |
		    MSG_DONTWAIT);
		buf_reset(&b);
		for (k = (unsigned int)rand() % 8; k > 0; k--)
			rig_turn(&rig, 0);
		if (rand() % 2)
			(void)fake_do(rig.fake, pick(events,
			    nitems(events)));
		buf_reset(&rig.in);
	}
	(void)fake_do(rig.fake, "go");
	tear_down();
	buf_free(&b);
}

static void
fuzz_random(unsigned int seed, unsigned int count)
{
	struct buf	 b = BUF_INIT;
	const char	*s;
	unsigned int	 i, n;

	srand(seed);
	for (i = 0; i < count; i++) {
		buf_reset(&b);
		(void)buf_put_u8(&b, (uint8_t)rand());
		(void)buf_puts(&b, "a ");
		for (n = (unsigned int)rand() % 60; n > 0; n--) {
			s = pieces[(unsigned int)rand() % nitems(pieces)];
			(void)buf_puts(&b, s);
			if (rand() % 3 == 0)
				(void)buf_puts(&b, rand() % 2 ? " " :
				    "\r\na ");
			if (rand() % 100 == 0)
				(void)buf_put_u8(&b, (uint8_t)rand());
		}
		(void)buf_puts(&b, "\r\n");
		fuzz_client(b.data, b.len);
		fuzz_session();
	}
	buf_free(&b);
}

/* usage: client_fuzz [FILE ...], or client_fuzz -r SEED COUNT */
int
main(int argc, char **argv)
{
	if (argc != 4 || strcmp(argv[1], "-r") != 0)
		return fuzz_main(argc, argv, fuzz_client);
	fuzz_random((unsigned int)atoi(argv[2]), (unsigned int)atoi(argv[3]));
	return 0;
}
