/*
 * Trace lines.  What a client said ends up in a header here: it must never
 * become a line of its own, or end a comment.
 *
 * Lines that the message has already stay as they are, Return-Path, too: they
 * are covered by signatures and by the parcel's checksum, and readers take the
 * first, which is ours (RFC 5321 section 4.4 lets a server remove them;
 * Dovecot does not, either).
 */
#include "lmtpd/trace.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/msg_deliver.h"
#include "lmtpd/conf.h"
#include "lmtpd/envelope.h"
#include "mail/header.h"

#define NAME_MAX_LEN	255	/* octets of a host's name */
#define ID_LOOKED_AT	4096	/* octets of a Received line */

/* An address: UTF-8 stays (SMTPUTF8), as does what a quoted local part may
 * have; line ends and other controls do not. */
static void
put_address(struct buf *b, const char *s)
{
	size_t	 i;

	for (i = 0; s[i] != '\0' && i < RCPT_ADDRESS_MAX; i++)
		(void)buf_put_u8(b, (uint8_t)s[i] < ' ' || s[i] == 0x7f ?
		    '?' : (uint8_t)s[i]);
}

/* A name or an address literal, in comments too: nothing that means
 * anything there. */
static void
put_name(struct buf *b, const char *s)
{
	static const char	 fine[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]/";
	size_t			 i;

	for (i = 0; s[i] != '\0' && i < NAME_MAX_LEN; i++)
		(void)buf_put_u8(b, (uint8_t)s[i] >= 0x80 ||
		    strchr(fine, s[i]) != NULL ? (uint8_t)s[i] : '?');
	if (i == 0)
		(void)buf_puts(b, "unknown");
}

/* RFC 5321 section 4.1.3: [192.0.2.1], [IPv6:2001:db8::1]. */
static void
put_remote(struct buf *b, const char *remote)
{
	bool	 address = strpbrk(remote, ".:") != NULL;

	if (remote[0] == '\0')
		return;
	(void)buf_puts(b, address ? " ([" : " (");
	if (address && strchr(remote, ':') != NULL)
		(void)buf_puts(b, "IPv6:");
	put_name(b, remote);
	(void)buf_puts(b, address ? "])" : ")");
}

static void
put_tls(struct buf *b, const char *tls)
{
	size_t	 i;

	(void)buf_puts(b, "\r\n\t(using ");
	for (i = 0; tls[i] != '\0' && i < NAME_MAX_LEN; i++)
		(void)buf_put_u8(b, tls[i] < ' ' || tls[i] > '~' ||
		    strchr("()\\", tls[i]) != NULL ? '?' : (uint8_t)tls[i]);
	(void)buf_puts(b, ")");
}

static void
put_date(struct buf *b, time_t now)
{
	char		 date[64];
	struct tm	 tm;

	if (gmtime_r(&now, &tm) == NULL || strftime(date, sizeof(date),
	    "%a, %d %b %Y %H:%M:%S +0000", &tm) == 0)
		b->failed = true;
	else
		(void)buf_puts(b, date);
}

int
trace_make(struct buf *b, const struct envelope *e, const char *address,
    bool named, const char *id, time_t now)
{
	(void)buf_puts(b, "Return-Path: <");
	put_address(b, e->sender);
	(void)buf_puts(b, ">\r\nDelivered-To: ");
	put_address(b, address);
	(void)buf_puts(b, "\r\nReceived: from ");
	put_name(b, e->helo);
	put_remote(b, e->remote);
	(void)buf_puts(b, "\r\n\tby ");
	put_name(b, conf.hostname);
	(void)buf_puts(b, " with ");
	put_name(b, e->protocol);
	if (e->tls != NULL)
		put_tls(b, e->tls);
	(void)buf_puts(b, "\r\n\tid ");
	put_name(b, id);
	if (named) {
		(void)buf_puts(b, "\r\n\tfor <");
		put_address(b, address);
		(void)buf_puts(b, ">");
	}
	(void)buf_puts(b, "; ");
	put_date(b, now);
	(void)buf_puts(b, "\r\n");
	return b->failed || b->len > DELIVER_PREFIX_MAX ? -1 : 0;
}

/* "... id 4f2A; date": the word, whatever it stands in. */
static bool
has_id(struct str value)
{
	size_t	 i;

	for (i = 1; i + 3 < value.len && i < ID_LOOKED_AT; i++)
		if (strchr(" \t\n", value.p[i - 1]) != NULL &&
		    strncasecmp(value.p + i, "id", 2) == 0 &&
		    strchr(" \t\r", value.p[i + 2]) != NULL)
			return true;
	return false;
}

static bool
is_junk(const struct header_field *f)
{
	struct buf	 v;
	bool		 same;

	if (conf.junk_name[0] == '\0' ||
	    !str_caseeq(f->name, str_from(conf.junk_name)))
		return false;
	buf_init(&v, 1024);
	header_unfold(f->value, &v);
	same = !v.failed && str_caseeq((struct str){ (char *)v.data, v.len },
	    str_from(conf.junk_value));
	buf_free(&v);
	return same;
}

void
trace_read(struct str header, struct trace_header *t)
{
	struct header_field	 f;

	memset(t, 0, sizeof(*t));
	while (header_next(&header, &f)) {
		if (str_caseeq(f.name, STR("Received"))) {
			if (t->hops++ == 0 && has_id(f.value))
				t->named = true;
		} else if (str_caseeq(f.name, STR("Message-ID")))
			t->named = true;
		t->junk = t->junk || is_junk(&f);
	}
}
