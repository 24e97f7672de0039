/* The top of this layer: connects sessions, users and operations. */
#ifndef STORAGED_DISPATCH_H
#define STORAGED_DISPATCH_H

#include "common/msg.h"

struct env;
struct op_class;

/* Once, before the first session; env (env.h) is kept. */
void	 dispatch_init(struct env *env);
/* The operation that answers a message; NULL: none, it is no request. */
const struct op_class *dispatch_class(enum msg_type type);

#endif
