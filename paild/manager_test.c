/* Who is healthy: what the service manager's watchdog depends on. */
#include "common/compat.h"

#include "common/test.h"
#include "paild/manager.h"
#include "paild/watch.h"

int
main(void)
{
	static struct proc	procs[2] = {
		{ .kind = PROC_CREDD, .pid = 100, .state = PROC_READY,
		    .answered = true },
		{ .kind = PROC_STORAGED, .pid = 101, .state = PROC_STARTING },
	};
	struct paild		pd = { .procs = procs, .nprocs = 2 };

	CHECK(manager_sick(&pd) == NULL);	/* one may wait: it answers */
	procs[0].silent = WATCH_TURNS / 2;
	CHECK(manager_sick(&pd) == NULL);
	procs[0].silent = WATCH_TURNS / 2 + 1;
	CHECK(manager_sick(&pd) == &procs[0]);
	procs[0].silent = 0;
	/* At startup it has longer. */
	procs[1].silent = WATCH_TURNS;
	CHECK(manager_sick(&pd) == NULL);
	procs[1].silent = WATCH_TURNS * WATCH_START / 2 + 1;
	CHECK(manager_sick(&pd) == &procs[1]);
	procs[1].silent = 0;
	procs[1].hangs = true;			/* and cannot be killed */
	CHECK(manager_sick(&pd) == &procs[1]);
	watch_started(&procs[1]);
	CHECK(manager_sick(&pd) == NULL);
	procs[1].pid = 0;
	CHECK(manager_sick(&pd) == &procs[1]);
	return TEST_END();
}
