/*
 * The words of address lists.  Tolerant: the addresses that are there are
 * found, whatever stands around them, and nothing is put together that was
 * not written together: white space and separators end an address, but for
 * RFC 5322's obsolete "a . b".  Pure, linear in the value's length.
 */
#include <string.h>
#include <strings.h>

#include "mail/address_scan.h"
#include "mail/nstr.h"

#define OPEN_TRIES	8	/* comments without an end: then no more */

struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->len == 0 ? "" : (const char *)b->data,
	    b->len };
}

void
address_scan_reset(struct address_scan *s)
{
	buf_reset(&s->phrase);
	buf_reset(&s->words);
	buf_reset(&s->local);
	buf_reset(&s->name);
	buf_reset(&s->mailbox);
	buf_reset(&s->host);
	buf_reset(&s->route);
	buf_reset(&s->comment);
	buf_reset(&s->found);
	s->mark = s->nfound = 0;
	s->dot = s->quoted = s->pending = false;
}

bool
address_at(const struct address_scan *s, const char *set)
{
	const struct lex	*l = &s->lex;

	return l->p < l->end && *l->p != '\0' && strchr(set, *l->p) != NULL;
}

/*
 * White space and comments; true when there were any.  The brackets of a
 * comment that does not end are white space too.
 */
static bool
skip(struct address_scan *s)
{
	struct lex	*l = &s->lex, try;
	const char	*from = l->p;

	while (l->p < l->end) {
		if (lex_white((unsigned char)*l->p)) {
			l->p++;
			continue;
		}
		if (*l->p != '(')
			break;
		if (s->open > 0 || s->tries == OPEN_TRIES) {
			s->open -= s->open > 0;
			l->p++;
			continue;
		}
		try = *l;
		if ((s->open = lex_comment(&try, &s->comment)) == 0)
			*l = try;
		else {
			buf_reset(&s->comment);
			s->tries++;
		}
	}
	return l->p > from;
}

/* An encoded word may hold what separates elsewhere: its length, or 0. */
static size_t
encoded_word(const struct lex *l)
{
	size_t	 i = 2, len = (size_t)(l->end - l->p), marks = 0;

	if (len < 8 || l->p[0] != '=' || l->p[1] != '?')
		return 0;
	for (; i < len && !lex_white((unsigned char)l->p[i]); i++) {
		if (l->p[i] != '?')
			continue;
		if (++marks == 1 && (i + 2 >= len || l->p[i + 2] != '?'))
			return 0;
		if (marks == 3)
			return i + 1 < len && l->p[i + 1] == '=' ? i + 2 : 0;
	}
	return 0;
}

/* An atom, up to one of stop; at least one octet. */
static struct str
atom(struct address_scan *s, const char *stop)
{
	struct lex	*l = &s->lex;
	struct str	 word = { l->p, encoded_word(l) };

	if (word.len > 0)
		l->p += word.len;
	else if ((word.len = lex_atom(l, stop, NULL)) == 0)
		word.len = 1, l->p++;
	return word;
}

/* A word goes on from the last one only with a dot that stands between. */
static void
join(struct buf *b, bool space, bool *dot, struct str word)
{
	if (space && !*dot && (word.len == 0 || word.p[0] != '.'))
		buf_reset(b);
	*dot = word.len == 1 && word.p[0] == '.';
	buf_put(b, word.p, word.len);
}

/*
 * At a '"'.  In a value with a quote that is never closed (stray), any of
 * them may be it: there a quoted string does not hold an address.
 */
static void
quoted(struct address_scan *s, struct buf *out)
{
	struct lex	*l = &s->lex;
	struct str	 text;
	const char	*p = l->p + 1;

	if (!s->stray) {
		(void)lex_quoted(l, out);
		return;
	}
	if (s->noquotes) {
		l->p++;
		return;
	}
	for (; p < l->end && *p != '"' && *p != '<'; p++)
		if (*p == '\\' && p + 1 < l->end)
			p++;
	if (p < l->end && *p == '"') {
		(void)lex_quoted(l, out);
		return;
	}
	if (p >= l->end) {		/* words as others */
		s->noquotes = true;
		l->p++;
		return;
	}
	text = str_trim((struct str){ l->p + 1, (size_t)(p - l->p) - 1 },
	    LEX_WHITE);
	while (text.len > 0 && (text.p[text.len - 1] == ',' ||
	    text.p[text.len - 1] == ';' ||
	    lex_white((unsigned char)text.p[text.len - 1])))
		text.len--;
	buf_put(out, text.p, text.len);
	l->p = p;
}

/* Behind '@': a domain.  Its text as it stands goes to s->phrase too. */
static void
scan_domain(struct address_scan *s, struct buf *out)
{
	struct lex	*l = &s->lex;
	struct str	 word;
	bool		 space = false, dot = false;

	(void)skip(s);
	while (l->p < l->end && !address_at(s, "<>,;:@\"")) {
		if (space && !dot && *l->p != '.')
			return;
		if (*l->p == '[') {
			word = (struct str){ l->p++, 1 };
			while (l->p < l->end && l->p[-1] != ']' &&
			    !address_at(s, "<>,;@[ \t\r\n\""))
				l->p++;
			word.len = (size_t)(l->p - word.p);
		} else
			word = atom(s, "<>,;:@[");
		dot = word.len == 1 && word.p[0] == '.';
		buf_put(out, word.p, word.len);
		buf_puts(&s->phrase, space ? " " : "");
		buf_put(&s->phrase, word.p, word.len);
		space = skip(s);
	}
}

/* "@domain" behind s->local; "a@b@c" is b's a at c. */
static void
scan_host(struct address_scan *s)
{
	struct lex	*l = &s->lex;

	l->p++;
	scan_domain(s, &s->host);
	while (l->p < l->end && *l->p == '@' &&
	    !lex_white((unsigned char)l->p[-1])) {
		buf_puts(&s->local, "@");
		buf_put(&s->local, s->host.data, s->host.len);
		buf_reset(&s->host);
		buf_puts(&s->phrase, "@");
		l->p++;
		scan_domain(s, &s->host);
	}
}

static void
strip_mailto(struct str *local)
{
	if (local->len >= 7 && strncasecmp(local->p, "mailto:", 7) == 0) {
		local->p += 7;
		local->len -= 7;
	}
}

void
address_found(struct address_scan *s)
{
	struct str	 none = { NULL, 0 }, name = buf_str(&s->name);

	if (!s->pending)
		return;
	s->pending = false;
	if (name.len == 0)
		name = str_trim(buf_str(&s->comment), LEX_WHITE);
	put_nstr(&s->found, name.len > 0 ? name : none);
	put_nstr(&s->found, s->route.len > 0 ? buf_str(&s->route) : none);
	put_nstr(&s->found, buf_str(&s->mailbox));
	put_nstr(&s->found, buf_str(&s->host));
	s->nfound++;
	buf_reset(&s->name);
	buf_reset(&s->comment);
}

/* At '@', behind a word: an address; what was before it is its name. */
static void
scan_bare(struct address_scan *s)
{
	struct buf	 t;

	address_found(s);
	s->words.len = s->mark;
	t = s->name, s->name = s->words, s->words = t;
	buf_reset(&s->words);
	buf_puts(&s->phrase, "@");
	buf_reset(&s->host);
	scan_host(s);
	t = s->mailbox, s->mailbox = s->local, s->local = t;
	buf_reset(&s->local);
	s->mark = 0;
	s->pending = true;
}

void
address_words(struct address_scan *s)
{
	struct lex	*l = &s->lex;
	struct str	 word;
	bool		 space = false;
	size_t		 from;

	for (;;) {
		space = skip(s) || space;
		if (l->p >= l->end || address_at(s, "<,:;"))
			return;
		if (*l->p == '>') {
			l->p++;
			space = true;
			continue;
		}
		if (*l->p == '@' && s->local.len > 0) {
			scan_bare(s);
			space = true;
			continue;
		}
		if (space && s->phrase.len > 0)
			buf_puts(&s->phrase, " ");
		from = s->phrase.len;
		if (*l->p == '"') {
			s->quoted = true;
			quoted(s, &s->phrase);
		} else {
			word = atom(s, *l->p == '@' ? "<>,:;" : "<>@,:;");
			buf_put(&s->phrase, word.p, word.len);
		}
		if (s->phrase.len == from)
			continue;
		word = (struct str){ (char *)s->phrase.data + from,
		    s->phrase.len - from };
		if (space && !s->dot && word.p[0] != '.') {
			s->mark = s->words.len;
			if (s->words.len > 0)
				buf_puts(&s->words, " ");
		}
		join(&s->local, space, &s->dot, word);
		buf_put(&s->words, word.p, word.len);
		space = false;
	}
}

/* Behind '<': "@a,@b:", the route; it may be empty. */
static void
scan_route(struct address_scan *s)
{
	struct lex	*l = &s->lex;

	while (address_at(s, "@,")) {
		if (*l->p++ == '@') {
			buf_puts(&s->route, s->route.len > 0 ? ",@" : "@");
			scan_domain(s, &s->route);
		}
		(void)skip(s);
	}
	if (address_at(s, ":"))
		l->p++;
}

void
address_angle(struct address_scan *s)
{
	struct lex	*l = &s->lex;
	struct str	 name = buf_str(&s->phrase), local, word;
	struct buf	 text = BUF_INIT;
	bool		 space = false;

	s->pending = false;
	s->nfound = 0;
	buf_reset(&s->found);
	buf_reset(&s->name);
	buf_put(&s->name, name.p, name.len);
	buf_reset(&s->local);
	buf_reset(&s->host);
	s->dot = false;
	while (address_at(s, "<")) {
		l->p++;
		(void)skip(s);
	}
	scan_route(s);
	while (l->p < l->end && !address_at(s, "@>,;<")) {
		space = skip(s);
		if (l->p >= l->end || address_at(s, "@>,;<"))
			break;
		if (*l->p == '"') {
			if (space)
				buf_reset(&s->local);
			s->dot = false;
			quoted(s, &s->local);
			continue;
		}
		word = atom(s, "@>,;<");
		if (word.p[word.len - 1] == ':' && address_at(s, ";")) {
			word.len++;	/* <undisclosed-recipients:;> */
			l->p++;
		}
		buf_puts(&text, space && text.len > 0 ? " " : "");
		buf_put(&text, word.p, word.len);
		join(&s->local, space, &s->dot, word);
	}
	if (address_at(s, "@")) {
		scan_host(s);
		local = buf_str(&s->local);
	} else				/* no address: all that is there */
		local = buf_str(text.len > s->local.len ? &text : &s->local);
	strip_mailto(&local);
	buf_reset(&s->mailbox);
	buf_put(&s->mailbox, local.p, local.len);
	buf_free(&text);
	while (address_at(s, ">"))
		l->p++;
	if (s->name.len > 0)
		buf_reset(&s->comment);
	(void)skip(s);
	s->pending = true;
	s->behind = true;
}

/* Is there a quote that is never closed? */
static bool
has_stray(struct address_scan *s)
{
	struct lex	 start = s->lex;
	bool		 closed = true;

	while (s->lex.p < s->lex.end && closed) {
		(void)skip(s);
		if (address_at(s, "\""))
			closed = lex_quoted(&s->lex, NULL);
		else if (s->lex.p < s->lex.end)
			(void)atom(s, "");
	}
	s->lex = start;
	s->open = 0;
	s->tries = 0;
	buf_reset(&s->comment);
	return !closed;
}

void
address_scan_init(struct address_scan *s, struct str value)
{
	lex_init(&s->lex, value);
	s->behind = s->noquotes = false;
	s->stray = has_stray(s);
}

void
address_scan_free(struct address_scan *s)
{
	buf_free(&s->phrase);
	buf_free(&s->words);
	buf_free(&s->local);
	buf_free(&s->name);
	buf_free(&s->mailbox);
	buf_free(&s->host);
	buf_free(&s->route);
	buf_free(&s->comment);
	buf_free(&s->found);
}
