/*
 * A bucket that is away without a word: its connections hang, and nobody
 * says that they are dead.  When nothing was heard for a while although
 * requests are under way, the endpoint is asked on a new connection, until
 * it answers; then what still hangs is broken off, and tried again where
 * that is right, instead of waiting for its stall.
 */
#ifndef STORAGED_S3_AWAY_H
#define STORAGED_S3_AWAY_H

#include <stdbool.h>
#include <stdint.h>

struct event;
struct http_request;
struct s3;

struct s3_away {
	struct event	*timer;		/* runs while requests fly */
	struct http_request *asking;
	uint64_t	 heard;		/* ms: the last answer, or when the
					   first of the requests was sent */
	bool		 away;		/* was asked in vain */
	bool		 answered;	/* a request, since then */
	bool		 back;		/* has answered since */
};

void	 s3_away_init(struct s3 *s3);
void	 s3_away_free(struct s3 *s3);
/* A request goes out; an answer has come. */
void	 s3_away_sent(struct s3 *s3);
void	 s3_away_heard(struct s3 *s3);

#endif
