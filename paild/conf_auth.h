/* The entries of `auth:`: what must agree, and what must be there. */
#ifndef PAILD_CONF_AUTH_H
#define PAILD_CONF_AUTH_H

#include "paild/conf.h"

void	 conf_auth(struct conf *c);

#endif
