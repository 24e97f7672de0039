/*
 * Address lists: from the words of a value (address_scan.c) to addresses.
 * What is none becomes a mailbox without a host, as people expect to see
 * something.
 */
#include <string.h>

#include "mail/address.h"
#include "mail/address_scan.h"
#include "mail/nstr.h"

void
address_get(struct cursor *c, struct mail_address *a)
{
	a->name = get_nstr(c);
	a->route = get_nstr(c);
	a->mailbox = get_nstr(c);
	a->host = get_nstr(c);
}

/* No room is left: this address goes with all after it. */
static void
emit(struct address_scan *s, const struct mail_address *a)
{
	size_t	 need = 40 + a->name.len + a->route.len + a->mailbox.len +
		    a->host.len;

	if (s->full || s->out->len + need > s->end) {
		s->full = true;
		return;
	}
	put_nstr(s->out, a->name);
	put_nstr(s->out, a->route);
	put_nstr(s->out, a->mailbox);
	put_nstr(s->out, a->host);
	s->n++;
}

static void
emit_group(struct address_scan *s, bool start)
{
	struct mail_address	 a;

	memset(&a, 0, sizeof(a));
	s->group = start;
	if (start)
		a.mailbox = buf_str(&s->words);
	emit(s, &a);
}

static void
emit_found(struct address_scan *s)
{
	struct mail_address	 a;
	struct cursor		 c;

	/* "a@b Some Body": the name, if no other is there */
	if (s->pending && s->nfound == 0 && s->name.len == 0 && !s->behind)
		buf_put(&s->name, s->words.data, s->words.len);
	address_found(s);
	cursor_init(&c, s->found.data, s->found.len);
	for (; s->nfound > 0; s->nfound--) {
		address_get(&c, &a);
		emit(s, &a);
	}
}

/* Words without an address. */
static void
emit_words(struct address_scan *s)
{
	struct mail_address	 a;
	struct str		 text = buf_str(&s->words);
	size_t			 i;

	memset(&a, 0, sizeof(a));
	a.mailbox = text;
	a.host = STR("");
	/* a quoted "a@b" was meant to be one */
	for (i = text.len; s->quoted && i > 0 && text.p[i - 1] != '@' &&
	    !lex_white((unsigned char)text.p[i - 1]); i--)
		;
	if (text.len > 1 && text.p[0] == '@' &&
	    memchr(text.p, ' ', text.len) == NULL) {
		a.mailbox.len = 0;
		a.host = (struct str){ text.p + 1, text.len - 1 };
	} else if (s->quoted && i > 1 && i < text.len && text.p[i - 1] == '@' &&
	    memchr(text.p, ' ', i) == NULL) {
		a.mailbox.len = i - 1;
		a.host = (struct str){ text.p + i, text.len - i };
	}
	emit(s, &a);
}

/* Up to the next separator, or one address with its brackets. */
static void
scan_one(struct address_scan *s)
{
	struct lex	*l = &s->lex;
	bool		 named;

	address_scan_reset(s);
	address_words(s);
	if (address_at(s, "<")) {
		address_angle(s);
		emit_found(s);
		return;
	}
	named = s->words.len > 0 || s->quoted;
	if (s->pending)
		emit_found(s);
	else if (address_at(s, ":") &&
	    str_caseeq(buf_str(&s->words), STR("mailto")))
		;
	else if (address_at(s, ":") && s->words.len > 0) {
		if (s->group)			/* its ';' is missing */
			emit_group(s, false);
		emit_group(s, true);
	} else if (named && !s->behind)
		emit_words(s);
	if (address_at(s, ";") && s->group)
		emit_group(s, false);
	if (l->p < l->end)
		l->p++;
	s->behind = false;
}

static void
scan_value(struct address_scan *s, struct str value)
{
	bool	 full;

	address_scan_init(s, value);
	while (s->lex.p < s->lex.end && !s->full)
		scan_one(s);
	if (s->group) {
		full = s->full;
		s->full = false;
		s->end += 64;
		emit_group(s, false);
		s->end -= 64;
		s->full = full;
	}
}

size_t
address_parse(struct str value, struct buf *b, size_t max, bool *cut)
{
	struct address_scan	 s = { .out = b };
	const char		*nl;
	size_t			 n;

	/* Room for a group's end is kept. */
	s.end = b->len + (max > 64 ? max - 64 : 0);
	while (value.len > 0 && !s.full) {
		nl = memchr(value.p, '\n', value.len);
		n = nl == NULL ? value.len : (size_t)(nl - value.p) + 1;
		scan_value(&s, (struct str){ value.p, n });
		value.p += n;
		value.len -= n;
	}
	if (cut != NULL)
		*cut = s.full;
	if (s.found.failed || s.phrase.failed || s.mailbox.failed)
		b->failed = true;
	address_scan_free(&s);
	return s.n;
}
