/* What an entry of "listen" says besides its URL. */
#ifndef PAILD_CONF_LISTEN_H
#define PAILD_CONF_LISTEN_H

#include "paild/conf.h"

void	 conf_listen(struct conf *c);

#endif
