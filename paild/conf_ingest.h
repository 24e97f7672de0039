/* Where mail is dropped: no place may be in another, or in the store. */
#ifndef PAILD_CONF_INGEST_H
#define PAILD_CONF_INGEST_H

#include "paild/conf.h"

void	 conf_ingest(struct conf *c);

#endif
