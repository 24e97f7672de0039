/*
 * Keywords of the index: names have numbers (from 1, a user's own), and
 * each distinct set of numbers is stored once; MAIL_KW is the set's id (0:
 * none).  Names compare without ASCII case, the first spelling stays.
 */
#ifndef STORAGED_KEYWORD_H
#define STORAGED_KEYWORD_H

#include "common/msg_mbox.h"
#include "storaged/index.h"

#define KEYWORD_NUMBER_MAX	65535

struct kwnums { uint32_t v[MBOX_KEYWORDS_MAX]; size_t n; };

/* A keyword that IMAP can say (RFC 3501 flag-keyword: an atom). */
bool	 keyword_valid(struct str name);
/*
 * The numbers of the names, ascending.  Unknown ones are made when make is
 * set, else left out.  0, or -1 (failure, or more than fit).
 */
int	 keyword_numbers(struct index *ix, const struct str *names, size_t n,
	    bool make, struct kwnums *nums);
/* How many of the names are not known yet, and how many are; -1: failed. */
int	 keyword_missing(struct index *ix, const struct str *names, size_t n,
	    size_t *missing, size_t *known);
/* The set's id, made when it is new. */
int	 kwset_id(struct index *ix, const struct kwnums *nums, int64_t *id);
/* The numbers of a set, from either connection.  0 or -1. */
int	 kwset_get(struct db *db, int64_t id, struct kwnums *nums);
int	 kwnums_add(struct kwnums *nums, uint32_t num);	/* -1: full */
void	 kwnums_remove(struct kwnums *nums, uint32_t num);
/* Sets of keywords by id, each with what becomes of it; sorted. */
struct kwpair { int64_t from, to; };
struct kwmap { struct kwpair *v; size_t n, size; };
#define KWMAP_INIT	((struct kwmap){ NULL, 0, 0 })
/* The pair of a set, made with a `to' of -1 when it is new; NULL: ENOMEM. */
struct kwpair *kwmap_note(struct kwmap *map, int64_t from);
void	 kwmap_free(struct kwmap *map);
/* The box has these keywords now; new ones are noted as a change. */
int	 keyword_in_box(struct index *ix, uint64_t box,
	    const struct kwnums *nums, uint64_t modseq);

#endif
