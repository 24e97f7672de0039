/*
 * Nodes that commit for one user in a fake world, for the commit's tests:
 * what happens to the requests of the first is scripted, answers are
 * counted.
 */
#ifndef STORAGED_NODES_H
#define STORAGED_NODES_H

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/commit/test/commit_fake.h"
#include "storaged/commit/commit_int.h"

#define USER	"ann"
#define IDS	20000
#define NONE	99		/* no answer yet */

struct node {
	struct fake_node	*fn;
	struct commit		*c;
	struct fake_state	 st;
	unsigned		 waits, quarantines, ends;
	enum commit_outcome	 quarantined;
};

extern struct fake_world	 w;
extern struct node	 nodes[3];
/* Fates of the first node's requests for the head, and for packs. */
extern const char	*put_script, *get_script, *pack_script;
extern unsigned	 answers, dones;
/* What the commit told, in its order: a letter each, a capital one while the
 * first node's state was in a transaction. */
extern char	 told[64];
extern enum commit_outcome	 last;

enum fake_fate	 fate(struct fake_world *world, struct fake_node *n,
    enum fake_verb verb, const char *key, void *arg);
void	 op_done(struct intent *in, enum commit_outcome o, void *arg);
void	 changed(uint64_t first, uint64_t upto, void *arg);
void	 answered(void *arg);
void	 committed(void *arg);
void	 quarantined(enum commit_outcome o, const char *why, void *arg);
void	 ended(const char *why, void *arg);
void	 node_open(struct node *n, unsigned i, bool (*sure)(void *));
void	 start(void);
void	 finish(void);
void	 run(uint64_t ms);
/* To the end, or for 30 s of the world: NONE. */
enum commit_outcome	 refresh(struct node *n);
/* op->bytes is the caller's to free, once it is answered. */
void	 submit(struct node *n, struct fake_op *op, enum fake_kind kind,
    uint32_t id, size_t len);
/* One operation to the end, which is not counted. */
void	 other(struct node *n, uint32_t id);
/* Where the user's head is. */
void	 head_key(char key[KEY_MAX]);

#endif
