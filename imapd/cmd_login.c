/*
 * LOGIN, STARTTLS and LOGOUT (RFC 3501 sections 6.1.3, 6.2.1 and 6.2.3).
 * Passwords are wiped as soon as authd has them.
 */
#include <string.h>

#include "common/compat.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
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

	if (parse_arg(p, "a user name") == -1 ||
	    parse_credential(p, &user) == -1 ||
	    parse_arg(p, "a password") == -1 ||
	    parse_credential(p, &password) == -1 || parse_done(p) == -1)
		return reply_bad_arg(cmd);
	if (!client_may_login(cmd->client)) {
		wipe(password);
		return reply_no(cmd, "PRIVACYREQUIRED",
		    "TLS is required to log in with a password");
	}
	/* RFC 4616, without an authorization identity */
	buf_init(&b, 8192 + 2);
	if (buf_reserve(&b, user.len + password.len + 2) == NULL) {
		wipe(password);
		return reply_no(cmd, "AUTHENTICATIONFAILED",
		    "Wrong user name or password");
	}
	(void)buf_put_u8(&b, '\0');
	(void)buf_put(&b, user.p, user.len);
	(void)buf_put_u8(&b, '\0');
	(void)buf_put(&b, password.p, password.len);
	wipe(password);
	initial = (struct str){ (char *)b.data, b.len };
	ret = login_begin(cmd, STR("PLAIN"), &initial);
	buf_freezero(&b);
	return ret;
}

enum cmd_result
cmd_starttls(struct command *cmd)
{
	if (parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	if (!client_can_starttls(cmd->client))
		return reply_bad(cmd, client_is_tls(cmd->client) ?
		    "TLS is already active" : "TLS is not available");
	cmd->enters = CLIENT_STARTTLS;
	return reply_ok(cmd, NULL, "Begin TLS negotiation now");
}

enum cmd_result
cmd_logout(struct command *cmd)
{
	if (parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	cmd->enters = CLIENT_LOGOUT;
	reply_line(cmd, "BYE Logging out");
	return reply_ok(cmd, NULL, "Logged out");
}
