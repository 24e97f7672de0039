/*
 * lmtpd's slice of the configuration, checked and converted.  One per process;
 * a reload replaces it for what comes next.
 */
#ifndef LMTPD_CONF_H
#define LMTPD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/tls_context.h"

struct listen_from;
struct slice;

enum lmtpd_detail { DETAIL_IGNORE, DETAIL_FOLDER, DETAIL_CREATE };

struct lmtpd_conf {
	char			 hostname[256];	/* host_name(); stays */
	SSL_CTX			*tls;		/* NULL: no TLS */
	struct tls_limits	 limits;
	uint64_t		 max_size;	/* octets of one message */
	bool			 nul_replace;	/* in messages; or refused */
	bool			 bare_refuse;	/* CR and LF alone */
	enum lmtpd_detail	 detail;
	char			 junk_name[128];	/* "": no rule */
	char			 junk_value[250];
	unsigned int		 max_recipients;
	unsigned int		 max_clients;	/* of this process */
	unsigned int		 idle_timeout;	/* seconds */
	unsigned int		 timeout;	/* seconds, of a delivery */
};

extern struct lmtpd_conf conf;

/* 0, or -1 with the reason in why and *c as it was. */
int	 conf_read(struct lmtpd_conf *c, const struct slice *s, char *why,
	    size_t size);
/* The certificates, which come from credd; takes ctx (NULL: none). */
void	 conf_tls(SSL_CTX *ctx);
/* Reduces the connections to what room descriptors suffice for, with a
 * warning. */
void	 conf_fit(struct lmtpd_conf *c, uint64_t room);
/* May this client say for whom it speaks (XCLIENT)? */
bool	 conf_xclient(const struct listen_from *from);

#endif
