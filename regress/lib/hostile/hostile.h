/* Between the files of hostile_imapd.c: what it was told, and what it tries. */
#ifndef REGRESS_HOSTILE_H
#define REGRESS_HOSTILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define PATHS		16

struct slice;

extern struct hostile_conf {
	char	user[128], password[128];
	char	victim[128], victim_password[128], victim_box[128];
	char	path[PATHS][PATH_MAX];
	size_t	paths;
} conf;
extern int	 auth;		/* the channel to authd */
extern int	 sign;		/* to credd */
extern int	 tokens[2];	/* of deliveries, to the attack */

/* A pair of sockets, made before the sandbox; false: no more. */
bool	 pair_take(int sv[2]);
/* try_sandbox.c: files, the network, processes, the way out; from before the
 * sandbox, each in a process of its own. */
void	 try_sandbox(const struct slice *s);
/* What daemon_run() does to an imapd. */
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
/* A login and a LIST as imapd would have them. */
bool	 still_serves(void);

#endif
