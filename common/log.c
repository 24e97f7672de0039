/*
 * Log lines to stderr, to syslog, or from a child to paild, which writes
 * them where they belong.  Each line is one write, so that the lines of
 * several processes do not mix; holds nothing that could forge another or
 * command a terminal; and is never waited for: what could not be written is
 * counted, and the next line that can tells how many they were.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/escape.h"
#include "common/log.h"
#include "common/log_context.h"
#include "common/log_field.h"
#include "common/log_form.h"
#include "common/log_out.h"

#define LOG_LAST_MS	500	/* for the words of fatal() */
#define LOG_RECORD	6144	/* of the journal: a line, and its fields */

static const struct {
	const char	*word;
	int		 priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_CRIT },
	[LOG_LEVEL_WARN] = { "warn", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG }
};

static const char	*log_name = "pail";
static enum log_level	 log_level = LOG_LEVEL_INFO;
static enum log_format	 log_format;
static enum { TO_STDERR, TO_SYSLOG, TO_PAILD, TO_JOURNAL } log_to;
static atomic_ulong	 log_lost;	/* lines, not yet told */

void
log_init(const char *procname)
{
	log_name = procname;
	tzset();
}

void
log_to_syslog(void)
{
	log_out_syslog(NULL);
	log_to = TO_SYSLOG;
}

int
log_to_journal(const char *path)
{
	if (log_out_journal(path) == -1)
		return -1;
	log_to = TO_JOURNAL;
	return 0;
}

void
log_set_format(enum log_format format)
{
	log_format = format;
}

int
log_format_parse(const char *word, enum log_format *format)
{
	if (strcmp(word, "text") == 0)
		*format = LOG_FORMAT_TEXT;
	else if (strcmp(word, "json") == 0)
		*format = LOG_FORMAT_JSON;
	else
		return -1;
	return 0;
}

void
log_to_paild(void)
{
	log_out_pipe();
	log_to = TO_PAILD;
}

void
log_set_level(enum log_level level)
{
	log_level = level;
}

bool
log_is_debug(void)
{
	return log_level >= LOG_LEVEL_DEBUG;
}

int
log_level_parse(const char *word, enum log_level *level)
{
	size_t i;

	for (i = 0; i < nitems(levels); i++) {
		if (strcmp(word, levels[i].word) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

/* "2026-11-29T16:00:00", which most lines have in common with the one before;
 * its length. */
static size_t
date(char *dst, size_t size, time_t sec)
{
	static _Thread_local time_t	said;
	static _Thread_local char	text[32];
	struct tm			tm;

	if (said != sec || text[0] == '\0') {
		gmtime_r(&sec, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
		said = sec;
	}
	return strlcpy(dst, text, size);
}

/* What stands before the text; its length. */
static size_t
head(char *dst, size_t size, const struct timespec *ts, enum log_level level,
    const struct log_source *from)
{
	struct tm	 tm;
	size_t		 len;
	int		 n;

	switch (log_to) {
	case TO_PAILD:
		n = snprintf(dst, size, "%c%c", LOG_FRAME,
		    '0' + (int)level);
		return n < 0 ? 0 : (size_t)n;
	case TO_SYSLOG:		/* RFC 3164, as syslog(3) sends it */
		localtime_r(&ts->tv_sec, &tm);
		n = snprintf(dst, size, "<%d>", LOG_MAIL | from->priority);
		len = n < 0 ? 0 : (size_t)n;
		len += strftime(dst + len, size - len, "%b %e %H:%M:%S ",
		    &tm);
		n = snprintf(dst + len, size - len, "%s[%ld]: ",
		    from->process, from->pid);
		len += n < 0 ? 0 : (size_t)n;
		if (log_format == LOG_FORMAT_JSON)
			return len;
		n = snprintf(dst + len, size - len, "%s: ", from->level);
		return n < 0 ? len : len + (size_t)n;
	default:
		if (log_format == LOG_FORMAT_JSON)
			return 0;
		len = date(dst, size, ts->tv_sec);
		n = snprintf(dst + len, size - len, ".%03ldZ %s[%ld] %s: ",
		    ts->tv_nsec / 1000000, from->process, from->pid,
		    from->level);
		return n < 0 ? len : len + (size_t)n;
	}
}

static bool
put(enum log_level level, const char *name, long pid, const char *text)
{
	const struct log_source	 from = { levels[level].word,
				    levels[level].priority, name, pid };
	struct timespec		 ts;
	char			 line[LOG_RECORD];
	size_t			 len, max = LOG_LINE_MAX + 128;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (log_to == TO_JOURNAL) {
		len = log_form_journal(line, sizeof(line) - 1, &from, text);
		line[len++] = LOG_OUT_END;
		return log_out_line(line, len);
	}
	len = head(line, sizeof(line), &ts, level, &from);
	if (log_format == LOG_FORMAT_JSON && log_to != TO_PAILD)
		len += log_form_json(line + len, PIPE_BUF - 1 - len, &ts,
		    &from, text);
	else {
		len += strlcpy(line + len, text, max - len - 1);
		if (len > max - 2)
			len = max - 2;
	}
	line[len++] = '\n';
	return log_out_line(line, len);
}

/* text is fit to be printed. */
static void
log_line(enum log_level level, const char *name, long pid, const char *text)
{
	char		told[64];
	unsigned long	lost = atomic_exchange(&log_lost, 0);

	if (lost != 0) {
		snprintf(told, sizeof(told), "%lu lines lost", lost);
		if (!put(LOG_LEVEL_WARN, log_name, (long)getpid(), told)) {
			atomic_fetch_add(&log_lost, lost + 1);
			return;
		}
	}
	if (!put(level, name, pid, text))
		atomic_fetch_add(&log_lost, 1);
}

void
log_of(const char *name, long pid, const void *src, size_t len)
{
	const char	*p = src;
	char		 text[LOG_LINE_MAX];
	enum log_level	 level = LOG_LEVEL_WARN;
	size_t		 n = 0;

	if (len >= 2 && p[0] == LOG_FRAME && p[1] >= '0' &&
	    p[1] < '0' + (int)nitems(levels)) {
		level = (enum log_level)(p[1] - '0');
		p += 2;
		len -= 2;
	} else if (len == 0)
		return;
	else	/* a library's, or the system's */
		n = strlcpy(text, "stderr: ", sizeof(text));
	escape_text(text + n, sizeof(text) - n, p, len, 0);
	log_line(level, name, pid, text);
}

/* Not in a value, which may be a stranger's. */
static bool
has_session(const char *text)
{
	static const char	key[] = "session";
	struct log_field	f;

	if (strstr(text, "session=") == NULL)
		return false;
	while (log_field_next(&text, &f))
		if (f.key_len == strlen(key) &&
		    memcmp(f.key, key, f.key_len) == 0)
			return true;
	return false;
}

/* For whom it was, unless the line says so; never cut, the line may be. */
static void
add_context(char *text, size_t size)
{
	char	context[LOG_CONTEXT_TEXT];
	size_t	n, len = strlen(text);

	log_context_text(context, !has_session(text), log_is_debug());
	if ((n = strlen(context)) == 0)
		return;
	if (len + n >= size)
		len = size - n - 1;
	while (len > 0 && (text[len] & 0xc0) == 0x80)	/* in a character */
		len--;
	memcpy(text + len, context, n + 1);
}

static void __attribute__((format(printf, 3, 0)))
vlog(enum log_level level, int error, const char *fmt, va_list ap)
{
	char	raw[LOG_LINE_MAX], text[LOG_LINE_MAX];
	int	saved = errno, n;
	size_t	len;

	if (level > log_level)
		return;
	n = vsnprintf(raw, sizeof(raw), fmt, ap);
	len = n < 0 ? 0 : (size_t)n < sizeof(raw) ? (size_t)n :
	    sizeof(raw) - 1;
	raw[len] = '\0';
	if (error != 0) {
		strlcat(raw, ": ", sizeof(raw));
		strlcat(raw, strerror(error), sizeof(raw));
	}
	escape_text(text, sizeof(text), raw, strlen(raw), 0);
	add_context(text, sizeof(text));
	/* paild knows whose it is. */
	log_line(level, log_name, log_to == TO_PAILD ? 0 : (long)getpid(),
	    text);
	errno = saved;
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_LEVEL_DEBUG, 0, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_LEVEL_INFO, 0, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_LEVEL_WARN, errno, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_LEVEL_WARN, 0, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_LEVEL_ERROR, errno, fmt, ap);
	va_end(ap);
	log_out_drain(LOG_LAST_MS);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_LEVEL_ERROR, 0, fmt, ap);
	va_end(ap);
	log_out_drain(LOG_LAST_MS);
	exit(1);
}

char *
log_quote(char *dst, size_t size, const void *src, size_t len)
{
	if (size > 0)
		escape_text(dst, size, src, len, ESCAPE_QUOTE);
	return dst;
}

char *
log_word(char *dst, size_t size, const char *s)
{
	static const char	 plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@._+:-";
	size_t			 len = strlen(s);

	if (len > 0 && len < size && strspn(s, plain) == len) {
		memcpy(dst, s, len + 1);
		return dst;
	}
	dst[0] = '"';
	log_quote(dst + 1, size - 2, s, len);
	len = strlen(dst);
	dst[len] = '"';
	dst[len + 1] = '\0';
	return dst;
}

char *
log_word_dup(const char *s)
{
	size_t	 size = 4 * strlen(s) + 3;
	char	*dst, *fit;

	if ((dst = malloc(size)) == NULL)
		return NULL;
	log_word(dst, size, s);
	fit = realloc(dst, strlen(dst) + 1);
	return fit != NULL ? fit : dst;
}
