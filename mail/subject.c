/* The base subject: the six steps of RFC 5256 section 2.1. */
#include "mail/subject.h"

#include <string.h>
#include <strings.h>

#include "mail/encword.h"
#include "mail/lex.h"

/* Step 1: UTF-8, tabs and runs of white space to one space. */
static void
step1(struct str value, struct buf *b)
{
	size_t	 i, n = 0;

	encword_decode(value, b);
	for (i = 0; i < b->len; i++) {
		if (lex_white(b->data[i])) {
			if (n > 0 && b->data[n - 1] == ' ')
				continue;
			b->data[n++] = ' ';
		} else
			b->data[n++] = b->data[i];
	}
	b->len = n;
}

static bool
starts(struct str s, const char *word)
{
	return s.len >= strlen(word) &&
	    strncasecmp(s.p, word, strlen(word)) == 0;
}

/* Step 2: " (fwd)" and spaces at the end. */
static bool
step2(struct str *s)
{
	struct str	 t = str_trim(*s);

	t.p = s->p;
	t.len = s->len;
	while (t.len > 0 && t.p[t.len - 1] == ' ')
		t.len--;
	if (t.len >= 5 && strncasecmp(t.p + t.len - 5, "(fwd)", 5) == 0)
		t.len -= 5;
	if (t.len == s->len)
		return false;
	*s = t;
	return true;
}

/* "[" *BLOBCHAR "]" *WSP at p: its length, 0 when there is none. */
static size_t
blob(struct str s)
{
	size_t	 i;

	if (s.len == 0 || s.p[0] != '[')
		return 0;
	for (i = 1; i < s.len && s.p[i] != ']' && s.p[i] != '['; i++)
		;
	if (i >= s.len || s.p[i] != ']')
		return 0;
	for (i++; i < s.len && s.p[i] == ' '; i++)
		;
	return i;
}

static struct str
cut(struct str s, size_t n)
{
	return (struct str){ s.p + n, s.len - n };
}

/* Step 3: *subj-blob subj-refwd, or WSP, at the beginning. */
static bool
step3(struct str *s, bool *reply)
{
	struct str	 t = *s;
	size_t		 n;

	if (t.len > 0 && t.p[0] == ' ') {
		*s = cut(t, 1);
		return true;
	}
	while ((n = blob(t)) > 0)
		t = cut(t, n);
	if (starts(t, "fwd"))
		t = cut(t, 3);
	else if (starts(t, "fw") || starts(t, "re"))
		t = cut(t, 2);
	else
		return false;
	while (t.len > 0 && t.p[0] == ' ')
		t = cut(t, 1);
	t = cut(t, blob(t));
	if (t.len == 0 || t.p[0] != ':')
		return false;
	*s = cut(t, 1);
	*reply = true;
	return true;
}

void
base_subject(struct str value, struct buf *out, bool *reply)
{
	struct buf	 b = BUF_INIT;
	struct str	 s, t;
	bool		 re = false, again;
	size_t		 n;

	step1(value, &b);
	s = (struct str){ b.len == 0 ? "" : (const char *)b.data, b.len };
	do {
		while (step2(&s))
			;
		do {			/* steps 3 to 5 */
			again = step3(&s, &re);
			if ((n = blob(s)) > 0 && n < s.len) {
				s = cut(s, n);
				again = true;
			}
		} while (again);
		again = false;
		t = s;			/* step 6 */
		if (starts(t, "[fwd:") && t.p[t.len - 1] == ']') {
			s = (struct str){ t.p + 5, t.len - 6 };
			re = again = true;
		}
	} while (again);
	buf_put(out, s.p, s.len);
	buf_free(&b);
	if (reply != NULL)
		*reply = re;
}
