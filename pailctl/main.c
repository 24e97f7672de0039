/*
 * pailctl: the operator's command.  Reads the same configuration as paild,
 * without the secrets in it; what it wants of the running suite it asks on
 * paild's socket.
 */
#include "common/compat.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/crlf.h"
#include "common/json_write.h"
#include "paild/conf.h"
#include "pailctl/app_password.h"
#include "pailctl/ctl.h"
#include "pailctl/deliver.h"
#include "pailctl/drain.h"
#include "pailctl/init.h"
#include "pailctl/out.h"
#include "pailctl/progress.h"
#include "pailctl/quota.h"
#include "pailctl/store_cmd.h"
#include "pailctl/tell.h"
#include "pailctl/user_cmd.h"

static const char	*conf_file = CONF_DEFAULT_FILE, *program = "pailctl";
static struct conf	*conf;

static void __attribute__((noreturn))
usage(void)
{
	fprintf(stderr,
	    "usage: pailctl [-f file] " INIT_USAGE
	    "       pailctl [-f file] status | reload | stop\n"
	    "       pailctl [-f file] " DRAIN_USAGE
	    "       pailctl [-f file] credentials\n"
	    "       pailctl [-f file] " USER_USAGE
	    "       pailctl [-f file] " APP_PASSWORD_USAGE
	    "       pailctl [-f file] ingest list\n"
	    "       pailctl [-f file] ingest retry [id]\n"
	    "       pailctl [-f file] sessions list [user]\n"
	    "       pailctl [-f file] sessions end id\n"
	    "       pailctl [-f file] throttle list\n"
	    "       pailctl [-f file] throttle clear [address | user]\n"
	    "       pailctl [-f file] deliver user [mailbox] < message\n"
	    "       pailctl [-f file] store check [--policy]\n"
	    "       pailctl [-f file] " QUOTA_USAGE
	    "       pailctl [-f file] dump user\n"
	    "       pailctl [-f file] --json command ...\n");
	if (out_is_json())
		(void)out_fail("wrong usage; standard error has the right one");
	exit(out_end(1));
}

static int
cmd_tell(int argc, char *argv[])
{
	char	last[512];

	(void)argc;
	return tell(conf, argv[0], "", last, sizeof(last));
}

/* paild says nothing: its end is the answer. */
static int
cmd_stop(int argc, char *argv[])
{
	char	why[1024], text[64];
	int	fd, r;

	if (!out_is_json())
		return cmd_tell(argc, argv);
	if ((fd = tell_socket(conf)) == -1)
		return tell_no_paild(conf);
	if ((r = ctl_command(fd, "stop", "", why, sizeof(why))) == -1)
		(void)out_fail("%s", why);
	while (r == 0 && ctl_read(fd, text, sizeof(text)) > 0)
		;
	if (r == 0)
		json_add_bool(out_members(), "stopped", true);
	close(fd);
	return r == -1;
}

static int
cmd_drain(int argc, char *argv[])
{
	char	why[1024];
	bool	waits = argc == 1;
	int	fd, r;

	if (!waits && strcmp(argv[1], "--no-wait") != 0)
		usage();
	if ((fd = tell_socket(conf)) == -1)
		return tell_no_paild(conf);
	if ((r = ctl_command(fd, "drain", "", why, sizeof(why))) == -1)
		(void)out_fail("%s", why);
	else if (waits && (r = drain_follow(fd, out_is_json() ? -1 :
	    STDOUT_FILENO)) == -1)
		(void)out_fail("paild ended before the sessions did");
	else if (out_is_json())
		json_add_bool(out_members(), "stopped", waits);
	close(fd);
	return r == -1;
}

/* The processes, and what the store's requests are signed with. */
static int
cmd_status(int argc, char *argv[])
{
	char	last[512];
	int	r = cmd_tell(argc, argv);

	if (r == 0 && strcmp(conf_str(conf, "store.type"), "s3") == 0) {
		if (!out_is_json()) {
			printf("\ncredentials of the store\n");
			fflush(stdout);
		}
		(void)tell(conf, "credentials", "", last, sizeof(last));
	}
	return r;
}

static int
cmd_store(int argc, char *argv[])
{
	struct store_how	how = { conf, conf_file, program };
	int			r = store_cmd(&how, argc, argv);

	if (r == -1)
		usage();
	return r;
}

static int
cmd_dump(int argc, char *argv[])
{
	struct store_how	how = { conf, conf_file, program };

	(void)argc;
	return store_report(&how, "dump", argv[1]);
}

/* The first users' file of the configuration. */
static const char *
users_path(void)
{
	const char	*path = NULL;
	unsigned	 i;

	for (i = 0; path == NULL &&
	    conf_at(conf, "auth.%u.type", i) != NULL; i++)
		path = conf_at(conf, "auth.%u.path", i);
	return path;
}

/* Sessions that the old password opened end; none are there without paild. */
static int
revoke_sessions(const char *user)
{
	char	why[1024];
	int	fd, r;

	if ((fd = tell_socket(conf)) == -1)
		return 0;
	if ((r = ctl_command(fd, "revoke", user, why, sizeof(why))) == -1)
		(void)out_fail("sessions of %s may still be open: %s", user,
		    why);
	close(fd);
	return r == -1;
}

/* A change of the bucket's app passwords: one line answers it. */
static int
ask_app(const char *command, const char *arg, char *last, size_t size)
{
	size_t	n = 0;
	long	got;
	int	fd;

	if ((fd = tell_socket(conf)) == -1) {
		snprintf(last, size, "%s: %s (is paild running? App passwords "
		    "are in the bucket, which only it can change)",
		    conf_str(conf, "control-socket"), strerror(errno));
		return -1;
	}
	if (ctl_command(fd, command, arg, last, size) == -1) {
		close(fd);
		return -1;
	}
	while (n + 1 < size && (got = ctl_read(fd, last + n,
	    size - 1 - n)) > 0)
		n += (size_t)got;
	close(fd);
	last[n] = '\0';
	last[strcspn(last, "\n")] = '\0';
	if (strncmp(last, "done", 4) == 0)
		return 0;
	if (n == 0)
		snprintf(last, size, "no answer: whether the change was made "
		    "is not known, try again");
	else if (strncmp(last, "error: ", 7) == 0)
		memmove(last, last + 7, strlen(last + 7) + 1);
	return -1;
}

static const struct app_ops app_ops = { revoke_sessions, ask_app };

static int
cmd_user(int argc, char *argv[])
{
	int	r = user_cmd(conf, argc, argv, users_path(), &app_ops);

	if (r == -1)
		usage();
	return r;
}

static int
cmd_app_password(int argc, char *argv[])
{
	int	r = app_password(conf, argc, argv, &app_ops);

	if (r == -1)
		usage();
	return r;
}

static int
cmd_quota(int argc, char *argv[])
{
	int	r = quota_cmd(conf, argc, argv, users_path());

	if (r == -1)
		usage();
	return r;
}

static int
cmd_ingest(int argc, char *argv[])
{
	char	last[512];
	int	r;

	progress_of(strcmp(argv[1], "retry") == 0 ? "delivering" :
	    "looking for mail", STDERR_FILENO);
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		r = tell(conf, "ingest-list", "", last, sizeof(last));
	else if (strcmp(argv[1], "retry") == 0)
		r = tell(conf, "ingest-retry", argc == 3 ? argv[2] : "", last,
		    sizeof(last));
	else
		usage();
	return r != 0 || strncmp(last, "error: ", 7) == 0;
}

static int
cmd_sessions(int argc, char *argv[])
{
	char	last[512];
	int	r;

	if (strcmp(argv[1], "list") == 0)
		r = tell(conf, "sessions", argc == 3 ? argv[2] : "", last,
		    sizeof(last));
	else if (strcmp(argv[1], "end") == 0 && argc == 3)
		r = tell(conf, "session-end", argv[2], last, sizeof(last));
	else
		usage();
	return r != 0 || strncmp(last, "error: ", 7) == 0;
}

static int
cmd_throttle(int argc, char *argv[])
{
	char	last[512];

	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return tell(conf, "throttle-list", "", last, sizeof(last));
	if (strcmp(argv[1], "clear") != 0)
		usage();
	if (tell(conf, "throttle-clear", argc == 3 ? argv[2] : "", last,
	    sizeof(last)) != 0)
		return 1;
	return strncmp(last, "error: ", 7) == 0;
}

static int
cmd_deliver(int argc, char *argv[])
{
	FILE		*f;
	char		 why[8192];
	long long	 n;
	int		 fd, r;

	if ((f = tmpfile()) == NULL || (n = crlf_copy(stdin, f)) == -1) {
		(void)out_fail("cannot read the message: %s",
		    strerror(errno));
		return DELIVER_LATER;
	}
	if ((fd = tell_socket(conf)) == -1) {
		tell_no_paild(conf);
		return DELIVER_LATER;
	}
	if (ctl_command(fd, "deliver", argv[1], why, sizeof(why)) == -1)
		r = strstr(why, "try again") != NULL ||
		    strstr(why, "lost the connection") != NULL ?
		    DELIVER_LATER : DELIVER_REFUSED;
	else
		r = deliver_run(fd, argc == 3 ? argv[2] : "INBOX", f,
		    (size_t)n, why, sizeof(why));
	if (r != DELIVER_DONE)
		(void)out_fail("%s", why);
	else if (out_is_json()) {
		json_add_text(out_members(), "user", argv[1]);
		json_add_text(out_members(), "mailbox", argc == 3 ? argv[2] :
		    "INBOX");
		json_add_signed(out_members(), "bytes", n);
	}
	close(fd);
	fclose(f);
	return r;
}

static int
cmd_init(int argc, char *argv[])
{
	int	r = init(conf_file, program, argc, argv);

	if (r == -1)
		usage();
	return r;
}

static const struct {
	const char	*word;
	int		 min, max;	/* arguments, the word included */
	int		(*run)(int, char *[]);
	bool		 alone;		/* there may be no configuration */
} commands[] = {
	{ "init", 1, INT_MAX, cmd_init, true },
	{ "status", 1, 1, cmd_status, false },
	{ "reload", 1, 1, cmd_tell, false },
	{ "stop", 1, 1, cmd_stop, false },
	{ "drain", 1, 2, cmd_drain, false },
	{ "credentials", 1, 1, cmd_tell, false },
	{ "user", 2, INT_MAX, cmd_user, false },
	{ "app-password", 2, 8, cmd_app_password, false },
	{ "sessions", 2, 3, cmd_sessions, false },
	{ "throttle", 2, 3, cmd_throttle, false },
	{ "ingest", 2, 3, cmd_ingest, false },
	{ "deliver", 2, 3, cmd_deliver, false },
	{ "store", 2, 3, cmd_store, false },
	{ "quota", 1, INT_MAX, cmd_quota, false },
	{ "dump", 2, 2, cmd_dump, false },
};

/* --json, wherever it stands: is it there? */
static bool
take_json(int *argc, char *argv[])
{
	bool	json = false;
	int	i, n = 1;

	for (i = 1; i < *argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else
			argv[n++] = argv[i];
	if (n < *argc)
		argv[n] = NULL;
	*argc = n;
	return json;
}

int
main(int argc, char *argv[])
{
	size_t	i;
	char	why[PATH_MAX + 600];
	int	ch, r;

	program = argv[0];
	out_begin(take_json(&argc, argv));
	while ((ch = getopt(argc, argv, "+f:")) != -1) {
		if (ch != 'f')
			usage();
		conf_file = optarg;
	}
	argc -= optind;
	argv += optind;
	if (argc == 0)
		usage();
	for (i = 0; i < nitems(commands); i++)
		if (strcmp(argv[0], commands[i].word) == 0)
			break;
	if (i == nitems(commands) && strcmp(argv[0], "help") != 0)
		(void)out_fail("unknown command: %s", argv[0]);
	if (i == nitems(commands) || argc < commands[i].min ||
	    argc > commands[i].max)
		usage();
	signal(SIGPIPE, SIG_IGN);
	if (!commands[i].alone)
		conf = conf_load(conf_file, true);
	if (conf != NULL && !conf_ok(conf)) {
		conf_print_errors(conf);
		conf_first_error(conf, why, sizeof(why));
		return out_end(out_is_json() ? out_fail("the configuration "
		    "has errors; the first is: %s", why) : 1);
	}
	r = commands[i].run(argc, argv);
	conf_free(conf);
	return out_end(r);
}
