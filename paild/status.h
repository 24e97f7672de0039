/* "pailctl status". */
#ifndef PAILD_STATUS_H
#define PAILD_STATUS_H

struct control_client;

/* Asks all children for their counters, and answers c once they have, or after
 * a few seconds with what there is (as text, or as c->json wants it). */
void	 status_run(struct control_client *c, const char *arg);

#endif
