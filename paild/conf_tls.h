/* The files of "tls": certificates, their chains and keys. */
#ifndef PAILD_CONF_TLS_H
#define PAILD_CONF_TLS_H

#include "paild/conf.h"

/* Reads and checks them; a key is kept nowhere. */
void	 conf_tls(struct conf *c);
/*
 * Appends a line for each of these files, which is another when the file, or
 * where a symbolic link leads to, is another or has been written to.
 */
int	 conf_tls_mark(const struct conf *c, struct buf *b);

#endif
