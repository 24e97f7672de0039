/* admind's slice of the configuration, checked and converted. */
#ifndef ADMIND_CONF_H
#define ADMIND_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "admind/authority.h"
#include "admind/token.h"
#include "common/tls_context.h"

struct slice;

struct admind_conf {
	SSL_CTX			*tls;		/* NULL: no TLS */
	struct tls_limits	 limits;
	bool			 admin_page;	/* on TLS and loopback */
	bool			 guarded;	/* by a token, or by CAs */
	bool			 has_token;
	uint8_t			 token[TOKEN_HASH];
	struct authority_hosts	 hosts;
	uint32_t		 ready_within;	/* seconds */
	X509_STORE		*store;		/* of clients' CAs, or NULL */
	STACK_OF(X509_NAME)	*names;		/* of these */
};

extern struct admind_conf conf;

/* 0, or -1 with the reason in why and conf as it was. */
int	 conf_read(const struct slice *s, char *why, size_t size);
/* The certificates, which come from credd; takes ctx (NULL: none). */
void	 conf_tls(SSL_CTX *ctx);

#endif
