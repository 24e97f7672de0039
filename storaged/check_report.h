/* "store check" as JSON. */
#ifndef STORAGED_CHECK_REPORT_H
#define STORAGED_CHECK_REPORT_H

#include "common/buf.h"

/*
 * report: lines of probe_say(), and the one that says what follows ("probe=",
 * s3_probe.h).  The document {"steps": [...], "verdict": ..., "summary": ...},
 * with a newline (pailctl(8)).
 */
void	 check_report_json(struct str report, struct buf *out);

#endif
