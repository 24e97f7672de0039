/* /readyz: may clients be sent here (known/ready.h)? */
#include "common/compat.h"

#include "admind/conf.h"
#include "admind/known/ready.h"
#include "admind/page.h"

void
page_readyz(struct state *s, const struct head *h, bool known,
    struct answer *a)
{
	(void)h;
	ready_say(s, conf.ready_within, &a->body);
	if (a->body.len == 0 && !a->body.failed)
		answer_text(a, 200, "ok");
	else if (!known)
		answer_text(a, 503, "not ready");
	else
		a->status = 503;
}
