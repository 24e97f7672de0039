/*
 * A file that is read again when it has changed: what a worker knows of users.
 * Blocks.
 */
#ifndef AUTHD_REREAD_H
#define AUTHD_REREAD_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REREAD_MAX	(64 * 1024 * 1024)	/* bytes of a file */

struct reread {
	char		*path;
	struct stat	 st;		/* of what was read, or tried */
	bool		 read;
	bool		 settled;	/* it cannot have changed unseen */
	bool		 absent;	/* FAILED: there is none, and never was
					 * one that we have read */
	char		*text;		/* its bytes, and a NUL */
	size_t		 size;		/* without that */
};

enum reread_result {
	REREAD_SAME,	/* as it was read before */
	REREAD_NEW,	/* text is what it is now: parse it */
	REREAD_AGAIN,	/* the same, but it says what it said before */
	REREAD_FAILED	/* it cannot be read, and text is NULL */
};

/* r is zero; path is copied.  -1 on ENOMEM. */
int	 reread_open(struct reread *r, const char *path);
void	 reread_close(struct reread *r);	/* wipes */
/*
 * Looks, and reads if it must.  Whatever was made of the old text goes before
 * forget(arg) returns: it is called before the text changes.  FAILED: the
 * reason is in why.
 */
enum reread_result reread_look(struct reread *r, void (*forget)(void *arg),
	    void *arg, char *why, size_t size);
/* The text is of no use (no memory to parse it): it is read again next time. */
void	 reread_forget(struct reread *r);
/* A text that differs when the file does. */
void	 reread_generation(const struct reread *r, char *dst, size_t size);
/*
 * Is what was read what its writer meant?  A file that is cut short and
 * written again, as editors do, is read without its users for a moment.
 */
bool	 reread_certain(const struct reread *r);
int64_t	 reread_changed(const struct reread *r);	/* ms since 1970 */

#endif
