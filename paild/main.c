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
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/user.h"
#include "paild/control.h"
#include "paild/identity.h"
#include "paild/listen.h"
#include "paild/notify.h"
#include "paild/proc.h"
#include "paild/reload.h"
#include "paild/spawn.h"
#include "paild/stop.h"

#define LISTEN_PATIENCE_MS	3000

static void
usage(void)
{
	fprintf(stderr, "usage: paild [-dnv] [-f file]\n"
	    "       paild -C report[:user] [-v] [-f file]\n");
	exit(1);
}

void
paild_serves(struct paild *pd)
{
	log_info("ready: %zu processes", pd->nprocs);
	if (pd->debug) {
		printf("ready\n");
		fflush(stdout);
	}
	notify("READY=1");
}

static void
on_signal(int sig, short what, void *arg)
{
	struct paild	*pd = arg;

	(void)what;
	switch (sig) {
	case SIGCHLD:
		proc_reap(pd);
		break;
	case SIGHUP:
		reload_start(pd, NULL, NULL);
		break;
	case SIGTERM:
		/* The manager may send it to all of us, and again. */
		if (!pd->stopping)
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

/* -C: what the storaged writes goes to our standard output. */
static void
on_report(int fd, short what, void *arg)
{
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
		if (fwrite(text, 1, (size_t)n, stdout) == (size_t)n)
			return;
	}
	/* The store's check ends with its verdict. */
	if (fflush(stdout) == EOF || (strcmp(pd->report, "store-check") ==
	    0 && strncmp(last, "probe=good", 10) != 0))
		pd->status = 1;
	event_free(pd->report_ev);
	stop_begin(pd);
}

void
paild_report(struct proc *p)
{
	struct paild		*pd = p->paild;
	struct ctl_report	 r = { .what = str_from(pd->report),
				    .arg = str_from(pd->report_arg) };
	int			 pair[2];

	if (pd->report_ev != NULL)
		return;			/* a storaged that was restarted */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		fatal("socketpair");
	pd->report_ev = event_new(pd->base, pair[0], EV_READ | EV_PERSIST,
	    on_report, pd);
	if (pd->report_ev == NULL || event_add(pd->report_ev, NULL) == -1)
		fatalx("event_new");
	peer_send_struct(p->setup, IMSG_CTL_REPORT, 0, &ctl_report_wire, &r,
	    pair[1]);
}

/* "dump:ann" into its two parts; the user's name as an id. */
static void
parse_report(struct paild *pd, char *arg)
{
	static char	 user[USER_ID_MAX + 1];
	char		*colon = strchr(arg, ':');

	pd->report = arg;
	pd->report_arg = user;
	if (colon != NULL) {
		*colon++ = '\0';
		if (user_normalize(str_from(colon), user, sizeof(user)) == -1)
			fatalx("%s: not a user's name", colon);
	}
	if (strcmp(arg, colon != NULL ? "dump" : "store-check") != 0)
		usage();
}

/* What reports need is less: no listeners, no socket for the operator. */
static void
open_all(struct paild *pd)
{
	if (identity_init(pd->debug || pd->report != NULL) == -1 ||
	    identity_dirs(pd->conf) == -1)
		exit(1);
	if (pd->report == NULL && listen_open(pd, pd->conf,
	    LISTEN_PATIENCE_MS) == -1)
		exit(1);
}

static void
load(struct paild *pd, bool check)
{
	static const struct rlimit	none;

	/* No secret lands on a disk. */
	if (setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("setrlimit");
	if ((pd->conf = conf_load(pd->file, false)) == NULL)
		fatalx("out of memory");
	conf_print_errors(pd->conf);
	if (!conf_ok(pd->conf))
		exit(1);
	if (check) {
		fprintf(stderr, "%s: configuration OK\n", pd->file);
		exit(0);
	}
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

	if (pd->verbose)
		log_set_level(LOG_LEVEL_DEBUG);
	else if (log_level_parse(conf_str(pd->conf, "log.level"),
	    &level) == 0)
		log_set_level(level);
	if (pd->report != NULL && !pd->verbose)
		log_set_level(LOG_LEVEL_WARN);
}

static void
run(struct paild *pd)
{
	pd->started = paild_now();
	if (proc_table(pd) == -1)
		fatal("the process table");
	proc_start_all(pd);
	if (event_base_dispatch(pd->base) == -1)
		fatalx("event_base_dispatch");
	proc_free_all(pd);
	listen_close(pd);
	control_close(pd);
	log_info("stopped");
}

int
main(int argc, char *argv[])
{
	static struct paild	 pd;
	bool			 check = false;
	int			 ch;

	log_init("paild");
	pd.file = CONF_DEFAULT_FILE;
	while ((ch = getopt(argc, argv, "C:df:nv")) != -1) {
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
	if (argc != optind)
		usage();
	load(&pd, check);
	find_file(&pd);
	set_log(&pd);
	TAILQ_INIT(&pd.listeners);
	if ((pd.bindir = spawn_find(argv[0])) == NULL)
		fatalx("storaged and the others are neither beside paild nor "
		    "in its ../libexec/pail");
	notify_init();
	open_all(&pd);
	if (!pd.debug && pd.report == NULL) {
		if (strcmp(conf_str(pd.conf, "log.to"), "syslog") == 0)
			log_to_syslog();
		if (daemon(0, strcmp(conf_str(pd.conf, "log.to"),
		    "stderr") == 0) == -1)
			fatal("daemon");
	}
	if ((pd.base = event_base_new()) == NULL)
		fatalx("event_base_new");
	if (pd.report == NULL && control_open(&pd) == -1)
		exit(1);
	watch_signals(&pd);
	run(&pd);
	conf_free(pd.conf);
	return pd.status;
}
