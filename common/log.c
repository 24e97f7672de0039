/*
 * Log lines to stderr or syslog.  Each line is one write, so that the lines
 * of several processes do not mix, and holds no control character, so that
 * no peer can forge one.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/log.h"

#define LOG_LINE_MAX	2048	/* bytes; what is longer is cut */

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
static bool		 log_syslog;

void
log_init(const char *procname)
{
	log_name = procname;
	tzset();
}

void
log_to_syslog(void)
{
	openlog(log_name, LOG_PID | LOG_NDELAY, LOG_MAIL);
	log_syslog = true;
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

/* Copies src to dst with control characters as \xNN; cuts at size. */
static size_t
escape(char *dst, size_t size, const char *src)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char	  c;
	size_t		  n = 0;

	for (; (c = (unsigned char)*src) != '\0'; src++) {
		if (c >= 0x20 && c != 0x7f) {
			if (n + 1 >= size)
				break;
			dst[n++] = (char)c;
			continue;
		}
		if (n + 4 >= size)
			break;
		dst[n++] = '\\';
		dst[n++] = 'x';
		dst[n++] = hex[c >> 4];
		dst[n++] = hex[c & 15];
	}
	dst[n] = '\0';
	return n;
}

static void
to_stderr(enum log_level level, const char *text)
{
	char		 line[LOG_LINE_MAX + 128];
	struct timespec	 ts;
	struct tm	 tm;
	size_t		 len;
	ssize_t		 r;
	int		 n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	len = strftime(line, 64, "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(line + len, sizeof(line) - len, ".%03ldZ %s[%ld] %s: ",
	    ts.tv_nsec / 1000000, log_name, (long)getpid(),
	    levels[level].word);
	if (n < 0)
		return;
	len += (size_t)n;
	len += strlcpy(line + len, text, sizeof(line) - len - 1);
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	do
		r = write(STDERR_FILENO, line, len);
	while (r == -1 && errno == EINTR);
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
	escape(text, sizeof(text), raw);
	if (log_syslog)
		syslog(levels[level].priority, "%s: %s", levels[level].word,
		    text);
	else
		to_stderr(level, text);
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
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_LEVEL_ERROR, 0, fmt, ap);
	va_end(ap);
	exit(1);
}

char *
log_quote(char *dst, size_t size, const void *src, size_t len)
{
	static const char	 hex[] = "0123456789abcdef";
	const unsigned char	*p = src;
	size_t			 i, n = 0;

	if (size == 0)
		return dst;
	for (i = 0; i < len; i++) {
		if (p[i] == '"' || p[i] == '\\') {
			if (n + 2 >= size)
				break;
			dst[n++] = '\\';
			dst[n++] = (char)p[i];
		} else if (p[i] < 0x20 || p[i] == 0x7f) {
			if (n + 4 >= size)
				break;
			dst[n++] = '\\';
			dst[n++] = 'x';
			dst[n++] = hex[p[i] >> 4];
			dst[n++] = hex[p[i] & 15];
		} else {
			if (n + 1 >= size)
				break;
			dst[n++] = (char)p[i];
		}
	}
	dst[n] = '\0';
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
