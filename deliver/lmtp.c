/*
 * One command after the other, none in advance: on a local socket that costs
 * nothing, and each answer is known to belong to its command.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "deliver/lmtp.h"

#define LINES_MAX	100	/* of a response */
#define BATCH		100	/* recipients: any server takes as many */
#define COMMAND_MAX	8192

struct lmtp {
	int	 fd;
	int	 patience;
	bool	 lost;		/* and cause says why */
	char	 cause[128];
	bool	 eight_bit, utf8, dsn, size;	/* announced */
	char	 in[4096];
	size_t	 at, have;
};

static void
lose(struct lmtp *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
lose(struct lmtp *l, const char *fmt, ...)
{
	va_list	ap;

	if (l->lost)
		return;		/* the first cause is the true one */
	l->lost = true;
	va_start(ap, fmt);
	vsnprintf(l->cause, sizeof(l->cause), fmt, ap);
	va_end(ap);
}

/* Until something is there, or can be written. */
static int
await(struct lmtp *l, short events, uint64_t until)
{
	struct pollfd	p = { .fd = l->fd, .events = events };
	uint64_t	now;
	int		r;

	do {
		now = clock_ms();
		r = poll(&p, 1, now < until ? (int)(until - now) : 0);
	} while (r == -1 && errno == EINTR);
	if (r > 0)
		return 0;
	if (r == 0)
		lose(l, "no answer within %d seconds", l->patience / 1000);
	else
		lose(l, "poll: %s", strerror(errno));
	return -1;
}

/* -1 without a cause: the server has gone; it may have left last words. */
static int
put(struct lmtp *l, const void *data, size_t len)
{
	const char	*p = data;
	uint64_t	 until = clock_ms() + (uint64_t)l->patience;
	ssize_t		 n;

	if (l->lost)
		return -1;
	while (len > 0) {
		n = send(l->fd, p, len, MSG_NOSIGNAL);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
			until = clock_ms() + (uint64_t)l->patience;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (await(l, POLLOUT, until) == -1)
				return -1;
		} else if (errno != EINTR)
			return -1;
	}
	return 0;
}

/* An answer's line, cut to size, without its end. */
static int
get_line(struct lmtp *l, char *line, size_t size, uint64_t until)
{
	size_t	n = 0;
	ssize_t	got;
	char	c;

	for (;;) {
		if (l->at == l->have) {
			got = recv(l->fd, l->in, sizeof(l->in), 0);
			if (got == -1 && errno == EINTR)
				continue;
			if (got == -1 && (errno == EAGAIN ||
			    errno == EWOULDBLOCK)) {
				if (await(l, POLLIN, until) == -1)
					return -1;
				continue;
			}
			if (got <= 0) {
				lose(l, "the server closed the connection");
				return -1;
			}
			l->at = 0;
			l->have = (size_t)got;
		}
		if ((c = l->in[l->at++]) == '\n')
			break;
		if (n < size - 1)
			line[n++] = c;
	}
	while (n > 0 && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	return 0;
}

/* The length of an enhanced status code of this class, and of the space behind
 * it (RFC 2034); 0: none. */
static size_t
enhanced_len(const char *s, char class)
{
	size_t	n = 1, digits;
	int	i;

	if (s[0] != class)
		return 0;
	for (i = 0; i < 2; i++) {
		if (s[n++] != '.')
			return 0;
		for (digits = 0; isdigit((unsigned char)s[n]); n++)
			digits++;
		if (digits < 1 || digits > 3)
			return 0;
	}
	return s[n] == ' ' ? n + 1 : s[n] == '\0' ? n : 0;
}

static void
feature(struct lmtp *l, const char *word)
{
	size_t	n = strcspn(word, " ");

	l->eight_bit |= n == 8 && strncasecmp(word, "8BITMIME", n) == 0;
	l->utf8 |= n == 8 && strncasecmp(word, "SMTPUTF8", n) == 0;
	l->dsn |= n == 3 && strncasecmp(word, "DSN", n) == 0;
	l->size |= n == 4 && strncasecmp(word, "SIZE", n) == 0;
}

static void
verdict_lost(const struct lmtp *l, struct lmtp_verdict *v)
{
	v->code = 451;
	strlcpy(v->enhanced, "4.4.2", sizeof(v->enhanced));
	strlcpy(v->text, l->cause, sizeof(v->text));
}

/* A response; the text is that of its last line. */
static void
get_reply(struct lmtp *l, struct lmtp_verdict *v)
{
	uint64_t	until = clock_ms() + (uint64_t)l->patience;
	char		line[1024];
	int		i;
	size_t		n;

	for (i = 0; !l->lost; i++) {
		if (i == LINES_MAX) {
			lose(l, "an endless response");
			break;
		}
		if (get_line(l, line, sizeof(line), until) == -1)
			break;
		if (line[0] < '2' || line[0] > '5' ||
		    !isdigit((unsigned char)line[1]) ||
		    !isdigit((unsigned char)line[2]) ||
		    (line[3] != ' ' && line[3] != '-' && line[3] != '\0')) {
			lose(l, "not LMTP: %.60s", line);
			break;
		}
		feature(l, line[3] != '\0' ? line + 4 : "");
		if (line[3] == '-')
			continue;
		v->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 +
		    line[2] - '0';
		n = line[3] == '\0' ? 0 : enhanced_len(line + 4, line[0]);
		if (n > 0)
			snprintf(v->enhanced, sizeof(v->enhanced), "%.*s",
			    (int)strcspn(line + 4, " "), line + 4);
		else
			snprintf(v->enhanced, sizeof(v->enhanced), "%c.0.0",
			    line[0]);
		strlcpy(v->text, line[3] == '\0' ? "" : line + 4 + n,
		    sizeof(v->text));
		if (v->code == 421)
			lose(l, "%s", v->text);
		return;
	}
	verdict_lost(l, v);
}

static void
ask(struct lmtp *l, const struct buf *cmd, struct lmtp_verdict *v)
{
	if (cmd->failed)
		lose(l, "a command too long");
	else
		(void)put(l, cmd->data, cmd->len);
	get_reply(l, v);
}

static bool
ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static bool
eight_bit(FILE *f, long long *size)
{
	char	text[16384];
	bool	eight = false;
	size_t	n, i;

	*size = 0;
	rewind(f);
	while ((n = fread(text, 1, sizeof(text), f)) > 0) {
		*size += (long long)n;
		for (i = 0; i < n; i++)
			eight |= (unsigned char)text[i] >= 0x80;
	}
	return eight;
}

static void
mail_from(struct lmtp *l, const struct lmtp_message *m,
    const struct lmtp_rcpt *r, size_t n, struct lmtp_verdict *v)
{
	struct buf	 cmd;
	const char	*s;
	long long	 size;
	bool		 eight = eight_bit(m->f, &size);
	bool		 utf8 = !ascii(m->sender);

	while (n-- > 0)
		utf8 |= !ascii(r++->address);
	buf_init(&cmd, COMMAND_MAX);
	buf_printf(&cmd, "MAIL FROM:<%s>", m->sender);
	if (l->size)
		buf_printf(&cmd, " SIZE=%lld", size);
	if (l->eight_bit && eight)
		buf_puts(&cmd, " BODY=8BITMIME");
	if (l->utf8 && utf8)
		buf_puts(&cmd, " SMTPUTF8");
	if (l->dsn && m->envid != NULL) {
		buf_puts(&cmd, " ENVID=");
		for (s = m->envid; *s != '\0'; s++)	/* xtext */
			if (*s == '+' || *s == '=')
				buf_printf(&cmd, "+%02X", (unsigned)*s);
			else
				buf_put_u8(&cmd, (uint8_t)*s);
	}
	buf_puts(&cmd, "\r\n");
	ask(l, &cmd, v);
	buf_free(&cmd);
}

static void
command(struct lmtp *l, struct lmtp_verdict *v, const char *fmt,
    const char *arg)
{
	struct buf	cmd;

	buf_init(&cmd, COMMAND_MAX);
	buf_printf(&cmd, "%s%s%s\r\n", fmt, arg,
	    strchr(fmt, '<') != NULL ? ">" : "");
	ask(l, &cmd, v);
	buf_free(&cmd);
}

/* Dot-stuffed; every line feed is the end of a line (common/crlf.h). */
static int
send_data(struct lmtp *l, FILE *f)
{
	char	text[8192], out[2 * sizeof(text)], last = '\n';
	size_t	n, i, len;

	rewind(f);
	while ((n = fread(text, 1, sizeof(text), f)) > 0) {
		for (i = len = 0; i < n; i++) {
			if (text[i] == '.' && last == '\n')
				out[len++] = '.';
			out[len++] = last = text[i];
		}
		if (put(l, out, len) == -1)
			return -1;
	}
	if (ferror(f)) {	/* what was sent must not count */
		lose(l, "cannot read the message again");
		(void)shutdown(l->fd, SHUT_WR);
		return -1;
	}
	return last == '\n' ? put(l, ".\r\n", 3) : put(l, "\r\n.\r\n", 5);
}

static bool
positive(const struct lmtp_verdict *v)
{
	return v->code >= 200 && v->code < 300;
}

/* All that have no other get this verdict. */
static void
settle(struct lmtp_rcpt *r, size_t n, const struct lmtp_verdict *v)
{
	for (; n > 0; r++, n--)
		if (r->verdict.code == 0)
			r->verdict = *v;
}

static void
data(struct lmtp *l, const struct lmtp_message *m, struct lmtp_rcpt *r,
    size_t n)
{
	struct lmtp_verdict	v;
	bool			whole;
	size_t			i;

	command(l, &v, "DATA", "");
	if (v.code != 354) {
		if (v.code < 400) {
			lose(l, "not LMTP: %d after DATA", v.code);
			verdict_lost(l, &v);
		}
		settle(r, n, &v);
		return;
	}
	whole = send_data(l, m->f) == 0;
	for (i = 0; i < n; i++) {
		if (r[i].verdict.code != 0)
			continue;
		get_reply(l, &r[i].verdict);
		if (r[i].verdict.code < 400 &&
		    (!whole || !positive(&r[i].verdict))) {
			lose(l, "not LMTP: %d %s the message",
			    r[i].verdict.code, whole ? "after" : "within");
			verdict_lost(l, &r[i].verdict);
		}
	}
}

static void
transaction(struct lmtp *l, const struct lmtp_message *m,
    struct lmtp_rcpt *r, size_t n)
{
	struct lmtp_verdict	v;
	size_t			i, accepted = 0;

	mail_from(l, m, r, n, &v);
	if (!positive(&v)) {
		settle(r, n, &v);
		return;
	}
	for (i = 0; i < n && !l->lost; i++) {
		command(l, &v, "RCPT TO:<", r[i].address);
		if (positive(&v))
			accepted++;
		else
			r[i].verdict = v;
	}
	if (accepted > 0 && !l->lost)
		data(l, m, r, n);
}

void
lmtp_deliver(int fd, const struct lmtp_message *m, struct lmtp_rcpt *r,
    size_t n)
{
	struct lmtp		l = { .fd = fd, .patience = m->patience_ms };
	struct lmtp_verdict	v;
	size_t			i, k;

	for (i = 0; i < n; i++)
		r[i].verdict.code = 0;
	get_reply(&l, &v);
	if (positive(&v))
		command(&l, &v, "LHLO ", m->helo);
	if (!positive(&v)) {
		/* The greeting says nothing about a recipient. */
		v.code = 451;
		v.enhanced[0] = '4';
		settle(r, n, &v);
	} else
		for (i = 0; i < n && !l.lost; i += k) {
			k = n - i < BATCH ? n - i : BATCH;
			transaction(&l, m, r + i, k);
			if (i + k < n && !l.lost)
				command(&l, &v, "RSET", "");
		}
	if (l.lost) {
		verdict_lost(&l, &v);
		settle(r, n, &v);
	} else
		(void)put(&l, "QUIT\r\n", 6);
}

int
lmtp_exit(const struct lmtp_verdict *v)
{
	static const struct {
		const char	*enhanced;	/* begins with */
		int		 code;		/* 0: any */
		int		 status;
	} t[] = {
		{ "5.1.7", 0, EX_UNAVAILABLE },	/* the sender's */
		{ "5.1.8", 0, EX_UNAVAILABLE },
		{ "5.1.", 0, EX_NOUSER },
		{ "5.2.", 0, EX_CANTCREAT },	/* mailbox full, off */
		{ "5.7.", 0, EX_NOPERM },
		{ "5.3.4", 0, EX_DATAERR },	/* too large */
		{ "5.6.", 0, EX_DATAERR },
		{ "", 550, EX_NOUSER },
		{ "", 552, EX_CANTCREAT },
		{ "", 553, EX_NOUSER },
		{ "", 554, EX_DATAERR },
	};
	size_t	i;

	if (positive(v))
		return EX_OK;
	if (v->code < 500)
		return EX_TEMPFAIL;
	for (i = 0; i < nitems(t); i++)
		if (strncmp(v->enhanced, t[i].enhanced,
		    strlen(t[i].enhanced)) == 0 &&
		    (t[i].code == 0 || t[i].code == v->code))
			return t[i].status;
	return EX_UNAVAILABLE;
}
