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
#include "common/escape.h"
#include "common/unix_connect.h"
#include "common/user.h"
#include "paild/conf.h"
#include "pailctl/app_password.h"
#include "pailctl/ctl.h"
#include "pailctl/deliver.h"
#include "pailctl/init.h"
#include "pailctl/policy.h"
#include "pailctl/quota.h"
#include "pailctl/run_paild.h"
#include "pailctl/user_cmd.h"

static const char	*conf_file = CONF_DEFAULT_FILE, *program = "pailctl";
static struct conf	*conf;

static void __attribute__((noreturn))
usage(void)
{
	fprintf(stderr,
	    "usage: pailctl [-f file] " INIT_USAGE
	    "       pailctl [-f file] status | reload | stop\n"
	    "       pailctl [-f file] credentials\n"
	    "       pailctl [-f file] " USER_USAGE
	    "       pailctl [-f file] " APP_PASSWORD_USAGE
	    "       pailctl [-f file] ingest list\n"
	    "       pailctl [-f file] ingest retry [id]\n"
	    "       pailctl [-f file] throttle list\n"
	    "       pailctl [-f file] throttle clear [address | user]\n"
	    "       pailctl [-f file] deliver user [mailbox] < message\n"
	    "       pailctl [-f file] store check [--policy]\n"
	    "       pailctl [-f file] " QUOTA_USAGE
	    "       pailctl [-f file] dump user\n");
	exit(1);
}

static int
fail(const char *why)
{
	(void)escape_printf(stderr, "pailctl: %s\n", why);
	return 1;
}

static int
socket_to_paild(void)
{
	return unix_connect(conf_str(conf, "control-socket"), false);
}

static int
no_paild(void)
{
	(void)escape_printf(stderr, "pailctl: %s: %s (is paild running?)\n",
	    conf_str(conf, "control-socket"), strerror(errno));
	return 1;
}

/* One command to paild; its text goes to standard output. */
static int
tell(const char *command, const char *arg, char *last, size_t size)
{
	char	why[1024];
	int	fd, r;

	if ((fd = socket_to_paild()) == -1)
		return no_paild();
	if ((r = ctl_command(fd, command, arg, why, sizeof(why))) == -1)
		fail(why);
	if (ctl_print(fd, last, size) == -1 || r == -1)
		r = 1;
	close(fd);
	return r;
}

static int
cmd_tell(int argc, char *argv[])
{
	char	last[512];

	(void)argc;
	return tell(argv[0], "", last, sizeof(last));
}

/* The processes, and what the store's requests are signed with. */
static int
cmd_status(int argc, char *argv[])
{
	char	last[512];
	int	r = cmd_tell(argc, argv);

	if (r == 0 && strcmp(conf_str(conf, "store.type"), "s3") == 0) {
		printf("\ncredentials of the store\n");
		fflush(stdout);
		(void)tell("credentials", "", last, sizeof(last));
	}
	return r;
}

/* Without a paild: the same report by one that does nothing else. */
static int
report_alone(const char *command, const char *arg)
{
	char	what[USER_ID_MAX + 64];

	snprintf(what, sizeof(what), "%s%s%s", command,
	    *arg != '\0' ? ":" : "", arg);
	run_paild(program, what, conf_file);
	(void)escape_printf(stderr, "pailctl: paild: %s\n", strerror(errno));
	return 1;
}

static int
report(const char *command, const char *arg)
{
	char	last[512];
	int	fd;

	if ((fd = socket_to_paild()) == -1)
		return report_alone(command, arg);
	close(fd);
	if (tell(command, arg, last, sizeof(last)) != 0)
		return 1;
	return strncmp(last, "error: ", 7) == 0 ||
	    (strncmp(last, "probe=", 6) == 0 &&
	    strncmp(last, "probe=good", 10) != 0);
}

#define PLACES_MAX	16

static const char *
place_str(unsigned i, const char *key, const char *otherwise)
{
	const char	*s = conf_at(conf, "ingest.%u.%s", i, key);

	return s != NULL ? s : otherwise != NULL ? otherwise : "";
}

/* Of "ingest": those that are signed for with the store's keys, and the
 * others. */
static void
find_places(struct policy_place *shared, size_t *nshared,
    struct policy_place *own, size_t *nown)
{
	struct policy_place	 p;
	unsigned		 i;

	*nshared = *nown = 0;
	for (i = 0; i < PLACES_MAX && conf_at(conf, "ingest.%u.poll", i) !=
	    NULL; i++) {
		p = (struct policy_place){ i, place_str(i, "bucket",
		    conf_str(conf, "store.bucket")), place_str(i, "region",
		    conf_str(conf, "store.region")), place_str(i, "prefix",
		    NULL), place_str(i, "queue", NULL),
		    strcmp(place_str(i, "after", NULL), "tag") == 0 };
		if (strcmp(place_str(i, "credentials.source", NULL),
		    "store") == 0 && conf_at(conf,
		    "ingest.%u.credentials.assume-role.0.role-arn", i) == NULL)
			shared[(*nshared)++] = p;
		else
			own[(*nown)++] = p;
	}
}

/* A stream of two JSON documents, and one for each entry of "ingest" that has
 * keys of its own; on a terminal, with a word on each. */
static int
print_policies(void)
{
	struct policy_store	 s = { conf_str(conf, "store.bucket"),
				    conf_str(conf, "store.region"),
				    conf_str(conf, "store.key-prefix"),
				    conf_str(conf, "store.kms-key-id"),
				    true };
	struct policy_place	 shared[PLACES_MAX], own[PLACES_MAX];
	const char		*endpoint = conf_str(conf, "store.endpoint");
	struct buf		 b;
	size_t			 nshared, nown, i;
	int			 r;

	if (strcmp(conf_str(conf, "store.type"), "s3") != 0)
		return fail("the store is not S3: it has no policy");
	s.tls = endpoint == NULL || strncmp(endpoint, "http:", 5) != 0;
	if (s.prefix == NULL)
		s.prefix = "";
	if (s.kms_key == NULL)
		s.kms_key = "";
	find_places(shared, &nshared, own, &nown);
	buf_init(&b, 262144);
	policy_iam(&s, shared, nshared, &b);
	policy_bucket(&s, &b);
	for (i = 0; i < nown; i++)
		policy_iam(NULL, &own[i], 1, &b);
	r = b.failed || fwrite(b.data, 1, b.len, stdout) != b.len ||
	    fflush(stdout) == EOF;
	buf_free(&b);
	if (r == 0 && isatty(STDOUT_FILENO))
		fprintf(stderr, "The first policy is for the user or role of "
		    "the access key, the second for the bucket%s.\n", nown > 0 ?
		    ", the others for those of ingest's own credentials" : "");
	return r == 0 ? 0 : fail("standard output");
}

static int
cmd_store(int argc, char *argv[])
{
	if (strcmp(argv[1], "check") != 0)
		usage();
	if (argc == 2)
		return report("store-check", "");
	if (strcmp(argv[2], "--policy") != 0)
		usage();
	return print_policies();
}

static int
cmd_dump(int argc, char *argv[])
{
	(void)argc;
	return report("dump", argv[1]);
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

	if ((fd = socket_to_paild()) == -1)
		return 0;
	if ((r = ctl_command(fd, "revoke", user, why, sizeof(why))) == -1)
		(void)escape_printf(stderr, "pailctl: sessions of %s may still "
		    "be open: %s\n", user, why);
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

	if ((fd = socket_to_paild()) == -1) {
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

	if (argc == 2 && strcmp(argv[1], "list") == 0)
		r = tell("ingest-list", "", last, sizeof(last));
	else if (strcmp(argv[1], "retry") == 0)
		r = tell("ingest-retry", argc == 3 ? argv[2] : "", last,
		    sizeof(last));
	else
		usage();
	return r != 0 || strncmp(last, "error: ", 7) == 0;
}

static int
cmd_throttle(int argc, char *argv[])
{
	char	last[512];

	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return tell("throttle-list", "", last, sizeof(last));
	if (strcmp(argv[1], "clear") != 0)
		usage();
	if (tell("throttle-clear", argc == 3 ? argv[2] : "", last,
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
		(void)escape_printf(stderr, "pailctl: cannot read the "
		    "message: %s\n", strerror(errno));
		return DELIVER_LATER;
	}
	if ((fd = socket_to_paild()) == -1) {
		no_paild();
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
		fail(why);
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
} commands[] = {
	{ "init", 1, INT_MAX, cmd_init },
	{ "status", 1, 1, cmd_status },
	{ "reload", 1, 1, cmd_tell },
	{ "stop", 1, 1, cmd_tell },
	{ "credentials", 1, 1, cmd_tell },
	{ "user", 2, INT_MAX, cmd_user },
	{ "app-password", 2, 8, cmd_app_password },
	{ "throttle", 2, 3, cmd_throttle },
	{ "ingest", 2, 3, cmd_ingest },
	{ "deliver", 2, 3, cmd_deliver },
	{ "store", 2, 3, cmd_store },
	{ "quota", 1, INT_MAX, cmd_quota },
	{ "dump", 2, 2, cmd_dump },
};

int
main(int argc, char *argv[])
{
	size_t	i;
	int	ch, r;

	program = argv[0];
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
		(void)escape_printf(stderr, "pailctl: unknown command: %s\n",
		    argv[0]);
	if (i == nitems(commands) || argc < commands[i].min ||
	    argc > commands[i].max)
		usage();
	signal(SIGPIPE, SIG_IGN);
	if (commands[i].run == cmd_init)
		return cmd_init(argc, argv);	/* there is no file yet */
	conf = conf_load(conf_file, true);
	if (!conf_ok(conf)) {
		conf_print_errors(conf);
		return 1;
	}
	r = commands[i].run(argc, argv);
	conf_free(conf);
	return r;
}
