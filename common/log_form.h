/*
 * Log lines in another form than text: JSON, or a message of systemd's journal.
 * text is a line as log.h makes them, valid UTF-8 without control characters.
 */
#ifndef COMMON_LOG_FORM_H
#define COMMON_LOG_FORM_H

#include <stddef.h>
#include <time.h>

struct log_source {
	const char	*level;		/* "info" */
	int		 priority;	/* the same of syslog(3) */
	const char	*process;	/* "imapd/0" */
	long		 pid;
};

/*
 * One JSON object: time (RFC 3339, UTC, milliseconds), level, process, pid (a
 * number), message (what is no key) and the line's keys, as strings.  A key of
 * the line that has one of these names, or that is there already, gets a "_"
 * behind it. What does not fit into size is cut, and "truncated" is true then;
 * it is valid all the same.  size: 512 at least.  Its length.
 */
size_t	 log_form_json(char *dst, size_t size, const struct timespec *when,
	    const struct log_source *from, const char *text);
/*
 * The native protocol of systemd-journald: MESSAGE (the whole line), PRIORITY,
 * SYSLOG_FACILITY, SYSLOG_IDENTIFIER, SYSLOG_PID, and PAIL_KEY for each key.
 * Fields that do not fit into size are left out.  Its length.
 */
size_t	 log_form_journal(char *dst, size_t size,
	    const struct log_source *from, const char *text);

#endif
