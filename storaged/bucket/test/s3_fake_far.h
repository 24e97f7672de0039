/*
 * A fake server that is far away (s3_fake.h): what comes is held until
 * nothing more has come for a while, and answered together.  Only for unit
 * tests.
 */
#ifndef STORAGED_S3_FAKE_FAR_H
#define STORAGED_S3_FAKE_FAR_H

struct event_base;
struct evhttp_request;
struct fake_far;

/* ms: without another request; then serve() is called for each, in order. */
struct fake_far *fake_far_new(struct event_base *base, unsigned ms,
	    void (*serve)(struct evhttp_request *r, void *arg), void *arg);
/* What is held is never answered.  NULL is fine. */
void	 fake_far_free(struct fake_far *far);
void	 fake_far_hold(struct fake_far *far, struct evhttp_request *r);
/* Of the requests of wait number at, the last PUT with text in its URI is
 * answered only by wait number until. */
void	 fake_far_late(struct fake_far *far, const char *text, unsigned at,
	    unsigned until);
unsigned fake_far_waits(const struct fake_far *far);	/* times served */

#endif
