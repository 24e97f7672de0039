/*
 * Marks of what a variable says are numbers beyond the lines of any file.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "paild/conf.h"

struct tree_mark
conf_place_add(struct conf *c, const char *name)
{
	c->vars = mem_grow(c->vars, c->nvars + 1, sizeof(*c->vars));
	c->vars[c->nvars] = mem_dup(name);
	return (struct tree_mark){ CONF_PLACE_ENV + (unsigned)c->nvars++, 1 };
}

const char *
conf_place_name(const struct conf *c, struct tree_mark at)
{
	return at.line >= CONF_PLACE_ENV &&
	    at.line - CONF_PLACE_ENV < c->nvars ?
	    c->vars[at.line - CONF_PLACE_ENV] : NULL;
}

void
conf_place(const struct conf *c, struct tree_mark at, char *dst, size_t size)
{
	const char	*name = conf_place_name(c, at);

	if (name != NULL)
		snprintf(dst, size, "%s", name);
	else
		snprintf(dst, size, "%s:%u:%u", c->file, at.line, at.column);
}

const char *
conf_place_line(const struct conf *c, struct tree_mark at)
{
	static char	 text[CONF_PATH_MAX];
	const char	*name = conf_place_name(c, at);

	if (name != NULL)
		return name;
	snprintf(text, sizeof(text), "line %u", at.line);
	return text;
}
