/*
 * Address lists.  Tolerant: whatever stands there becomes some address, as
 * people expect to see something.  Pure, linear in the value's length.
 */
#include "mail/address.h"

#include <string.h>

#include "mail/lex.h"

struct address_scan {
	struct lex	 lex;
	struct buf	 name;		/* words as a phrase */
	struct buf	 local;		/* words as a local part */
	struct buf	 host;
	struct buf	 route;
	struct buf	 comment;
	bool		 quoted;	/* the phrase had a quoted string */
	bool		 group;
	size_t		 n;
	struct buf	*out;
	size_t		 end;		/* out->len may reach this */
};

int
put_nstr(struct buf *b, struct str s)
{
	if (s.p == NULL)
		return buf_put_varint(b, 0);
	buf_put_varint(b, (uint64_t)s.len + 1);
	return buf_put(b, s.p, s.len);
}

struct str
get_nstr(struct cursor *c)
{
	uint64_t	 len = cursor_varint(c);
	struct str	 s = { NULL, 0 };

	if (len == 0 || c->bad)
		return s;
	if (len - 1 > cursor_left(c)) {
		c->bad = true;
		return s;
	}
	s.len = (size_t)(len - 1);
	s.p = len == 1 ? "" : (const char *)cursor_bytes(c, s.len);
	return s;
}

void
address_get(struct cursor *c, struct mail_address *a)
{
	a->name = get_nstr(c);
	a->route = get_nstr(c);
	a->mailbox = get_nstr(c);
	a->host = get_nstr(c);
}

static struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->len == 0 ? "" : (const char *)b->data,
	    b->len };
}

/* false: no room is left. */
static bool
emit(struct address_scan *s, const struct mail_address *a)
{
	size_t	 need = 40 + a->name.len + a->route.len + a->mailbox.len +
		    a->host.len;

	if (s->out->len + need > s->end)
		return false;
	put_nstr(s->out, a->name);
	put_nstr(s->out, a->route);
	put_nstr(s->out, a->mailbox);
	put_nstr(s->out, a->host);
	s->n++;
	return !s->out->failed;
}

static void
scan_reset(struct address_scan *s)
{
	buf_reset(&s->name);
	buf_reset(&s->local);
	buf_reset(&s->host);
	buf_reset(&s->route);
	buf_reset(&s->comment);
	s->quoted = false;
}

/* The words before '<', '@', ':', ',' or ';'. */
static void
scan_words(struct address_scan *s)
{
	struct lex	*l = &s->lex;
	bool		 space;

	for (;;) {
		space = lex_cfws(l, &s->comment);
		if (l->p >= l->end || strchr("<@:,;", *l->p) != NULL)
			return;
		if (space && s->name.len > 0)
			buf_puts(&s->name, " ");
		if (space && s->local.len > 0 && *l->p != '.' &&
		    s->local.data[s->local.len - 1] != '.')
			buf_puts(&s->local, " ");
		if (*l->p == '"') {
			const char *from = l->p;
			struct lex again = *l;

			s->quoted = true;
			lex_quoted(l, &s->name);
			again.p = from;
			lex_quoted(&again, &s->local);
		} else {
			struct str word = { l->p, 0 };

			word.len = lex_atom(l, "<@:,;", NULL);
			if (word.len == 0)
				word.len = 1, l->p++;
			buf_put(&s->name, word.p, word.len);
			buf_put(&s->local, word.p, word.len);
		}
	}
}

/* Behind '@': a domain, CFWS dropped. */
static void
scan_domain(struct address_scan *s, const char *stop, struct buf *out)
{
	struct lex	*l = &s->lex;
	const char	*from;

	for (;;) {
		lex_cfws(l, &s->comment);
		if (l->p >= l->end || strchr(stop, *l->p) != NULL)
			return;
		if (*l->p == '[') {
			for (from = l->p; l->p < l->end && *l->p != ']';)
				l->p++;
			if (l->p < l->end)
				l->p++;
			buf_put(out, from, (size_t)(l->p - from));
		} else if (lex_atom(l, stop, out) == 0) {
			buf_put(out, l->p, 1);
			l->p++;
		}
	}
}

/* Behind '<': [route ":"] local "@" domain ">". */
static void
scan_angle(struct address_scan *s)
{
	struct lex	*l = &s->lex;
	const char	*at;
	size_t		 n;

	buf_reset(&s->local);
	lex_cfws(l, NULL);
	while (l->p < l->end && (*l->p == '@' || *l->p == ',')) {
		if (*l->p == '@') {
			buf_puts(&s->route, s->route.len > 0 ? ",@" : "@");
			l->p++;
			scan_domain(s, ",:>@", &s->route);
		} else
			l->p++;
		lex_cfws(l, NULL);
	}
	if (l->p < l->end && *l->p == ':')
		l->p++;
	for (;;) {
		lex_cfws(l, NULL);
		if (l->p >= l->end || *l->p == '@' || *l->p == '>')
			break;
		if (*l->p == '"')
			lex_quoted(l, &s->local);
		else if ((n = lex_atom(l, "@>", &s->local)) == 0) {
			buf_put(&s->local, l->p, 1);
			l->p++;
		}
	}
	if (l->p < l->end && *l->p == '@') {
		l->p++;
		scan_domain(s, ">", &s->host);
	}
	/* Whatever follows up to the next separator is dropped. */
	for (at = l->p; l->p < l->end && strchr(",;", *l->p) == NULL;
	    at = l->p) {
		lex_cfws(l, s->name.len == 0 ? &s->comment : NULL);
		if (l->p < l->end && *l->p == '"')
			lex_quoted(l, NULL);
		else
			lex_atom(l, ",;", NULL);
		if (l->p == at)
			l->p++;
	}
}

static bool
emit_mailbox(struct address_scan *s)
{
	struct mail_address	 a;

	memset(&a, 0, sizeof(a));
	if (s->name.len > 0)
		a.name = buf_str(&s->name);
	else if (s->comment.len > 0)
		a.name = str_trim(buf_str(&s->comment));
	if (s->route.len > 0)
		a.route = buf_str(&s->route);
	a.mailbox = buf_str(&s->local);
	a.host = buf_str(&s->host);
	return emit(s, &a);
}

static bool
emit_group(struct address_scan *s, bool start)
{
	struct mail_address	 a;

	memset(&a, 0, sizeof(a));
	s->group = start;
	if (start)
		a.mailbox = buf_str(&s->name);
	return emit(s, &a);
}

/* One address, group start or end; false when there is no room. */
static bool
scan_one(struct address_scan *s)
{
	struct lex	*l = &s->lex;
	bool		 named;

	scan_reset(s);
	scan_words(s);
	named = s->name.len > 0;
	if (l->p < l->end && *l->p == '<') {
		l->p++;
		scan_angle(s);
		return emit_mailbox(s);
	}
	if (l->p < l->end && *l->p == '@') {
		l->p++;
		buf_reset(&s->name);
		scan_domain(s, s->group ? ",;<" : ",<", &s->host);
		if (l->p < l->end && *l->p == '<') {
			/* "me@here <me@here>": the first is the name */
			buf_put(&s->name, s->local.data, s->local.len);
			buf_puts(&s->name, "@");
			buf_put(&s->name, s->host.data, s->host.len);
			buf_reset(&s->host);
			l->p++;
			scan_angle(s);
		}
		return emit_mailbox(s);
	}
	if (l->p < l->end && *l->p == ':') {
		l->p++;
		return s->group || !named || emit_group(s, true);
	}
	if (named || s->quoted) {
		buf_reset(&s->name);
		if (!emit_mailbox(s))
			return false;
	}
	if (l->p < l->end && *l->p == ';' && s->group) {
		l->p++;
		return emit_group(s, false);
	}
	if (l->p < l->end)
		l->p++;
	return true;
}

size_t
address_parse(struct str value, struct buf *b, size_t max)
{
	struct address_scan	 s = { .out = b };

	/* Room for a group's end is kept. */
	s.end = b->len + max - 64;
	lex_init(&s.lex, value);
	while (s.lex.p < s.lex.end && scan_one(&s))
		;
	if (s.group) {
		s.end += 64;
		emit_group(&s, false);
	}
	buf_free(&s.name);
	buf_free(&s.local);
	buf_free(&s.host);
	buf_free(&s.route);
	buf_free(&s.comment);
	return s.n;
}
