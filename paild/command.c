/*
 * Commands (command.h).  What credd's print is hostile: it is counted,
 * cut and handed on, never read here.  It runs as credd's user, with what
 * AWS's tools want of the environment and none of what our configuration may
 * take secrets from; whatever it has started ends with it (spawn_reap()).
 */
#include "common/compat.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "paild/command.h"
#include "paild/command_split.h"
#include "paild/identity.h"

#define COMMANDS_MAX	4	/* of either kind, with those that are being
				 * killed */
#define ENV_MAX		64

extern char	**environ;

/* Names of variables that a command may see; "AWS_*" too. */
static const char *const env_kept[] = {
	"PATH", "TZ", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE",
	"SSL_CERT_DIR", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY",
	"HTTPS_PROXY", "NO_PROXY", "ASAN_OPTIONS", "UBSAN_OPTIONS",
	"LSAN_OPTIONS"
};

struct command {
	TAILQ_ENTRY(command) entry;
	pid_t		 pid;			/* 0: it has ended */
	bool		 own;			/* a program of ours */
	int		 fds[2];		/* its stdout and stderr */
	struct event	*ev[2], *timer;
	struct buf	 out;
	char		 said[COMMAND_SAID_MAX + 1];
	size_t		 nsaid;
	char		 why[128];		/* it was killed; "": was not */
	command_cb	 cb;			/* NULL: nobody wants it */
	void		*arg;
};

static TAILQ_HEAD(, command) commands = TAILQ_HEAD_INITIALIZER(commands);

/* -- in the child -- */

static bool
is_kept(const char *pair)
{
	size_t	i, n;

	if (strncmp(pair, "AWS_", 4) == 0)
		return true;
	for (i = 0; i < nitems(env_kept); i++) {
		n = strlen(env_kept[i]);
		if (strncmp(pair, env_kept[i], n) == 0 && pair[n] == '=')
			return true;
	}
	return false;
}

static void
set_env(const struct passwd *pw)
{
	static char	 home[1100], *env[ENV_MAX + 2];
	const char	*dir = pw != NULL ? pw->pw_dir : getenv("HOME");
	size_t		 i, n = 0;

	for (i = 0; environ != NULL && environ[i] != NULL; i++)
		if (n < ENV_MAX && is_kept(environ[i]))
			env[n++] = environ[i];
	if (dir != NULL && (size_t)snprintf(home, sizeof(home), "HOME=%s",
	    dir) < sizeof(home))
		env[n++] = home;
	environ = env;
}

static void
become(char *const *argv, const struct passwd *pw, bool own, int in, int out,
    int err)
{
	struct sigaction	 sa = { .sa_handler = SIG_DFL };
	sigset_t		 none;
	int			 i;

	for (i = 1; i < NSIG; i++)
		(void)sigaction(i, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Its group is what is killed. */
	if (setsid() == -1 || chdir("/") == -1 ||
	    (out = fcntl(out, F_DUPFD, 3)) == -1 ||
	    (err = fcntl(err, F_DUPFD, 3)) == -1 ||
	    (in = in != -1 ? fcntl(in, F_DUPFD, 3) :
	    open("/dev/null", O_RDONLY)) == -1 ||
	    dup2(in, STDIN_FILENO) == -1 ||
	    dup2(out, STDOUT_FILENO) == -1 || dup2(err, STDERR_FILENO) == -1)
		_exit(127);
	closefrom(3);
	umask(077);
	if (!own)
		set_env(pw);
	if (pw != NULL && (setgroups(1, &pw->pw_gid) == -1 ||
	    setgid(pw->pw_gid) == -1 || setuid(pw->pw_uid) == -1)) {
		dprintf(STDERR_FILENO, "cannot become %s", pw->pw_name);
		_exit(127);
	}
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s", argv[0], strerror(errno));
	_exit(127);
}

/* -- here -- */

static void
command_free(struct command *c)
{
	int	i;

	TAILQ_REMOVE(&commands, c, entry);
	for (i = 0; i < 2; i++) {
		if (c->ev[i] != NULL)
			event_free(c->ev[i]);
		if (c->fds[i] != -1)
			close(c->fds[i]);
	}
	if (c->timer != NULL)
		event_free(c->timer);
	buf_freezero(&c->out);
	freezero(c, sizeof(*c));
}

static void
command_kill(struct command *c, const char *why)
{
	if (c->why[0] == '\0')
		strlcpy(c->why, why, sizeof(c->why));
	if (c->pid == 0)
		return;
	identity_kill(-c->pid);
	/* Before it has a group of its own. */
	identity_kill(c->pid);
}

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	command_kill(arg, "it did not exit in time, and was killed");
}

/* Of its standard error: the beginning, blanks and other bytes as one. */
static void
take_said(struct command *c, const char *p, size_t n)
{
	size_t	i;

	for (i = 0; i < n && c->nsaid < COMMAND_SAID_MAX; i++)
		if (p[i] > ' ' && p[i] < 0x7f)
			c->said[c->nsaid++] = p[i];
		else if (c->nsaid > 0 && c->said[c->nsaid - 1] != ' ')
			c->said[c->nsaid++] = ' ';
}

static void
take_out(struct command *c, const char *p, size_t n)
{
	char	why[64];

	if (buf_put(&c->out, p, n) == -1)
		snprintf(why, sizeof(why), "it printed more than %zu KiB, and "
		    "was killed", c->out.limit / 1024);
	if (c->out.failed)
		command_kill(c, why);
}

/* What is there, of either; -1 at its end. */
static int
look(struct command *c, int which)
{
	char	text[4096];
	ssize_t	n;
	int	turns, r = 0;

	for (turns = 0; turns < 32; turns++) {
		n = read(c->fds[which], text, sizeof(text));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			break;
		if (n <= 0) {
			r = -1;
			break;
		}
		if (which == 0)
			take_out(c, text, (size_t)n);
		else
			take_said(c, text, (size_t)n);
	}
	explicit_bzero(text, sizeof(text));
	return r;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct command	*c = arg;
	int		 which = fd == c->fds[0] ? 0 : 1;

	(void)what;
	if (look(c, which) == -1)
		event_del(c->ev[which]);	/* its end is seen in reap */
}

static int
watch(struct command *c, struct event_base *base, unsigned ms)
{
	struct timeval	tv = { (time_t)(ms / 1000),
			    (suseconds_t)(ms % 1000) * 1000 };
	int		i;

	for (i = 0; i < 2; i++)
		if ((c->ev[i] = event_new(base, c->fds[i],
		    EV_READ | EV_PERSIST, on_readable, c)) == NULL ||
		    event_add(c->ev[i], NULL) == -1)
			return -1;
	if ((c->timer = evtimer_new(base, on_time, c)) == NULL)
		return -1;
	return event_add(c->timer, &tv);
}

static int
open_pipe(int *mine, int *theirs)
{
	int	fds[2];

	if (pipe(fds) == -1)
		return -1;
	*mine = fds[0];
	*theirs = fds[1];
	if (fcntl(fds[0], F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fds[0], F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(fds[1], F_SETFD, FD_CLOEXEC) == -1)
		return -1;
	return 0;
}

/* A pipe that holds all of it: nobody waits for who reads. */
static int
open_input(struct str input, int *theirs)
{
	int	fds[2];

	if (pipe(fds) == -1)
		return -1;
	*theirs = fds[0];
	if (fcntl(fds[0], F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fds[1], F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fds[1], F_SETFL, O_NONBLOCK) == -1 ||
	    write(fds[1], input.p, input.len) != (ssize_t)input.len) {
		close(fds[1]);
		return -1;
	}
	close(fds[1]);
	return 0;
}

static int
command_fork(struct command *c, char *const *argv, const struct passwd *pw,
    struct str input)
{
	int	theirs[3] = { -1, -1, -1 }, i;

	c->pid = -1;
	if (open_pipe(&c->fds[0], &theirs[0]) == 0 &&
	    open_pipe(&c->fds[1], &theirs[1]) == 0 &&
	    (input.len == 0 || open_input(input, &theirs[2]) == 0) &&
	    (c->pid = fork()) == 0)
		become(argv, pw, c->own, theirs[2], theirs[0], theirs[1]);
	for (i = 0; i < 3; i++)
		if (theirs[i] != -1)
			close(theirs[i]);
	return c->pid == -1 ? -1 : 0;
}

static bool
too_many(bool own, char *why, size_t size)
{
	struct command	*c;
	size_t		 n = 0;

	TAILQ_FOREACH(c, &commands, entry)
		n += c->own == own;
	if (n >= COMMANDS_MAX)
		snprintf(why, size, "earlier commands do not end");
	return n >= COMMANDS_MAX;
}

static struct command *
begin(struct event_base *base, const struct command_own *how, bool own,
    const struct passwd *pw, command_cb cb, void *arg, char *why, size_t size)
{
	struct command	*c = mem_new(1, sizeof(*c));
	/* At once: growing would leave copies of a secret. */
	size_t		 room = own ? 1 : how->out_max;

	c->fds[0] = c->fds[1] = -1;
	c->cb = cb;
	c->arg = arg;
	c->own = own;
	buf_init_secret(&c->out, how->out_max);
	TAILQ_INSERT_TAIL(&commands, c, entry);
	if (buf_reserve(&c->out, room) == NULL ||
	    command_fork(c, how->argv, pw, how->input) == -1 ||
	    watch(c, base, how->ms) == -1) {
		snprintf(why, size, "cannot start it: %s", strerror(errno));
		if (c->pid > 0)
			command_cancel(c);
		else
			command_free(c);
		return NULL;
	}
	return c;
}

struct command *
command_run(struct event_base *base, const struct command_own *own,
    command_cb cb, void *arg, char *why, size_t size)
{
	if (too_many(true, why, size))
		return NULL;
	return begin(base, own, true, NULL, cb, arg, why, size);
}

struct command *
command_start(struct event_base *base, const char *text, const char *user,
    unsigned ms, command_cb cb, void *arg, char *why, size_t size)
{
	struct command_own	 how = { .out_max = COMMAND_OUT_MAX,
				    .ms = ms };
	struct passwd		*pw = NULL;
	struct command		*c;
	char		       **argv;

	if (too_many(false, why, size))
		return NULL;
	if (*user != '\0' && (pw = getpwnam(user)) == NULL) {
		snprintf(why, size, "user %s does not exist", user);
		return NULL;
	}
	if ((argv = command_split(text, why, size)) == NULL)
		return NULL;
	how.argv = argv;
	c = begin(base, &how, false, pw, cb, arg, why, size);
	free(argv);
	return c;
}

void
command_cancel(struct command *c)
{
	if (c == NULL)
		return;
	c->cb = NULL;
	command_kill(c, "");
}

static struct command *
find(pid_t pid)
{
	struct command	*c;

	TAILQ_FOREACH(c, &commands, entry)
		if (c->pid == pid)
			return c;
	return NULL;
}

bool
command_is(pid_t pid)
{
	return find(pid) != NULL;
}

static void
describe(const struct command *c, int status, char *dst, size_t size)
{
	size_t	n;

	if (c->why[0] != '\0')
		strlcpy(dst, c->why, size);
	else if (WIFSIGNALED(status))
		snprintf(dst, size, "it was ended by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(dst, size, "exit status %d", WEXITSTATUS(status));
	n = strlen(dst);
	if (c->said[0] != '\0')
		snprintf(dst + n, size - n, ": %s", c->said);
}

bool
command_reaped(pid_t pid, int status)
{
	struct command_result	 r = { .why = NULL };
	struct command		*c = find(pid);
	char			 why[COMMAND_SAID_MAX + 160];

	if (c == NULL)
		return false;
	c->pid = 0;
	if (c->cb != NULL) {
		/* What it wrote last; what it left behind is gone. */
		(void)look(c, 0);
		(void)look(c, 1);
		while (c->nsaid > 0 && c->said[c->nsaid - 1] == ' ')
			c->said[--c->nsaid] = '\0';
		r.said = c->said;
		if (c->why[0] != '\0' || status != 0) {
			describe(c, status, why, sizeof(why));
			r.why = why;
		}
		if (r.why == NULL || c->own)
			r.out = (struct str){ (const char *)c->out.data,
			    c->out.len };
		c->cb(&r, c->arg);
	}
	command_free(c);
	return true;
}
