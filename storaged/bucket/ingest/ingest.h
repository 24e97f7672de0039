/*
 * Serverless ingestion: mail that SES, or anything else, drops in a bucket.
 * storaged lists, claims and fetches the objects of each place (an entry of
 * "ingest" in pail.yaml(5)), and offers them to lmtpd, which delivers them
 * (common/msg_ingest.h); what became of them decides whether they are deleted,
 * kept in done/, tried again or put in failed/.  pail-ingest in pail(7).
 *
 * An object is deleted only after lmtpd has said that each of its recipients
 * has it, or after it was copied to done/ or failed/.
 */
#ifndef STORAGED_INGEST_H
#define STORAGED_INGEST_H

#include <stdbool.h>
#include <stdint.h>

struct cred_key;
struct event_base;
struct msg;
struct peer;
struct sandbox;
struct slice;

/* What the places will have to reach. */
void	 ingest_reach(const struct slice *conf, struct sandbox *box);
/* Opens the places of conf; node: what is told of who holds a claim.  fatal()
 * if one cannot be opened. */
void	 ingest_start(struct event_base *base, struct slice *conf,
	    const uint8_t node[8]);
/* Before that: who is told of an access key that a server has refused; use: as
 * in CRED_KEY. */
typedef void (*ingest_refused_cb)(const char *use, const char *access_key,
	    const char *why);
void	 ingest_on_refused(ingest_refused_cb cb);
/* A signing key of credd's, for one of the places. */
void	 ingest_key(const struct cred_key *key);

/* A channel to a lmtpd: offers go there from now on. */
void	 ingest_lmtpd(struct peer *p);
/* It has ended: what was offered there is offered again. */
void	 ingest_gone(struct peer *p);
/* INGEST_CREDIT or INGEST_RESULT.  -1: it makes no sense. */
int	 ingest_message(struct peer *p, struct msg *m);

/* Nothing is begun any more.  Is all settled? */
void	 ingest_drain(void);
bool	 ingest_idle(void);

bool	 ingest_on(void);	/* there are places */
struct ingest_counts {
	uint64_t delivered, failed, later;	/* objects; later: tries */
	uint64_t bytes;
	uint64_t refused;			/* messages of queues */
};
const struct ingest_counts *ingest_counts(void);

#endif
