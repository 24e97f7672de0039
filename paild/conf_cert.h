/* "type: certificate": what its files hold, and its mistakes. */
#ifndef PAILD_CONF_CERT_H
#define PAILD_CONF_CERT_H

#include <stddef.h>

#include "common/buf.h"
#include "paild/conf.h"

#define CONF_CERT_MAX	(64 * 1024)	/* bytes of each file */

/*
 * The CAs and their CRLs in PEM, as text with its NUL, and the rule that names
 * users ("", if there is no such entry).  0, or -1 with the reason in why.
 */
int	 conf_cert_read(const struct conf *c, struct buf *pem,
	    const char **rule, char *why, size_t size);
/* The files as they are now, if there is such an entry and each can be used: 0,
 * or -1 with the reason in why. */
int	 conf_cert_again(const struct conf *c, struct buf *pem, char *why,
	    size_t size);
/* Adds a file of PEM to pem.  0, or -1 with the reason in why. */
int	 conf_cert_add(const char *path, struct buf *pem, char *why,
	    size_t size);
/* Reports what is wrong with the file it names; what: "CERTIFICATE" (of CAs)
 * or "X509 CRL". */
void	 conf_cert_file(struct conf *c, const struct conf_item *it,
	    const char *what);
/* Of entry i. */
void	 conf_cert(struct conf *c, unsigned i);

#endif
