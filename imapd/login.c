/*
 * The way into a session: authd checks, makes the channel, storaged opens
 * the user.  imapd learns a name and a descriptor, and nothing else.
 */
#include "imapd/login.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/user.h"
#include "imapd/auth.h"
#include "imapd/capability.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/reply.h"
#include "imapd/storage.h"

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
	    "Wrong name or password", false },
	[AUTH_UNAVAILABLE] = { "UNAVAILABLE",
	    "Logins cannot be checked now", false },
	[AUTH_MECHANISM] = { NULL, "No such mechanism", false },
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
	if (c->preauth)
		client_bye(c, "Not permitted");
	else
		authenticate_challenge(login_command(c), data);
}

static void
login_no(struct client *c, enum auth_code code, struct str text)
{
	struct command	*cmd = login_command(c);
	char		 quoted[200];

	if ((size_t)code >= nitems(failures))
		code = AUTH_FAILED;
	log_info("session=%08x login remote=%s result=no why=\"%s\"",
	    c->session, c->remote,
	    log_quote(quoted, sizeof(quoted), text.p, text.len));
	if (c->preauth)
		client_bye(c, "Not permitted");
	else if (failures[code].bad)
		(void)reply_bad(cmd, "%s", failures[code].text);
	else
		(void)reply_no(cmd, failures[code].code, "%s",
		    failures[code].text);
}

/* storaged has the user open, or has ended the session before. */
static void
login_ready(struct client *c, const struct session_ready *ready,
    const struct session_end *end)
{
	struct command	*cmd = login_command(c);
	struct buf	 b = BUF_INIT;
	char		 quoted[200];

	if (end != NULL) {
		log_info("session=%08x user=%s login remote=%s result=no "
		    "why=\"%s\"", c->session, c->user, c->remote,
		    log_quote(quoted, sizeof(quoted), end->text.p,
		    end->text.len));
		free(c->user);
		c->user = NULL;
		if (c->preauth)
			client_bye(c, "[UNAVAILABLE] The mail store is away");
		else
			(void)reply_no(cmd, "UNAVAILABLE", "%.*s",
			    (int)end->text.len, end->text.p);
		return;
	}
	if (ready->appendlimit != 0 && ready->appendlimit < c->append_limit)
		c->append_limit = ready->appendlimit;
	client_known(c);
	log_info("session=%08x user=%s login remote=%s tls=%s result=ok",
	    c->session, c->user, c->remote, c->tls == TLS_ON ? "yes" : "no");
	if (c->preauth) {
		client_greet(c);
		client_wake(c);
		return;
	}
	(void)buf_puts(&b, "CAPABILITY ");
	capability_print(c, &b);
	(void)buf_put_u8(&b, '\0');
	(void)reply_ok(cmd, b.failed ? NULL : (char *)b.data, "Logged in");
	buf_free(&b);
}

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
		c->storage = storage_new(c->base, c, fd, login_ready);
	if (c->storage != NULL)
		return;
	if (fd != -1)
		close(fd);
	free(c->user);
	c->user = NULL;
	login_no(c, AUTH_UNAVAILABLE, STR("no channel"));
}
