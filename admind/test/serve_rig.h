/* Requests to the admin page, with pages of the test and the desk that is
 * played. */
#ifndef ADMIND_TEST_SERVE_RIG_H
#define ADMIND_TEST_SERVE_RIG_H

#include "admind/http/head.h"
#include "admind/test/desk_fake.h"
#include "admind/web/csrf.h"

#define SESSION	"__Host-pail=" FAKE_TOKEN
#define GUARD	"89abcdef0123456789abcdef01234567" \
		"89abcdef0123456789abcdef01234567"

extern int status;		/* of the last answer; 0: none yet */
extern char fields[8192], body[65536];
extern char csrf[CSRF_LEN + 1];	/* of SESSION */
extern struct web *waiting;	/* the last request; NULL: it is answered */
extern bool refuses;		/* the desk, the next request */

void	 serve_rig_begin(void);
/* A request as it is, to a path with its query; cookie, form: NULL for none. */
struct head serve_rig_head(enum head_method method, const char *url,
	    const char *cookie, const char *form);
void	 serve_rig_send(const struct head *h, const char *form, bool tls);
/* Both, by TLS. */
void	 ask(enum head_method method, const char *url, const char *cookie,
	    const char *form);
/* A POST from a form of ours. */
void	 post(const char *url, const char *form);
/* Of the last answer; location NULL: none. */
void	 is(int want, const char *location);

#endif
