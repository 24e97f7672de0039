/*
 * Between the files of hostile_imapd.c, hostile_lmtpd.c and hostile_admind.c:
 * what they are, what they were told, and what they try.  A taken-over process
 * stands in the place of the real one, with its channels, its user and its
 * chroot, and tries to do more than it may (DESIGN section 2).  It must run as
 * root with the real users.
 *
 * How it is run: a directory with the built programs, this one as "imapd",
 * "lmtpd" or "admind", and beside it "hostile.conf" with lines of a key, a
 * blank and a value:
 *	user, password		whom number 0 (the attacker) serves
 *	victim, victim-password	whom number 1 (the witness) serves
 *	victim-box		a mailbox that only the victim has
 *	offers			jobs of ingestion that each lmtpd will get
 *	path			a file that must not be readable (repeated:
 *				users' file, secret, configuration, store)
 * The configuration has "processes" with 2 of them.  paild is started from that
 * directory.  Both write lines to standard error, "hostile: PASS what" or
 * "hostile: FAIL what"; the attacker ends with "hostile: N passed, N failed".
 * The witness does its rounds all the while, and says every two seconds how
 * long the slowest took; when authd or storaged exits, or keeps it waiting for
 * 5 s, that is a FAIL.
 */
#ifndef REGRESS_HOSTILE_H
#define REGRESS_HOSTILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/proc_kind.h"

#define PATHS		16

struct slice;

/* The program's: what stands where. */
extern const struct hostile {
	const char	*name;		/* "imapd" */
	enum proc_kind	 kind;
	/* admind: it makes pairs of sockets, and the attack has its channel
	 * to paild, too. */
	bool		 setup;
	bool		 again;		/* it has its channels cut, and goes on
					   with new ones */
	uint8_t		 channels[PROC_KINDS];	/* enum msg_channel; 0: not
						   used */
	void		(*begin)(void);	/* in the sandbox */
	/* Number 0.  false: it ends, to go on with the next phase. */
	bool		(*attack)(int phase);
	bool		(*round)(void);	/* number 1: all went well */
	int		(*session)(void); /* one of the attacker's user, before
					     its HELLO; -1: none */
} hostile;

extern struct hostile_conf {
	char	user[128], password[128];
	char	victim[128], victim_password[128], victim_box[128];
	char	path[PATHS][PATH_MAX];
	size_t	paths;
	unsigned offers;	/* jobs that each lmtpd is offered first */
} conf;
/* What both processes know, in a file: number 0's, and one of number 1. */
extern struct hostile_state {
	int	phase, passed, failed;
	int	ready;		/* number 1 is where it can be robbed */
	uint32_t job;		/* that it was offered */
	int	given, told;	/* paild's SETUP_GIVE with something, and
				   ADMIN_DONE */
} *state;
extern int	 auth;		/* the channel to authd; the program's */
extern int	 sign;		/* to credd */
extern int	 tokens[2];	/* of deliveries, to the attack */

/* main(). */
void	 hostile_run(void) __attribute__((noreturn));
/* The channel to that process, which is waited for; -1: it will not come. */
int	 channel_of(enum proc_kind kind);
/* The next one, after that was cut; ms to wait for it. */
int	 channel_next(enum proc_kind kind, int ms);
/* A pair of sockets, made before the sandbox; false: no more. */
bool	 pair_take(int sv[2]);
/* try_sandbox.c: files, the network, processes, the way out; from before the
 * sandbox, each in a process of its own. */
void	 try_sandbox(const struct slice *s);
/* What daemon_run() does to such a process. */
void	 jail_enter(const struct slice *s);
/* try_login.c: only who has the password gets a session. */
void	 try_logins(void);
void	 try_token(void);
void	 try_login_floods(void);
/* try_session.c: a session shows nothing of others, and harms none. */
void	 try_names(void);
void	 try_wrong_types(void);
void	 try_garbage(void);
void	 try_starving(void);
/* try_sign.c: what is no handshake is not signed. */
void	 try_signatures(void);
void	 try_sign_garbage(void);
/* The program's: what it is for still works. */
bool	 still_serves(void);
/* try_session.c: one, ready; -1: none. */
int	 session(void);

#endif
