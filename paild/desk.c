/*
 * From a message of admind's to a command of the control socket or of pailctl.
 * Must never do anything for who shows no valid token, nor wait for who does
 * not read.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "common/mem.h"
#include "paild/command.h"
#include "paild/control.h"
#include "paild/desk.h"
#include "paild/desk_cmd.h"
#include "paild/desk_token.h"
#include "paild/proc.h"

struct desk_job {
	TAILQ_ENTRY(desk_job)	 entry;
	struct paild		*paild;
	struct desk_login	 who;
	char			 remote[65];
	char			*text;		/* for the log */
	struct desk_cmd		 cmd;
	char			*secret;	/* a line; NULL: none */
	int			 fd;		/* for the answer; or -1 */
	struct command		*tool;		/* pailctl that runs, or NULL */
	struct event		*passed;	/* another process has it */
	bool			 runs;
};

static struct {
	struct desk_tokens	*tokens;	/* NULL: nobody yet */
	TAILQ_HEAD(, desk_job)	 jobs;		/* the oldest first */
	size_t			 running, waiting;
	bool			 ready;
} desk;

static void	desk_next(void);

static void
job_free(struct desk_job *j)
{
	TAILQ_REMOVE(&desk.jobs, j, entry);
	if (j->runs)
		desk.running--;
	else
		desk.waiting--;
	if (j->secret != NULL)
		freezero(j->secret, strlen(j->secret));
	if (j->fd != -1)
		close(j->fd);
	if (j->passed != NULL)
		event_free(j->passed);
	desk_cmd_free(&j->cmd);
	free(j->text);
	free(j);
}

/* The line of the log that each command gets.  why: "" if it went well. */
static void
job_log(const struct desk_job *j, const char *why)
{
	char	user[2 * USER_ID_MAX + 8], remote[144], text[1200], q[340];

	log_info("admin user=%s remote=%s command=\"%s\" result=%s%s%s%s",
	    log_word(user, sizeof(user), j->who.user),
	    log_word(remote, sizeof(remote), j->remote),
	    log_quote(text, sizeof(text), j->text, strlen(j->text)),
	    *why == '\0' ? "ok" : "no", *why == '\0' ? "" : " why=\"",
	    log_quote(q, sizeof(q), why, strlen(why)),
	    *why == '\0' ? "" : "\"");
}

static void
on_passed(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	job_free(arg);
	desk_next();
}

/* Another process answers: it keeps its place for a while. */
static bool
job_passed(struct desk_job *j)
{
	struct timeval	tv = { 0, DESK_PASSED_MS * 1000 };

	j->passed = evtimer_new(j->paild->base, on_passed, j);
	return j->passed != NULL && evtimer_add(j->passed, &tv) == 0;
}

/* The command of the control socket is over, or pailctl's answer is told. */
static void
job_ended(struct control_client *c, void *arg)
{
	struct desk_job	*j = arg;

	if (j->cmd.by == DESK_CONTROL)
		job_log(j, c->why);
	if (c->fd == -1 && job_passed(j))
		return;
	job_free(j);
	desk_next();
}

/* Where j's answer goes; NULL: j is gone. */
static struct control_client *
job_client(struct desk_job *j)
{
	struct control_client	*c;
	int			 fd = j->fd;

	j->fd = -1;
	if ((c = control_adopt(j->paild, fd, job_ended, j)) == NULL) {
		job_log(j, "out of memory");
		job_free(j);
	}
	return c;
}

static bool
page_is_on(const struct paild *pd)
{
	const char	*on = conf_str(pd->conf, "admin-page");

	return on != NULL && strcmp(on, "true") == 0;
}

/* Is it one of `admins`? */
static bool
is_listed(const struct paild *pd, const char *user)
{
	const char	*name;
	char		 id[USER_ID_MAX + 1];
	unsigned	 i;

	for (i = 0; (name = conf_at(pd->conf, "admins.%u", i)) != NULL; i++)
		if (user_normalize(str_from(name), id, sizeof(id)) == 0 &&
		    strcmp(id, user) == 0)
			return true;
	return false;
}

static bool
may(const struct paild *pd, const struct desk_login *l)
{
	return page_is_on(pd) && (l->app || is_listed(pd, l->user));
}

static void
job_refuse(struct desk_job *j, const char *why)
{
	struct control_client	*c;

	if (j->cmd.by == DESK_TOOL)
		job_log(j, why);
	if ((c = job_client(j)) != NULL)
		control_fail(c, why);
}

static void
tool_done(const struct command_result *r, void *arg)
{
	struct desk_job		*j = arg;
	struct control_client	*c;
	char			 why[300] = "";

	j->tool = NULL;
	if (r->why != NULL && json_get(r->out.p, r->out.len, "error", why,
	    sizeof(why)) == -1)
		strlcpy(why, r->why, sizeof(why));
	job_log(j, why);
	if ((c = job_client(j)) == NULL)
		return;
	if (json_check(r->out.p, r->out.len) == 0) {
		buf_puts(&c->out, "ok\n");
		buf_put(&c->out, r->out.p, r->out.len);
		control_finish(c);
	} else
		control_fail(c, *why != '\0' ? why : "pailctl said nothing");
}

/* pailctl -f FILE --json ARGS: no shell, and the password is on its standard
 * input, where nobody sees it. */
static void
job_tool(struct desk_job *j)
{
	char			 file[PATH_MAX], f[] = "-f", json[] = "--json";
	char			*argv[ADMIN_ARGS_MAX + 6], why[300] = "";
	char			*tool = j->paild->tool;
	struct command_own	 own = { .argv = argv,
				    .out_max = CONTROL_OUT_MAX - 16,
				    .ms = DESK_TOOL_MS,
				    .input = str_from(j->secret) };
	size_t			 i, n = 0;

	if (realpath(j->paild->file, file) == NULL)
		strlcpy(file, j->paild->file, sizeof(file));
	argv[n++] = tool;
	argv[n++] = f;
	argv[n++] = file;
	argv[n++] = json;
	for (i = 0; j->cmd.argv[i] != NULL; i++)
		argv[n++] = j->cmd.argv[i];
	argv[n] = NULL;
	if (tool == NULL)
		snprintf(why, sizeof(why), "pailctl is not next to paild");
	else
		j->tool = command_run(j->paild->base, &own, tool_done, j, why,
		    sizeof(why));
	if (j->secret != NULL)
		freezero(j->secret, strlen(j->secret));
	j->secret = NULL;
	if (j->tool == NULL)
		job_refuse(j, why);
}

static void
job_run(struct desk_job *j)
{
	struct control_client	*c;

	j->runs = true;
	desk.waiting--;
	desk.running++;
	/* While it waited, he may have lost the right. */
	if (!may(j->paild, &j->who) || !desk_tokens_live(desk.tokens,
	    j->who.serial, (int64_t)clock_ms())) {
		job_refuse(j, ADMIN_SESSION);
		return;
	}
	if (j->cmd.by == DESK_TOOL) {
		job_tool(j);
		return;
	}
	if ((c = job_client(j)) != NULL)
		control_obey(c, j->cmd.line);
}

static void
desk_next(void)
{
	static bool	 busy;
	struct desk_job	*j;

	if (busy)		/* one that is over at once comes here again */
		return;
	busy = true;
	while (desk.running < DESK_AT_ONCE) {
		TAILQ_FOREACH(j, &desk.jobs, entry)
			if (!j->runs)
				break;
		if (j == NULL)
			break;
		job_run(j);
	}
	busy = false;
}

/* A few octets, which a new socket takes at once. */
static void
say(int fd, const char *line)
{
	if (send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)strlen(line))
		log_debug("admind does not wait for its answer");
}

static char *
join(const struct wire_list *args)
{
	const struct admin_arg	*v = args->v;
	struct buf		 b = BUF_INIT;
	char			*text;
	size_t			 i;

	for (i = 0; i < args->n; i++) {
		if (i > 0)
			buf_put_u8(&b, ' ');
		buf_put(&b, v[i].text.p, v[i].text.len);
	}
	text = mem_dup_len(b.data != NULL ? (char *)b.data : "", b.len);
	buf_free(&b);
	return text;
}

static void
job_new(struct paild *pd, const struct desk_login *who,
    const struct admin_do *d, struct desk_cmd *cmd, int fd)
{
	struct desk_job	*j = mem_new(1, sizeof(*j));

	j->paild = pd;
	j->who = *who;
	str_copy(j->remote, sizeof(j->remote), d->remote);
	j->text = join(&d->args);
	j->cmd = *cmd;
	j->fd = fd;
	if (d->secret.len > 0) {
		j->secret = mem_new(d->secret.len + 2, 1);
		memcpy(j->secret, d->secret.p, d->secret.len);
		j->secret[d->secret.len] = '\n';
	}
	TAILQ_INSERT_TAIL(&desk.jobs, j, entry);
	desk.waiting++;
	desk_next();
}

/* Its token was valid: what it wants. */
static void
desk_obey(struct paild *pd, const struct desk_login *who,
    const struct admin_do *d, int fd)
{
	const struct admin_arg	*v = d->args.v;
	struct str		 args[ADMIN_ARGS_MAX];
	struct desk_cmd		 cmd;
	char			 why[128], line[USER_ID_MAX + 160];
	size_t			 i;

	for (i = 0; i < d->args.n; i++)
		args[i] = v[i].text;
	snprintf(line, sizeof(line), "user %s\n", who->user);
	say(fd, line);
	if (desk_cmd_read(&cmd, args, d->args.n, d->secret.len > 0, why,
	    sizeof(why)) == 0) {
		if (cmd.by == DESK_LOGOUT) {
			log_info("admin user=%s logout", log_word(line,
			    sizeof(line), who->user));
			desk_tokens_end(desk.tokens, d->token);
			say(fd, "ok\n{}\n");
			close(fd);
			return;
		}
		if (desk.waiting < DESK_WAITING) {
			job_new(pd, who, d, &cmd, fd);
			return;
		}
		desk_cmd_free(&cmd);
		strlcpy(why, "too many commands at once: try again",
		    sizeof(why));
	}
	snprintf(line, sizeof(line), "error: %s\n", why);
	say(fd, line);
	close(fd);
}

/* Whatever else may be passed, an answer is not written to, nor waited for. */
static bool
is_stream(int fd)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len = sizeof(ss), n = sizeof(int);
	int			 type = 0;

	return getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
	    ss.ss_family == AF_UNIX && getsockopt(fd, SOL_SOCKET, SO_TYPE,
	    &type, &n) == 0 && type == SOCK_STREAM;
}

/* A password is one line of pailctl's standard input. */
static bool
is_sane(const struct admin_do *d)
{
	return d->args.n > 0 && (d->secret.len == 0 ||
	    (memchr(d->secret.p, '\n', d->secret.len) == NULL &&
	    memchr(d->secret.p, '\r', d->secret.len) == NULL));
}

/* Whose token it is, if he still may: the configuration may be another now. */
static const struct desk_login *
desk_who(const struct paild *pd, struct str token)
{
	const struct desk_login	*l;

	if (desk.tokens == NULL || (l = desk_tokens_use(desk.tokens, token,
	    (int64_t)clock_ms())) == NULL)
		return NULL;
	if (may(pd, l))
		return l;
	desk_tokens_end(desk.tokens, token);
	return NULL;
}

int
desk_take(struct proc *p, const struct msg *m)
{
	static struct log_limit	 strange = LOG_LIMIT("commands of nobody's");
	const struct desk_login	*who = NULL;
	struct admin_do		 d;
	struct arena		*a;
	int			 fd = m->fd, r = -1;

	a = p->kind == PROC_ADMIND ? arena_new(65536) : NULL;
	if (a != NULL && wire_decode(&admin_do_wire, &d, m->data, m->len,
	    a) == 0 && is_sane(&d))
		r = 0;
	if (r == 0 && fd != -1 && (!is_stream(fd) ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1))
		r = -1;
	if (r == 0)
		who = desk_who(p->paild, d.token);
	if (r == 0 && who == NULL) {
		if (d.token.len != 0 && log_limit(&strange))
			log_warnx("admin result=no why=\"no such session\"");
		if (fd != -1)
			say(fd, "error: " ADMIN_SESSION "\n");
	} else if (r == 0 && fd != -1) {
		desk_obey(p->paild, who, &d, fd);
		fd = -1;
	}
	if (fd != -1)
		close(fd);
	arena_free(a);
	return r;
}

/* ---- logins ---- */

static void
desk_begin(void)
{
	if (desk.ready)
		return;
	TAILQ_INIT(&desk.jobs);
	desk.ready = true;
	desk.tokens = desk_tokens_new();
}

/* "HOW REMOTE USER" */
static int
read_login(struct str what, struct desk_login *l)
{
	struct str	how, remote;

	memset(l, 0, sizeof(*l));
	if (!str_split(&what, ' ', &how) || !str_split(&what, ' ', &remote))
		return -1;
	l->app = str_eq(how, STR("app"));
	if ((!l->app && !str_eq(how, STR("password"))) ||
	    user_normalize(what, l->user, sizeof(l->user)) == -1)
		return -1;
	str_copy(l->remote, sizeof(l->remote), remote);
	return 0;
}

int
desk_login(struct proc *p, uint32_t id, struct str what)
{
	struct setup_give	 g = { .outcome = SETUP_GIVE_FAILED };
	struct desk_login	 l;
	char			 token[ADMIN_TOKEN + 1];

	if (p->kind != PROC_AUTHD || read_login(what, &l) == -1)
		return -1;
	desk_begin();
	if (!page_is_on(p->paild))
		g.why = STR("admin-page is false");
	else if (!l.app && !is_listed(p->paild, l.user))
		g.why = STR("not one of admins");
	else if (desk_tokens_make(desk.tokens, &l, (int64_t)clock_ms(),
	    token) == 0) {
		g.outcome = SETUP_GIVE_FOUND;
		g.data = (struct str){ token, ADMIN_TOKEN };
	}
	peer_send_struct(p->setup, IMSG_SETUP_GIVE, id, &g, -1);
	explicit_bzero(token, sizeof(token));
	return 0;
}

void
desk_revoke(const char *user)
{
	char	word[2 * USER_ID_MAX + 8];
	size_t	n;

	if (desk.tokens == NULL)
		return;
	n = desk_tokens_revoke(desk.tokens, user);
	if (n > 0)
		log_info("admin user=%s logout n=%zu why=\"revoked\"",
		    log_word(word, sizeof(word), user), n);
}

int
desk_logout(struct proc *p, struct str user)
{
	char	id[USER_ID_MAX + 1];

	if (p->kind != PROC_AUTHD ||
	    user_normalize(user, id, sizeof(id)) == -1)
		return -1;
	desk_revoke(id);
	return 0;
}

void
desk_end(void)
{
	struct desk_job	*j;

	if (!desk.ready)
		return;
	while ((j = TAILQ_FIRST(&desk.jobs)) != NULL) {
		if (j->tool != NULL)
			command_cancel(j->tool);
		job_free(j);
	}
	desk_tokens_free(desk.tokens);
	desk.tokens = NULL;
	desk.ready = false;
}
