/*
 * AUTHENTICATE with an initial response (RFC 3501 section 6.2.2, RFC 4959).
 * The exchange is authd's; here are only lines and base64.
 */
#include <string.h>

#include "common/compat.h"
#include "common/arena.h"
#include "imapd/auth.h"
#include "imapd/base64.h"
#include "imapd/capability.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/login.h"
#include "imapd/reply.h"

#define SASL_LINE_MAX	16384		/* base64 */
#define SASL_BYTES_MAX	AUTH_BYTES_MAX	/* decoded, of a message to authd */

struct authenticate {
	struct buf	 line;		/* of the client, so far */
	bool		 asked;		/* a challenge waits for its answer */
};

static void
authenticate_drop(struct command *cmd)
{
	struct authenticate	*st = cmd->state;

	buf_freezero(&st->line);
}

static void
authenticate_give_up(struct command *cmd, const char *why)
{
	auth_cancel(cmd->client);
	(void)reply_bad(cmd, "%s", why);
}

/* A whole line from the client, without its end. */
static void
authenticate_answer(struct command *cmd, struct str line)
{
	struct buf	 b;

	if (str_eq(line, STR("*"))) {
		authenticate_give_up(cmd, "Cancelled");
		return;
	}
	buf_init(&b, SASL_BYTES_MAX);
	if (base64_decode(line, &b) == -1)
		authenticate_give_up(cmd, "Invalid base64");
	else
		auth_step(cmd->client, (struct str){
		    b.data != NULL ? (char *)b.data : "", b.len });
	buf_freezero(&b);
}

static size_t
authenticate_take(struct command *cmd, const uint8_t *p, size_t len)
{
	struct authenticate	*st = cmd->state;
	const uint8_t		*lf;
	struct str		 line;
	size_t			 n;

	if (!st->asked)
		return 0;
	lf = memchr(p, '\n', len);
	n = lf != NULL ? (size_t)(lf - p) + 1 : len;
	if (buf_put(&st->line, p, n) == -1) {
		auth_cancel(cmd->client);
		client_bye(cmd->client, "The line is too long");
		return len;
	}
	if (lf == NULL)
		return n;
	line = (struct str){ (char *)st->line.data, st->line.len - 1 };
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	st->asked = false;
	cmd->client->wants = WANTS_NOTHING;
	authenticate_answer(cmd, line);
	explicit_bzero(st->line.data, st->line.size);
	buf_reset(&st->line);
	return n;
}

static void
authenticate_challenge(struct command *cmd, struct str data)
{
	struct authenticate	*st = cmd->state;
	struct buf		 b = BUF_INIT;

	(void)buf_puts(&b, "+ ");
	(void)base64_encode(data, &b);
	(void)buf_puts(&b, "\r\n");
	client_put(cmd->client, b.data, b.len);
	buf_free(&b);
	st->asked = true;
	cmd->client->wants = WANTS_LINE;
	client_wake(cmd->client);
}

/* mechanism [SP initial]; *has says whether there was one. */
static int
parse_authenticate(struct command *cmd, struct str *mechanism,
    struct buf *initial, bool *has)
{
	struct parse	*p = &cmd->args;
	struct str	 word;
	const char	*at;

	*has = false;
	if (parse_arg(p, "a mechanism") == -1 ||
	    parse_astring(p, mechanism) == -1)
		return -1;
	if (parse_end(p))
		return 0;
	if (parse_arg(p, "base64") == -1)
		return -1;
	at = p->p;
	if (parse_atom(p, &word) == -1 || parse_done(p) == -1)
		return -1;
	*has = true;
	if (str_eq(word, STR("=")))	/* an empty one */
		return 0;
	if (base64_decode(word, initial) == 0)
		return 0;
	p->p = at;
	return -1;
}

enum cmd_result
cmd_authenticate(struct command *cmd)
{
	struct authenticate	*st;
	struct str		 mechanism, initial;
	struct buf		 b;
	char			*up;
	bool			 has;
	enum cmd_result		 ret;

	buf_init(&b, SASL_BYTES_MAX);
	if ((st = arena_alloc(cmd->arena, sizeof(*st))) == NULL)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	buf_init(&st->line, SASL_LINE_MAX);
	cmd->state = st;
	cmd->drop = authenticate_drop;
	if (parse_authenticate(cmd, &mechanism, &b, &has) == -1)
		ret = reply_bad_arg(cmd);
	else if (!capability_mechanism(cmd->client, mechanism))
		ret = reply_no(cmd, NULL,
		    "Unsupported authentication mechanism");
	else if (!client_may_login(cmd->client))
		ret = reply_no(cmd, "PRIVACYREQUIRED",
		    "TLS is required to log in with a password");
	else if ((up = arena_dup(cmd->arena, mechanism.p,
	    mechanism.len)) == NULL)
		ret = reply_no(cmd, "SERVERBUG", "Out of memory");
	else {
		for (size_t i = 0; i < mechanism.len; i++)
			if (up[i] >= 'a' && up[i] <= 'z')
				up[i] -= 'a' - 'A';
		initial = (struct str){ b.data != NULL ? (char *)b.data : "",
		    b.len };
		cmd->take = authenticate_take;
		cmd->challenge = authenticate_challenge;
		command_take(cmd);
		ret = login_begin(cmd, str_from(up), has ? &initial : NULL);
	}
	buf_freezero(&b);
	return ret;
}
