/*
 * The lines of the children: all of them, whole and in their order, those of
 * one moment together.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/compat.h"
#include "common/log.h"
#include "common/log_out.h"
#include "common/test.h"
#include "paild/child_log.h"

static struct proc	 procs[2];
static struct paild	 pd = { .procs = procs, .nprocs = nitems(procs) };
static int		 child[2];	/* their ends */
static int		 ours, saved;	/* what paild writes to */
static char		 got[1024 * 1024];
static size_t		 ngot;
static unsigned int	 nreads;

/* What was written since; each read is a write, as long as it is looked for
 * after each turn of the loop. */
static void
drain(void)
{
	ssize_t	n;

	while ((n = read(ours, got + ngot, sizeof(got) - 1 - ngot)) > 0) {
		ngot += (size_t)n;
		nreads++;
	}
	got[ngot] = '\0';
}

static bool
wait_for(const char *what)
{
	/* Once, if it waits in vain. */
	uint64_t	end = clock_ms() + (test_failed == 0 ?
			    TEST_PATIENCE_MS : 0);

	while (strstr(got, what) == NULL && clock_ms() < end) {
		event_base_loop(pd.base, EVLOOP_ONCE);
		drain();
	}
	return strstr(got, what) != NULL;
}

static void
say(int i, const char *text)
{
	CHECK(write(child[i], text, strlen(text)) == (ssize_t)strlen(text));
}

static void
forget(void)
{
	ngot = 0;
	nreads = 0;
	got[0] = '\0';
}

static void
begin(void)
{
	int	fds[2], i;

	CHECK(pipe(fds) == 0 && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
	ours = fds[0];
	saved = dup(STDERR_FILENO);
	CHECK(dup2(fds[1], STDERR_FILENO) == STDERR_FILENO);
	close(fds[1]);
	CHECK((pd.base = event_base_new()) != NULL);
	CHECK(log_out_attach(pd.base) == 0);
	for (i = 0; i < 2; i++) {
		procs[i].paild = &pd;
		procs[i].kind = PROC_IMAPD;
		procs[i].index = (uint32_t)i;
		procs[i].pid = 77 + i;
		CHECK(child_log_pipe(fds) == 0);
		CHECK((fcntl(fds[1], F_GETFL) & O_NONBLOCK) != 0 &&
		    fcntl(fds[1], F_GETFD) == FD_CLOEXEC);
		child[i] = fds[1];
		CHECK(child_log_open(&procs[i], fds[0]) == 0);
	}
	pd.count[PROC_IMAPD] = 2;
}

/* The first at once, those of the next moment together. */
static void
test_together(void)
{
	const char	*a, *b;
	uint64_t	 start = clock_ms();

	say(0, "\x1e" "2first\n");
	CHECK(wait_for("first"));
	CHECK(strstr(got, " imapd/0[77] info: first\n") != NULL);
	say(0, "\x1e" "2soon\n");
	event_base_loop(pd.base, EVLOOP_NONBLOCK);
	drain();
	CHECK(strstr(got, "soon") == NULL || clock_ms() - start >= 9);
	CHECK(wait_for(" info: soon\n"));
	forget();
	say(0, "\x1e" "2one\n\x1e" "1two\n");
	say(0, "\x1e" "2three\n");
	CHECK(wait_for("three\n"));
	CHECK_ROW(nreads == 1, "%u", nreads);
	a = strstr(got, " info: one\n");
	b = strstr(got, " warn: two\n");
	CHECK(a != NULL && b != NULL && a < b && b < strstr(got, "three"));
	/* Another's does not wait for that. */
	say(1, "\x1e" "2other\n");
	CHECK(wait_for(" imapd/1[78] info: other\n"));
}

/* What one can say in a moment is not lost, and each line is whole. */
static void
test_burst(void)
{
	char	 line[128], want[64];
	size_t	 n, lines = 0, most = 0;
	char	*p, *nl;

	forget();
	say(0, "\x1e" "2begin\n");
	CHECK(wait_for("begin"));
#ifdef F_SETPIPE_SZ
	most = (size_t)fcntl(child[0], F_GETPIPE_SZ) / 110;
#endif
	if (most < 500)
		most = 500;
	for (n = 0; n < most; n++) {
		snprintf(line, sizeof(line), "\x1e" "2%06zu%*s\n", n, 90, "x");
		say(0, line);
	}
	say(1, "\x1e" "2");		/* and one in pieces */
	CHECK(wait_for("begin"));
	snprintf(want, sizeof(want), "%06zu", most - 1);
	CHECK(wait_for(want));
	say(1, "a line of ");
	event_base_loop(pd.base, EVLOOP_ONCE);
	say(1, "pieces\n");
	CHECK(wait_for("] info: a line of pieces\n"));
	CHECK(strstr(got, "lines lost") == NULL);
	for (p = got; (nl = strchr(p, '\n')) != NULL; p = nl + 1) {
		*nl = '\0';
		snprintf(want, sizeof(want), " info: %06zu ", lines);
		lines += strstr(p, want) != NULL;
	}
	CHECK_ROW(lines == most && *p == '\0', "%zu of %zu", lines, most);
}

/* Longer than a line may be: in pieces, none of it lost. */
static void
test_long(void)
{
	static char	 text[3 * LOG_LINE_MAX + 2];
	size_t		 i, n = 0;

	forget();
	memset(text, 'y', sizeof(text) - 2);
	text[sizeof(text) - 2] = '\n';
	say(1, text);
	say(1, "\x1e" "2behind it\n");
	CHECK(wait_for(" info: behind it\n"));
	for (i = 0; i < ngot; i++)
		n += got[i] == 'y';
	/* What a line of the log has no room for is cut from each piece. */
	CHECK_ROW(n > 2 * LOG_LINE_MAX, "%zu", n);
}

/* Its last words, with no newline behind them. */
static void
test_end(void)
{
	forget();
	say(0, "\x1e" "2said\nand ended");
	close(child[0]);
	child_log_close(&procs[0]);
	CHECK(procs[0].log == NULL);
	drain();
	CHECK(strstr(got, " info: said\n") != NULL &&
	    strstr(got, " warn: stderr: and ended\n") != NULL);
	child_log_close(&procs[0]);
	/* The end of a pipe alone does not keep the loop busy. */
	close(child[1]);
	event_base_loop(pd.base, EVLOOP_NONBLOCK);
	while (event_base_get_num_events(pd.base,
	    EVENT_BASE_COUNT_ADDED) > 0 &&
	    event_base_loop(pd.base, EVLOOP_ONCE) == 0)
		;
	child_log_close(&procs[1]);
}

int
main(void)
{
	log_init("test");
	begin();
	test_together();
	test_burst();
	test_long();
	test_end();
	drain();			/* what a CHECK has said, too */
	dup2(saved, STDERR_FILENO);
	if (test_failed != 0)
		fputs(got, stderr);
	event_free(pd.log_pause);
	log_out_detach();
	event_base_free(pd.base);
	return TEST_END();
}
