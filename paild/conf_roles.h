/* Roles that credd assumes: keys that must agree with one another. */
#ifndef PAILD_CONF_ROLES_H
#define PAILD_CONF_ROLES_H

#include "paild/conf.h"

/* Of an s3 store whose endpoint is known (conf_region.h), or AWS's. */
void	 conf_roles(struct conf *c);

#endif
