/* One look for credentials (chain.h). */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "credd/chain.h"
#include "credd/roles.h"

#define CHAIN_WHY_MAX	2048

struct chain {
	const struct source_world *world;
	const struct slice	*conf;
	bool			 automatic;
	size_t			 at;		/* in source_table */
	const struct source	*source;
	struct source_ask	*ask;
	struct roles		*roles;
	char			 why[CHAIN_WHY_MAX];
	chain_cb		 cb;
	void			*arg;
};

static void	 chain_answered(const struct source_answer *, void *);

static void
chain_free(struct chain *c)
{
	source_cancel(c->ask);
	roles_cancel(c->roles);
	free(c);
}

static void
chain_end(struct chain *c, struct cred_secret *s, unsigned poll)
{
	struct chain_answer	a = { .secret = s, .poll = poll,
				    .source = s != NULL ? c->source->name :
				    NULL, .why = c->why };

	if (s != NULL)
		strlcpy(s->region, slice_str(c->conf, "store.region"),
		    sizeof(s->region));
	c->cb(&a, c->arg);
	chain_free(c);
}

static void
chain_assumed(const struct sts_answer *a, void *arg)
{
	struct chain	*c = arg;

	c->roles = NULL;
	if (a->secret == NULL)
		snprintf(c->why, sizeof(c->why), "%s: %s", c->source->name,
		    a->why);
	/* No poll: what a role gives does not change with a file. */
	chain_end(c, a->secret, 0);
}

/* The next source of "auto", from c->at on; false: there is no other. */
static bool
chain_next(struct chain *c)
{
	for (; source_table[c->at] != NULL; c->at++) {
		if (!source_table[c->at]->in_auto)
			continue;
		c->source = source_table[c->at++];
		c->ask = source_start(c->source, c->world, c->conf,
		    chain_answered, c);
		return true;
	}
	return false;
}

static void
chain_answered(const struct source_answer *a, void *arg)
{
	struct chain	*c = arg;
	size_t		 n = strlen(c->why);

	c->ask = NULL;
	if (a->outcome == SOURCE_FOUND && roles_any(c->conf)) {
		c->roles = roles_start(c->world, c->conf, a->secret,
		    chain_assumed, c);
		return;
	}
	if (a->outcome == SOURCE_FOUND) {
		chain_end(c, a->secret, a->poll);
		return;
	}
	snprintf(c->why + n, sizeof(c->why) - n, "%s%s: %s",
	    n > 0 ? "; " : "", c->source->name, a->why);
	if (!c->automatic || !chain_next(c))
		chain_end(c, NULL, 0);
}

struct chain *
chain_start(const struct source_world *world, const struct slice *conf,
    chain_cb cb, void *arg)
{
	struct chain	*c = mem_new(1, sizeof(*c));
	const char	*name = slice_str(conf, "store.credentials.source");

	c->world = world;
	c->conf = conf;
	c->cb = cb;
	c->arg = arg;
	c->automatic = strcmp(name, "auto") == 0;
	if (c->automatic) {
		if (!chain_next(c))
			fatalx("no source is in auto");
		return c;
	}
	/* paild has checked it against the table of its own. */
	if ((c->source = source_find(name)) == NULL)
		fatalx("the configuration names an unknown source");
	c->ask = source_start(c->source, world, conf, chain_answered, c);
	return c;
}

void
chain_cancel(struct chain *c)
{
	if (c != NULL)
		chain_free(c);
}
