/*
 * The operator's commands.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/json_write.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/user.h"
#include "paild/ask.h"
#include "paild/control_cmd.h"
#include "paild/desk.h"
#include "paild/drain.h"
#include "paild/proc.h"
#include "paild/reload.h"
#include "paild/status.h"
#include "paild/stop.h"

#define TOKEN_BYTES	16

/* text: lines (reload.h). */
static void
reload_json(bool ok, const char *text, struct buf *out)
{
	size_t	n;

	buf_puts(out, "ok\n");
	json_add_object(out, NULL);
	if (!ok)
		json_add_text(out, "error", "not fully reloaded");
	json_add_array(out, "messages");
	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		json_add_str(out, NULL, (struct str){ text, n });
	}
	json_end_array(out);
	json_end_object(out);
	buf_puts(out, "\n");
}

static void
reload_done(bool ok, const char *text, void *arg)
{
	struct control_client	*c = arg;

	if (c->json)
		reload_json(ok, text, &c->out);
	else
		buf_printf(&c->out, "%s\n%s", ok ? "ok" :
		    "error: not fully reloaded", text);
	control_finish(c);
}

static void
cmd_reload(struct control_client *c, const char *arg)
{
	(void)arg;
	reload_start(c->paild, reload_done, c);
}

/* The client sees our end as the end of its connection. */
static void
cmd_stop(struct control_client *c, const char *arg)
{
	(void)arg;
	if (send(c->fd, "ok\n", 3, MSG_NOSIGNAL) != 3)
		log_debug("stop: pailctl has disconnected");
	if (!c->paild->stopping || c->paild->draining)
		stop_begin(c->paild);
}

/* The client follows, if it likes, until we end. */
static void
cmd_drain(struct control_client *c, const char *arg)
{
	(void)arg;
	if (send(c->fd, "ok\n", 3, MSG_NOSIGNAL) != 3)
		log_debug("drain: pailctl has disconnected");
	c->follows = true;
	drain_begin(c->paild);
}

static void
cmd_revoke(struct control_client *c, const char *arg)
{
	struct ctl_revoke	 r = { .user = str_from(arg) };
	struct proc		*p = proc_find(c->paild, PROC_AUTHD, 0);
	char			 word[256];

	if (p == NULL || peer_send_struct(p->setup, IMSG_CTL_REVOKE, 0,
	    &r, -1) == -1) {
		/* Its sessions do not end with it: ask again. */
		control_fail(c, "authd is not running: try again");
		return;
	}
	desk_revoke(arg);
	log_info("user=%s sessions=revoked",
	    log_word(word, sizeof(word), arg));
	buf_puts(&c->out, "ok\n");
	control_finish(c);
}

static void
report(struct control_client *c, const char *what, const char *arg,
    enum proc_kind kind, uint32_t index)
{
	struct ctl_report	 r = { str_from(what), str_from(arg), c->json };
	struct proc		*p = proc_find(c->paild, kind, index);
	char			 why[64];
	int			 fd;

	if (p == NULL) {
		snprintf(why, sizeof(why), "%s is not running: try again",
		    proc_kind_name(kind));
		control_fail(c, why);
		return;
	}
	if ((fd = control_pass(c)) != -1)
		peer_send_struct(p->setup, IMSG_CTL_REPORT, 0, &r, fd);
	control_end(c);
}

static void
cmd_dump(struct control_client *c, const char *arg)
{
	report(c, "dump", arg, PROC_STORAGED, user_shard(arg,
	    c->paild->count[PROC_STORAGED]));
}

/* authd has the token: now the imapd may use it. */
static void
deliver_go(struct proc *authd, const struct msg *m, void *arg)
{
	struct control_client	*c = arg;
	struct ctl_preauth	 pre = { .user = str_from(c->user),
				    .token = str_from(c->token) };
	struct proc		*p = c->target;
	int			 fd;

	(void)authd;
	c->token = NULL;
	if (m == NULL || p->setup == NULL) {
		control_fail(c, "a process was restarted: try again");
	} else {
		if ((fd = control_pass(c)) != -1)
			peer_send_struct(p->setup, IMSG_CTL_PREAUTH, 0,
			    &pre, fd);
		control_end(c);
	}
}

static struct proc *
next_imapd(struct paild *pd)
{
	struct proc	*p;
	uint32_t	 i;

	for (i = 0; i < pd->count[PROC_IMAPD]; i++) {
		p = proc_find(pd, PROC_IMAPD, pd->next_imapd++ %
		    pd->count[PROC_IMAPD]);
		if (p != NULL && p->state == PROC_READY)
			return p;
	}
	return NULL;
}

static void
cmd_deliver(struct control_client *c, const char *arg)
{
	static char		 token[TOKEN_BYTES * 2 + 1];
	struct ctl_preauth	 pre = { .user = str_from(arg) };
	struct proc		*authd = proc_find(c->paild, PROC_AUTHD, 0);
	uint8_t			 raw[TOKEN_BYTES];
	int			 null;

	c->target = next_imapd(c->paild);
	if (!c->paild->ready || c->target == NULL || authd == NULL) {
		control_fail(c, "not ready yet: try again");
		return;
	}
	arc4random_buf(raw, sizeof(raw));
	hex_print(raw, sizeof(raw), token);
	/* The line is long enough for both: "deliver " is not needed more. */
	memmove(c->line, arg, strlen(arg) + 1);
	c->user = c->line;
	c->token = c->line + strlen(c->line) + 1;
	strlcpy(c->token, token, sizeof(token));
	pre.user = str_from(c->user);
	pre.token = str_from(c->token);
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1 ||
	    peer_send_struct(authd->setup, IMSG_CTL_PREAUTH, 0,
	    &pre, null) == -1 ||
	    ask_send(authd, IMSG_CTL_STATS, NULL, 0, deliver_go, c) == -1)
		control_fail(c, "authd is not running: try again");
}

static const struct {
	const char	*word;
	enum { NOTHING, USER, ANY } wants;	/* ANY: or nothing */
	void		(*run)(struct control_client *, const char *);
	enum proc_kind	 reporter;	/* without run: its first process
					   writes a report of this name */
} commands[] = {
	{ "status", NOTHING, status_run, PROC_KINDS },
	{ "reload", NOTHING, cmd_reload, PROC_KINDS },
	{ "stop", NOTHING, cmd_stop, PROC_KINDS },
	{ "drain", NOTHING, cmd_drain, PROC_KINDS },
	{ "store-check", NOTHING, NULL, PROC_STORAGED },
	{ "credentials", NOTHING, NULL, PROC_CREDD },
	{ "ingest-list", NOTHING, NULL, PROC_STORAGED },
	{ "ingest-retry", ANY, NULL, PROC_STORAGED },
	{ "app-add", ANY, NULL, PROC_STORAGED },
	{ "app-revoke", ANY, NULL, PROC_STORAGED },
	{ "throttle-list", NOTHING, NULL, PROC_AUTHD },
	{ "throttle-clear", ANY, NULL, PROC_AUTHD },
	{ "sessions", ANY, NULL, PROC_AUTHD },
	{ "session-end", ANY, NULL, PROC_AUTHD },
	{ "revoke", USER, cmd_revoke, PROC_KINDS },
	{ "dump", USER, cmd_dump, PROC_KINDS },
	{ "quota", USER, NULL, PROC_AUTHD },
	{ "deliver", USER, cmd_deliver, PROC_KINDS },
};

void
control_run(struct control_client *c)
{
	char	 user[USER_ID_MAX + 1] = "", *arg;
	size_t	 i, n;

	if (strncmp(c->line, CONTROL_JSON, strlen(CONTROL_JSON)) == 0) {
		c->json = true;
		n = strlen(CONTROL_JSON);
		memmove(c->line, c->line + n, strlen(c->line + n) + 1);
	}
	n = strcspn(c->line, " ");
	arg = c->line + n;
	if (*arg == ' ')
		*arg++ = '\0';
	for (i = 0; i < nitems(commands); i++)
		if (strcmp(c->line, commands[i].word) == 0)
			break;
	if (i == nitems(commands))
		control_fail(c, "no such command");
	else if (commands[i].wants == USER && user_normalize(str_from(arg),
	    user, sizeof(user)) == -1)
		control_fail(c, "invalid user name");
	else if (commands[i].wants == NOTHING && *arg != '\0')
		control_fail(c, "too many arguments");
	else {
		if (commands[i].wants != ANY)
			arg = user;
		if (commands[i].run != NULL)
			commands[i].run(c, arg);
		else
			report(c, commands[i].word, arg, commands[i].reporter,
			    0);
	}
}
