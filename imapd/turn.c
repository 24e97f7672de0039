/*
 * Turns of connections (common/turns.h): those of one user are one, found
 * by its name; and of work, which asks between two steps whether it is over.
 */
#include "imapd/turn.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/fnv.h"

#define BUCKETS		1024
#define TURN_US		((uint64_t)TURN_MS * 1000)
#define TURN_OCTETS	8192	/* without a look at the clock */
#define TURN_STEP	256	/* octets that the smallest step counts for */

/* Of whom the time is. */
struct named {
	struct turns_user	 turn;		/* first */
	TAILQ_ENTRY(named)	 bucket;
	char			*name;		/* turn_join() */
	unsigned int		 members;
};
TAILQ_HEAD(nameds, named);

uint64_t		 turn_cuts, turn_steps;
unsigned int		 turn_steps_max;

static struct nameds	 buckets[BUCKETS];
static struct turns	 turns;

/* The work under way. */
static struct {
	struct turns_entry *turn;	/* NULL: none, or not one's own */
	uint64_t	 began;
	uint64_t	 until;
	unsigned int	 steps;
	size_t		 octets;	/* since the clock was read */
	bool		 over;
} now;

static struct nameds *
bucket_of(const char *name)
{
	return &buckets[fnv32_str(name) % BUCKETS];
}

/* A test that counts steps has one turn between two looks. */
static bool
turns_over(uint64_t began)
{
	return turn_steps_max != 0 || clock_us() - began >= TURN_US;
}

static void
init(struct event_base *base, void (*run)(struct turns_entry *t))
{
	size_t	 i;

	if (turns.base == NULL)
		for (i = 0; i < BUCKETS; i++)
			TAILQ_INIT(&buckets[i]);
	if (turns.base == NULL || (turns.base != base &&
	    TAILQ_EMPTY(&turns.line)))
		turns_init(&turns, base, TURN_US, run, turns_over);
}

int
turn_join(struct turns_entry *t, struct event_base *base, const char *name,
    void (*run)(struct turns_entry *t))
{
	struct named	*u;

	init(base, run);
	TAILQ_FOREACH(u, bucket_of(name), bucket)
		if (strcmp(u->name, name) == 0)
			break;
	if (u == NULL) {
		if ((u = calloc(1, sizeof(*u))) == NULL ||
		    (u->name = strdup(name)) == NULL) {
			free(u);
			return -1;
		}
		turns_user_init(&u->turn);
		TAILQ_INSERT_TAIL(bucket_of(name), u, bucket);
	}
	u->members++;
	turn_leave(t);
	t->user = &u->turn;
	return 0;
}

void
turn_leave(struct turns_entry *t)
{
	struct named	*u = (struct named *)t->user;

	if (u == NULL)
		return;
	turns_leave(&turns, t);
	t->user = NULL;
	if (--u->members > 0)
		return;
	TAILQ_REMOVE(bucket_of(u->name), u, bucket);
	free(u->name);
	free(u);
}

bool
turn_begin(struct turns_entry *t)
{
	uint64_t	 left;

	if (t->user == NULL || now.turn != NULL)
		return true;		/* as part of the work under way */
	if ((left = turns_begin(&turns, t)) == 0)
		return false;
	now.turn = t;
	now.began = clock_us();
	now.until = now.began + left;
	now.steps = 0;
	now.octets = 0;
	now.over = false;
	return true;
}

void
turn_end(struct turns_entry *t, bool more)
{
	if (now.turn != t)
		return;
	now.turn = NULL;
	turns_used(t->user, clock_us() - now.began);
	if (more) {
		turn_cuts++;
		turns_line_up(&turns, t);
	}
}

bool
turn_spent(void)
{
	turn_steps++;
	if (now.turn == NULL)
		return false;
	if (now.over)
		return true;
	now.steps++;
	if (turn_steps_max != 0)
		now.over = now.steps > turn_steps_max;
	else
		now.over = clock_us() >= now.until;
	return now.over;
}

bool
turn_spent_after(size_t octets)
{
	now.octets += octets + TURN_STEP;
	if (turn_steps_max == 0 && now.octets < TURN_OCTETS)
		return now.turn != NULL && now.over;
	now.octets = 0;
	return turn_spent();
}

bool
turn_waits(const struct turns_entry *t)
{
	return t->in_line;
}
