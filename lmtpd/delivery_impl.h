/* Shared by delivery.c (the octets) and delivery_append.c (the recipients). */
#ifndef LMTPD_DELIVERY_IMPL_H
#define LMTPD_DELIVERY_IMPL_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <time.h>

#include "common/msg.h"
#include "common/sum.h"
#include "lmtpd/delivery.h"
#include "lmtpd/trace.h"

struct mail_parser;
struct parcel;

/* The parcel for one storaged. */
struct slot {
	struct delivery		*d;
	struct parcel		*parcel;	/* NULL: gone, or used up */
	uint32_t		 index;
	bool			 ready;
	bool			 gone;		/* v says why */
	size_t			 waiting;	/* recipients without answer */
	struct verdict		 v;
};

enum recipient_state {
	RECIPIENT_WAITS,	/* for the parcel, or for its turn */
	RECIPIENT_LOOKUP,	/* its channel had ended */
	RECIPIENT_APPENDS,
	RECIPIENT_DONE
};

struct recipient {
	struct delivery		*d;
	struct rcpt		*r;
	struct slot		*slot;
	enum recipient_state	 state;
	bool			 again;		/* was looked up again */
	bool			 plain;		/* its folder was refused */
	size_t			 digest;	/* bytes, while it appends */
};

struct delivery {
	struct event_base	*base;
	const struct envelope	*e;
	const struct delivery_ops *ops;
	void			*arg;
	char			 id[32];
	uint64_t		 began;		/* clock_ms() */

	struct mail_parser	*parser;
	struct sum		 sum;
	uint8_t			 sha256[32];
	uint64_t		 size;
	struct trace_header	 header;
	time_t			 now;		/* of delivery_end() */
	bool			 ended;
	bool			 flushed;	/* the parcels have all of it */
	bool			 failed;	/* v is everyone's answer */
	bool			 blocked;	/* it was said that room is 0 */
	struct verdict		 v;

	struct slot		*slots;
	size_t			 nslots;
	struct recipient	*v_rcpt;
	size_t			 n;
	size_t			 first;		/* all before it are done */
	size_t			 left;		/* without an answer */
	size_t			 appending;
	size_t			 digests;	/* bytes of them */

	struct event		 ev_pump;
	struct event		 ev_deadline;	/* stall, then conf.timeout */
	size_t			 held;
	uint8_t			 piece[MSG_DATA_MAX];
};

/* delivery.c: from the loop, soon. */
void	 delivery_wake(struct delivery *d);
/* delivery_append.c: all that can be done now. */
void	 recipients_pump(struct delivery *d);
/* The end of the time: those without an answer get one. */
void	 recipients_timeout(struct delivery *d);
/* No more callbacks. */
void	 recipients_stop(struct delivery *d);

#endif
