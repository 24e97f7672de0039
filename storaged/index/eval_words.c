/*
 * Which keywords of a STORE or APPEND can be had.  A user has at most
 * MBOX_KEYWORDS_MAX; those that no message has make room for new ones, and
 * the record says which (pail-bucket.5, "The records").  What finds no room
 * is left out, and the answer says so.
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/index/eval.h"

static struct eval_words *
words_of(struct work *w, size_t n)
{
	struct eval_words	*ew = w->words;

	if (ew == NULL || ew->size < n) {
		if ((ew = arena_alloc(w->arena, sizeof(*ew))) == NULL ||
		    (ew->keep = arena_array(w->arena, n,
		    sizeof(*ew->keep))) == NULL)
			return NULL;
		ew->size = n;
		w->words = ew;
	}
	ew->nkeep = ew->nforget = ew->left = 0;
	return ew;
}

/* Its copy of a name, of which the record borrows. */
static int
forget_one(struct work *w, struct eval_words *ew, struct str name)
{
	char	*p;

	if (ew->forget == NULL && (ew->forget = arena_array(w->arena,
	    ew->size, sizeof(*ew->forget) + MBOX_KEYWORD_MAX)) == NULL)
		return -1;
	if (name.len > MBOX_KEYWORD_MAX)
		return -1;
	p = (char *)(ew->forget + ew->size) + ew->nforget * MBOX_KEYWORD_MAX;
	memcpy(p, name.p, name.len);
	ew->forget[ew->nforget++] = (struct str){ p, name.len };
	return 0;
}

struct forgetting {
	struct work		*w;
	struct eval_words	*ew;
	const struct kwnums	*asked;
	size_t			 need;
};

static int
forget_unused(void *arg, uint32_t num, struct str name)
{
	struct forgetting	*f = arg;
	size_t			 i;

	if (f->ew->nforget == f->need)
		return 0;
	for (i = 0; i < f->asked->n; i++)
		if (f->asked->v[i] == num)
			return 1;
	return forget_one(f->w, f->ew, name) == -1 ? -1 : 1;
}

/* Up to need keywords that nothing uses, and that are not asked for. */
static int
forget_some(struct index *ix, struct work *w, struct eval_words *ew,
    const struct kwnums *asked, size_t need)
{
	struct forgetting	 f = { w, ew, asked, need };

	return need == 0 ? 0 : keyword_unused(&ix->hot, forget_unused, &f);
}

/* The names but for the new ones that there is no room for. */
static int
keep_some(struct index *ix, struct eval_words *ew, const struct str *names,
    size_t n, size_t room)
{
	int64_t	 num;
	size_t	 i;
	int	 rv;

	for (i = 0; i < n; i++) {
		if ((rv = keyword_find(ix, names[i], &num)) == -1)
			return -1;
		if (rv == 0 && room == 0) {
			ew->left++;
			continue;
		}
		room -= rv == 0;
		ew->keep[ew->nkeep++] = names[i];
	}
	return 0;
}

int
eval_words(struct index *ix, struct work *w, const struct str *names,
    size_t n)
{
	struct eval_words	*ew;
	struct kwnums		 asked;
	int64_t			 have;
	size_t			 room;
	int			 missing;

	if ((ew = words_of(w, n + 1)) == NULL)
		return -1;
	if (n == 0)
		return 0;
	if (n > MBOX_KEYWORDS_MAX || (missing = keyword_numbers(ix, names, n,
	    false, &asked)) == -1 ||
	    keyword_count(&ix->hot, &have) == -1)
		return -1;
	room = have < MBOX_KEYWORDS_MAX ? (size_t)(MBOX_KEYWORDS_MAX - have) :
	    0;
	if ((size_t)missing > room) {
		/* Older nodes forget nothing, and name what we forgot: the
		 * surplus goes by and by. */
		if (forget_some(ix, w, ew, &asked, (size_t)missing - room +
		    (have > MBOX_KEYWORDS_MAX)) == -1)
			return -1;
		room += ew->nforget;
	}
	return keep_some(ix, ew, names, n, room);
}

void
eval_words_record(const struct work *w, struct record *r)
{
	const struct eval_words	*ew = w->words;

	r->keywords = ew->keep;
	r->nkeywords = ew->nkeep;
	r->forget = ew->forget;
	r->nforget = ew->nforget;
}
