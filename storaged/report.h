/* Readable reports for the operator (CTL_REPORT). */
#ifndef STORAGED_REPORT_H
#define STORAGED_REPORT_H

#include <stdbool.h>

struct blob_store;
struct event_base;

/* The head, manifest, log objects and records of a user, as lines or as JSON
 * (pailctl(8)), to fd (closed at the end).  Nothing blocks; errors are part of
 * the report. */
void	 report_dump(struct event_base *base, struct blob_store *store,
	    const char *user, bool json, int fd);
/* A text and a newline, and the end. */
void	 report_line(struct event_base *base, int fd, const char *text);
/* The same of the document {"error": text}. */
void	 report_error(struct event_base *base, int fd, const char *text);

#endif
