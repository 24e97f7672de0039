/* From a request to its page: path, method, and who may see it. */
#ifndef ADMIND_ROUTE_H
#define ADMIND_ROUTE_H

#include "admind/conn.h"

/* host: the node's name, for people; copied. */
void	 route_init(const char *host);

extern const struct conn_ops route_ops;

#endif
