/*
 * Log lines: words and keys, one line an event, to stderr or syslog.
 * A line is logged where the answer is chosen, and nowhere else.
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

/*
 * Start logging as procname (kept by reference).  To stderr until
 * log_to_syslog() is called; the level is LOG_LEVEL_INFO until set.
 */
void	 log_init(const char *procname);
void	 log_to_syslog(void);
void	 log_set_level(enum log_level level);
bool	 log_is_debug(void);
/* 0 and the level for "error", "warn", "info", "debug"; else -1. */
int	 log_level_parse(const char *word, enum log_level *level);

/*
 * The plain forms append ": strerror(errno)", the x forms do not.  No
 * newline in fmt.  Bytes below 0x20 and 0x7f come out as \xNN, so that no
 * peer can forge a line.
 */
void	 log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	 log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	 log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	 log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * For start-up and our own broken invariants only; never for what a peer
 * or a bucket said.  Exit status 1.
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
 * A value that a stranger chose, for key=%s: as it is when it is one plain
 * word, else in quotes, so that it cannot pass for other keys.  Cut at size,
 * which is at least 3; returns dst.
 */
char	*log_word(char *dst, size_t size, const char *s);
char	*log_word_dup(const char *s);	/* malloc'd; NULL on ENOMEM */

#endif
