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
#include "imapd/storage_fake.h"
#include "imapd/test_rig.h"

static struct rig	 rig;

/* The input's first octet: 1: logged in, 2: selected, 4: octet by octet. */
static void
fuzz_client(const uint8_t *p, size_t len)
{
	size_t	 n;

	rig_connect(&rig, false, true);
	if (p[0] & 3)
		rig_say(&rig, "l LOGIN ann secret\r\n");
	if (p[0] & 2)
		rig_say(&rig, "s SELECT INBOX\r\n");
	for (p++, len--; len > 0; p += n, len -= n) {
		n = p[-1] & 4 ? 1 : len;
		(void)send(rig.fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		rig_turn(&rig, 0);
		if (!rig.eof && rig.client->in.size > 8 * CLIENT_IN_CHUNK)
			abort();
		buf_reset(&rig.in);
	}
	for (n = 0; n < 5; n++)
		rig_turn(&rig, 0);
	rig_disconnect(&rig);
	if (nclients != 0)
		abort();
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
		if (rand() % 20 == 0)
			(void)fake_do(rig.fake, "deliver INBOX 2");
	}
	buf_free(&b);
}

/* usage: client_fuzz [FILE], or client_fuzz -r SEED COUNT */
int
main(int argc, char **argv)
{
	uint8_t	*in;
	size_t	 len;

	rig_init(&rig, false);
	(void)fake_do(rig.fake, "deliver INBOX 5");
	if (argc == 4 && strcmp(argv[1], "-r") == 0)
		fuzz_random((unsigned int)atoi(argv[2]),
		    (unsigned int)atoi(argv[3]));
	else {
		in = fuzz_input(argc, argv, &len);
		if (len > 1)
			fuzz_client(in, len);
		free(in);
	}
	rig_end(&rig);
	return 0;
}
