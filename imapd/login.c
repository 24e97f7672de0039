/*
 * The way into a session: authd checks, makes the channel, storaged opens
 * the user.  imapd learns a name and a descriptor, and nothing else.
 */
#include "imapd/login.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/log_limit.h"
#include "common/user.h"
#include "imapd/auth.h"
#include "imapd/capability.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/reply.h"
#include "imapd/storage.h"

#define NOT_TAKEN	"The mail store did not accept the session, " \
			"try again later"

static void	 login_challenge(struct client *, struct str);
static void	 login_ok(struct client *, struct str, int);
static void	 login_no(struct client *, enum auth_code, struct str);

static const struct auth_ops login_ops = {
	.challenge = login_challenge,
	.ok = login_ok,
	.no = login_no
};

static const struct {
	const char	*code;	/* RFC 5530 */
	const char	*text;
	bool		 bad;
} failures[] = {
	[AUTH_FAILED] = { "AUTHENTICATIONFAILED",
	    "Wrong user name or password", false },
	[AUTH_UNAVAILABLE] = { "UNAVAILABLE",
	    "Logins are temporarily unavailable, try again later", false },
	[AUTH_EXPIRED] = { "EXPIRED",
	    "The password or the account has expired", false },
	[AUTH_LIMIT] = { "LIMIT",
	    "Too many sessions, close others first", false },
	[AUTH_CONTACTADMIN] = { "CONTACTADMIN",
	    "This account may not log in, contact your administrator", false },
	[AUTH_MECHANISM] = { NULL,
	    "Unsupported authentication mechanism", false },
	[AUTH_PROTOCOL] = { NULL, "Malformed SASL message", true },
	[AUTH_CANCELLED] = { NULL, "Cancelled", true },
};

/* A login runs alone: its command is the first and only one. */
static struct command *
login_command(struct client *c)
{
	return TAILQ_FIRST(&c->commands);
}

enum cmd_result
login_begin(struct command *cmd, struct str mechanism,
    const struct str *initial)
{
	auth_login(cmd->client, mechanism, initial, &login_ops);
	return CMD_WAIT;
}

void
login_preauth(struct client *c, struct str token)
{
	auth_login(c, STR("PREAUTH"), &token, &login_ops);
}

static void
login_challenge(struct client *c, struct str data)
{
	struct command	*cmd = login_command(c);

	if (c->via == VIA_PREAUTH)
		client_bye(c, "Permission denied");
	else if (cmd->challenge != NULL)
		cmd->challenge(cmd, data);
	else {			/* LOGIN: there is nobody to ask */
		auth_cancel(c);
		(void)reply_no(cmd, "AUTHENTICATIONFAILED",
		    "Wrong user name or password");
	}
}

static void
login_no(struct client *c, enum auth_code code, struct str text)
{
	static struct log_limit	 limit =
	    LOG_LIMIT_OF("login result=no", LOG_LEVEL_INFO, 20, 60);
	struct command	*cmd = login_command(c);
	char		 quoted[200];

	if ((size_t)code >= nitems(failures))
		code = AUTH_FAILED;
	if (log_limit(&limit))
		log_info("session=%016" PRIx64 " login remote=%s result=no "
		    "why=\"%s\"", c->session, c->remote,
		    log_quote(quoted, sizeof(quoted), text.p, text.len));
	if (c->via == VIA_PREAUTH)
		client_bye(c, "Permission denied");
	else if (failures[code].bad)
		(void)reply_bad(cmd, "%s", failures[code].text);
	else
		(void)reply_no(cmd, failures[code].code, "%s",
		    failures[code].text);
}

/* storaged does not have the user. */
static void
login_refused(struct client *c, const struct session_end *end)
{
	struct reply_no	 no = { .code = end->code, .text = end->text };
	char		 quoted[200];

	log_info("session=%016" PRIx64 " user=%s login remote=%s result=no "
	    "why=\"%s\"", c->session, c->user, c->remote,
	    log_quote(quoted, sizeof(quoted), end->text.p, end->text.len));
	free(c->user);
	c->user = NULL;
	auth_end(c);
	if (c->via == VIA_PREAUTH)
		storage_bye(c, end);
	else
		(void)reply_refused(login_command(c), &no);
}

static void
login_end(void *arg, const char *why, const struct session_end *end)
{
	static const struct session_end	 away = {
	    .code = MBOX_UNAVAILABLE,
	    .text = { NOT_TAKEN, sizeof(NOT_TAKEN) - 1 } };
	struct client			*c = arg;
	bool				 was = mbox_client_ready(c->storage);

	c->storage = NULL;
	if (was)
		storage_end(c, why, end);
	else
		login_refused(c, end != NULL ? end : &away);
}

/* storaged has the user open. */
static void
login_ready(void *arg, const struct session_ready *ready)
{
	struct client	*c = arg;
	struct command	*cmd = login_command(c);
	struct buf	 b = BUF_INIT;

	if (client_over(c))	/* it is told nothing any more */
		return;
	if (ready->appendlimit != 0 && ready->appendlimit < c->append_limit)
		c->append_limit = ready->appendlimit;
	client_enter(c, CLIENT_KNOWN);
	log_info("session=%016" PRIx64 " user=%s login remote=%s tls=%s "
	    "result=ok", c->session, c->user, c->remote,
	    client_is_tls(c) ? "yes" : "no");
	if (c->via == VIA_PREAUTH) {
		capability_greet(c);
		client_wake(c);
		return;
	}
	(void)buf_puts(&b, "CAPABILITY ");
	capability_print(c, &b);
	(void)buf_put_u8(&b, '\0');
	(void)reply_ok(cmd, b.failed ? NULL : (char *)b.data, "Logged in");
	buf_free(&b);
}

static const struct mbox_client_ops session_ops = {
	.ready = login_ready,
	.end = login_end,
	.event = storage_event,
	.full = storage_full
};

static void
login_ok(struct client *c, struct str user, int fd)
{
	char	 id[USER_ID_MAX + 1];

	free(c->user);
	c->user = NULL;
	if (user.len < sizeof(id)) {
		memcpy(id, user.p, user.len);
		id[user.len] = '\0';
		c->user = log_word_dup(id);
	}
	if (fd != -1 && c->user != NULL)
		c->storage = mbox_client_new(client_base(c), fd,
		    &session_ops, c);
	if (c->storage != NULL)
		return;
	if (fd != -1)
		close(fd);
	free(c->user);
	c->user = NULL;
	auth_end(c);
	login_no(c, AUTH_UNAVAILABLE, STR("no channel"));
}
