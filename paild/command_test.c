/* Words of a command line; and commands that do what they should, and what
 * they should not. */
#include "common/compat.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/test.h"
#include "paild/command.h"
#include "paild/command_split.h"
#include "paild/spawn.h"

static struct event_base	*base;
static unsigned			 answers;
static bool			 done;
static char			 out[COMMAND_OUT_MAX + 1], said[400], why[600];

static void
check_words(void)
{
	static const struct {
		const char	*text;
		const char	*want;		/* words, each with a '|' */
	} rows[] = {
		{ "a", "a|" }, { " a  b\tc ", "a|b|c|" },
		{ "'a b' c", "a b|c|" }, { "\"a b\"c", "a bc|" },
		{ "a\\ b", "a b|" }, { "a''", "a|" }, { "a '' b", "a||b|" },
		{ "\"a \\\"b\\\" \\\\ \\c $HOME 'x'\"",
		  "a \"b\" \\ \\c $HOME 'x'|" },
		{ "'a\\'", "a\\|" }, { "a;b|c>d&", "a;b|c>d&|" },
		{ "a # b", "a|#|b|" }, { "\"a'b\"", "a'b|" },
		{ "", NULL }, { " \t", NULL }, { "''", NULL },
		{ "'a", NULL }, { "a \"b", NULL }, { "a\\", NULL },
		{ "\"a\\", NULL }
	};
	char	**argv, got[256], many[3 * COMMAND_WORDS_MAX + 8];
	size_t	  i, k;

	for (i = 0; i < nitems(rows); i++) {
		got[0] = why[0] = '\0';
		argv = command_split(rows[i].text, why, sizeof(why));
		for (k = 0; argv != NULL && argv[k] != NULL; k++) {
			strlcat(got, argv[k], sizeof(got));
			strlcat(got, "|", sizeof(got));
		}
		CHECK_ROW((argv == NULL) == (rows[i].want == NULL) &&
		    (argv == NULL) == (why[0] != '\0'), "%s", rows[i].text);
		if (rows[i].want != NULL)
			CHECK_ROW(strcmp(got, rows[i].want) == 0, "%s: %s",
			    rows[i].text, got);
		free(argv);
	}
	for (i = 0; i <= COMMAND_WORDS_MAX; i++) {
		many[2 * i] = 'x';
		many[2 * i + 1] = i < COMMAND_WORDS_MAX - 1 ? ' ' : '\0';
	}
	CHECK((argv = command_split(many, why, sizeof(why))) != NULL);
	free(argv);
	many[2 * COMMAND_WORDS_MAX - 1] = ' ';
	many[2 * COMMAND_WORDS_MAX + 1] = '\0';
	CHECK(command_split(many, why, sizeof(why)) == NULL);
}

static void
on_child(evutil_socket_t sig, short what, void *arg)
{
	pid_t	pid;
	int	status;

	(void)sig;
	(void)what;
	(void)arg;
	while ((pid = spawn_reap(&status)) != 0)
		CHECK(command_reaped(pid, status));
}

static void
on_done(const struct command_result *r, void *arg)
{
	CHECK(arg == &done && !done);
	answers++;
	done = true;
	memset(out, 0, sizeof(out));
	if (r->out.len > 0)
		memcpy(out, r->out.p, r->out.len);
	strlcpy(said, r->said, sizeof(said));
	strlcpy(why, r->why != NULL ? r->why : "", sizeof(why));
}

static struct command *
begin(const char *text, unsigned ms)
{
	done = false;
	why[0] = out[0] = said[0] = '\0';
	return command_start(base, text, geteuid() == 0 ? "nobody" : "", ms,
	    on_done, &done, why, sizeof(why));
}

static bool
turn_until(const bool *what)
{
	uint64_t	end = clock_ms() + TEST_PATIENCE_MS;

	while (!*what && clock_ms() < end)
		(void)event_base_loop(base, EVLOOP_ONCE);
	return *what;
}

static void
run(const char *text, unsigned ms)
{
	CHECK_ROW(begin(text, ms) != NULL && turn_until(&done), "%s: %s",
	    text, why);
}

static void
check_good(void)
{
	run("/bin/sh -c 'echo one; echo two >&2; echo three'", 60000);
	CHECK_ROW(why[0] == '\0' && strcmp(out, "one\nthree\n") == 0 &&
	    strcmp(said, "two") == 0, "%s %s %s", why, out, said);
	/* by PATH, no shell, no terminal, nothing to read */
	run("echo $HOME *", 60000);
	CHECK_ROW(strcmp(out, "$HOME *\n") == 0, "%s", out);
	run("cat", 60000);
	CHECK(why[0] == '\0' && out[0] == '\0');
	/* as another user */
	run("id -u", 60000);
	CHECK_ROW(strtol(out, NULL, 10) > 0, "%s", out);
	/* with nothing else open: ls has the directory, too */
	run("ls /dev/fd/", 60000);
	CHECK_ROW(strcmp(out, "0\n1\n2\n3\n") == 0, "%s", out);
}

static void
check_environment(void)
{
	setenv("AWS_PROFILE", "shown", 1);
	setenv("PAIL_SECRET", "hidden", 1);
	setenv("AWSX", "hidden", 1);
	run("env", 60000);
	CHECK_ROW(strstr(out, "AWS_PROFILE=shown\n") != NULL &&
	    strstr(out, "hidden") == NULL && strstr(out, "PATH=") != NULL &&
	    strstr(out, "HOME=") != NULL, "%s", out);
	unsetenv("AWS_PROFILE");
}

static void
check_bad(void)
{
	run("/bin/sh -c 'echo secret; printf \"no\\n \\033[1m way\\n\" >&2; "
	    "exit 3'", 60000);
	CHECK_ROW(strcmp(why, "exit status 3: no [1m way") == 0 &&
	    out[0] == '\0', "%s", why);
	run("/nowhere/at-all x", 60000);
	CHECK_ROW(strcmp(why, "exit status 127: /nowhere/at-all: No such "
	    "file or directory") == 0, "%s", why);
	run("/bin/sh -c 'kill -SEGV $$'", 60000);
	CHECK_ROW(strstr(why, "ended by signal 11") != NULL, "%s", why);
	run("/bin/sh -c 'yes >&2 & sleep 0.2; exit 1'", 60000);
	CHECK_ROW(strncmp(why, "exit status 1: y y y", 20) == 0 &&
	    strlen(why) < 400, "%s", why);
	CHECK(begin("'x", 60000) == NULL && strstr(why, "quote") != NULL);
	CHECK(command_start(base, "true", "no-such-user-here", 1000, on_done,
	    &done, why, sizeof(why)) == NULL && strstr(why,
	    "does not exist") != NULL);
}

static void
check_limits(void)
{
	run("/bin/sh -c 'head -c 65536 /dev/zero | tr \"\\0\" x'", 60000);
	CHECK_ROW(why[0] == '\0' && strlen(out) == 65536, "%s", why);
	run("/bin/sh -c 'head -c 65537 /dev/zero | tr \"\\0\" x'", 60000);
	CHECK_ROW(strstr(why, "more than 64 KiB") != NULL && out[0] == '\0',
	    "%s", why);
	run("yes", 60000);
	CHECK_ROW(strstr(why, "more than 64 KiB") != NULL, "%s", why);
}

/* Is there no process left of this group? */
static bool
group_is_gone(pid_t pid)
{
	uint64_t	end = clock_ms() + TEST_PATIENCE_MS;

	while (kill(-pid, 0) == 0 || errno != ESRCH) {
		if (clock_ms() > end)
			return false;
		usleep(1000);
	}
	return true;
}

/* With what it has started, which ignores all that can be. */
static void
check_hang(void)
{
	static const char	 hang[] = "/bin/sh -c 'trap \"\" TERM HUP INT; "
				    "echo $$ >&2; sleep 1000 & wait'";

	run(hang, 300);
	CHECK_ROW(strstr(why, "did not exit in time") != NULL, "%s", why);
	CHECK(strtol(said, NULL, 10) > 0 &&
	    group_is_gone((pid_t)strtol(said, NULL, 10)));
	/* one that is over, but left something with its pipe */
	run("/bin/sh -c 'sleep 1000 & echo $$'", 60000);
	CHECK_ROW(why[0] == '\0' && group_is_gone((pid_t)strtol(out, NULL,
	    10)), "%s", why);
}

/* Nobody is told of one that is cancelled, and only so many are there. */
static void
check_cancel(void)
{
	unsigned	was = answers, i, n = 0;
	struct command	*c;

	for (i = 0; i < 20; i++)
		if ((c = begin("sleep 1000", 60000)) != NULL) {
			command_cancel(c);
			n++;
		}
	CHECK_ROW(n > 0 && n < 20, "%u", n);
	command_cancel(NULL);
	/* they end, and the next one runs */
	for (i = 0; i < 60000 && (c = begin("true", 60000)) == NULL; i++) {
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		usleep(1000);
	}
	CHECK(c != NULL && turn_until(&done) && answers == was + 1);
	CHECK(!command_is(getpid()));
}

int
main(void)
{
	struct event	*ev;
	uint64_t	 end;
	int		 fds;

	check_words();
	base = event_base_new();
	ev = evsignal_new(base, SIGCHLD, on_child, NULL);
	CHECK(ev != NULL && event_add(ev, NULL) == 0);
	fds = test_open_fds();
	check_good();
	check_environment();
	check_bad();
	check_limits();
	check_hang();
	check_cancel();
	/* its killed ones have yet to be reaped */
	for (end = clock_ms() + TEST_PATIENCE_MS; test_open_fds() != fds &&
	    clock_ms() < end; usleep(1000))
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(test_open_fds() == fds);
	event_free(ev);
	event_base_free(base);
	return TEST_END();
}
