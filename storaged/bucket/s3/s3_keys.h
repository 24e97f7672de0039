/*
 * The signing keys that credd has sent: those of the newest set of
 * credentials, a key for each day, and those of the set before until the newest
 * has worked.  For a source may give a set that has no rights here (of another
 * account): the one before then lasts to its own end.
 */
#ifndef STORAGED_S3_KEYS_H
#define STORAGED_S3_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/sigv4.h"

#define S3_KEYS		3	/* yesterday's, today's, tomorrow's */

struct s3_keys {
	struct s3_key_set {
		struct sigv4_key v[S3_KEYS];
		size_t		 n, next;
	}		 now, before;
	bool		 worked;	/* the newest set has, */
	bool		 ever;		/* or any before it */
};

void	 s3_keys_add(struct s3_keys *k, const struct sigv4_key *key);
/* The same, as credd sends it; -1: it is none. */
struct cred_key;
int	 s3_keys_take(struct s3_keys *k, const struct cred_key *from);
void	 s3_keys_clear(struct s3_keys *k);	/* wipes */
/* A key for the day of date (YYYYMMDD...), whose session is not over at now;
 * NULL: none. */
const struct sigv4_key *s3_keys_find(const struct s3_keys *k, const char *date,
	    int64_t now);
/* The access key that requests are signed with; "": none. */
const char *s3_keys_newest(const struct s3_keys *k);
/* A request that was signed with it was not refused. */
void	 s3_keys_worked(struct s3_keys *k, const char *access_key);
/* It is of a newest set that has never worked, after one that has? */
bool	 s3_keys_doubtful(const struct s3_keys *k, const char *access_key);
/* Back to the set before, if it is there and its session not over. */
void	 s3_keys_back(struct s3_keys *k, int64_t now);

#endif
