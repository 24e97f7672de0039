/*
 * Mail from a bucket: storaged offers it (common/msg_ingest.h), and it is
 * delivered as what comes over LMTP is.
 */
#ifndef LMTPD_INGEST_H
#define LMTPD_INGEST_H

struct event_base;
struct msg;
struct peer;
struct slice;

/* conf is borrowed until the next call. */
void	 ingest_init(struct event_base *base, const struct slice *conf);
/* INGEST_* of a channel PARCEL.  -1: it makes no sense. */
int	 ingest_message(struct peer *p, struct msg *m);
/* The channel has ended: what came over it is void. */
void	 ingest_gone(struct peer *p);

#endif
