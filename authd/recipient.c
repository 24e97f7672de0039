/*
 * Addresses of recipients (RFC 5321 section 4.1.2, RFC 6531).  They come from
 * strangers.  Must never take the local part of another site's address for a
 * name of ours.
 */
#include "common/compat.h"

#include <stdio.h>
#include <utf8proc.h>

#include "authd/recipient.h"

struct parts {
	char		local[RCPT_ADDRESS_MAX + 1];	/* unquoted */
	size_t		len;
	size_t		base;		/* of it, without the detail */
	bool		has_domain;
	bool		ours;
	char		domain[2][DOMAIN_MAX + 1];	/* U-labels, A-labels */
};

int
recipient_conf_read(struct recipient_conf *c, const struct slice *s,
    char *why, size_t size)
{
	const char	*v;

	memset(c, 0, sizeof(*c));
	for (; (v = slice_at(s, "domains.%zu", c->n)) != NULL; c->n++)
		if (c->n == RECIPIENT_DOMAINS_MAX || domain_unicode(
		    str_from(v), c->domain[c->n], sizeof(c->domain[0])) == -1) {
			snprintf(why, size, "domains.%zu: not a domain, or too "
			    "many", c->n);
			return -1;
		}
	v = slice_str(s, "lmtp.detail-separator");
	c->separator = v[0] != '\0' && v[1] == '\0' ? v[0] : '\0';
	v = slice_str(s, "lmtp.postmaster");
	if (v[0] != '\0' && user_normalize(str_from(v), c->postmaster,
	    sizeof(c->postmaster)) == -1) {
		snprintf(why, size, "lmtp.postmaster: not a name");
		return -1;
	}
	return 0;
}

static bool
is_ours(const struct recipient_conf *c, const char *domain)
{
	size_t	i;

	for (i = 0; i < c->n; i++)
		if (strcmp(c->domain[i], domain) == 0)
			return true;
	return false;
}

bool
recipient_local(const struct recipient_conf *c, struct str domain)
{
	char	form[DOMAIN_MAX + 1];

	return domain_unicode(domain, form, sizeof(form)) == 0 &&
	    is_ours(c, form);
}

/* UTF-8, and no character that does something else than stand there. */
static bool
is_text(struct str s)
{
	utf8proc_int32_t	c;
	utf8proc_ssize_t	n;

	for (; s.len > 0; s.p += n, s.len -= (size_t)n) {
		n = utf8proc_iterate((const uint8_t *)s.p,
		    (utf8proc_ssize_t)s.len, &c);
		if (n <= 0 || c < 0x20 || (c >= 0x7f && c <= 0x9f))
			return false;
	}
	return true;
}

/* The local part, as it is meant: what follows it, or NULL. */
static const char *
take_local(struct parts *p, struct str s)
{
	const char	*q = s.p, *end = s.p + s.len;

	p->len = 0;
	if (q == end || *q != '"') {
		for (; q < end && *q != '@'; q++)
			p->local[p->len++] = *q;
		return q;
	}
	for (q++; q < end && *q != '"'; q++) {
		if (*q == '\\' && ++q == end)
			return NULL;
		p->local[p->len++] = *q;
	}
	return q < end ? q + 1 : NULL;
}

static int
take_parts(struct parts *p, const struct recipient_conf *c, struct str s)
{
	const char	*q, *end;

	if (s.len > RCPT_ADDRESS_MAX || !is_text(s))
		return -1;
	if (s.len > 0 && s.p[0] == '@') {
		if ((q = memchr(s.p, ':', s.len)) == NULL)
			return -1;
		s.len -= (size_t)(q + 1 - s.p);
		s.p = q + 1;
	}
	end = s.p + s.len;
	/* "ann@there"@here is not there's ann. */
	if ((q = take_local(p, s)) == NULL || p->len == 0 ||
	    memchr(p->local, '@', p->len) != NULL)
		return -1;
	p->local[p->len] = '\0';
	p->has_domain = q < end;
	if (p->has_domain && (*q != '@' || domain_unicode((struct str){ q + 1,
	    (size_t)(end - q - 1) }, p->domain[0], sizeof(p->domain[0])) ==
	    -1))
		return -1;
	if (p->has_domain && (domain_ascii(p->domain[0], p->domain[1],
	    sizeof(p->domain[1])) == -1 ||
	    strcmp(p->domain[0], p->domain[1]) == 0))
		p->domain[1][0] = '\0';		/* there is one form */
	p->ours = p->has_domain && is_ours(c, p->domain[0]);
	q = c->separator == '\0' ? NULL : strchr(p->local, c->separator);
	p->base = q == NULL || q == p->local ? p->len : (size_t)(q - p->local);
	return 0;
}

/* One name more, if it is one, and another than those before. */
static void
add(struct recipient *r, const struct names *n, const char *text, bool cut)
{
	char	*name = r->try[r->n].name;
	size_t	 i;

	if (names_map_whole(n, str_from(text), name,
	    sizeof(r->try[0].name)) == -1)
		return;
	for (i = 0; i < r->n; i++)
		if (strcmp(r->try[i].name, name) == 0)
			return;
	r->try[r->n++].cut = cut;
}

/* The first len octets of the local part, with the domain and without. */
static void
add_both(struct recipient *r, const struct parts *p, const struct names *n,
    size_t len, bool cut)
{
	char	text[RCPT_ADDRESS_MAX + DOMAIN_MAX + 2];
	size_t	i;

	for (i = 0; i < 2 && p->domain[i][0] != '\0'; i++) {
		snprintf(text, sizeof(text), "%.*s@%s", (int)len, p->local,
		    p->domain[i]);
		add(r, n, text, cut);
	}
	if (p->has_domain && !p->ours)
		return;
	snprintf(text, sizeof(text), "%.*s", (int)len, p->local);
	add(r, n, text, cut);
}

int
recipient_read(struct recipient *r, const struct recipient_conf *c,
    const struct names *n, struct str address)
{
	struct parts	p;

	memset(&p, 0, sizeof(p));
	memset(r, 0, sizeof(*r));
	if (take_parts(&p, c, address) == -1)
		return -1;
	add_both(r, &p, n, p.len, false);
	if (p.base < p.len) {
		add_both(r, &p, n, p.base, true);
		strlcpy(r->detail, p.local + p.base + 1, sizeof(r->detail));
	}
	p.local[p.base] = '\0';
	if (c->postmaster[0] != '\0' && (p.ours || !p.has_domain) &&
	    strcasecmp(p.local, "postmaster") == 0) {
		strlcpy(r->try[r->n].name, c->postmaster,
		    sizeof(r->try[0].name));
		r->try[r->n++].cut = p.base < p.len;
	}
	return r->n > 0 ? 0 : -1;
}
