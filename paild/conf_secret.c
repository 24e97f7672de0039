/*
 * Secrets are in the memory of paild only while it reads them and hands them
 * over (conf.h): what is needed again is read again.
 */
#include "common/compat.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "paild/conf.h"

/* A secret that no other daemon than kind is given? */
static bool
is_for(const struct conf_item *it, enum proc_kind kind)
{
	return it->key->type == CONF_SECRET &&
	    (it->key->to & ~CONF_TO(kind)) == 0;
}

void
conf_forget(struct conf *c, enum proc_kind kind)
{
	struct conf_item	*it;
	size_t			 i;

	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		/* A short form goes to none, with the item made of it. */
		if (!is_for(it, kind) || it->len == 0 ||
		    (it->key->flags & CONF_PUBLIC))
			continue;
		freezero(it->value, it->len);
		it->value = mem_dup("");
		it->len = 0;
		it->forgotten = true;
	}
}

static bool
has_forgotten(const struct conf *c, enum proc_kind kind)
{
	size_t	i;

	for (i = 0; i < c->n; i++)
		if (c->items[i].forgotten && is_for(&c->items[i], kind) &&
		    c->items[i].key->to != 0)
			return true;
	return false;
}

/* Not the secrets only: an access key that was replaced with its secret goes
 * with it. */
static int
recall_item(struct conf_item *it, struct conf *new, char *why, size_t size)
{
	const struct conf_item	*other = conf_item(new, it->path);

	if (other == NULL || other->value == NULL) {
		snprintf(why, size, "%s: has no %s any more: reload the "
		    "configuration", new->file, it->path);
		return -1;
	}
	freezero(it->value, it->len);
	it->len = other->len;
	it->value = mem_dup_len(other->value, it->len);
	it->forgotten = false;
	return 0;
}

int
conf_recall(struct conf *c, enum proc_kind kind, char *why, size_t size)
{
	struct conf	*new;
	char		 at[PATH_MAX + 32];
	size_t		 i;
	int		 r = 0;

	if (!has_forgotten(c, kind))
		return 0;
	new = conf_load(c->file, false);
	for (i = 0; i < new->nerrors; i++) {
		if (new->errors[i].warning)
			continue;
		conf_place(new, new->errors[i].at, at, sizeof(at));
		snprintf(why, size, "%s: %s", at, new->errors[i].text);
		r = -1;
		break;
	}
	for (i = 0; i < c->n && r == 0; i++)
		if (is_for(&c->items[i], kind) && c->items[i].key->to != 0)
			r = recall_item(&c->items[i], new, why, size);
	conf_free(new);
	return r;
}
