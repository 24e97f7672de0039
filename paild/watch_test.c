/*
 * Processes that hang, lie, leave others behind or lose a channel, for real:
 * they are started again, and nobody else is.
 */
#include "common/compat.h"

#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/test.h"
#include "paild/proc.h"
#include "paild/stop.h"
#include "paild/test/rig.h"
#include "paild/watch.h"

/* Is it there, and no zombie that nobody has collected? */
static bool
is_there(pid_t pid)
{
	char	 path[64], state = 'R';
	FILE	*f;

	if (kill(pid, 0) == -1)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((f = fopen(path, "r")) != NULL) {
		if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 'Z';
		fclose(f);
	}
	return state != 'Z';
}

/* What a child forked ends with it, however it ends. */
static void
test_forked(const char *line, bool ends)
{
	struct proc	*p = proc_find(&pd, PROC_AUTHD, 0);
	const char	*row;
	pid_t		 was = p->pid, pid;
	uint64_t	 end;

	CHECK(rig_has("authd 0", "forked=0 session=1"));
	CHECK(strcmp(rig_say(line), "ok\n") == 0);
	row = strstr(rig_say("status\n"), "authd 0");
	row = row != NULL ? strstr(row, "forked=") : NULL;
	pid = row != NULL ? (pid_t)atoi(row + 7) : 0;
	CHECK(pid > 0 && is_there(pid));
	kill(was, SIGKILL);
	CHECK(rig_wait("authd 0", "forked=0"));
	CHECK(p->pid != was);
	end = clock_ms() + TEST_PATIENCE_MS;
	while (is_there(pid) && ends && clock_ms() < end)
		rig_turn();
	CHECK(is_there(pid) != ends);
	if (!ends)
		kill(pid, SIGKILL);
}

/*
 * One that hangs is killed and started again, wherever it hangs; one that
 * answers is not, and while paild does not run nobody's time does.
 */
static void
test_hang(void)
{
	struct proc	*p = proc_find(&pd, PROC_AUTHD, 0);
	struct proc	*q = proc_find(&pd, PROC_IMAPD, 0);
	struct proc	*other = proc_find(&pd, PROC_CREDD, 0);
	pid_t		 was = p->pid, others = other->pid;
	uint64_t	 end;

	rig_conf("watchdog: 1s\n");
	CHECK(strncmp(rig_say("reload\n"), "ok\n", 3) == 0);
	CHECK(strcmp(rig_say("revoke hang\n"), "ok\n") == 0);
	(void)rig_other(p, was);
	CHECK(rig_wait("authd 0", "revoked=0"));
	CHECK(strcmp(p->doing, "serving") == 0);
	/* Stopped by a signal: it has all of its turns. */
	was = q->pid;
	kill(was, SIGSTOP);
	CHECK(rig_other(q, was) == WATCH_TURNS - 1);
	CHECK(rig_wait("imapd 0", "peers=2"));
	/*
	 * Long silence on our side: no turn, no blame.  That more than the
	 * whole watchdog passes is what is tried here: nothing else is
	 * waited for.
	 */
	was = q->pid;
	kill(was, SIGSTOP);
	CHECK(rig_silent(q, 2));
	end = clock_ms() + 1200;
	while (clock_ms() < end)
		(void)poll(NULL, 0, (int)(end - clock_ms()));
	CHECK(rig_silent(q, 3));
	event_del(pd.watch);		/* it may take its time now */
	kill(was, SIGCONT);
	CHECK(rig_silent(q, 0));
	CHECK(rig_wait("imapd 0", "peers=2"));
	CHECK(q->pid == was);
	CHECK(other->pid == others && other->restarts == 0);
	/* No watchdog: there are no turns. */
	rig_conf("watchdog: 0s\n");
	CHECK(strncmp(rig_say("reload\n"), "ok\n", 3) == 0);
	CHECK(event_pending(pd.watch, EV_TIMEOUT, NULL) == 0);
	kill(was, SIGSTOP);
	end = clock_ms() + 1200;	/* of the loop; the same here */
	while (clock_ms() < end)
		rig_turn();
	CHECK(q->pid == was && q->silent == 0);
	kill(was, SIGCONT);
	rig_conf("");
	CHECK(strncmp(rig_say("reload\n"), "ok\n", 3) == 0);
}

/* A channel that one end has lost is missing, and is made again. */
static void
test_lost(void)
{
	struct proc	*p = proc_find(&pd, PROC_AUTHD, 0);
	pid_t		 was = p->pid;

	CHECK(rig_has("authd 0", "peers=7"));
	CHECK(rig_has("imapd 1", "peers=2"));
	CHECK(strstr(rig_say("status\n"), "channel down") == NULL);
	rig_missing = false;
	CHECK(strcmp(rig_say("revoke lose-imapd\n"), "ok\n") == 0);
	CHECK(rig_wait("imapd 1", "peers=3"));
	CHECK(rig_missing);
	CHECK(rig_wait("authd 0", "peers=8"));
	CHECK(strstr(rig_say("status\n"), "channel down") == NULL);
	CHECK(p->pid == was);
	/* One that it never had: it is not what it should be. */
	CHECK(strcmp(rig_say("revoke lose-credd\n"), "ok\n") == 0);
	CHECK(rig_wait("authd 0", "peers=7"));
	CHECK(p->pid != was && p->restarts == 1);
}

/* It costs the child that says it, which is replaced, and nobody else. */
static void
test_forged(void)
{
	struct proc	*p = proc_find(&pd, PROC_AUTHD, 0);
	struct proc	*other = proc_find(&pd, PROC_CREDD, 0);
	pid_t		 was, others = other->pid;
	char		 line[40];
	size_t		 i;

	for (i = 0; i < rig_forged(); i++) {
		was = p->pid;
		p->backoff = 0;
		snprintf(line, sizeof(line), "revoke forge%zu\n", i);
		CHECK(strcmp(rig_say(line), "ok\n") == 0);
		(void)rig_other(p, was);
		CHECK_ROW(p->pid != was, "forged message %zu", i);
		CHECK(rig_wait("authd 0", "revoked=0"));
	}
	CHECK(other->pid == others && other->restarts == 0);
}

int
main(int argc, char *argv[])
{
	(void)argc;
	rig_begin(argv[0]);
	test_lost();
	test_forked("revoke fork\n", true);
#ifdef __linux__
	/* also out of its group, where children have users of their own */
	test_forked("revoke fork-away\n", geteuid() == 0);
#endif
	test_forged();
	test_hang();
	stop_begin(&pd);
	event_base_dispatch(pd.base);
	CHECK(proc_running(&pd) == 0);
	CHECK(rig_end() == 0);
	return TEST_END();
}
