/*
 * A world for the commit's tests: a bucket in memory that loses, delays,
 * doubles and reorders requests, virtual time, and a small state.  Not in
 * the daemon.
 */
#ifndef STORAGED_COMMIT_FAKE_H
#define STORAGED_COMMIT_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storaged/commit/commit.h"

#define FAKE_NODES	8
#define FAKE_VERSIONS	4		/* of a head kept for stale reads */

enum fake_verb { FAKE_PUT, FAKE_GET, FAKE_LIST };

/* What becomes of a request. */
enum fake_fate {
	FATE_OK,
	FATE_LOST,		/* not done; the client cannot know */
	FATE_ANSWER_LOST,	/* done; the client cannot know */
	FATE_LATE,		/* done long after the client gave up */
	FATE_DOUBLE,		/* done twice; the second's answer */
	FATE_REFUSED,		/* not done: no answer, 5xx */
	FATE_CONFLICT,		/* not done: 409 */
	FATE_MISMATCH,		/* not done: 412, whatever the ETag */
	FATE_STALE,		/* GET: older, if the reader can tell */
	FATE_HANG		/* PUT: done at once; the answer takes an age */
};

struct fake_world;
struct fake_object {
	char		 key[KEY_MAX];
	uint8_t		*bytes;
	size_t		 len;
	uint64_t	 etag;
	uint64_t	 made;		/* ms */
	bool		 mutable;
	struct { uint8_t *bytes; size_t len; uint64_t etag; uint64_t commit; }
			 old[FAKE_VERSIONS];
	uint64_t	 commit;	/* how many versions it had */
	struct fake_object *next;
};

/* One process; io is its view of the world. */
struct fake_node {
	struct commit_io	 io;
	struct commit_budget	 budget;	/* its process's */
	struct fake_world	*w;
	unsigned		 index;
	unsigned		 epoch;		/* a kill makes a new one */
	uint64_t		 paused;	/* nothing reaches it until */
	uint64_t		 known;		/* newest commit it has seen */
	unsigned		 turns;
	uint64_t		 head_sum;	/* of the head it sent last */
	unsigned		 heads;		/* PUTs of the head */
	unsigned		 same;		/* with the bytes of the last */
};

struct fake_counts {
	uint64_t	 put_head, put_log, put_pack, put_manifest, put_other;
	uint64_t	 get, list, log_small;
};

struct fake_world {
	uint64_t		 now;		/* ms */
	uint64_t		 rng;
	struct fake_node	 nodes[FAKE_NODES];
	struct fake_object	*objects[512];
	uint64_t		 etags;
	struct fake_event	*heap;
	size_t			 nheap, heap_size;
	uint64_t		 seq;
	struct fake_counts	 counts;
	uint64_t		*commits;	/* ms, when each was made */
	size_t			 ncommits;
	uint64_t		 late_ms;	/* FATE_LATE, at most */
	uint64_t		 retry_after;	/* ms: FATE_REFUSED says so */
	/* Chooses; the default is FATE_OK. */
	enum fake_fate		(*fate)(struct fake_world *w,
				    struct fake_node *n, enum fake_verb verb,
				    const char *key, void *arg);
	void			*fate_arg;
};

/* The same seed and calls give the same world, to the last request. */
void	 fake_world_init(struct fake_world *w, uint64_t seed);
void	 fake_world_free(struct fake_world *w);
/* From 0 to below - 1. */
uint64_t fake_random(struct fake_world *w, uint64_t below);
/* Runs the next event; false when there is none, or none before until. */
bool	 fake_step(struct fake_world *w, uint64_t until);
/* Calls fn when ms have passed in the world, unless n is killed before. */
void	 fake_after(struct fake_node *n, uint64_t ms, void (*fn)(void *),
	    void *arg);
/* How many timers its commits have set, which are still to come. */
unsigned fake_timers(const struct fake_node *n);
/* What was its timers' and answers' goes; requests under way may land. */
void	 fake_kill(struct fake_node *n);
/*
 * The bucket, behind all nodes' backs.  An object is the world's and stays
 * until it is removed; NULL: there is none.  fake_object_put() copies the
 * bytes and gives it a new ETag.
 */
struct fake_object *fake_object(struct fake_world *w, const char *key);
struct fake_object *fake_object_put(struct fake_world *w, const char *key,
	    const void *p, size_t len);
void	 fake_object_remove(struct fake_world *w, const char *key);

/*
 * The small state: one mailbox of messages, each the ADD of one operation.
 */
enum fake_kind { FAKE_ADD, FAKE_FLAGS, FAKE_EXPUNGE, FAKE_PROBE };

struct fake_op {
	struct intent		 in;
	enum fake_kind		 kind;
	uint32_t		 id;		/* from 1; of what it adds */
	uint32_t		 target;	/* the others: an id */
	uint8_t			 flags;
	struct batch_message	 msg;
	uint8_t			*bytes;		/* owned */
	bool			 large;
	uint8_t			 object[16];	/* when large */
	unsigned		 pad;		/* useless records besides, */
	unsigned		 step;		/* so many at a time; 0: all */
	unsigned		 left;		/* of them, in transaction */
	uint64_t		 part;
	unsigned		 fumble;	/* puts its record in, and
						   then says FULL, once (1), or
						   NOTHING (2); EXPUNGE also:
						   what is garbage by it */
	bool			 answer;	/* PROBE: it is there */
};
/* Message bytes, a function of id and length: op->bytes, the caller's to
 * free. */
void	 fake_op_fill(struct fake_op *op, uint32_t id, size_t len);

struct fake_message {
	uint32_t		 id;
	uint8_t			 flags;
	bool			 expunged;
	uint64_t		 commit;
	struct record_place	 place;
};
struct fake_undo { uint32_t uid; struct fake_message old; };

struct fake_state {
	struct fake_message	*v;		/* by UID - 1 */
	uint32_t		 n, size;
	uint32_t		*uid_of;	/* by id; 0: none */
	uint32_t		 ids;		/* its size */
	uint32_t		 doubled;	/* ids added twice: never */
	uint64_t		 hash;
	uint64_t		 records;
	struct state_mark	 mark;
	struct fake_undo	*undo;
	size_t			 nundo, undo_size;
	uint32_t		 old_n;
	uint64_t		 old_hash, old_records;
	bool			 open;
	uint64_t		 ntx;		/* transactions begun */
	/* FULL beyond so many records of a batch; 0: never. */
	unsigned		 full_after;
	bool			 fails;		/* its commit: once */
};
/* Empty; ids of messages are below ids. */
void	 fake_state_init(struct fake_state *s, uint32_t ids);
void	 fake_state_free(struct fake_state *s);
extern const struct state_ops fake_state_ops;
/* struct commit_conf's first. */
enum state_verdict fake_state_first(void *state, struct batch *b);
/*
 * The bytes of the message are in the bucket where its record says, and
 * went there at most an hour before the commit that named them was sent.
 */
bool	 fake_message_there(struct fake_world *w, const struct commit *c,
	    const struct fake_message *m);

#endif
