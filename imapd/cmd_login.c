/*
 * LOGIN, STARTTLS and LOGOUT (RFC 3501 sections 6.1.3, 6.2.1 and 6.2.3).
 * Passwords are wiped as soon as authd has them.
 */
#include <string.h>

#include "common/compat.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/login.h"
#include "imapd/reply.h"

static void
wipe(struct str s)
{
	if (s.len > 0)
		explicit_bzero((char *)(uintptr_t)s.p, s.len);
}

enum cmd_result
cmd_login(struct command *cmd)
{
	struct parse	*p = &cmd->args;
	struct str	 user, password, initial;
	struct buf	 b = BUF_INIT;
	enum cmd_result	 ret;

	if (parse_sp(p) == -1 || parse_astring(p, &user) == -1 ||
	    parse_sp(p) == -1 || parse_astring(p, &password) == -1 ||
	    !parse_end(p))
		return reply_bad(cmd, "LOGIN wants a name and a password");
	if (!client_may_login(cmd->client)) {
		wipe(password);
		return reply_no(cmd, "PRIVACYREQUIRED",
		    "Passwords only over TLS");
	}
	/* RFC 4616, without an authorization identity */
	buf_init(&b, 8192 + 2);
	if (buf_reserve(&b, user.len + password.len + 2) == NULL) {
		wipe(password);
		return reply_no(cmd, "AUTHENTICATIONFAILED",
		    "Wrong name or password");
	}
	(void)buf_put_u8(&b, '\0');
	(void)buf_put(&b, user.p, user.len);
	(void)buf_put_u8(&b, '\0');
	(void)buf_put(&b, password.p, password.len);
	wipe(password);
	initial = (struct str){ (char *)b.data, b.len };
	ret = login_begin(cmd, STR("PLAIN"), &initial);
	explicit_bzero(b.data, b.size);
	buf_free(&b);
	return ret;
}

enum cmd_result
cmd_starttls(struct command *cmd)
{
	if (!parse_end(&cmd->args))
		return reply_bad(cmd, "STARTTLS takes no arguments");
	if (!client_can_starttls(cmd->client))
		return reply_bad(cmd, cmd->client->tls == TLS_NONE ?
		    "No TLS here" : "TLS is on already");
	return reply_ok(cmd, NULL, "Begin TLS");
}

enum cmd_result
cmd_logout(struct command *cmd)
{
	if (!parse_end(&cmd->args))
		return reply_bad(cmd, "LOGOUT takes no arguments");
	reply_line(cmd, "BYE Until next time");
	return reply_ok(cmd, NULL, "Logged out");
}
