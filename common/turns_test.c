/*
 * Turns by a test that says itself when a turn is over: who waits for whom,
 * that each user has one turn at a time, and that nothing is left in the
 * loop.
 */
#include "common/turns.h"

#include <string.h>

#include "common/compat.h"
#include "common/test.h"

#define USERS	3
#define EACH	4
#define LOTS	1000000000	/* us: more than a test can earn */
#define SHARE	5000

static struct event_base	*base;
static struct turns		 ts;

static struct user {
	struct turns_user	 turn;
	struct turns_entry		 things[EACH];
} users[USERS];

static char	 order[100];	/* who ran: "0", "1" ... by user */
static int	 again;		/* how often a thing lines up once more */
static uint64_t	 share;
static bool	 all_leave;	/* the first leaves with all others */

static void
run(struct turns_entry *t)
{
	size_t	 i, k, n = strlen(order);

	for (i = 0; i < USERS; i++)
		if (t->user == &users[i].turn)
			order[n] = (char)('0' + i);
	CHECK(!t->in_line && turns_begin(&ts, t) == share);
	if (again > 0) {
		again--;
		turns_line_up(&ts, t);
	}
	for (i = 0; all_leave && i < USERS; i++)
		for (k = 0; k < EACH; k++)
			turns_leave(&ts, &users[i].things[k]);
}

static bool
over(uint64_t began)
{
	CHECK(began > 0);
	return true;
}

static int
events(void)
{
	return event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED);
}

static void
begin(void)
{
	size_t	 i, k;

	memset(order, 0, sizeof(order));
	memset(users, 0, sizeof(users));
	again = 0;
	share = SHARE;
	all_leave = false;
	turns_init(&ts, base, SHARE, run, over);
	for (i = 0; i < USERS; i++) {
		turns_user_init(&users[i].turn);
		for (k = 0; k < EACH; k++)
			users[i].things[k].user = &users[i].turn;
	}
}

/* One call of the timer. */
static void
once(void)
{
	(void)event_base_loop(base, EVLOOP_ONCE);
}

static void
test_at_once(void)
{
	struct turns_entry	*t = &users[0].things[0];

	begin();
	CHECK(turns_begin(&ts, t) == SHARE && !t->in_line);
	turns_used(t->user, 1000);
	CHECK(turns_begin(&ts, t) > 3990 && turns_begin(&ts, t) <= SHARE);
	/* what one has used, the others of its user have not */
	turns_used(t->user, LOTS);
	CHECK(turns_begin(&ts, &users[0].things[1]) == 0);
	CHECK(users[0].things[1].in_line && events() == 1);
	CHECK(turns_begin(&ts, &users[0].things[1]) == 0);	/* once */
	CHECK(turns_begin(&ts, &users[1].things[0]) == SHARE);
	once();
	CHECK(strcmp(order, "0") == 0 && events() == 0);
}

/* A user with many things waits no less than one with one. */
static void
test_order(void)
{
	size_t	 i;

	begin();
	for (i = 0; i < EACH; i++)
		turns_line_up(&ts, &users[0].things[i]);
	turns_line_up(&ts, &users[1].things[0]);
	turns_line_up(&ts, &users[2].things[0]);
	turns_line_up(&ts, &users[2].things[1]);
	/* one waits: whoever comes of that user waits behind it */
	CHECK(turns_begin(&ts, &users[1].things[1]) == 0);
	for (i = 0; i < 8; i++)
		once();
	CHECK(strcmp(order, "01201200") == 0);
	CHECK(events() == 0 && TAILQ_EMPTY(&ts.line));
}

/* Who has more to do comes behind all others. */
static void
test_more(void)
{
	size_t	 i;

	begin();
	again = 3;
	turns_line_up(&ts, &users[0].things[0]);
	turns_line_up(&ts, &users[1].things[0]);
	for (i = 0; i < 5; i++)
		once();
	CHECK(strcmp(order, "01010") == 0 && events() == 0);
}

static void
test_leave(void)
{
	begin();
	turns_line_up(&ts, &users[0].things[0]);
	turns_line_up(&ts, &users[0].things[1]);
	turns_line_up(&ts, &users[1].things[0]);
	turns_leave(&ts, &users[0].things[0]);
	turns_leave(&ts, &users[0].things[2]);	/* was not there */
	CHECK(events() == 1);
	turns_leave(&ts, &users[1].things[0]);
	turns_leave(&ts, &users[0].things[1]);
	CHECK(events() == 0 && TAILQ_EMPTY(&ts.line));
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(order[0] == '\0');
	/* in the middle of its own turn, with all that wait */
	turns_line_up(&ts, &users[0].things[0]);
	turns_line_up(&ts, &users[1].things[0]);
	all_leave = true;
	once();
	CHECK(strcmp(order, "0") == 0 && events() == 0);
}

/* Without a word of its own, a turn is time: all three in one call. */
static void
test_time(void)
{
	size_t	 i;

	begin();
	share = LOTS;
	turns_init(&ts, base, share, run, NULL);
	for (i = 0; i < USERS; i++)
		turns_line_up(&ts, &users[i].things[0]);
	once();
	CHECK(strcmp(order, "012") == 0 && events() == 0);
	/* over at once */
	begin();
	share = 0;
	turns_init(&ts, base, share, run, NULL);
	for (i = 0; i < USERS; i++)
		turns_line_up(&ts, &users[i].things[0]);
	once();
	CHECK(strcmp(order, "0") == 0 && events() == 1);
	once();
	once();
	CHECK(strcmp(order, "012") == 0 && events() == 0);
}

int
main(void)
{
	if ((base = event_base_new()) == NULL)
		return 1;
	test_at_once();
	test_order();
	test_more();
	test_leave();
	test_time();
	event_base_free(base);
	return TEST_END();
}
