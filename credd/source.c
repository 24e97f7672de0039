/*
 * The table of sources, and one question to one of them (source.h).
 */
#include "common/compat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/mem.h"
#include "credd/source.h"

const struct source *const source_table[] = {
#define X(x, name) &source_##x,
	CRED_SOURCES(X)
#undef X
	NULL
};

struct source_run {
	struct source_ask	 ask;
	const struct source	*source;
	bool			 answered;
	enum source_outcome	 outcome;
	struct cred_secret	*secret;
	char			 why[SOURCE_WHY_MAX];
	struct event		*soon;
	source_cb		 cb;
	void			*arg;
};

const struct source *
source_find(const char *name)
{
	size_t	i;

	for (i = 0; source_table[i] != NULL; i++)
		if (strcmp(source_table[i]->name, name) == 0)
			return source_table[i];
	return NULL;
}

static void
run_free(struct source_run *r)
{
	event_free(r->soon);
	cred_secret_free(r->secret);
	free(r);
}

static void
run_deliver(evutil_socket_t fd, short what, void *arg)
{
	struct source_run	*r = arg;
	struct source_answer	 a = { .outcome = r->outcome,
				    .secret = r->secret, .poll = r->ask.poll,
				    .why = r->why };

	(void)fd;
	(void)what;
	r->secret = NULL;
	r->cb(&a, r->arg);
	run_free(r);
}

struct source_ask *
source_start(const struct source *source, const struct source_world *world,
    const struct slice *conf, source_cb cb, void *arg)
{
	struct source_run	*r = mem_new(1, sizeof(*r));

	r->ask.world = world;
	r->ask.conf = conf;
	r->ask.run = r;
	r->source = source;
	r->cb = cb;
	r->arg = arg;
	if ((r->soon = evtimer_new(world->base, run_deliver, r)) == NULL)
		fatalx("evtimer_new");
	source->start(&r->ask);
	return &r->ask;
}

void
source_cancel(struct source_ask *q)
{
	struct source_run	*r;

	if (q == NULL)
		return;
	r = q->run;
	if (!r->answered)
		r->source->end(q);
	run_free(r);
}

static void
run_answer(struct source_ask *q, enum source_outcome outcome)
{
	const struct timeval	 now = { 0, 0 };
	struct source_run	*r = q->run;

	if (r->answered)
		fatalx("source %s answered twice", r->source->name);
	r->answered = true;
	r->outcome = outcome;
	r->source->end(q);
	q->state = NULL;
	evtimer_add(r->soon, &now);
}

void
source_found(struct source_ask *q, struct cred_secret *s)
{
	q->run->secret = s;
	run_answer(q, SOURCE_FOUND);
}

void
source_none(struct source_ask *q, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(q->run->why, sizeof(q->run->why), fmt, ap);
	va_end(ap);
	run_answer(q, SOURCE_NONE);
}

void
source_failed(struct source_ask *q, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(q->run->why, sizeof(q->run->why), fmt, ap);
	va_end(ap);
	run_answer(q, SOURCE_FAILED);
}

void
source_keys(struct source_ask *q, const struct str values[SOURCE_KEYS],
    const char *const names[SOURCE_KEYS])
{
	const struct str	*access = &values[0], *secret = &values[1],
				*token = &values[2];
	struct cred_secret	*s;

	if (access->len == 0 || secret->len == 0) {
		source_failed(q, "%s and %s must be set together", names[0],
		    names[1]);
		return;
	}
	if ((s = cred_secret_new()) == NULL) {
		source_failed(q, "out of memory");
		return;
	}
	if (cred_put(s->access_key, sizeof(s->access_key), access->p,
	    access->len) == -1 || cred_put(s->secret, sizeof(s->secret),
	    secret->p, secret->len) == -1 || (token->len > 0 &&
	    cred_put(s->token, sizeof(s->token), token->p, token->len) ==
	    -1)) {
		cred_secret_free(s);
		source_failed(q, "%s, %s or %s is not a valid key", names[0],
		    names[1], names[2]);
		return;
	}
	source_found(q, s);
}
