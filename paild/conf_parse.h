/*
 * Between conf_type.c and conf_type_net.c: one value being parsed.
 */
#ifndef PAILD_CONF_PARSE_H
#define PAILD_CONF_PARSE_H

#include "common/buf.h"
#include "paild/conf_key.h"

struct parse {
	const struct conf_key	*key;
	const char		*s;
	const char		*base;
	struct buf		*out;
	char			*why;
	size_t			 size;
	char			 shown[64];	/* s, quoted */
};

/* Each: 0 with the normalised value in out, -1 with the reason in why. */
int	 conf_parse_listen(struct parse *p);
int	 conf_parse_network(struct parse *p);
int	 conf_parse_url(struct parse *p);
int	 conf_parse_proxy(struct parse *p);
int	 conf_parse_web(struct parse *p);
int	 conf_parse_bucket(struct parse *p);
int	 conf_parse_prefix(struct parse *p);
int	 conf_parse_header(struct parse *p);
int	 conf_parse_arn(struct parse *p);
int	 conf_parse_id(struct parse *p);
int	 conf_parse_ldap_url(struct parse *p);
int	 conf_parse_ldap_dn(struct parse *p);
int	 conf_parse_ldap_filter(struct parse *p);

/* Fills why; always -1. */
int	 conf_wrong(struct parse *p, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
int	 conf_check_length(struct parse *p);	/* the key's min and max */
int	 conf_check_printable(struct parse *p);

#endif
