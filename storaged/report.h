/* Readable reports for the operator (CTL_REPORT). */
#ifndef STORAGED_REPORT_H
#define STORAGED_REPORT_H

/* The head, manifest, log objects and records of a user, to fd (closed at
 * the end).  Nothing blocks; errors are part of the report. */
void	 report_dump(const char *user, int fd);
/* A text and a newline, and the end. */
void	 report_line(int fd, const char *text);

#endif
