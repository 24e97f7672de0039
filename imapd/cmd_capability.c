/* CAPABILITY, ID, ENABLE, NAMESPACE: who we are and what we can do. */
#include "imapd/capability.h"

#include <string.h>

#include "common/log.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/reply.h"

#define ID_FIELDS_MAX	30	/* RFC 2971, section 3.3 */

static const char always[] = "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE";
static const char inside[] = " IDLE NAMESPACE UIDPLUS MOVE UNSELECT CHILDREN"
    " SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS ESEARCH"
    " SEARCHRES WITHIN MULTIAPPEND";

/* The next word of a list with spaces, *len 0 at its end. */
static const char *
next_word(const char *p, size_t *len)
{
	p += strspn(p, " ,");
	*len = strcspn(p, " ,");
	return p;
}

bool
capability_mechanism(struct str name)
{
	const char	*p = conf.mechanisms;
	size_t		 len;

	for (;;) {
		p = next_word(p, &len);
		if (len == 0)
			return false;
		if (str_caseeq(name, (struct str){ p, len }))
			return true;
		p += len;
	}
}

void
capability_print(const struct client *c, struct buf *b)
{
	const char	*p;
	size_t		 len;

	(void)buf_puts(b, always);
	if (c->state == CLIENT_STRANGER && !c->preauth) {
		if (client_can_starttls(c))
			(void)buf_puts(b, " STARTTLS");
		if (!client_may_login(c)) {
			(void)buf_puts(b, " LOGINDISABLED");
			return;
		}
		for (p = conf.mechanisms;; p += len) {
			p = next_word(p, &len);
			if (len == 0)
				break;
			(void)buf_printf(b, " AUTH=%.*s", (int)len, p);
		}
		return;
	}
	(void)buf_puts(b, inside);
	(void)buf_printf(b, " APPENDLIMIT=%llu",
	    (unsigned long long)c->append_limit);
}

enum cmd_result
cmd_capability(struct command *cmd)
{
	struct buf	 b = BUF_INIT;

	if (!parse_end(&cmd->args))
		return reply_bad(cmd, "CAPABILITY takes no arguments");
	(void)buf_puts(&b, "* CAPABILITY ");
	capability_print(cmd->client, &b);
	(void)buf_puts(&b, "\r\n");
	reply_raw(cmd, b.data, b.len);
	buf_free(&b);
	return reply_ok(cmd, NULL, "That is all");
}

static int
parse_id(struct parse *p, struct buf *said)
{
	struct str	 key, value;
	unsigned int	 n = 0;
	bool		 nil;

	if (parse_word(p, "NIL") == 0)
		return 0;
	if (parse_char(p, '(') == -1)
		return -1;
	if (parse_char(p, ')') == 0)
		return 0;
	do {
		if (++n > ID_FIELDS_MAX || parse_string(p, &key) == -1 ||
		    parse_sp(p) == -1 || parse_nstring(p, &value, &nil) == -1)
			return -1;
		(void)buf_printf(said, "%s%.*s=%.*s", n > 1 ? " " : "",
		    key.len > 30 ? 30 : (int)key.len, key.p,
		    value.len > 60 ? 60 : (int)value.len,
		    nil ? "" : value.p);
	} while (parse_sp(p) == 0);
	return parse_char(p, ')');
}

enum cmd_result
cmd_id(struct command *cmd)
{
	struct buf	 said = BUF_INIT;
	char		 quoted[600];

	if (parse_sp(&cmd->args) == -1 ||
	    parse_id(&cmd->args, &said) == -1 || !parse_end(&cmd->args)) {
		buf_free(&said);
		return reply_bad(cmd, "ID wants NIL or a list of strings");
	}
	log_debug("session=%08x id=\"%s\"", cmd->client->session,
	    log_quote(quoted, sizeof(quoted),
	    said.data != NULL ? (char *)said.data : "", said.len));
	buf_free(&said);
	reply_line(cmd, "ID (\"name\" \"Pail\")");
	return reply_ok(cmd, NULL, "Pleased to meet you");
}

/* None of our extensions waits to be enabled (RFC 5161). */
enum cmd_result
cmd_enable(struct command *cmd)
{
	struct str	 word;
	unsigned int	 n = 0;

	while (parse_sp(&cmd->args) == 0) {
		if (parse_atom(&cmd->args, &word) == -1)
			return reply_bad(cmd, "ENABLE wants capabilities");
		n++;
	}
	if (n == 0 || !parse_end(&cmd->args))
		return reply_bad(cmd, "ENABLE wants capabilities");
	reply_line(cmd, "ENABLED");
	return reply_ok(cmd, NULL, "Nothing of these has to be enabled");
}

enum cmd_result
cmd_namespace(struct command *cmd)
{
	if (!parse_end(&cmd->args))
		return reply_bad(cmd, "NAMESPACE takes no arguments");
	reply_line(cmd, "NAMESPACE ((\"\" \"/\")) NIL NIL");
	return reply_ok(cmd, NULL, "One namespace");
}
