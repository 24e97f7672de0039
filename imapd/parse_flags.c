/* Flags in commands (RFC 3501 sections 2.3.2 and 9): STORE and APPEND. */
#include "imapd/parse.h"

#include <string.h>
#include <strings.h>

#include "common/compat.h"
#include "common/msg_mbox.h"

#define FLAG_LIST_MAX	MBOX_KEYWORDS_MAX

static const struct {
	const char	*name;
	uint8_t		 bit;
} system_flags[] = {
	{ "\\Seen",	MBOX_SEEN },
	{ "\\Answered",	MBOX_ANSWERED },
	{ "\\Flagged",	MBOX_FLAGGED },
	{ "\\Deleted",	MBOX_DELETED },
	{ "\\Draft",	MBOX_DRAFT },
};

/*
 * A flag-extension is none of PERMANENTFLAGS, and is ignored (RFC 3501
 * section 7.1); \Recent is no flag that a client may write.
 */
static int
parse_system_flag(struct parse *p, uint8_t *bit)
{
	const char	*at = p->p;
	struct str	 word;
	size_t		 i;

	*bit = 0;
	for (i = 0; i < nitems(system_flags); i++)
		if (parse_word(p, system_flags[i].name) == 0) {
			*bit = system_flags[i].bit;
			return 0;
		}
	if (parse_char(p, '\\') == 0 && parse_atom(p, &word) == 0 &&
	    !str_caseeq(word, STR("Recent")))
		return 0;
	p->p = at;
	return -1;
}

static int
add_keyword(struct parse *p, struct flag_list *l, struct str word)
{
	struct str	*v;
	size_t		 i;

	/* doubles cost, too: each is looked for among all */
	if (++l->named > 2 * FLAG_LIST_MAX)
		return -1;
	for (i = 0; i < l->nkeywords; i++)
		if (str_caseeq(l->keywords[i], word))
			return 0;
	if (word.len > MBOX_KEYWORD_MAX || l->nkeywords == FLAG_LIST_MAX)
		return -1;
	if ((l->nkeywords & (l->nkeywords - 1)) == 0) {
		v = arena_array(p->arena, l->nkeywords ? 2 * l->nkeywords : 1,
		    sizeof(*v));
		if (v == NULL)
			return -1;
		if (l->nkeywords > 0)
			memcpy(v, l->keywords, l->nkeywords * sizeof(*v));
		l->keywords = v;
	}
	l->keywords[l->nkeywords++] = word;
	return 0;
}

int
parse_flag(struct parse *p, struct flag_list *l)
{
	const char	*at = p->p;
	struct str	 word;
	uint8_t		 bit;

	if (parse_peek(p) == '\\') {
		if (parse_system_flag(p, &bit) == -1)
			return -1;
		l->flags |= bit;
		return 0;
	}
	if (parse_atom(p, &word) == -1 || add_keyword(p, l, word) == -1) {
		p->p = at;
		return -1;
	}
	return 0;
}

int
parse_flag_list(struct parse *p, struct flag_list *l)
{
	const char	*at = p->p;

	memset(l, 0, sizeof(*l));
	if (parse_open(p) == -1)
		return -1;
	if (parse_close(p) == 0)
		return 0;
	do {
		if (parse_flag(p, l) == -1) {
			p->p = at;
			return -1;
		}
	} while (parse_more(p) == 0);
	if (parse_close(p) == -1) {
		p->p = at;
		return -1;
	}
	return 0;
}

int
parse_store_flags(struct parse *p, struct flag_list *l)
{
	const char	*at = p->p;

	if (parse_peek(p) == '(')
		return parse_flag_list(p, l);
	memset(l, 0, sizeof(*l));
	do {
		if (parse_flag(p, l) == -1) {
			p->p = at;
			return -1;
		}
	} while (parse_more(p) == 0);
	return 0;
}
