/* Shared by deliver_fake.c and deliver_fake_mbox.c. */
#ifndef LMTPD_TEST_DELIVER_FAKE_IMPL_H
#define LMTPD_TEST_DELIVER_FAKE_IMPL_H

#include "common/msg_deliver.h"
#include "lmtpd/test/deliver_fake.h"

struct peer;

struct fake_parcel {
	TAILQ_ENTRY(fake_parcel) entry;
	uint32_t		 index;
	uint32_t		 id;
	size_t			 room;
	bool			 whole;
	struct buf		 data;
};

struct fake_append {
	TAILQ_ENTRY(fake_append) entry;
	uint32_t		 id;
	char			 box[64];
	bool			 has;		/* APPEND_PARCEL came */
	bool			 waits;		/* and APPEND_DONE */
	struct fake_mail	*mail;
};

struct fake_session {
	TAILQ_ENTRY(fake_session) entry;
	TAILQ_HEAD(, fake_append) appends;
	struct peer		*peer;
	uint32_t		 index;
	char			 user[64];
};

extern struct fake_ends {
	struct event_base	*base;
	struct peer		*authd;
	struct peer		*storaged[FAKE_STORAGED];
	TAILQ_HEAD(, fake_parcel) parcels;
	TAILQ_HEAD(, fake_session) sessions;
} fake_ends;

struct fake_parcel *fake_parcel_find(uint32_t index, uint32_t id);
/* storaged's end of a granted channel. */
void	 fake_session(const char *user, uint32_t index, int fd);
void	 fake_sessions_close(uint32_t index);

#endif
