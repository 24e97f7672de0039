/* An HTTP server on loopback, in the test's own loop, and one look through a
 * source. */
#ifndef CREDD_TEST_HTTP_FAKE_H
#define CREDD_TEST_HTTP_FAKE_H

#include "credd/files.h"
#include "credd/source.h"

struct evhttp_request;

/* Answers a request, or keeps it to be silent. */
typedef void (*http_fake_cb)(struct evhttp_request *req);

/* The world of the source; base, net and clock are set.  url: of the server,
 * "http://127.0.0.1:PORT". */
extern struct source_world http_fake_world;
extern char http_fake_url[64];
extern int64_t http_fake_now;

void	 http_fake_begin(http_fake_cb cb);
void	 http_fake_end(void);
/* status, and a body ("": none). */
void	 http_fake_answer(struct evhttp_request *req, int status,
	    const char *body);
/* A header of the request; "": it has none. */
const char *http_fake_header(struct evhttp_request *req, const char *name);
/* What paild would answer for this name (absent, unless it is said); data is
 * the reason where it failed.  Replaces an earlier one. */
void	 http_fake_file(const char *what, enum setup_give_outcome outcome,
	    const char *data);
/* Asks s once, to its answer, which is kept here. */
void	 http_fake_look(const struct source *s, const struct slice *conf);
extern enum source_outcome http_fake_outcome;
extern struct cred_secret http_fake_secret;	/* zeroed unless found */
extern unsigned http_fake_poll;
extern char http_fake_why[SOURCE_WHY_MAX];

#endif
