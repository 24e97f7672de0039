/*
 * A drain, with real processes: who is told what, what the operator hears, and
 * that it ends.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/test.h"
#include "paild/drain.h"
#include "paild/proc.h"
#include "paild/test/rig.h"

/* An operator who stays, and what was said. */
static int	follower;
static char	heard[4096];

static void
hear(void)
{
	size_t	n = strlen(heard);
	ssize_t	got = recv(follower, heard + n, sizeof(heard) - 1 - n,
		    MSG_DONTWAIT);

	if (got > 0)
		heard[n + (size_t)got] = '\0';
}

static bool
wait_for(const char *text)
{
	uint64_t	end = clock_ms() + 60000;

	while (strstr(heard, text) == NULL && clock_ms() < end) {
		rig_turn();
		hear();
	}
	return strstr(heard, text) != NULL;
}

static void
follow(void)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };

	strlcpy(sun.sun_path, rig_sock, sizeof(sun.sun_path));
	follower = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(connect(follower, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	CHECK(send(follower, "drain\n", 6, 0) == 6);
}

int
main(int argc, char *argv[])
{
	struct proc	*p;

	(void)argc;
	rig_begin(argv[0]);
	rig_conf("drain-within: 3s\n");
	CHECK(strncmp(rig_say("reload\n"), "ok\n", 3) == 0);
	follow();
	CHECK(wait_for("ok\nsessions 14\n"));
	CHECK(pd.draining && pd.stopping && TAILQ_EMPTY(&pd.listeners));
	CHECK(rig_has("imapd 1", "draining") && rig_has("imapd 0",
	    "leave=3000"));
	/* The others work as before. */
	CHECK(rig_has("storaged 0", "ready") && rig_has("authd 0", "leave=0"));
	CHECK(strstr(rig_say("reload\n"), "busy") != NULL);
	CHECK(strstr(rig_say("deliver ann\n"), "error: ") != NULL);
	/* One that is gone needs no other in its place. */
	p = proc_find(&pd, PROC_IMAPD, 1);
	kill(p->pid, SIGKILL);
	CHECK(wait_for("sessions 7\n"));
	CHECK(p->pid == 0 && pd.draining);
	/* The time passes, and all of them end. */
	event_base_dispatch(pd.base);
	CHECK(pd.stopping && !pd.draining && proc_running(&pd) == 0);
	hear();
	CHECK(strstr(heard, "done") == NULL);
	drain_end(&pd);
	hear();
	CHECK(strcmp(heard + strlen(heard) - 6, "\ndone\n") == 0);
	close(follower);
	CHECK(rig_end() == 0);
	return TEST_END();
}
