/* The table of processes, and what is wired between them. */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>

#include "common/msg.h"
#include "common/proc_kind.h"
#include "common/test.h"

static void
test_rows(void)
{
	const struct proc_row	*r;
	const char		*s;
	int			 k;

	for (k = 0; k < PROC_KINDS; k++) {
		r = proc_row((enum proc_kind)k);
		CHECK_ROW(strcmp(proc_kind_name((enum proc_kind)k),
		    r->name) == 0, "%s", r->name);
		CHECK_ROW(proc_kind_find(r->name) == (enum proc_kind)k,
		    "%s", r->name);
		/* A key of the configuration, and a word of the log. */
		for (s = r->name; *s != '\0'; s++)
			CHECK_ROW(islower((unsigned char)*s), "%s", r->name);
		CHECK_ROW(r->stop < PROC_STOP_PHASES, "%s", r->name);
		if (k == PROC_PAILD)
			CHECK(r->user == NULL);
		else
			CHECK_ROW(strncmp(r->user, "_pail_", 6) == 0, "%s",
			    r->name);
	}
	CHECK(strcmp(proc_kind_name(PROC_KINDS), "?") == 0);
	CHECK(proc_kind_find("") == PROC_KINDS);
	CHECK(proc_kind_find("worker") == PROC_KINDS);
	CHECK(strcmp(proc_row(PROC_AUTHWORKER)->program, "authd") == 0);
}

/* What reads the network has no directory; what ends sessions ends first. */
static void
test_traits(void)
{
	const struct proc_row	*r;
	int			 k;

	for (k = PROC_PAILD + 1; k < PROC_KINDS; k++) {
		r = proc_row((enum proc_kind)k);
		if (r->traits & PROC_LISTENS) {
			CHECK_ROW(r->traits & PROC_CHROOT, "%s", r->name);
			/* admind says until the end that it is one. */
			CHECK_ROW(r->stop == (k == PROC_ADMIND ?
			    PROC_STOP_REST : PROC_STOP_SESSIONS), "%s",
			    r->name);
		}
		CHECK_ROW((r->stop == PROC_STOP_COMMITS) ==
		    (k == PROC_STORAGED), "%s", r->name);
	}
}

/* Each of its two ends can tell which side it is. */
static void
test_channels(void)
{
	enum {
		PAILD = MSG_KIND(PROC_PAILD),
		CHILDREN = (int)(MSG_KIND(PROC_KINDS) - 1) & ~PAILD,
#define X(kind, name, program, user, traits, stop)			\
		kind = MSG_KIND(PROC_##kind),
		PROC_TABLE(X)
#undef X
	};
	static const struct { unsigned a, b; enum msg_made made; } t[] = {
#define X(name, num, a, b, made) { a, b, MSG_MADE_##made },
		MSG_CHANNELS(X)
#undef X
	};
	size_t	i, j;

	for (i = 0; i < nitems(t); i++) {
		CHECK_ROW(t[i].a != 0 && t[i].b != 0 &&
		    (t[i].a & t[i].b) == 0, "channel %zu", i);
		CHECK_ROW((t[i].made == MSG_MADE_FORK) ==
		    (t[i].a == PAILD && t[i].b == CHILDREN),
		    "channel %zu", i);
		for (j = 0; j < i; j++)
			CHECK_ROW(t[i].made < MSG_MADE_WIRE ||
			    t[j].made < MSG_MADE_WIRE ||
			    !(((t[i].a & t[j].a) != 0 &&
			    (t[i].b & t[j].b) != 0) ||
			    ((t[i].a & t[j].b) != 0 &&
			    (t[i].b & t[j].a) != 0)),
			    "channels %zu %zu", i, j);
	}
}

int
main(void)
{
	test_rows();
	test_traits();
	test_channels();
	return TEST_END();
}
