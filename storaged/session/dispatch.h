/* The top of this layer: connects sessions, users and operations. */
#ifndef STORAGED_DISPATCH_H
#define STORAGED_DISPATCH_H

struct env;

/* Once, before the first session; env (env.h) is kept. */
void	 dispatch_init(struct env *env);

#endif
