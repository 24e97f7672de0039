/*
 * Internal to the check: shared by s3_check*.c only.
 */
#ifndef STORAGED_S3_CHECK_INT_H
#define STORAGED_S3_CHECK_INT_H

#include "storaged/bucket/s3/blob_s3.h"
#include "storaged/bucket/s3/s3_check.h"
#include "storaged/bucket/s3/s3_probe.h"
#include "storaged/bucket/s3/s3_request.h"

#define CHECK_ADDRESSES	8
#define CHECK_LACKS	8	/* rights, at most */

struct s3_check {
	struct event_base *base;
	struct s3	*s3;
	struct helper_pool *pool;	/* name lookups */
	struct http	*any;		/* takes any certificate, to see it */
	struct s3_check_who who;
	unsigned	 step;		/* the next one */
	struct buf	 report;
	char		 line[1800];
	char		 key[200];	/* the access key's ID, to be printed */
	/* the name */
	char		 host[500];
	char		 addresses[CHECK_ADDRESSES][64];
	int		 naddresses;
	const char	*lookup;	/* why it failed; NULL: it has not */
	bool		 without;	/* the bucket's part it would resolve */
	char		 link[1200];	/* why there is no connection */
	/* the rights */
	unsigned	 right;
	char		 object[KEY_MAX];
	bool		 listed, written;
	const char	*lacks[CHECK_LACKS];
	unsigned	 nlacks;
	s3_check_cb	 cb;
	void		*arg;
};

#define s3_check_say(c, mark, ...) probe_say(&(c)->report, mark, __VA_ARGS__)
/* s3_check.c: what fails ends the check.  refused: known to be so; else it may
 * pass. */
void	 s3_check_fail(struct s3_check *c, bool refused, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* The same of a request's answer: its cause, if it names one. */
void	 s3_check_answer(struct s3_check *c, const char *what,
	    const struct s3_answer *a);
void	 s3_check_next(struct s3_check *c);

/* The steps; each ends with s3_check_next() or s3_check_fail(). */
void	 s3_check_credentials(struct s3_check *c);	/* s3_check.c */
void	 s3_check_name(struct s3_check *c);		/* s3_check_link.c */
void	 s3_check_connect(struct s3_check *c);
void	 s3_check_bucket(struct s3_check *c);		/* s3_check_right.c */
void	 s3_check_rights(struct s3_check *c);

#endif
