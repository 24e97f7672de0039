/* pailctl quota: how much mail a user has. */
#ifndef STORAGED_QUOTA_REPORT_H
#define STORAGED_QUOTA_REPORT_H

struct user_quota;

#define QUOTA_REPORTS_MAX	64	/* at once */

/*
 * Opens the user of that id as a login does, reads the head, and writes a line
 * to fd (taken; closed at the end): "bytes=N of=N messages=N of=N", or
 * "error: TEXT".  The quota counts for the user from now on.
 */
void	 quota_report(const char *id, const struct user_quota *q, int fd);

#endif
