/* A connection, from its first octet: commands and their responses. */
#ifndef IMAPD_RUN_H
#define IMAPD_RUN_H

struct client;
struct event_base;
struct listen_from;

/* client_new(): greets, and runs its commands from the loop. */
struct client *run_accept(struct event_base *base,
	    const struct listen_from *from);
/* The same for CTL_PREAUTH: no login, greeted with PREAUTH once authd has
 * accepted the token. */
struct client *run_preauth(struct event_base *base, int fd,
	    const char *token);

#endif
