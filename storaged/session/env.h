/*
 * Shared by all users of the process. main.c (or a test) fills it in; it is
 * passed down (user->env), and only main.c has one.
 */
#ifndef STORAGED_ENV_H
#define STORAGED_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "storaged/format/codec.h"
#include "storaged/index/eval_conf.h"

struct blob_cache;
struct blob_store;
struct commit_io;
struct event_base;
struct helper_pool;

struct env {
	struct event_base	*base;
	struct blob_store	*blob;
	struct blob_cache	*objects;	/* on disk; NULL: none */
	struct helper_pool	*pool;		/* expands messages; NULL: the
						   loop does */
	struct commit_io	*io;
	struct codec_choice	 codec;
	struct eval_conf	 eval;
	char			 cache[512];	/* directory: spool */
	char			 index[512];	/* directory: index files */
	uint8_t			 node[16];
	bool			 single_node;	/* cluster: false */
	bool			 sure;		/* the cache belongs to this
						   store: if there is no head, a
						   user may be created */
	uint64_t		 sure_ms;	/* since then; clock_ms() */
	bool			 fresh;		/* the store did not exist when
						   we started: users are new */
	uint64_t		 appendlimit;
	uint64_t		 parcels_max;	/* octets on disk of what
						   one lmtpd brings */
	unsigned		 open_max;	/* indexes open at once */
	unsigned		 sessions_max;	/* of all users */
	unsigned		 timeout_ms;	/* of a login while it waits */
	bool			 draining;
};

#endif
