/* CAPABILITY, ID, ENABLE, NAMESPACE: who we are and what we can do. */
#include <inttypes.h>

#include "common/log.h"
#include "imapd/capability.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/reply.h"

#define ID_FIELDS_MAX	30	/* RFC 2971, section 3.3 */

enum cmd_result
cmd_capability(struct command *cmd)
{
	struct buf	 b = BUF_INIT;

	if (parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	(void)buf_puts(&b, "* CAPABILITY ");
	capability_print(cmd->client, &b);
	(void)buf_puts(&b, "\r\n");
	reply_raw(cmd, b.data, b.len);
	buf_free(&b);
	return reply_ok(cmd, NULL, "CAPABILITY completed");
}

static int
parse_id(struct parse *p, struct buf *said)
{
	struct str	 key, value;
	unsigned int	 n = 0;
	bool		 nil;

	if (parse_word(p, "NIL") == 0)
		return 0;
	if (parse_open(p) == -1)
		return -1;
	if (parse_close(p) == 0)
		return 0;
	do {
		if (++n > ID_FIELDS_MAX || parse_string(p, &key) == -1 ||
		    parse_sp(p) == -1 || parse_nstring(p, &value, &nil) == -1)
			return -1;
		(void)buf_printf(said, "%s%.*s=%.*s", n > 1 ? " " : "",
		    key.len > 30 ? 30 : (int)key.len, key.p,
		    value.len > 60 ? 60 : (int)value.len,
		    nil ? "" : value.p);
	} while (parse_more(p) == 0);
	return parse_close(p);
}

enum cmd_result
cmd_id(struct command *cmd)
{
	struct buf	 said = BUF_INIT;
	char		 quoted[600];

	if (parse_arg(&cmd->args, "NIL or a list of strings") == -1 ||
	    parse_id(&cmd->args, &said) == -1 ||
	    parse_done(&cmd->args) == -1) {
		buf_free(&said);
		return reply_bad_arg(cmd);
	}
	log_debug("session=%016" PRIx64 " id=\"%s\"", cmd->client->session,
	    log_quote(quoted, sizeof(quoted),
	    said.data != NULL ? (char *)said.data : "", said.len));
	buf_free(&said);
	reply_line(cmd, "ID (\"name\" \"Pail\")");
	return reply_ok(cmd, NULL, "ID completed");
}

/* Extensions that wait to be enabled (RFC 5161): the bit of client->enabled.
 * None so far. */
static const struct { const char *name; uint32_t bit; } enables[] = {
	{ NULL, 0 }
};

static uint32_t
extension(struct str name)
{
	size_t	 i;

	for (i = 0; enables[i].name != NULL; i++)
		if (str_caseeq(name, str_from(enables[i].name)))
			return enables[i].bit;
	return 0;
}

enum cmd_result
cmd_enable(struct command *cmd)
{
	struct buf	 b = BUF_INIT;
	struct str	 word;
	uint32_t	 asked = 0;
	unsigned int	 n = 0;
	size_t		 i;

	cmd->args.what = "a capability";
	while (parse_more(&cmd->args) == 0) {
		if (parse_atom(&cmd->args, &word) == -1)
			return reply_bad_arg(cmd);
		asked |= extension(word);
		n++;
	}
	if (n == 0 || !parse_end(&cmd->args))
		return reply_bad_arg(cmd);
	(void)buf_puts(&b, "* ENABLED");
	for (i = 0; enables[i].name != NULL; i++)
		if (asked & enables[i].bit)
			(void)buf_printf(&b, " %s", enables[i].name);
	(void)buf_puts(&b, "\r\n");
	cmd->client->enabled |= asked;
	reply_raw(cmd, b.data, b.len);
	buf_free(&b);
	return reply_ok(cmd, NULL, "ENABLE completed");
}

enum cmd_result
cmd_namespace(struct command *cmd)
{
	if (parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	reply_line(cmd, "NAMESPACE ((\"\" \"/\")) NIL NIL");
	return reply_ok(cmd, NULL, "NAMESPACE completed");
}
