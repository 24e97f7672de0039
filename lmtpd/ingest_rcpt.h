/*
 * To whom a mail of a bucket goes: nobody said RCPT TO.  By the envelope that a
 * queue has told, the object's metadata, or what the MTA that wrote it said in
 * the header, as the configuration has it ("ingest" in pail.yaml(5)).  All of
 * it is hostile.
 */
#ifndef LMTPD_INGEST_RCPT_H
#define LMTPD_INGEST_RCPT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/msg_ingest.h"
#include "common/slice.h"

#define INGEST_HEAD_MAX	65536	/* bytes of a mail that are looked at */

struct ingest_rcpts {
	char	*v[INGEST_RECIPIENTS];
	size_t	 n;
	size_t	 foreign;	/* addresses of domains that are not ours */
	bool	 too_many;	/* those that follow were left out */
	bool	 no_memory;	/* so was one of them */
};

void	 ingest_rcpts_free(struct ingest_rcpts *r);
/*
 * Adds the addresses of a list ("ann@example.org, Bob <bob@example.org>"); what
 * is none, or there already, is left out.  domains: a list of the configuration
 * (key "domains"); bare: names without a domain count, too.
 */
void	 ingest_rcpts_add(struct ingest_rcpts *r, struct str list,
	    const struct slice *domains, bool bare);
/*
 * The value of the topmost field of that name in a header that ends at the
 * first empty line, or at len; unfolded, "" if it does not fit.  false: there
 * is none.
 */
bool	 ingest_field(const char *head, size_t len, const char *name,
	    char *dst, size_t size);
/* Has the header ended in these len bytes? */
bool	 ingest_head_whole(const char *head, size_t len);
/* What is known of a mail; all borrowed. */
struct ingest_known {
	struct str	 envelope;	/* as a queue told it; "": none did */
	struct str	 metadata;	/* "": none */
	const char	*head;		/* the header, or so much of it */
	size_t		 len;
};
/*
 * By place number `place` of conf: its sources in their order, until one has
 * named somebody who is ours, then its catch-all.
 */
void	 ingest_rcpts_find(struct ingest_rcpts *r, const struct slice *conf,
	    unsigned place, const struct ingest_known *known);

#endif
