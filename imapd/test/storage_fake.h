/*
 * For tests: one user's mailboxes in memory, behind the session protocol
 * (common/msg_mbox.h), and an authd that knows one password.  Changes are
 * made a turn of the loop after they were asked for, as a commit would.
 */
#ifndef IMAPD_TEST_STORAGE_FAKE_H
#define IMAPD_TEST_STORAGE_FAKE_H

#include <stddef.h>
#include <stdint.h>

#include "common/msg_mbox.h"

struct event_base;
struct fake;

/* INBOX, and Drafts, Sent, Junk, Trash and Archive with their uses. */
struct fake *fake_new(struct event_base *base);
void	 fake_free(struct fake *f);
/* The client's end of a new session's channel, -1 on error. */
int	 fake_session(struct fake *f);
/* imapd's end of an authd: user "ann" with password "secret", PREAUTH
 * with the token "token". */
int	 fake_authd(struct fake *f);
/*
 * What others do meanwhile, as one line; 0, or -1 when it is not one of
 *	deliver BOX [n]			a small message (n of them)
 *	mail BOX TEXT...		one whose text has \r \n \t \\ escapes
 *	flags BOX SET FLAG...		+\Seen, -kw
 *	expunge BOX SET
 *	forget BOX SET			expunged, and no event says so
 *	delete BOX			the mailbox
 *	old				nothing is \Recent any more
 *	damage BOX SET			their octets
 *	waiting				EV_WAITING
 *	wait / go			hold answers to changes and octets of
 *					messages back, or no more
 *	refuse CODE			the next request (enum mbox_code)
 *	away				authd's channel breaks
 *	die				the sessions' channels break
 *	end CODE TEXT...		SESSION_END right behind SESSION_READY,
 *					or behind the answers to changes
 */
int	 fake_do(struct fake *f, const char *line);
/* The octets of channel bindings that the last AUTH_START had. */
size_t	 fake_bound(const struct fake *f);
/* What authd's next AUTH_OK have; and how often the last one has ended. */
void	 fake_prompt(struct fake *f, bool prompt);
unsigned int fake_ended(const struct fake *f);
/* authd says that an operator ends the session of that login. */
void	 fake_leave(struct fake *f, uint32_t id);
/* How many requests wait for "go". */
size_t	 fake_waiting(const struct fake *f);
/* How many MBOX_MORE with true have come. */
unsigned int fake_mores(const struct fake *f);
/* How many MBOX_BODY have come. */
unsigned int fake_bodies(const struct fake *f);

#endif
