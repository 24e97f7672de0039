/* Sections.  Pure; a path costs the number of siblings on its way. */
#include "mail/section.h"

/* The part that the path names; *part 0 with an empty path. */
static int
find(const struct mail_tree *t, const struct section *s, size_t *part)
{
	size_t	 i, at = 0;

	for (i = 0; i < s->npath; i++) {
		/* A number behind a message counts in the message inside;
		 * the root is such a one from the beginning. */
		if (i > 0 && t->v[at].kind == MAIL_MESSAGE)
			at++;
		else if (i > 0 && t->v[at].kind == MAIL_LEAF)
			return -1;
		if (t->v[at].kind == MAIL_MULTIPART) {
			if (mail_child(t, at, s->path[i], &at) == -1)
				return -1;
		} else if (s->path[i] != 1)
			return -1;
	}
	*part = at;
	return 0;
}

int
section_resolve(const struct mail_tree *t, const struct section *s,
    uint64_t *off, uint64_t *len)
{
	const struct mail_part	*p;
	size_t			 i;

	if (t->n == 0 || find(t, s, &i) == -1)
		return -1;
	p = &t->v[i];
	if (s->npath > 0 && (s->kind == SECTION_HEADER ||
	    s->kind == SECTION_FIELDS || s->kind == SECTION_FIELDS_NOT ||
	    s->kind == SECTION_TEXT)) {
		if (p->kind != MAIL_MESSAGE)
			return -1;
		p = &t->v[i + 1];	/* of the message inside */
	}
	switch (s->kind) {
	case SECTION_ALL:
		*off = s->npath == 0 ? 0 : p->body_off;
		*len = s->npath == 0 ? p->header_len + p->body_len :
		    p->body_len;
		return 0;
	case SECTION_TEXT:
		*off = p->body_off;
		*len = p->body_len;
		return 0;
	default:
		*off = p->header_off;
		*len = p->header_len;
		return 0;
	}
}

bool
section_is_whole(const struct section *s)
{
	return s->npath == 0 && s->kind == SECTION_ALL;
}

bool
section_is_top_header(const struct section *s)
{
	return s->npath == 0 && (s->kind == SECTION_HEADER ||
	    s->kind == SECTION_FIELDS || s->kind == SECTION_FIELDS_NOT);
}
