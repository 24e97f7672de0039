/* The SQL functions inset(uid), setrank(uid) and kwmap(kw). */
#ifndef STORAGED_INDEX_FN_H
#define STORAGED_INDEX_FN_H

#include "storaged/index.h"

int	 index_fn_register(struct index *ix, sqlite3 *h);
/* Deletes an SQLite file with what belongs to it. */
void	 index_unlink(const char *path);

#endif
