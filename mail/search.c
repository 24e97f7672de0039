/* Matching in header values.  Pure. */
#include "mail/search.h"

#include "mail/address.h"
#include "mail/encword.h"
#include "mail/header.h"

void
search_scratch_free(struct search_scratch *s)
{
	buf_free(&s->a);
	buf_free(&s->b);
}

/* Neither encoded words, nor 8-bit bytes, nor an escape (of ISO-2022-JP):
 * only the case is to be folded. */
static bool
is_plain(struct str v)
{
	size_t	 i;

	for (i = 0; i < v.len; i++)
		if ((uint8_t)v.p[i] >= 0x80 || v.p[i] == 0x1b ||
		    (v.p[i] == '=' && i + 1 < v.len && v.p[i + 1] == '?'))
			return false;
	return true;
}

bool
search_value(struct search_scratch *s, const struct needle *n,
    struct str value)
{
	buf_reset(&s->b);
	if (value.len > 0 && is_plain(value))
		fold_utf8((const uint8_t *)value.p, value.len, &s->b);
	else if (value.len > 0) {
		struct buf decoded = BUF_INIT;

		encword_decode(value, &decoded);
		fold_utf8(decoded.data, decoded.len, &s->b);
		buf_free(&decoded);
	}
	return needle_in(n, s->b.data, s->b.len);
}

bool
search_addresses(struct search_scratch *s, const struct needle *n,
    struct str list, uint64_t count)
{
	struct mail_address	 a;
	struct cursor		 c;

	if (list.p == NULL)
		return false;
	buf_reset(&s->a);
	cursor_init(&c, list.p, list.len);
	for (; count > 0 && !c.bad; count--) {
		address_get(&c, &a);
		if (a.host.p == NULL) {
			buf_put(&s->a, a.mailbox.p, a.mailbox.len);
			buf_puts(&s->a, a.mailbox.p == NULL ? ";" : ":");
			continue;
		}
		buf_put(&s->a, a.name.p, a.name.len);
		buf_puts(&s->a, a.name.len > 0 ? " <" : "<");
		buf_put(&s->a, a.mailbox.p, a.mailbox.len);
		if (a.host.len > 0)
			buf_puts(&s->a, "@");
		buf_put(&s->a, a.host.p, a.host.len);
		buf_puts(&s->a, ">, ");
	}
	return search_value(s, n, (struct str){ (const char *)s->a.data,
	    s->a.len });
}

bool
search_header(struct search_scratch *s, const struct needle *n,
    struct str header, struct str name)
{
	struct header_field	 f;

	while (header_next(&header, &f)) {
		if (!str_caseeq(f.name, name))
			continue;
		buf_reset(&s->a);
		header_unfold(f.value, &s->a);
		if (search_value(s, n, (struct str){
		    (const char *)s->a.data, s->a.len }))
			return true;
	}
	return false;
}
