/*
 * A bucket that becomes unavailable silently: its connections hang without
 * being closed.  If nothing is received for a while although requests are in
 * progress, the endpoint is tried on a new connection until it responds;
 * requests that still hang are then aborted, and retried where permitted,
 * instead of waiting for their stall timeout.
 */
#ifndef STORAGED_S3_AWAY_H
#define STORAGED_S3_AWAY_H

#include <stdbool.h>
#include <stdint.h>

struct event;
struct event_base;
struct http;
struct http_request;

/* Whose requests are watched. */
struct s3_away_of {
	struct http	*http;
	const char	*endpoint;	/* https://host[:port], borrowed */
	/* How many are under way. */
	unsigned	(*flying)(void *arg);
	/* Records the progress of each request; later, aborts those that have
	 * made none since.  Returns how many. */
	void		(*mark)(void *arg);
	unsigned	(*break_off)(void *arg);
	void		*arg;
};

struct s3_away {
	struct s3_away_of of;
	struct event	*timer;		/* runs while requests fly */
	struct http_request *asking;
	uint64_t	 heard;		/* ms: the last response, or when the
					   first of the requests was sent */
	bool		 away;		/* was asked in vain */
	bool		 answered;	/* a request, since then */
	bool		 back;		/* has answered since */
	bool		 lost;		/* the last request that ended was
					   taken, and never answered */
};

/* fatal()s when out of memory. */
void	 s3_away_init(struct s3_away *a, struct event_base *base,
	    const struct s3_away_of *of);
void	 s3_away_free(struct s3_away *a);	/* also one of zeros */
/* A request goes out; an answer has come; none will (sent: it was taken). */
void	 s3_away_sent(struct s3_away *a);
void	 s3_away_heard(struct s3_away *a);
void	 s3_away_unheard(struct s3_away *a, bool sent);

#endif
