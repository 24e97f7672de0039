/*
 * Histories of evaluated intents, and their replay: for index_rules_test.c
 * and keyword_rules_test.c.
 */
#ifndef STORAGED_INDEX_RULES_H
#define STORAGED_INDEX_RULES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/commit/commit_int.h"
#include "storaged/index/eval.h"

extern char	 dir[];
extern struct index	*ix;	/* evaluates */
extern struct batch	 batch;
extern uint32_t	 seed;
extern struct eval_conf	 conf;

uint64_t	 box_id(struct str name);
uint32_t	 rnd(uint32_t n);
/* Every row of every table, as text. */
void	 dump(struct db *db, struct buf *out);
/* The first line in which two dumps differ. */
void	 differ(const struct buf *a, const struct buf *b, const char *what);
int	 replay(struct index *to);
void	 check_replay(const char *what);
void	 begin_history(void);
/* The same, with a mailbox of this name. */
bool	 begin_named(const char *name);
void	 end_history(void);
/* To its end; a refused one leaves nothing. */
enum state_verdict	 evaluate(struct work *w, enum work_kind kind);
struct str	 some_box(void);
void	 some_uids(struct uidset *set);
enum state_verdict	 do_append(struct str name, struct str *kw, size_t nkw,
    unsigned n);
enum state_verdict	 do_store(struct str name, uint32_t first,
    uint32_t last, uint8_t how, uint8_t flags, struct str *kw, size_t nkw,
    bool *full);
struct str	 number_word(char text[16], unsigned n);
int64_t	 count(const char *sql);

#endif
