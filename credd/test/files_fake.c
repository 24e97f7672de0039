/* See files_fake.h. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/mem.h"
#include "credd/test/files_fake.h"

static struct {
	char		 what[64];
	const void	*p;
	size_t		 len;
} known[64];

struct question {
	uint32_t	 id;
	char		*what;
};

static struct event_base	*fake_base;
static struct files		*fake_files;

static void
answer(evutil_socket_t fd, short what, void *arg)
{
	struct question		*q = arg;
	struct setup_give	 g = { .outcome = SETUP_GIVE_FAILED,
				    .why = STR("no such file") };
	size_t			 i;

	(void)fd;
	(void)what;
	for (i = 0; i < nitems(known); i++)
		if (strcmp(known[i].what, q->what) == 0 &&
		    known[i].p != NULL) {
			g.outcome = SETUP_GIVE_FOUND;
			g.data = (struct str){ known[i].p, known[i].len };
			g.why.len = 0;
		}
	files_given(fake_files, q->id, &g);
	free(q->what);
	free(q);
}

static void
ask(uint32_t id, const char *what)
{
	struct timeval	 now = { 0, 0 };
	struct question	*q = mem_new(1, sizeof(*q));

	q->id = id;
	q->what = mem_dup(what);
	event_base_once(fake_base, -1, EV_TIMEOUT, answer, q, &now);
}

struct files *
files_fake_new(struct event_base *base)
{
	fake_base = base;
	fake_files = files_new(ask);
	return fake_files;
}

void
files_fake_set(const char *what, const void *p, size_t len)
{
	size_t	i;

	for (i = 0; i < nitems(known) && known[i].what[0] != '\0'; i++)
		if (strcmp(known[i].what, what) == 0)
			break;
	if (i == nitems(known))
		fatalx("too many files");
	snprintf(known[i].what, sizeof(known[i].what), "%s", what);
	known[i].p = p;
	known[i].len = len;
}
