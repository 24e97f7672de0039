/* The processes, for real: wiring, the operator's socket, restart, reload. */
#include "common/compat.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/json.h"
#include "common/test.h"
#include "paild/child.h"
#include "paild/proc.h"
#include "paild/reload.h"
#include "paild/stop.h"
#include "paild/test/rig.h"

static void
test_table(void)
{
	static const struct { unsigned was; bool served; unsigned next; }
	    t[] = {
		{ 0, true, 100 }, { 100, true, 200 }, { 1600, true, 2000 },
		{ 2000, true, 2000 }, { 0, false, 100 },
		{ 2000, false, 4000 }, { 16000, false, 30000 },
		{ 30000, false, 30000 }, { 30000, true, 2000 },
	};
	size_t	i;

	for (i = 0; i < nitems(t); i++)
		CHECK(child_next_backoff(t[i].was, t[i].served) ==
		    t[i].next);
}

static void
test_wiring(void)
{
	CHECK(pd.nprocs == 9 && proc_all_ready(&pd));
	CHECK(rig_has("imapd 1", "peers=2 listeners=1"));
	CHECK(rig_has("storaged 2", "peers=2"));
	CHECK(rig_has("authd 0", "peers=7"));
	CHECK(rig_has("authworker 1", "peers=1"));
	CHECK(rig_has("credd 0", "peers=5"));
}

static void
test_control(void)
{
	static char	long_line[600];
	static const struct { const char *line, *answer; } t[] = {
		{ "nonsense\n", "error: no such command\n" },
		{ "\n", "error: no such command\n" },
		{ "status now\n", "error: too many arguments\n" },
		{ "dump\n", "error: invalid user name\n" },
		{ "dump \x01\n", "error: invalid user name\n" },
		{ "status\nstop\n", "error: expected a single line\n" },
		{ "store-check\n", "ok\nreport store-check \n" },
		{ "credentials\n", "ok\nreport credentials \n" },
		{ "json credentials\n", "ok\nreport credentials  json\n" },
		{ "json nothing\n", "error: no such command\n" },
		{ "json json status\n", "error: no such command\n" },
		{ "dump Ann\n", "ok\nreport dump ann\n" },
		{ "deliver Bob B\n", "ok\n* PREAUTH bob b 32\r\n" },
		{ "revoke ANN\n", "ok\n" },
	};
	const char	*got;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		got = rig_say(t[i].line);
		CHECK_ROW(strcmp(got, t[i].answer) == 0, "%s: %s",
		    t[i].line, got);
	}
	got = rig_say("json status\n");
	CHECK_ROW(strncmp(got, "ok\n{\"version\":", 14) == 0 &&
	    json_check(got + 3, strlen(got + 3)) == 0, "%s", got);
	CHECK(strstr(got, "\"name\":\"imapd 0\"") != NULL);
	memset(long_line, 'x', sizeof(long_line) - 1);
	CHECK(strcmp(rig_say(long_line), "error: the line is too long\n") == 0);
	CHECK(rig_has("authd 0", "revoked=1"));
	CHECK(rig_has("authd 0", "preauths=1"));
}

static void
test_restart(void)
{
	struct proc	*p = proc_find(&pd, PROC_STORAGED, 1);
	pid_t		 was = p->pid;

	kill(was, SIGKILL);
	CHECK(rig_wait("storaged 1", "peers=2"));
	CHECK(p->pid != was && p->restarts == 1 && p->backoff == 100);
	/* Its peers got new channels: authd one, credd one. */
	CHECK(rig_has("authd 0", "peers=8"));
	CHECK(rig_has("credd 0", "peers=6"));
	kill(proc_find(&pd, PROC_IMAPD, 0)->pid, SIGKILL);
	CHECK(rig_wait("imapd 0", "peers=2 listeners=1"));
}

static void
test_reload(void)
{
	static const char	said[] = "ok\n{\"error\":\"not fully reloaded\","
				    "\"messages\":[\"";

	rig_conf("strore: 1\n");
	CHECK(strstr(rig_say("reload\n"), "did you mean \"store\"") != NULL);
	CHECK(strncmp(rig_say("json reload\n"), said, strlen(said)) == 0);
	rig_conf("imap: {max-connections: 13}\n");
	CHECK(strstr(rig_say("reload\n"), "13 brings bad luck") != NULL);
	rig_conf("plaintext-login: always\n");
	CHECK(strncmp(rig_say("reload\n"), "ok\n", 3) == 0);
	CHECK(strcmp(conf_str(pd.conf, "plaintext-login"), "always") == 0);
	unlink(rig_sock);		/* not what the running paild changes */
	rig_conf("log: {to: syslog}\n");
	reload_start(&pd, NULL, NULL);
	CHECK(strcmp(conf_str(pd.conf, "log.to"), "stderr") == 0);
}

static void
test_stop(void)
{
	stop_begin(&pd);
	event_base_dispatch(pd.base);
	CHECK(proc_running(&pd) == 0);
}

int
main(int argc, char *argv[])
{
	(void)argc;
	rig_begin(argv[0]);
	test_table();
	test_wiring();
	test_control();
	test_restart();
	test_reload();
	test_stop();
	CHECK(rig_end() == 0);
	return TEST_END();
}
