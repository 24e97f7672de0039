/*
 * The tokens of RFC 3501 section 9: atoms, strings, numbers, sequence sets.
 * Reads strangers' octets; must never look behind the end of the text.
 */
#include "imapd/parse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/msg_mbox.h"
#include "imapd/utf7.h"

#define SEQSET_MAX	65536	/* more than a line holds */

void
parse_init(struct parse *p, const void *text, size_t len, struct arena *a)
{
	p->p = text;
	p->end = p->p + len;
	p->arena = a;
	p->what = p->noname = NULL;
}

static const char *
skip_spaces(const struct parse *p)
{
	const char	*q = p->p;

	while (q < p->end && *q == ' ')
		q++;
	return q;
}

bool
parse_end(const struct parse *p)
{
	return skip_spaces(p) == p->end;
}

int
parse_peek(const struct parse *p)
{
	return p->p < p->end ? (unsigned char)*p->p : -1;
}

int
parse_char(struct parse *p, char ch)
{
	if (p->p == p->end || *p->p != ch)
		return -1;
	p->p++;
	return 0;
}

int
parse_sp(struct parse *p)
{
	const char	*q = skip_spaces(p);

	if (q == p->p && (q == p->end || *q != '('))
		return -1;
	p->p = q;
	return 0;
}

int
parse_arg(struct parse *p, const char *what)
{
	p->what = what;
	return parse_sp(p);
}

int
parse_done(struct parse *p)
{
	if (!parse_end(p)) {
		p->what = NULL;
		return -1;
	}
	p->p = p->end;
	return 0;
}

int
parse_open(struct parse *p)
{
	if (parse_char(p, '(') == -1)
		return -1;
	p->p = skip_spaces(p);
	return 0;
}

int
parse_more(struct parse *p)
{
	const char	*at = p->p;

	if (parse_sp(p) == 0 && p->p < p->end && *p->p != ')')
		return 0;
	p->p = at;
	return -1;
}

int
parse_close(struct parse *p)
{
	const char	*q = skip_spaces(p);

	if (q == p->end || *q != ')')
		return -1;
	p->p = q + 1;
	return 0;
}

static bool
is_atom_char(int ch)
{
	return ch > 0x20 && ch < 0x7f && strchr("(){%*\"\\]", ch) == NULL;
}

int
parse_token(struct parse *p, const char *stop, struct str *s)
{
	const char	*q = p->p;

	while (q < p->end && is_atom_char((unsigned char)*q) &&
	    strchr(stop, *q) == NULL)
		q++;
	if (q == p->p)
		return -1;
	s->p = p->p;
	s->len = (size_t)(q - p->p);
	p->p = q;
	return 0;
}

int
parse_atom(struct parse *p, struct str *s)
{
	return parse_token(p, "", s);
}

int
parse_word(struct parse *p, const char *word)
{
	size_t	 n = strlen(word);

	if ((size_t)(p->end - p->p) < n || strncasecmp(p->p, word, n) != 0)
		return -1;
	if (p->p + n < p->end && is_atom_char((unsigned char)p->p[n]) &&
	    strchr("[<.", p->p[n]) == NULL)
		return -1;
	p->p += n;
	return 0;
}

/* A backslash before another character than '"' and itself is one. */
static bool
is_escape(const char *q, const char *end)
{
	return *q == '\\' && end - q > 1 && (q[1] == '"' || q[1] == '\\');
}

static int
parse_quoted(struct parse *p, struct str *s)
{
	const char	*q = p->p + 1;
	size_t		 escapes = 0;
	char		*d;

	for (; q < p->end && *q != '"'; q++) {
		if (*q == '\r' || *q == '\n' || *q == '\0')
			return -1;
		if (is_escape(q, p->end)) {
			escapes++;
			q++;
		}
	}
	if (q == p->end)
		return -1;
	s->p = p->p + 1;
	s->len = (size_t)(q - s->p);
	if (escapes > 0) {
		if ((d = arena_alloc(p->arena, s->len)) == NULL)
			return -1;
		s->p = d;
		for (const char *r = p->p + 1; r < q; r++)
			*d++ = is_escape(r, q) ? *++r : *r;
		s->len -= escapes;
	}
	p->p = q + 1;
	return 0;
}

static int
parse_literal(struct parse *p, struct str *s)
{
	const char	*q = p->p + 1;
	size_t		 n = 0;

	if (q == p->end || *q < '0' || *q > '9')
		return -1;
	for (; q < p->end && *q >= '0' && *q <= '9'; q++) {
		n = n * 10 + (size_t)(*q - '0');
		if (n > (size_t)(p->end - p->p))
			return -1;
	}
	if (q < p->end && *q == '+')
		q++;
	if (p->end - q < 3 || memcmp(q, "}\r\n", 3) != 0)
		return -1;
	q += 3;
	if (n > (size_t)(p->end - q) || memchr(q, '\0', n) != NULL)
		return -1;
	s->p = q;
	s->len = n;
	p->p = q + n;
	return 0;
}

int
parse_string(struct parse *p, struct str *s)
{
	switch (parse_peek(p)) {
	case '"':
		return parse_quoted(p, s);
	case '{':
		return parse_literal(p, s);
	default:
		return -1;
	}
}

int
parse_astring(struct parse *p, struct str *s)
{
	const char	*q;

	if (parse_peek(p) == '"' || parse_peek(p) == '{')
		return parse_string(p, s);
	for (q = p->p; q < p->end; q++)
		if (!is_atom_char((unsigned char)*q) && *q != ']')
			break;
	if (q == p->p)
		return -1;
	s->p = p->p;
	s->len = (size_t)(q - p->p);
	p->p = q;
	return 0;
}

int
parse_credential(struct parse *p, struct str *s)
{
	const char	*q;

	if (parse_peek(p) == '"' || parse_peek(p) == '{')
		return parse_string(p, s);
	for (q = p->p; q < p->end; q++)
		if ((unsigned char)*q <= ' ' || *q == 0x7f)
			break;
	if (q == p->p || *p->p == '(')
		return -1;
	*s = (struct str){ p->p, (size_t)(q - p->p) };
	p->p = q;
	return 0;
}

int
parse_nstring(struct parse *p, struct str *s, bool *nil)
{
	*nil = parse_word(p, "NIL") == 0;
	if (*nil) {
		*s = (struct str){ NULL, 0 };
		return 0;
	}
	return parse_string(p, s);
}

int
parse_number64(struct parse *p, uint64_t *n)
{
	const char	*q = p->p;
	uint64_t	 v = 0;

	for (; q < p->end && *q >= '0' && *q <= '9'; q++) {
		if (v > (INT64_MAX - (uint64_t)(*q - '0')) / 10)
			return -1;
		v = v * 10 + (uint64_t)(*q - '0');
	}
	if (q == p->p)
		return -1;
	p->p = q;
	*n = v;
	return 0;
}

int
parse_number(struct parse *p, uint32_t *n)
{
	const char	*at = p->p;
	uint64_t	 v;

	if (parse_number64(p, &v) == -1)
		return -1;
	if (v > UINT32_MAX) {
		p->p = at;
		return -1;
	}
	*n = (uint32_t)v;
	return 0;
}

int
parse_nz_number(struct parse *p, uint32_t *n)
{
	const char	*at = p->p;
	uint32_t	 v;

	/* nz-number = digit-nz *DIGIT */
	if (parse_peek(p) == '0' || parse_number(p, &v) == -1) {
		p->p = at;
		return -1;
	}
	*n = v;
	return 0;
}

static int
parse_seqnumber(struct parse *p, uint32_t *n)
{
	if (parse_char(p, '*') == 0) {
		*n = 0;
		return 0;
	}
	return parse_nz_number(p, n);
}

int
parse_seqset(struct parse *p, struct seqset *set)
{
	const char	*at = p->p, *q;
	struct seqrange	*r;
	size_t		 max = 1;

	*set = (struct seqset){ 0 };
	if (parse_char(p, '$') == 0) {
		set->saved = true;
		return 0;
	}
	for (q = p->p; q < p->end && *q != ' ' && *q != ')'; q++)
		max += *q == ',';
	if (max > SEQSET_MAX ||
	    (set->v = arena_array(p->arena, max, sizeof(*set->v))) == NULL)
		return -1;
	do {
		r = &set->v[set->n];
		if (parse_seqnumber(p, &r->first) == -1)
			goto bad;
		r->last = r->first;
		if (parse_char(p, ':') == 0 &&
		    parse_seqnumber(p, &r->last) == -1)
			goto bad;
		set->n++;
	} while (set->n < max && parse_char(p, ',') == 0);
	return 0;
bad:
	p->p = at;
	return -1;
}

/* INBOX in any case is INBOX, as the whole name or its first component. */
static void
fold_inbox(char *s, size_t len)
{
	if (len >= 5 && strncasecmp(s, "INBOX", 5) == 0 &&
	    (len == 5 || s[5] == '/'))
		memcpy(s, "INBOX", 5);
}

/* Why utf7_to_utf8() and utf8_is_text() refuse it. */
static const char *
name_fault(struct str in)
{
	size_t	 i;

	for (i = 0; i < in.len; i++) {
		if ((unsigned char)in.p[i] < ' ' || in.p[i] == 0x7f)
			return "The mailbox name contains control characters";
		if ((unsigned char)in.p[i] > 0x7f)
			return "The mailbox name contains 8-bit characters, "
			    "use modified UTF-7 (RFC 3501, section 5.1.3)";
	}
	return "The mailbox name is not valid modified UTF-7 (RFC 3501, "
	    "section 5.1.3): write \"&\" as \"&-\"";
}

static int
parse_name(struct parse *p, struct str in, struct str *name)
{
	struct buf	 b;
	char		*s = NULL;
	bool		 decoded, good;

	buf_init(&b, MBOX_NAME_MAX);
	decoded = good = utf7_to_utf8(in, &b) == 0;
	if (good && (s = arena_dup(p->arena, b.data != NULL ?
	    (char *)b.data : "", b.len)) != NULL) {
		fold_inbox(s, b.len);
		*name = (struct str){ s, b.len };
		good = utf8_is_text(*name);
	}
	if (!good) {
		p->noname = b.failed ? "The mailbox name is too long" :
		    decoded ? "The mailbox name contains control characters" :
		    name_fault(in);
		*name = (struct str){ NULL, 0 };
	}
	buf_free(&b);
	return good && s == NULL ? -1 : 0;
}

int
parse_mailbox(struct parse *p, struct str *name)
{
	const char	*at = p->p, *q;
	struct str	 in;

	p->noname = NULL;
	if (parse_peek(p) == '"' || parse_peek(p) == '{') {
		if (parse_string(p, &in) == -1)
			return -1;
	} else {
		for (q = p->p; q < p->end; q++)
			if (!is_atom_char((unsigned char)*q) &&
			    strchr("%*]", *q) == NULL)
				break;
		if (q == p->p)
			return -1;
		in = (struct str){ p->p, (size_t)(q - p->p) };
		p->p = q;
	}
	if (parse_name(p, in, name) == -1) {
		p->p = at;
		return -1;
	}
	return 0;
}
