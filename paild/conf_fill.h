/* The items of a configuration, including defaults for those left out. */
#ifndef PAILD_CONF_FILL_H
#define PAILD_CONF_FILL_H

#include "paild/conf.h"

/* A new item without a value, the configuration's; valid until the next
 * call. */
struct conf_item *conf_item_add(struct conf *c, const struct conf_key *key,
	    const char *path);
/* Moves the bytes of b, which is wiped and freed, into the item. */
void	 conf_item_take(struct conf_item *it, struct buf *b);
/*
 * A map that is an element of a list ("auth.0", "auth.*"), of this kind (NULL:
 * none): keys left out below it get their defaults.
 */
void	 conf_fill_element(struct conf *c, const char *path,
	    const char *keypath, const char *kind);
/* All other defaults, once everything is read. */
void	 conf_fill(struct conf *c, const struct tree_node *root);

#endif
