/*
 * Delivery: mail is parsed where it always is, in imapd; here it is only
 * carried.  The message is copied first, since APPEND tells its size before.
 */
#include "common/compat.h"

#include <errno.h>

#include "pailctl/ctl.h"
#include "pailctl/deliver.h"

#define LINE_MAX_BYTES	8192

/* One character of UTF-8; -1: none. */
static long
utf8_next(const unsigned char **s)
{
	static const struct { unsigned char lead, mask; int more; long min; }
	    t[] = { { 0x00, 0x80, 0, 0 }, { 0xc0, 0xe0, 1, 0x80 },
	    { 0xe0, 0xf0, 2, 0x800 }, { 0xf0, 0xf8, 3, 0x10000 } };
	long	c;
	size_t	i;
	int	k;

	for (i = 0; i < nitems(t); i++) {
		if ((**s & t[i].mask) != t[i].lead)
			continue;
		c = *(*s)++ & ~t[i].mask & 0xff;
		for (k = 0; k < t[i].more; k++) {
			if ((**s & 0xc0) != 0x80)
				return -1;
			c = c << 6 | (*(*s)++ & 0x3f);
		}
		if (c < t[i].min || c > 0x10ffff ||
		    (c >= 0xd800 && c < 0xe000))
			return -1;
		return c;
	}
	return -1;
}

/* Base64 of UTF-16, a unit at a time; unit -1 ends the run. */
static void
put_unit(struct buf *out, long unit, unsigned long *bits, int *n)
{
	static const char	b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+,";

	if (unit >= 0) {
		*bits = *bits << 16 | (unsigned long)unit;
		*n += 16;
	} else if (*n % 6 != 0) {
		*bits <<= 6 - *n % 6;
		*n += 6 - *n % 6;
	}
	for (; *n >= 6; *n -= 6)
		buf_put_u8(out, (uint8_t)b64[*bits >> (*n - 6) & 0x3f]);
	*bits &= 0x3f;
}

int
deliver_mailbox(const char *name, struct buf *out)
{
	const unsigned char	*s = (const unsigned char *)name;
	unsigned long		 bits = 0;
	long			 c;
	int			 n = 0;
	bool			 in = false;

	buf_puts(out, "\"");
	while (*s != '\0') {
		if ((c = utf8_next(&s)) < 0x20 || c == 0x7f)
			return -1;
		if (c < 0x7f && in) {
			put_unit(out, -1, &bits, &n);
			buf_puts(out, "-");
			in = false;
		}
		if (c >= 0x7f && !in) {
			buf_puts(out, "&");
			in = true;
			bits = 0;
			n = 0;
		}
		if (c >= 0x10000) {
			put_unit(out, 0xd800 + ((c - 0x10000) >> 10), &bits,
			    &n);
			put_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff), &bits,
			    &n);
		} else if (c >= 0x7f)
			put_unit(out, c, &bits, &n);
		else {
			if (c == '"' || c == '\\')
				buf_puts(out, "\\");
			buf_put_u8(out, (uint8_t)c);
			if (c == '&')
				buf_puts(out, "-");
		}
	}
	if (in) {
		put_unit(out, -1, &bits, &n);
		buf_puts(out, "-");
	}
	buf_puts(out, "\"");
	return out->failed ? -1 : 0;
}

/* A line of the server's without its CRLF; -1: it has gone. */
static int
get_line(int fd, char *line, size_t size)
{
	size_t	n = 0;
	char	c;

	while (ctl_read(fd, &c, 1) == 1) {
		if (c == '\n') {
			while (n > 0 && line[n - 1] == '\r')
				n--;
			line[n] = '\0';
			return 0;
		}
		if (n < size - 1)
			line[n++] = c;
	}
	return -1;
}

/* What a NO, BAD or BYE line means, and its text. */
static int
refused(const char *line, char *why, size_t size)
{
	bool	tagged = line[0] != '\0' && line[1] == ' ';

	snprintf(why, size, "%s", tagged ? line + 2 : line);
	if (strncmp(line, "* BYE", 5) == 0 ||
	    strstr(line, "[UNAVAILABLE]") != NULL ||
	    strstr(line, "[INUSE]") != NULL ||
	    strstr(line, "[SERVERBUG]") != NULL ||
	    strstr(line, "[LIMIT]") != NULL)
		return DELIVER_LATER;
	return DELIVER_REFUSED;
}

/* Reads until a line that begins with want; untagged ones are passed over.
 * DELIVER_DONE, or how it went otherwise. */
static int
expect(int fd, const char *want, char *why, size_t size)
{
	char	line[LINE_MAX_BYTES];

	for (;;) {
		if (get_line(fd, line, sizeof(line)) == -1) {
			snprintf(why, size,
			    "lost the connection to the server");
			return DELIVER_LATER;
		}
		if (strncmp(line, want, strlen(want)) == 0)
			return DELIVER_DONE;
		if (strncmp(line, "* BYE", 5) == 0 || line[0] != '*')
			return refused(line, why, size);
	}
}

static int
send_file(int fd, FILE *f)
{
	char	text[16384];
	size_t	n;

	rewind(f);
	while ((n = fread(text, 1, sizeof(text), f)) > 0)
		if (ctl_write(fd, text, n) == -1)
			return -1;
	return ferror(f) ? -1 : ctl_write(fd, "\r\n", 2);
}

int
deliver_run(int fd, const char *mailbox, FILE *f, size_t size, char *why,
    size_t whysize)
{
	struct buf	cmd;
	char		bye[256];
	int		r;

	if ((r = expect(fd, "* PREAUTH", why, whysize)) != DELIVER_DONE)
		return r;
	buf_init(&cmd, 65536);
	buf_puts(&cmd, "a APPEND ");
	if (deliver_mailbox(mailbox, &cmd) == -1) {
		snprintf(why, whysize, "invalid mailbox name");
		buf_free(&cmd);
		return DELIVER_REFUSED;
	}
	buf_printf(&cmd, " {%zu}\r\n", size);
	r = ctl_write(fd, cmd.data, cmd.len);
	buf_free(&cmd);
	if (r == 0 && (r = expect(fd, "+", why, whysize)) != DELIVER_DONE)
		return r;
	if (r == -1 || send_file(fd, f) == -1) {
		/* Its last words, if it had any. */
		if (expect(fd, "a OK", why, whysize) == DELIVER_DONE)
			snprintf(why, whysize, "the message was cut off");
		return DELIVER_LATER;
	}
	if ((r = expect(fd, "a OK", why, whysize)) == DELIVER_DONE &&
	    ctl_write(fd, "b LOGOUT\r\n", 10) == 0)
		while (ctl_read(fd, bye, sizeof(bye)) > 0)
			;
	return r;
}
