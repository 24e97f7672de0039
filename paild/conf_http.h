/* Who may see metrics: the rules, and what admind is told of them. */
#ifndef PAILD_CONF_HTTP_H
#define PAILD_CONF_HTTP_H

#include "paild/conf.h"

#define CONF_HTTP_HASH	65		/* hex of a SHA-256, and a NUL */

/* Reports what is wrong with listeners of HTTP and the metrics-... keys. */
void	 conf_http(struct conf *c);
/*
 * hash: of the token, "" without one.  pem: the CAs, with a NUL at the end; -1
 * with the reason in why: they cannot be read, and pem is empty.
 */
int	 conf_http_tell(const struct conf *c, char hash[CONF_HTTP_HASH],
	    struct buf *pem, char *why, size_t size);

#endif
