/*
 * Calls of Amazon SQS (its JSON protocol, 1.0), signed with the key that credd
 * derives for the service sqs.  Each is sent once: what it was for is done
 * again when the queue gives the message again.
 */
#ifndef STORAGED_SQS_H
#define STORAGED_SQS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/slice.h"

struct cred_key;
struct event_base;
struct sandbox;
struct sqs;
struct sqs_call;

struct sqs_answer {
	bool		 ok;		/* 200 */
	bool		 too_long;	/* more than max_body */
	const uint8_t	*body;		/* of a 200; dies with the call */
	size_t		 len;
	const char	*why;		/* it is not ok */
};
typedef void (*sqs_cb)(const struct sqs_answer *a, void *arg);
/* The server has refused this access key. */
typedef void (*sqs_refused_cb)(const char *access_key, const char *why,
	    void *arg);

void	 sqs_reach(const char *url, struct sandbox *box);
/* The queue of this URL (sqs_url.h); conf: store.* of the place, for what its
 * connections need.  NULL with the reason in why. */
struct sqs *sqs_new(struct event_base *base, const char *url,
	    const struct slice *conf, sqs_refused_cb refused, void *arg,
	    char *why, size_t size);
void	 sqs_free(struct sqs *s);	/* no callbacks; NULL is fine */
void	 sqs_set_key(struct sqs *s, const struct cred_key *key);
bool	 sqs_ready(const struct sqs *s);	/* there is a key for today */

/*
 * "ReceiveMessage" and the like; members: of its object beside QueueUrl, or "".
 * Exactly one callback, later, unless it is cancelled.
 */
struct sqs_call *sqs_call(struct sqs *s, const char *action,
	    const char *members, size_t max_body, unsigned timeout_ms,
	    sqs_cb cb, void *arg);
void	 sqs_cancel(struct sqs_call *c);	/* NULL is fine */

#endif
