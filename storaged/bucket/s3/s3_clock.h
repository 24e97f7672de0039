/*
 * The server's clock, as far as it matters to signatures: S3 refuses a request
 * that is signed as of a time more than 15 minutes from its own
 * (RequestTimeTooSkewed).  Then this host's clock, or the server's, is wrong;
 * all requests of the process are signed as of the server's time until the two
 * agree again.  A warning each way.
 */
#ifndef STORAGED_S3_CLOCK_H
#define STORAGED_S3_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define S3_CLOCK_SKEW	900	/* s: what S3 tolerates */
#define S3_CLOCK_AGREE	300	/* s: so close, no offset is needed */
/* s: no offset beyond; credd sends the keys of the days within. */
#define S3_CLOCK_MAX	(6 * 3600)

struct s3_clock {
	int64_t	 offset;	/* s: the server's is ahead by so much; 0:
				   none is in use */
};

/* The time as of which requests are signed; wall: this host's.  Seconds since
 * 1970. */
int64_t	 s3_clock_now(const struct s3_clock *c, int64_t wall);
/* Was a request refused for its time?  By the code, or by date (the answer's;
 * 0: it has none), for a HEAD is answered without a code.  signed_at: as of
 * when it was signed. */
bool	 s3_clock_refused(int status, const char *code, int64_t date,
	    int64_t signed_at);
/* Measures by an answer (refused: for its time): sets the offset, follows it,
 * or lets it go. */
void	 s3_clock_heard(struct s3_clock *c, int64_t date, int64_t wall,
	    bool refused);

#endif
