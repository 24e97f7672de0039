/* Between the files of the commit's fake world (commit_fake.h). */
#ifndef STORAGED_COMMIT_FAKE_IMPL_H
#define STORAGED_COMMIT_FAKE_IMPL_H

#include "storaged/commit/test/commit_fake.h"

struct fake_request {
	struct fake_node	*n;
	unsigned		 epoch;
	enum fake_verb		 verb;
	enum blob_condition	 cond;
	char			*key;
	uint8_t			*bytes;
	size_t			 len;
	size_t			 max_len;	/* GET */
	uint64_t		 etag;		/* condition; 0: none */
	blob_cb			 cb;		/* NULL: cancelled */
	blob_list_cb		 listcb;
	void			*arg;
	enum fake_fate		 fate;
	unsigned		 refs;
	enum blob_outcome	 outcome;	/* what the server said */
	uint64_t		 got;		/* ETag then */
};

void	 fake_request_unref(struct fake_request *r);
/* commit_fake_server.c: a request arrives at the bucket, its answer at the
 * node.  Each ends one reference. */
void	 fake_server_apply(struct fake_world *w, struct fake_request *r);
void	 fake_server_answer(struct fake_world *w, struct fake_request *r);
void	 fake_object_free(struct fake_object *o);

#endif
