/*
 * Parcels: messages that lmtpd brings once, whatever the number of their
 * recipients here (msg_deliver.h).  Each lmtpd has a channel of its own, and
 * limits on all that it can make grow; what makes no sense costs it that
 * channel, and with it its parcels, but not what was made from them already.
 */
#ifndef STORAGED_PARCEL_H
#define STORAGED_PARCEL_H

#include <stddef.h>
#include <stdint.h>

#define PARCELS_MAX	1024		/* of one lmtpd */
#define PARCELS_FILES	256		/* of them on disk */
#define PARCEL_MEMORY	(32 * 1024)	/* of one, before it spools */
#define PARCELS_MEMORY	(8 * 1024 * 1024) /* of those that do not */
#define PARCEL_SILENCE	600	/* seconds without a message about it: it is
				   forgotten */

struct env;
struct parcel;

/* Once; env is kept. */
void	 parcels_init(struct env *env);
/* The channel of lmtpd number index; takes fd.  An earlier one is closed, its
 * parcels are gone. */
void	 parcels_channel(uint32_t index, int fd);
/* How many there are, of all lmtpds. */
unsigned parcels_count(void);
/* Forgets those that nothing was said of for PARCEL_SILENCE at that time
 * (clock.h). */
void	 parcels_age(uint64_t now_ms);

/*
 * The parcel that lmtpd number index calls id, if it is whole: kept until
 * parcel_let(), even if it is dropped meanwhile.  NULL: there is none.
 */
struct parcel *parcel_keep(uint32_t index, uint32_t id);
void	 parcel_let(struct parcel *p);		/* NULL is fine */
uint64_t parcel_size(const struct parcel *p);	/* octets */
/* Exactly len of its octets, which it has.  -1 with errno; ESTALE: its room on
 * disk was needed for others. */
int	 parcel_read(const struct parcel *p, void *buf, size_t len,
	    uint64_t at);

#endif
