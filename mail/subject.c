/*
 * The base subject: the six steps of RFC 5256 section 2.1.  Linear: a blob
 * is looked at once, and what the steps take off is never put back.  Only
 * the first SUBJECT_MAX octets count: it is a key to sort and thread by.
 */
#include "mail/subject.h"

#include <string.h>
#include <strings.h>

#include "mail/encword.h"
#include "mail/lex.h"

/* Octets of a field that can become SUBJECT_MAX: an encoded word of one
 * character each. */
#define SUBJECT_RAW	(16 * SUBJECT_MAX)

/* Step 1: UTF-8, tabs and runs of white space to one space. */
static void
step1(struct str value, struct buf *b)
{
	size_t	 i, n = 0;

	if (value.len > SUBJECT_RAW)
		value.len = SUBJECT_RAW;
	encword_decode(value, b);
	if (b->len > SUBJECT_MAX) {
		b->len = SUBJECT_MAX;		/* no character is cut */
		while ((b->data[b->len] & 0xc0) == 0x80)
			b->len--;
	}
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
	struct str	 t = str_trim(*s, LEX_WHITE);

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

/* subj-refwd at the beginning of t: its length, 0 when there is none. */
static size_t
refwd(struct str t)
{
	size_t	 n, all = t.len;

	if (starts(t, "fwd"))
		t = cut(t, 3);
	else if (starts(t, "fw") || starts(t, "re"))
		t = cut(t, 2);
	else
		return 0;
	while (t.len > 0 && t.p[0] == ' ')
		t = cut(t, 1);
	n = blob(t);
	t = cut(t, n);
	return t.len == 0 || t.p[0] != ':' ? 0 : all - t.len + 1;
}

/*
 * Steps 3 to 5: *subj-blob subj-refwd and WSP at the beginning; else
 * subj-blobs, as long as something is left behind them.  What follows a
 * run of blobs tells what becomes of all of them: none is read twice.
 */
static void
step345(struct str *s, bool *reply)
{
	struct str	 t;
	size_t		 n;

	for (;;) {
		while (s->len > 0 && s->p[0] == ' ')
			*s = cut(*s, 1);
		t = *s;
		while ((n = blob(t)) > 0 && n < t.len)
			t = cut(t, n);
		if ((n = refwd(t)) == 0)
			break;
		*reply = true;
		*s = cut(t, n);
	}
	*s = t;
}

void
base_subject(struct str value, struct buf *out, bool *reply)
{
	struct buf	 b = BUF_INIT;
	struct str	 s, t;
	bool		 re = false, again;

	step1(value, &b);
	s = (struct str){ b.len == 0 ? "" : (const char *)b.data, b.len };
	do {
		while (step2(&s))
			;
		step345(&s, &re);
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
