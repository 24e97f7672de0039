/*
 * Which commands must wait for which (RFC 3501 section 5.5).  Must never let
 * a client hear of a later command's work before that command's answer.
 */
#include "imapd/overlap.h"

#include "imapd/client.h"
#include "imapd/command.h"
#include "imapd/view.h"

/* Whether numbers or UIDs of the set lie beyond the view, or "*" is there. */
static bool
reaches(struct view *v, const struct seqset *asked, bool uid, bool *star)
{
	const struct seqrange	*r;
	uint32_t		 top;
	bool			 beyond = false;
	size_t			 i;

	*star = false;
	if (asked->saved)
		return false;
	top = uid ? uidset_last(&v->told) : view_count(v);
	for (i = 0; i < asked->n; i++) {
		r = &asked->v[i];
		if (r->first == 0 || r->last == 0)
			*star = true;
		if (r->first > top || r->last > top)
			beyond = true;
	}
	return beyond || *star;
}

/* COPY and APPEND may bring messages to the selected mailbox: under which
 * name they would is not known here, it may have been renamed. */
static bool
may_add(const struct command *o)
{
	return o->spec != NULL && o->spec->flags & CMD_ADDS;
}

bool
overlap_reach(struct command *cmd, const struct seqset *asked)
{
	struct view		*v = cmd->client->view;
	const struct command	*o;
	bool			 star;

	if (command_first(cmd) || !reaches(v, asked, cmd->uid, &star))
		return false;
	cmd->behind = NULL;
	TAILQ_FOREACH(o, &cmd->client->commands, entry) {
		if (o == cmd)
			break;
		if (may_add(o) || (star && o->spec != NULL &&
		    o->spec->group == GROUP_EXPUNGE))
			cmd->behind = o;
	}
	return cmd->behind != NULL;
}

bool
overlap_shown(struct command *cmd, const struct uidset *set)
{
	const struct command	*o;

	cmd->behind = NULL;
	TAILQ_FOREACH(o, &cmd->client->commands, entry) {
		if (o == cmd)
			break;
		if (o->changes != NULL && !o->silent && (set == NULL ?
		    o->changes->n > 0 : uidset_overlap(o->changes, set)))
			cmd->behind = o;
	}
	return cmd->behind != NULL;
}

int
overlap_later(const struct command *cmd, const struct uidset *set,
    struct uidset *later)
{
	const struct command	*o = cmd;
	struct uidset		 s = UIDSET_INIT;
	int			 ret = 0;

	while (ret == 0 && (o = TAILQ_NEXT(o, entry)) != NULL) {
		if (o->changes == NULL || !uidset_overlap(o->changes, set))
			continue;
		if (uidset_copy(&s, set) == -1 ||
		    uidset_intersect(&s, o->changes) == -1 ||
		    uidset_union(later, &s) == -1)
			ret = -1;
	}
	uidset_free(&s);
	return ret;
}
