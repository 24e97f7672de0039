/*
 * imapd's slice of the configuration, checked and converted.  One per process;
 * a reload replaces it for new connections.
 */
#ifndef IMAPD_CONF_H
#define IMAPD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "common/tls_context.h"

struct slice;

enum plaintext_login { PLAINTEXT_NEVER, PLAINTEXT_LOOPBACK, PLAINTEXT_ALWAYS };

struct imapd_conf {
	SSL_CTX			*tls;		/* NULL: no TLS */
	struct tls_limits	 limits;	/* of TLS */
	enum plaintext_login	 plaintext;
	char			 mechanisms[128]; /* "PLAIN LOGIN" */
	uint64_t		 append_limit;	/* octets of one message */
	bool			 nul_replace;	/* in messages; or refused */
	unsigned int		 login_timeout;	/* seconds until logged in */
	unsigned int		 idle_timeout;	/* seconds without a command */
	unsigned int		 write_timeout;	/* seconds without progress */
	unsigned int		 literal_timeout; /* seconds, inside of one */
	unsigned int		 still_here;	/* seconds, in IDLE */
	unsigned int		 max_clients;	/* of this process */
	unsigned int		 max_strangers;	/* of those not logged in */
	unsigned int		 max_per_address; /* not logged in */
	uint64_t		 max_unsent;	/* octets, of all clients */
};

extern struct imapd_conf conf;

/*
 * Reads the keys "plaintext-login", "sasl-mechanisms" (of which those are kept
 * that "auth" can do), "append-limit", "append-nul" and those of "imap".  0, or
 * -1 with the reason in why and *c as it was.  s may be NULL: the defaults.
 */
int	 conf_read(struct imapd_conf *c, const struct slice *s, char *why,
	    size_t size);
/* The certificates, which come from credd; takes ctx (NULL: none). */
void	 conf_tls(SSL_CTX *ctx);
/*
 * Reduces the connection limits to what room descriptors suffice for, with a
 * warning: each may become a session, which needs two; and half of them are
 * reserved for clients that have logged in.
 */
void	 conf_fit(struct imapd_conf *c, uint64_t room);

#endif
