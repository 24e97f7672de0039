/*
 * paild: the parent.  The only process that may stay root, and the only
 * reader of the configuration; it never reads a byte from the network.
 */
#include "common/compat.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/adopt.h"
#include "common/escape.h"
#include "common/log.h"
#include "common/log_out.h"
#include "common/nofile.h"
#include "common/openssl_wipe.h"
#include "common/sandbox.h"
#include "common/user.h"
#include "paild/activate.h"
#include "paild/child.h"
#include "paild/conf_env.h"
#include "paild/control.h"
#include "paild/control_cmd.h"
#include "paild/desk.h"
#include "paild/drain.h"
#include "paild/identity.h"
#include "paild/listen.h"
#include "paild/manager.h"
#include "paild/notify.h"
#include "paild/proc.h"
#include "paild/reload.h"
#include "paild/spawn.h"
#include "paild/stop.h"

#define LISTEN_PATIENCE_MS	3000
#define LAST_LINES_MS		500	/* for what the log has kept */
/* Instead of the system's; paild(8). */
#define LOG_SOCKET_ENV		"LOG_SOCKET"
#define JOURNAL_SOCKET_ENV	"JOURNAL_SOCKET"

static void
usage(void)
{
	fprintf(stderr, "usage: paild [-dnv] [-f file]\n"
	    "       paild -n --env\n"
	    "       paild -C report[:user] [-v] [-f file]\n");
	exit(1);
}

static void
serves(struct paild *pd)
{
	log_info("ready: %zu processes", pd->nprocs);
	if (pd->debug && !log_out_try(STDOUT_FILENO, "ready\n", 6))
		log_warnx("cannot write \"ready\" to standard output");
	notify("READY=1");
	manager_tell(pd);
}

static void
on_signal(int sig, short what, void *arg)
{
	struct paild	*pd = arg;

	(void)what;
	switch (sig) {
	case SIGCHLD:
		child_reap(pd);
		break;
	case SIGHUP:
		reload_start(pd, NULL, NULL);
		break;
	case SIGTERM:
		/* The manager may send it to all of us, and again. */
		if (!pd->stopping || pd->draining)
			stop_begin(pd);
		break;
	case SIGINT:
		stop_begin(pd);
		break;
	}
}

static void
watch_signals(struct paild *pd)
{
	static const int	 sigs[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT };
	static struct event	*ev[nitems(sigs)];
	size_t			 i;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < nitems(sigs); i++) {
		ev[i] = evsignal_new(pd->base, sigs[i], on_signal, pd);
		if (ev[i] == NULL || event_add(ev[i], NULL) == -1)
			fatalx("evsignal_new");
	}
}

/* Keeps the beginning of the line that text ends with. */
static void
last_line(const char *text, size_t n, char *last, size_t size)
{
	static bool	 ended;
	size_t		 i, len = strlen(last);

	for (i = 0; i < n; i++) {
		if (ended)
			len = 0;
		ended = text[i] == '\n';
		if (!ended && len < size - 1)
			last[len++] = text[i];
		last[len] = '\0';
	}
}

static bool
is_bad(const struct paild *pd, const char *last)
{
	return strncmp(last, "error: ", 7) == 0 ||
	    (strcmp(pd->report, "store-check") == 0 &&
	    strncmp(last, "probe=good", 10) != 0);
}

/* -C: what the storaged writes goes to our standard output. */
static void
on_report(int fd, short what, void *arg)
{
	static struct escape_out o;
	static char	 last[64];
	struct paild	*pd = arg;
	char		 text[4096];
	ssize_t		 n;

	(void)what;
	n = read(fd, text, sizeof(text));
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		last_line(text, (size_t)n, last, sizeof(last));
		o.f = stdout;
		/* What is harmless as JSON is, and must stay whole. */
		if (pd->report_json ? fwrite(text, 1, (size_t)n, stdout) ==
		    (size_t)n : escape_write(&o, text, (size_t)n) == 0)
			return;
	}
	/* The last line is the store's verdict, or an error; a document is for
	 * who reads it to judge. */
	o.f = stdout;
	if (escape_end(&o) == -1 || (!pd->report_json && is_bad(pd, last)))
		pd->status = 1;
	event_free(pd->report_ev);
	stop_begin(pd);
}

static void
report(struct proc *p)
{
	struct paild		*pd = p->paild;
	struct ctl_report	 r = { str_from(pd->report),
				    str_from(pd->report_arg),
				    pd->report_json };
	int			 pair[2];

	if (pd->report_ev != NULL)
		return;			/* a storaged that was restarted */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		fatal("socketpair");
	pd->report_ev = event_new(pd->base, pair[0], EV_READ | EV_PERSIST,
	    on_report, pd);
	if (pd->report_ev == NULL || event_add(pd->report_ev, NULL) == -1)
		fatalx("event_new");
	peer_send_struct(p->setup, IMSG_CTL_REPORT, 0, &r, pair[1]);
}

/* "dump:ann" into its two parts; the user's name as an id.  "json:" before the
 * whole: as JSON. */
static void
parse_report(struct paild *pd, char *arg)
{
	static char	 user[USER_ID_MAX + 1];
	char		*colon;

	if (strncmp(arg, "json:", 5) == 0) {
		pd->report_json = true;
		arg += 5;
	}
	colon = strchr(arg, ':');
	pd->report = arg;
	pd->report_arg = user;
	if (colon != NULL) {
		*colon++ = '\0';
		if (user_normalize(str_from(colon), user, sizeof(user)) == -1)
			fatalx("%s: invalid user name", colon);
	}
	if (strcmp(arg, colon != NULL ? "dump" : "store-check") != 0)
		usage();
}

/* What reports need is less: no listeners, no socket for the operator. */
static void
open_all(struct paild *pd)
{
	char	left[256];

	if (identity_init(pd->debug || pd->report != NULL) == -1 ||
	    identity_dirs(pd->conf) == -1)
		exit(1);
	if (pd->report != NULL)
		return;
	if (listen_open(pd, pd->conf, LISTEN_PATIENCE_MS) == -1)
		exit(1);
	if (activate_left(left, sizeof(left)))
		fatalx("socket %s of the service manager matches no address "
		    "in \"listen\" of %s", left, pd->file);
}

/* No secret lands on a disk: of paild, and of what it starts. */
static void
no_core(void)
{
	static const struct rlimit	none;

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("setrlimit");
#ifdef __linux__
	/* Of a core that is forced all the same (gcore), no memory of ours is
	 * a part: core(5).  Where this is missing, so are such cores. */
	int	fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

	if (fd == -1 || write(fd, "0", 1) != 1)
		log_debug("coredump_filter: %s", strerror(errno));
	if (fd != -1)
		close(fd);
#endif
}

static void
load(struct paild *pd, bool check)
{
	no_core();
	pd->conf = conf_load(pd->file, false);
	if (check)
		conf_users(pd->conf);
	/* Without a terminal from now on: warnings are seen there, too. */
	if (check || !conf_ok(pd->conf) ||
	    (!pd->debug && pd->report == NULL))
		conf_print_errors(pd->conf);
	if (!conf_ok(pd->conf))
		exit(1);
	if (check) {
		fprintf(stderr, "%s: configuration OK\n", pd->file);
		exit(0);
	}
}

/* Nothing is started that would have less of a sandbox than it should. */
static void
check_sandbox(const struct paild *pd)
{
	const char	*lacks = sandbox_lacks();

	if (lacks == NULL)
		return;
	if (strcmp(conf_str(pd->conf, "sandbox"), "best-effort") != 0)
		fatalx("sandbox: %s; \"sandbox: best-effort\" in %s starts "
		    "with less protection", lacks, pd->file);
	log_warnx("sandbox: %s; started with less protection, as the "
	    "configuration says", lacks);
}

/* An absolute path: the daemon's directory is /. */
static void
find_file(struct paild *pd)
{
	char	*real = realpath(pd->file, NULL);

	if (real != NULL && !pd->debug)
		pd->file = real;
	else
		free(real);
}

static void
set_log(const struct paild *pd)
{
	enum log_level	level;
	enum log_format	format;

	if (pd->verbose)
		log_set_level(LOG_LEVEL_DEBUG);
	else if (log_level_parse(conf_str(pd->conf, "log.level"),
	    &level) == 0)
		log_set_level(level);
	if (pd->report != NULL && !pd->verbose)
		log_set_level(LOG_LEVEL_WARN);
	if (log_format_parse(conf_str(pd->conf, "log.format"), &format) == 0 &&
	    pd->report == NULL)
		log_set_format(format);
}

/* Elsewhere than standard error?  A journal that is not there is syslog's
 * work, which most systems have. */
static bool
log_elsewhere(const struct paild *pd)
{
	const char	*to = conf_str(pd->conf, "log.to");
	const char	*path = getenv(LOG_SOCKET_ENV);
	bool		 journal = strcmp(to, "journald") == 0;
	int		 error;

	if (strcmp(to, "stderr") == 0)
		return false;
	if (journal && log_to_journal(getenv(JOURNAL_SOCKET_ENV)) == 0)
		return true;
	error = errno;
	log_to_syslog();
	if (path != NULL)
		log_out_syslog(path);
	if (journal)
		log_warnx("log.to: journald cannot be reached (%s): logging "
		    "to syslog instead", strerror(error));
	return true;
}

/* The place of the log, and of paild: where it was started, or behind. */
static void
go_behind(const struct paild *pd)
{
	bool	elsewhere;

	if (pd->debug || pd->report != NULL) {
		log_out_private();
		return;
	}
	elsewhere = log_elsewhere(pd);
	if (daemon(0, !elsewhere) == -1)
		fatal("daemon");
	if (!elsewhere)
		log_out_private();
}

static void
log_warnings(const struct conf *c)
{
	char	at[PATH_MAX + 32];
	size_t	i;

	for (i = 0; i < c->nerrors; i++) {
		conf_place(c, c->errors[i].at, at, sizeof(at));
		log_warnx("%s: %s", at, c->errors[i].text);
	}
}

/* Two for each child (its setup channel, its log), and what comes and goes:
 * the ends of channels, the operator's connections, listeners. */
static void
check_descriptors(const struct paild *pd)
{
	uint64_t	need = 2 * pd->nprocs + CONTROL_CLIENTS_MAX + 32;

	nofile_raise();
	if (nofile_free() < need)
		log_warnx("%zu processes need %llu file descriptors, but only "
		    "%llu of %llu are free (RLIMIT_NOFILE)", pd->nprocs,
		    (unsigned long long)need,
		    (unsigned long long)nofile_free(),
		    (unsigned long long)nofile_limit());
}

static void
run(struct paild *pd)
{
	static const struct paild_ops	ops = { serves, report };

	pd->started = paild_now();
	proc_table(pd);
	check_descriptors(pd);
	if (geteuid() == 0)
		adopt_begin();
	child_start_all(pd, &ops);
	if (event_base_dispatch(pd->base) == -1)
		fatalx("event_base_dispatch");
	drain_end(pd);
	child_free_all(pd);
	desk_end();
	listen_close(pd);
	activate_free();
	control_close(pd);
	log_info("stopped");
}

int
main(int argc, char *argv[])
{
	static const struct option words[] = {
		{ "env", no_argument, NULL, 'e' }, { 0 }
	};
	static struct paild	 pd;
	bool			 check = false, list = false;
	int			 ch;

	log_init("paild");
	openssl_wipe();		/* private keys are tried here */
	pd.file = CONF_DEFAULT_FILE;
	while ((ch = getopt_long(argc, argv, "C:df:nv", words, NULL)) != -1) {
		switch (ch) {
		case 'C':
			parse_report(&pd, optarg);
			break;
		case 'd':
			pd.debug = true;
			break;
		case 'f':
			pd.file = optarg;
			break;
		case 'e':
			list = true;
			break;
		case 'n':
			check = true;
			break;
		case 'v':
			pd.verbose = true;
			break;
		default:
			usage();
		}
	}
	if (argc != optind || (list && !check))
		usage();
	if (list) {
		conf_env_list(stdout);
		return 0;
	}
	notify_init();
	if (activate_init(pd.report == NULL) == -1)
		return 1;
	load(&pd, check);
	find_file(&pd);
	set_log(&pd);
	check_sandbox(&pd);
	TAILQ_INIT(&pd.listeners);
	if ((pd.bindir = spawn_find(argv[0])) == NULL)
		fatalx("storaged and the other programs are neither next to "
		    "paild nor in ../libexec/pail");
	pd.tool = spawn_tool(argv[0], "pailctl");
	open_all(&pd);
	go_behind(&pd);
	log_warnings(pd.conf);
	if ((pd.base = event_base_new()) == NULL)
		fatalx("event_base_new");
	if (pd.report == NULL && control_open(&pd, control_run) ==
	    -1)
		exit(1);
	watch_signals(&pd);
	if (log_out_attach(pd.base) == -1)
		fatal("log_out_attach");
	run(&pd);
	log_out_drain(LAST_LINES_MS);
	conf_free(pd.conf);
	return pd.status;
}
