/* pailctl quota: whose mail, and how much he may have (usage.c). */
#ifndef AUTHD_USAGE_H
#define AUTHD_USAGE_H

struct authd;

#define USAGE_MAX	32	/* that are asked for at once */

/* The operator's "quota": how much mail the user of that name has, and may
 * have, is written to fd, which is taken; or "error: TEXT". */
void	 usage_ask(struct authd *a, const char *user, int fd);
/* Those under way end without an answer. */
void	 usage_end(struct authd *a);

#endif
