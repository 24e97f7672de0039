/* A user's sessions, told what becomes of the user (user.h). */
#ifndef STORAGED_SESSIONS_H
#define STORAGED_SESSIONS_H

struct env;

void	 sessions_init(struct env *env);	/* once */

#endif
