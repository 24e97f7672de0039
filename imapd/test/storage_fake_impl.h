/* The fake's own structures. */
#ifndef IMAPD_TEST_STORAGE_FAKE_IMPL_H
#define IMAPD_TEST_STORAGE_FAKE_IMPL_H

#include "common/compat.h"

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/arena.h"
#include "common/msg.h"
#include "common/msg_mbox.h"
#include "common/peer.h"
#include "common/uidset.h"
#include "imapd/test/storage_fake.h"

#define FAKE_KEYWORDS	64

struct fake_msg {
	TAILQ_ENTRY(fake_msg)	 entry;
	uint32_t		 uid;
	uint8_t			 flags;
	uint64_t		 keywords;	/* bit: number */
	uint64_t		 modseq;
	int64_t			 date;
	int16_t			 zone;
	struct buf		 data;
	struct buf		 digest;
	bool			 damaged;
};

struct fake_box {
	TAILQ_ENTRY(fake_box)	 entry;
	char			*name;
	uint64_t		 id;		/* 0: only subscribed */
	uint32_t		 attrs;
	uint32_t		 uidvalidity;
	uint32_t		 uidnext;
	uint32_t		 recent;	/* UIDs from here nobody saw */
	TAILQ_HEAD(fake_msg_list, fake_msg) msgs; /* by UID */
};

/* A stream of rows that obeys its credit. */
struct fake_stream {
	TAILQ_ENTRY(fake_stream) entry;
	uint32_t		 id;
	struct buf		 data;
	size_t			 off;
	size_t			 credit;
};

/* A change that waits for its turn. */
struct fake_job {
	TAILQ_ENTRY(fake_job)	 entry;
	enum msg_type		 type;
	uint32_t		 id;
	uint8_t			*data;
	size_t			 len;
};

struct fake_append {
	TAILQ_ENTRY(fake_append) entry;
	uint32_t		 id;
	char			*name;
	struct buf		 data;		/* of the message under way */
	TAILQ_HEAD(, fake_msg)	 msgs;
	bool			 waiting;	/* DONE waits for its turn */
};

struct fake_session {
	TAILQ_ENTRY(fake_session) entry;
	struct fake		*fake;
	struct peer		*peer;
	struct fake_box		*box;
	bool			 readonly;
	uint64_t		 told;		/* keyword bits told of */
	TAILQ_HEAD(, fake_stream) streams;
	TAILQ_HEAD(, fake_job)	 jobs;
	TAILQ_HEAD(, fake_append) appends;
	struct event		 ev_jobs;
};

struct fake {
	struct event_base	*base;
	TAILQ_HEAD(, fake_box)	 boxes;
	TAILQ_HEAD(, fake_session) sessions;
	char			*keywords[FAKE_KEYWORDS];
	uint64_t		 ids;
	uint64_t		 modseq;
	uint32_t		 uidvalidity;
	bool			 wait;
	int			 refuse;	/* enum mbox_code, -1: none */
	char			*end;		/* of sessions, or NULL */
	uint8_t			 end_code;
	unsigned int		 mores;
	unsigned int		 bodies;
	struct peer		*authd;
	uint32_t		 last_login;	/* the id of AUTH_START */
	size_t			 bound;		/* fake_bound() */
	bool			 prompt;	/* of AUTH_OK */
	unsigned int		 ended;		/* fake_ended() */
};

/* storage_fake.c */
void	 fake_session_free(struct fake_session *s);
void	 fake_no(struct fake_session *s, uint32_t id, enum mbox_code code);
void	 fake_ok(struct fake_session *s, uint32_t id);

/* storage_fake_read.c: what is asked, answered at once. */
void	 fake_stream_free(struct fake_session *s, struct fake_stream *st);
void	 fake_stream_go(struct fake_session *s, struct fake_stream *st);
void	 fake_list(struct fake_session *s, uint32_t id,
	    const struct mbox_list *req);
void	 fake_meta(struct fake_session *s, uint32_t id,
	    const struct mbox_meta *req);
void	 fake_body(struct fake_session *s, uint32_t id,
	    const struct mbox_body *req);
void	 fake_select(struct fake_session *s, uint32_t id,
	    const struct mbox_select *req);

/* storage_fake_box.c */
struct fake_box *fake_box_find(struct fake *f, struct str name);
struct fake_box *fake_box_add(struct fake *f, struct str name, uint32_t use);
void	 fake_box_free(struct fake *f, struct fake_box *b);
struct fake_msg *fake_msg_new(const void *p, size_t len);
void	 fake_msg_free(struct fake_msg *m);
uint32_t fake_keyword(struct fake *f, struct str name);
void	 fake_row(const struct fake_box *b, bool counts, struct mbox_row *r);

/* storage_fake_op.c: a change, its events to all sessions, its outcome.
 * by and id: who asked (NULL, 0: others). */
enum mbox_code fake_op(struct fake *f, struct fake_session *by, uint32_t id,
	    enum msg_type type, const uint8_t *p, size_t len, struct arena *a,
	    struct reply_ok *ok);
void	 fake_add(struct fake *f, struct fake_box *b, struct fake_msg *m,
	    struct uidset *uids);
void	 fake_notify_added(struct fake *f, struct fake_box *b,
	    const struct uidset *uids, struct fake_session *by, uint32_t id);
enum mbox_code fake_store(struct fake *f, struct fake_box *b,
	    const struct mbox_store *req, struct fake_session *by,
	    uint32_t id);
void	 fake_expunge(struct fake *f, struct fake_box *b,
	    const struct uidset *uids, struct fake_session *by, uint32_t id);
void	 fake_delete(struct fake *f, struct fake_box *b);

/* auth_fake.c */
void	 fake_auth_close(struct fake *f);

#endif
