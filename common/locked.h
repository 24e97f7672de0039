/* Memory for keys: locked, and left out of core files, where the system can. */
#ifndef COMMON_LOCKED_H
#define COMMON_LOCKED_H

#include <stddef.h>

/* Zeroed; NULL on ENOMEM.  Pages of their own: for few things. */
void	*locked_new(size_t size);
/* Wipes it; size is that of locked_new().  NULL is fine. */
void	 locked_free(void *p, size_t size);

#endif
