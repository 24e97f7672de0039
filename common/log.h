/*
 * Log lines: words and keys, one line per event, to stderr or syslog.  An event
 * is logged where it is decided how to respond, and nowhere else.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

enum log_format {
	LOG_FORMAT_TEXT,	/* time process[pid] level: words key=value */
	LOG_FORMAT_JSON		/* an object for each line: log_form.h */
};

#define LOG_LINE_MAX	2048	/* bytes of text; longer ones are truncated */
#define LOG_FRAME	'\x1e'	/* begins a line to paild */

/*
 * Start logging as procname (kept by reference).  To stderr until one of the
 * next two is called; the level is LOG_LEVEL_INFO until set.  Logging never
 * blocks: lines that cannot be written are counted, and the next one that can
 * be is preceded by "N lines lost".
 */
void	 log_init(const char *procname);
void	 log_to_syslog(void);
/*
 * To systemd's journal at the socket path (NULL: the system's), with each key
 * as a field of its own.  -1 with errno: nobody listens there, and lines still
 * go where they went.
 */
int	 log_to_journal(const char *path);
void	 log_set_format(enum log_format format);	/* not of the journal */
/* 0 and the format for "text", "json"; else -1. */
int	 log_format_parse(const char *word, enum log_format *format);
/*
 * A child logs to a pipe to paild, on stderr: a line is LOG_FRAME, the level as
 * a digit, and the text. paild knows the process and adds the time.
 */
void	 log_to_paild(void);
/*
 * In paild: logs a line (without its newline) from the process name and pid,
 * either made by log_to_paild() or anything else written to its stderr.
 */
void	 log_of(const char *name, long pid, const void *src, size_t len);
void	 log_set_level(enum log_level level);
bool	 log_is_debug(void);
/* 0 and the level for "error", "warn", "info", "debug"; else -1. */
int	 log_level_parse(const char *word, enum log_level *level);

/*
 * The plain forms append ": strerror(errno)", the x forms do not.  No newline
 * in fmt.  Bytes that could forge a line or control a terminal are written as
 * \xNN (common/escape.h).
 */
void	 log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	 log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	 log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	 log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Only for startup and for violations of our own invariants, never because of
 * what a peer or a bucket sent.  Exits with status 1.
 */
void	 fatal(const char *fmt, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));
void	 fatalx(const char *fmt, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));

/*
 * Quote len bytes for a log value: why="...".  Writes at most size bytes
 * with the NUL; returns dst.
 */
char	*log_quote(char *dst, size_t size, const void *src, size_t len);
/*
 * An untrusted value, for key=%s: unchanged if it is a single plain word, else
 * quoted, so that it cannot be mistaken for other keys.  Truncated to size,
 * which is at least 3; returns dst.
 */
char	*log_word(char *dst, size_t size, const char *s);
char	*log_word_dup(const char *s);	/* malloc'd; NULL on ENOMEM */

#endif
