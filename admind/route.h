/* From a request to its page: path, method, and who may see it. */
#ifndef ADMIND_ROUTE_H
#define ADMIND_ROUTE_H

#include "admind/conn.h"

extern const struct conn_ops route_ops;

#endif
