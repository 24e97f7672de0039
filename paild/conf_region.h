/* Where a region's endpoint is. */
#ifndef PAILD_CONF_REGION_H
#define PAILD_CONF_REGION_H

#include "paild/conf.h"

/*
 * An s3 store whose endpoint was left out gets that of its region, and the
 * name that the region's provider signs for; a region that is not known is an
 * error, or a warning if it could be a new one of AWS.
 */
void	 conf_region(struct conf *c);

#endif
