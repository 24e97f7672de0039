/*
 * Domains of mail addresses: RFC 5890, with the tables of utf8proc; Punycode
 * is RFC 3492.  They come from strangers.
 */
#ifndef COMMON_DOMAIN_H
#define COMMON_DOMAIN_H

#include <stddef.h>

#include "common/buf.h"

#define DOMAIN_MAX	253	/* bytes, in either form */

/*
 * The form that a domain is compared in: letters lower-case, NFC, labels
 * in A-form ("xn--...") as the U-labels that they stand for (those that stand
 * for none as they are).  Writes it with its NUL to dst.  -1: an empty label,
 * octets that no domain has, or it does not fit (DOMAIN_MAX + 1 bytes do for
 * any domain).
 */
int	 domain_unicode(struct str domain, char *dst, size_t size);
/* What domain_unicode() has made, with A-labels. -1: it does not fit, or one
 * of its labels does not into 63 bytes. */
int	 domain_ascii(const char *domain, char *dst, size_t size);

#endif
