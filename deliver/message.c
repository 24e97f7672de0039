#include "common/compat.h"

#include <ctype.h>
#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/hex.h"
#include "deliver/message.h"
#include "mail/address.h"
#include "mail/header.h"

#define HEADER_MAX	((size_t)1 << 20)

/* The start of the message, its header at least; -1: errno. */
static int
read_start(FILE *in, struct buf *b)
{
	char	line[4096];
	size_t	n;
	bool	start = true;

	rewind(in);
	while (fgets(line, sizeof(line), in) != NULL) {
		/* (A line with a NUL looks shorter: it is no header's.) */
		n = strlen(line);
		if (start && strcmp(line, "\r\n") == 0)
			return 0;
		start = n > 0 && line[n - 1] == '\n';
		if (buf_put(b, line, n) == -1) {
			errno = EMSGSIZE;
			return -1;
		}
	}
	return ferror(in) ? -1 : 0;
}

static bool
atom(struct str s)
{
	size_t	i;

	for (i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) &&
		    (unsigned char)s.p[i] < 0x80 &&
		    strchr("!#$%&'*+-/=?^_`{|}~.", s.p[i]) == NULL)
			return false;
	return s.len > 0;
}

/* As a path has it (RFC 5321, section 4.1.2), and a NUL. */
static void
put_address(const struct mail_address *a, struct buf *out)
{
	size_t	i;

	if (atom(a->mailbox))
		buf_put(out, a->mailbox.p, a->mailbox.len);
	else {
		buf_puts(out, "\"");
		for (i = 0; i < a->mailbox.len; i++) {
			if (strchr("\"\\", a->mailbox.p[i]) != NULL)
				buf_puts(out, "\\");
			buf_put_u8(out, (uint8_t)a->mailbox.p[i]);
		}
		buf_puts(out, "\"");
	}
	if (a->host.len > 0) {
		buf_puts(out, "@");
		buf_put(out, a->host.p, a->host.len);
	}
	buf_put_u8(out, 0);
}

static int
recipients(struct str value, struct buf *out)
{
	struct buf		 plain, list;
	struct cursor		 c;
	struct mail_address	 a;
	size_t			 n;
	bool			 cut = false;

	buf_init(&plain, HEADER_MAX);
	buf_init(&list, 4 * HEADER_MAX);
	header_unfold(value, &plain);
	n = address_parse((struct str){ (char *)plain.data, plain.len }, &list,
	    4 * HEADER_MAX, &cut);
	cursor_init(&c, list.data, list.len);
	while (n-- > 0) {
		address_get(&c, &a);
		/* What begins and ends a group has no host. */
		if (a.mailbox.p != NULL && a.host.p != NULL)
			put_address(&a, out);
	}
	cut |= plain.failed || list.failed || out->failed;
	buf_free(&plain);
	buf_free(&list);
	return cut ? -1 : 0;
}

/* A display name; not one that would have to be encoded. */
static void
put_name(const char *name, struct buf *out)
{
	const char	*s;

	if (name == NULL || *name == '\0')
		return;
	for (s = name; *s != '\0'; s++)
		if (*s < ' ' || *s >= 0x7f)
			return;
	buf_puts(out, "\"");
	for (s = name; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_puts(out, "\\");
		buf_put_u8(out, (uint8_t)*s);
	}
	buf_puts(out, "\" ");
}

static int
put_message_id(const struct message_fields *m, struct buf *out)
{
	unsigned char	random[12];
	char		hex[2 * sizeof(random) + 1];

	if (getentropy(random, sizeof(random)) == -1)
		return -1;
	hex_print(random, sizeof(random), hex);
	return buf_printf(out, "Message-ID: <%lld.%s@%s>\r\n",
	    (long long)m->now, hex, m->host);
}

struct fields {
	bool	from, date, message_id;
};

static int
missing(const struct fields *has, const struct message_fields *m,
    struct buf *out)
{
	struct tm	tm;
	char		date[64];

	if (!has->from) {
		buf_puts(out, "From: ");
		put_name(m->name, out);
		buf_printf(out, "<%s>\r\n", m->from);
	}
	if (!has->date) {
		if (localtime_r(&m->now, &tm) == NULL ||
		    strftime(date, sizeof(date), "%a, %d %b %Y %T %z",
		    &tm) == 0)
			return -1;
		buf_printf(out, "Date: %s\r\n", date);
	}
	if (!has->message_id && put_message_id(m, out) == -1)
		return -1;
	return out->failed ? -1 : 0;
}

static bool
is(const struct header_field *f, const char *name)
{
	return str_caseeq(f->name, str_from(name));
}

/* The new header; *used: the bytes of the old one. -1: too many addresses. */
static int
edit(struct str text, const struct message_fields *m, struct buf *out,
    struct buf *rcpts, struct fields *has, size_t *used)
{
	struct header_field	f;
	struct str		rest = text;
	bool			bcc;

	*used = 0;
	while (header_next(&rest, &f) && f.name.len > 0) {
		*used = text.len - rest.len;
		has->from |= is(&f, "From");
		has->date |= is(&f, "Date");
		has->message_id |= is(&f, "Message-ID");
		bcc = is(&f, "Bcc");
		if (m->recipients && (bcc || is(&f, "To") || is(&f, "Cc")) &&
		    recipients(f.value, rcpts) == -1)
			return -1;
		if (m->recipients && bcc)
			continue;
		buf_put(out, f.raw.p, f.raw.len);
		/* The message ends within its header. */
		if (f.raw.p[f.raw.len - 1] != '\n')
			buf_puts(out, "\r\n");
	}
	return 0;
}

static int
copy_rest(FILE *in, FILE *out, size_t from)
{
	char	text[16384];
	size_t	n;

	if (fseeko(in, (off_t)from, SEEK_SET) == -1)
		return -1;
	while ((n = fread(text, 1, sizeof(text), in)) > 0)
		if (fwrite(text, 1, n, out) != n)
			return -1;
	return ferror(in) || fflush(out) == EOF ? -1 : 0;
}

int
message_complete(FILE *in, FILE *out, const struct message_fields *m,
    struct buf *rcpts, int *status, char *why, size_t size)
{
	struct buf	 old, new;
	struct fields	 has = { 0 };
	size_t		 used = 0;
	int		 r = -1;

	buf_init(&old, HEADER_MAX);
	buf_init(&new, 2 * HEADER_MAX);
	*status = EX_TEMPFAIL;
	if (read_start(in, &old) == -1) {
		if (errno == EMSGSIZE)
			*status = EX_DATAERR;
		snprintf(why, size, "the header: %s", strerror(errno));
	} else if (edit((struct str){ (char *)old.data, old.len }, m, &new,
	    rcpts, &has, &used) == -1) {
		*status = EX_DATAERR;
		snprintf(why, size, "too many addresses");
	} else if (missing(&has, m, &new) == -1)
		snprintf(why, size, "cannot make the header");
	else {
		/* What no empty line divided from the header is text. */
		if (used < old.len)
			buf_puts(&new, "\r\n");
		if (new.failed ||
		    fwrite(new.data, 1, new.len, out) != new.len ||
		    copy_rest(in, out, used) == -1)
			snprintf(why, size, "cannot copy the message: %s",
			    strerror(errno));
		else
			r = 0;
	}
	buf_free(&old);
	buf_free(&new);
	return r;
}
