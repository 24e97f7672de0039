/* What a transaction is handed to: rcpt.h and delivery.h, or a test's fake. */
#ifndef LMTPD_ENGINE_H
#define LMTPD_ENGINE_H

#include "lmtpd/delivery.h"
#include "lmtpd/rcpt.h"

struct engine {
	struct rcpt	*(*rcpt_new)(struct event_base *, const char *,
			    const struct envelope *, rcpt_done_fn *, void *);
	void		 (*rcpt_free)(struct rcpt *);
	struct delivery	*(*delivery_new)(struct event_base *,
			    const struct envelope *, struct rcpt *const *,
			    size_t, const struct delivery_ops *, void *);
	size_t		 (*delivery_room)(const struct delivery *);
	void		 (*delivery_data)(struct delivery *, const void *,
			    size_t);
	void		 (*delivery_end)(struct delivery *);
	void		 (*delivery_free)(struct delivery *);
};

extern const struct engine *engine;

#endif
