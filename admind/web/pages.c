/* See pages.h. */
#include "common/compat.h"

#include <string.h>

#include "admind/web/pages.h"

static const struct web_page *const	 none[] = { NULL };
static const struct web_page *const	*pages = none;

void
pages_init(const struct web_page *const *list)
{
	pages = list;
}

const struct web_page *
pages_find(struct str path)
{
	size_t	 i;

	for (i = 0; pages[i] != NULL; i++)
		if (str_eq(path, str_from(pages[i]->path)))
			return pages[i];
	return NULL;
}

const struct web_page *
pages_at(size_t i)
{
	return pages[i];
}

const struct web_action *
pages_action(const struct web_page *p, struct str word)
{
	const struct web_action	*a;

	for (a = p->actions; a != NULL && a->word != NULL; a++)
		if (str_eq(word, str_from(a->word)))
			return a;
	return NULL;
}

const char *
pages_done(const struct web_page *p, struct str word)
{
	const struct web_action	*a = pages_action(p, word);
	size_t			 i;

	if (a != NULL && a->to == NULL)
		return a->done;
	for (i = 0; pages[i] != NULL; i++)
		if ((a = pages_action(pages[i], word)) != NULL &&
		    a->to != NULL && strcmp(a->to, p->path) == 0)
			return a->done;
	return NULL;
}

void
pages_url(struct buf *b, const struct web_page *p, struct str name)
{
	buf_puts(b, p->path);
	buf_puts(b, "?");
	if (name.len == 0)
		return;
	buf_puts(b, "name=");
	html_percent(b, name);
	buf_puts(b, "&");
}

void
pages_back(struct buf *b, struct str said)
{
	const struct web_page	*p;
	struct form		 f;
	struct str		 path = said, name = STR("");

	form_init(&f);
	if (str_split(&said, '?', &path) && form_parse(&f, said) == 0)
		(void)form_get(&f, "name", &name);
	if ((p = pages_find(path)) != NULL) {
		pages_url(b, p, name);
		b->len -= b->len > 0;	/* the "?" or "&" */
	} else
		buf_puts(b, PAGES_ROOT);
	form_free(&f);
}
