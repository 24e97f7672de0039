/* Between conf_url.c and conf_url_param.c: one line being expanded. */
#ifndef PAILD_CONF_URL_PARAM_H
#define PAILD_CONF_URL_PARAM_H

#include <stdbool.h>

#include "paild/conf.h"
#include "paild/tree.h"

#define URL_LINE_MAX	4096	/* bytes of a line, with NUL */

struct url_line {
	struct conf		*c;
	struct tree_node	*root, *store;
	const struct tree_node	*node;		/* store.url */
	bool			 secure;	/* https */
	bool			 keys;		/* it has an access key */
	char			 bucket[64];	/* "": not told so far, */
	char			 region[65];	/* likewise */
	char			 role[65];
	char			 auth_host[256];
	bool			 absolute;	/* absolute_timeout was there */
};

/* conf_url.c: adds name: value to map, unless it says just that; what differs
 * is an error. */
void	 url_put(struct url_line *u, struct tree_node *map, const char *name,
	    const char *value);
/* The map below parent, made if it is not there; NULL: that is no map. */
struct tree_node *url_map(struct url_line *u, struct tree_node *parent,
	    enum tree_kind kind, const char *name);
/* %hex, once; also as "%%hex", which Dovecot's files need.  -1: malformed, a
 * control character, or too long. */
int	 url_decode(const char *s, size_t len, char *dst, size_t size);

/* conf_url_param.c: "a=b&c=d".  -1: an error was told. */
int	 url_params(struct url_line *u, const char *s);

#endif
