/* For tests of ingestion: a small S3, and a lmtpd that answers as told. */
#ifndef STORAGED_INGEST_RIG_H
#define STORAGED_INGEST_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/bucket/ingest/ingest_int.h"
#include "storaged/bucket/test/s3_store.h"

extern struct event_base *rig_base;
extern struct s3_fake	*rig_fake;
extern struct blob_store *rig_store;	/* of who drops mail */

extern struct rig_lm {
	struct peer	*peer;
	struct peer	*other;		/* storaged's */
	int		 outcome;	/* -1: no answer */
	uint32_t	 credit;	/* at a time */
	bool		 early;		/* answers the offer itself */
	unsigned	 offers, ends, broken;
	uint32_t	 id;
	uint64_t	 session;
	struct buf	 got;
	char		 seed[200], recipients[200], only[200];
} rig_lm;

void	 rig_start(void);		/* one place: "in" of the bucket */
void	 rig_connect(void);		/* a lmtpd */
void	 rig_answer(uint32_t id);

void	 rig_drop(const char *name, const char *mail);
bool	 rig_has(const char *name);
void	 rig_remove(const char *dir);	/* all that is below */
/* The name of the only object below dir; "": none, or several. */
const char *rig_only(const char *dir);
struct ingest_place *rig_place(void);

void	 rig_poll(void);		/* now, and whatever waited */
/* Polls until done(arg) says so; false: it does not happen. */
bool	 rig_until(bool (*done)(const void *arg), const void *arg);
bool	 rig_gone(const void *name);	/* and all is settled */
bool	 rig_tried(const void *later);	/* uint64_t: so often, settled */
bool	 rig_delivered(const void *n);	/* uint64_t: so many, settled */
void	 rig_poll_whole(void);		/* one listing, and what it brings */
bool	 rig_offered(const void *n);	/* unsigned: so many */

#endif
