/* "pailctl ingest list" and "pailctl ingest retry". */
#ifndef STORAGED_INGEST_REPORT_H
#define STORAGED_INGEST_REPORT_H

#include <stdbool.h>

/* The whole report, of one line each, or a JSON document (pailctl(8)); without
 * the last newline; dies with the call. */
typedef void (*ingest_report_cb)(const char *text, void *arg);

/* What waits, and what is in failed/ of all places. */
void	 ingest_list(bool json, ingest_report_cb cb, void *arg);
/*
 * Tries what is in failed/ again: id (as list has it; hostile), or all ("").
 * The report comes when all is settled; a line that begins with "error:" is the
 * last if one was not delivered.
 */
void	 ingest_retry(const char *id, bool json, ingest_report_cb cb,
	    void *arg);

#endif
