/*
 * Keywords of the index: names have numbers (from 1, a user's own, given
 * once), and each distinct set of numbers is stored once; MAIL_KW is the
 * set's id (0: none).  Names compare without ASCII case, the first spelling
 * stays.
 */
#ifndef STORAGED_KEYWORD_H
#define STORAGED_KEYWORD_H

#include "common/msg_mbox.h"
#include "storaged/index/index.h"

#define KEYWORD_NUMBER_MAX	(UINT32_MAX - 1)

struct kwnums { uint32_t v[MBOX_KEYWORDS_MAX]; size_t n; };

/* A keyword that IMAP can say (RFC 3501 flag-keyword: an atom). */
bool	 keyword_valid(struct str name);
/* 1 and the number, 0 when unknown, -1. */
int	 keyword_find(struct index *ix, struct str name, int64_t *num);
/*
 * The numbers of the names, ascending.  Unknown ones are made when make is
 * set, else left out.  How many were left out, or -1 (failure, or more than
 * fit).
 */
int	 keyword_numbers(struct index *ix, const struct str *names, size_t n,
	    bool make, struct kwnums *nums);
/* The set's id: 1, 0 (there is none yet) or -1. */
int	 kwset_find(struct index *ix, const struct kwnums *nums, int64_t *id);
/* The same, made when it is new: 0 or -1. */
int	 kwset_id(struct index *ix, const struct kwnums *nums, int64_t *id);
/* The numbers of a set, from either connection.  0 or -1. */
int	 kwset_get(struct db *db, int64_t id, struct kwnums *nums);
int	 kwnums_add(struct kwnums *nums, uint32_t num);	/* -1: full */
void	 kwnums_remove(struct kwnums *nums, uint32_t num);
/* Sets of keywords by id, each with what becomes of it; sorted. */
struct kwpair { int64_t from, to; };
struct kwmap { struct kwpair *v; size_t n, size; };
#define KWMAP_INIT	((struct kwmap){ NULL, 0, 0 })
/* The pair of a set, made with this `to' when it is new; NULL: ENOMEM. */
struct kwpair *kwmap_note(struct kwmap *map, int64_t from, int64_t to);
void	 kwmap_free(struct kwmap *map);
/* The box has these keywords now; new ones are noted as a change. */
int	 keyword_in_box(struct index *ix, uint64_t box,
	    const struct kwnums *nums, uint64_t modseq);

/*
 * keyword_use.c.  What applies a record says how many more (or fewer)
 * messages have a set, at once or by a tally, which kwtally_end() also
 * frees.  0; -1: failed, or fewer than none.
 */
int	 kwset_use(struct index *ix, int64_t id, int64_t by);
int	 kwtally_add(struct kwmap *tally, int64_t id, int64_t by);
int	 kwtally_end(struct index *ix, struct kwmap *tally);
/* The user has these no longer.  -1: failed, or one is unknown or used. */
int	 keyword_forget(struct index *ix, const struct str *names, size_t n,
	    uint64_t modseq);
/* How many keywords the user has.  0 or -1. */
int	 keyword_count(struct db *db, int64_t *n);
/* Calls fn for those that nothing uses, until it returns 0 (enough) or -1,
 * which is what comes of it then.  0 or -1. */
int	 keyword_unused(struct db *db, int (*fn)(void *arg, uint32_t num,
	    struct str name), void *arg);
/* No keyword can be made, since as many as there may be are in use: 1, 0 or
 * -1. */
int	 keyword_full(struct db *db);

#endif
