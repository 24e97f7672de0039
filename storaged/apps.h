/*
 * The site's app passwords, in an object of the bucket that all nodes poll
 * ("app-passwords: bucket"; pail-bucket(5), "App passwords").  The first
 * storaged does it, and gives paild each new text; it holds hashes only.
 */
#ifndef STORAGED_APPS_H
#define STORAGED_APPS_H

#include <stdbool.h>
#include <stdint.h>

struct blob_store;
struct event_base;
struct setup_give;

struct apps_conf {
	struct event_base	*base;
	struct blob_store	*blob;
	const char		*spool;		/* a directory */
	uint64_t		 serial;	/* of this node; 0: none */
	unsigned		 timeout_ms;	/* of a change */
	unsigned		 poll_ms;
	/* The text is in fd, which is taken, for daemon_apps(). */
	void			 (*tell)(uint32_t id, uint64_t serial, int fd);
};

/* Begins to poll; at once. */
void	 apps_start(const struct apps_conf *c);
/* paild's answer to tell(): it is this node's, or not. */
void	 apps_told(uint32_t id, const struct setup_give *g);
/*
 * The operator's changes: "app-add" with a line of common/appline.h, and
 * "app-revoke" with USER:NAME, USER:ID or USER: for all.  done() is called once
 * the change is in the bucket and on this node: "done", "done N", or "error:"
 * with the reason.  what is none of them: false.
 */
bool	 apps_change(const char *what, const char *arg,
	    void (*done)(const char *text, void *arg), void *done_arg);
/* Nothing is begun any more.  Is nothing under way? */
void	 apps_stop(void);
bool	 apps_idle(void);

#endif
