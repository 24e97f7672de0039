/*
 * The keywords of a view: numbers as rows have them, names as the client
 * reads them.  A user's keywords are numbered on and on as they come and
 * go; a mailbox has few at a time.
 */
#include "imapd/view.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

#define VIEW_KEYWORDS_MAX	65536	/* of one mailbox, at a time */

/* The first whose number is not below number. */
static size_t
keyword_at(const struct view *v, uint32_t number)
{
	size_t	 lo = 0, hi = v->nkeywords, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (v->keywords[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const char *
view_keyword(const struct view *v, uint32_t number)
{
	size_t	 i = keyword_at(v, number);

	return i < v->nkeywords && v->keywords[i].number == number ?
	    v->keywords[i].name : NULL;
}

int64_t
view_keyword_number(const struct view *v, struct str name)
{
	size_t	 i;

	for (i = 0; i < v->nkeywords; i++)
		if (str_caseeq(str_from(v->keywords[i].name), name))
			return v->keywords[i].number;
	return -1;
}

bool
view_keyword_good(struct str name)
{
	size_t	 i;

	for (i = 0; i < name.len; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~' ||
		    strchr("(){%*\"\\]", name.p[i]) != NULL)
			return false;
	return name.len > 0 && name.len <= MBOX_KEYWORD_MAX;
}

/* Room for one more at place i. */
static int
keyword_room(struct view *v, size_t i)
{
	struct view_keyword	*k;

	if (v->nkeywords == VIEW_KEYWORDS_MAX)
		return -1;
	if ((v->nkeywords & (v->nkeywords - 1)) == 0) {
		k = reallocarray(v->keywords, v->nkeywords == 0 ? 1 :
		    2 * v->nkeywords, sizeof(*k));
		if (k == NULL)
			return -1;
		v->keywords = k;
	}
	memmove(&v->keywords[i + 1], &v->keywords[i],
	    (v->nkeywords - i) * sizeof(v->keywords[0]));
	v->nkeywords++;
	return 0;
}

int
view_keyword_set(struct view *v, uint32_t number, struct str name)
{
	size_t	 i = keyword_at(v, number);
	char	*copy;

	if (!view_keyword_good(name) ||
	    (copy = strndup(name.p, name.len)) == NULL)
		return -1;
	if (i < v->nkeywords && v->keywords[i].number == number)
		free(v->keywords[i].name);
	else if (keyword_room(v, i) == -1) {
		free(copy);
		return -1;
	}
	v->keywords[i] = (struct view_keyword){ number, copy };
	return 0;
}

void
view_keyword_drop(struct view *v, uint32_t number)
{
	size_t	 i = keyword_at(v, number);

	if (i == v->nkeywords || v->keywords[i].number != number)
		return;
	free(v->keywords[i].name);
	v->nkeywords--;
	memmove(&v->keywords[i], &v->keywords[i + 1],
	    (v->nkeywords - i) * sizeof(v->keywords[0]));
}
