/* See usage.h. */
#include "common/compat.h"

#include "storaged/index/db.h"
#include "storaged/index/index_sql.h"
#include "storaged/index/usage.h"

int
usage_read(struct db *db, struct usage *u)
{
	sqlite3_stmt	*st = db_st(db, ST_BOX_USAGE);

	if (db_step(db, st) != 1)
		return -1;
	u->bytes = (uint64_t)db_int(st, 0);
	u->messages = (uint64_t)db_int(st, 1);
	db_reset(st);
	return 0;
}

int
usage_add(struct usage *u, uint64_t messages, uint64_t bytes)
{
	if (bytes > INT64_MAX - u->bytes || messages > INT64_MAX - u->messages)
		return -1;
	u->bytes += bytes;
	u->messages += messages;
	return 0;
}

int
usage_take(struct usage *u, uint64_t messages, uint64_t bytes)
{
	if (bytes > u->bytes || messages > u->messages)
		return -1;
	u->bytes -= bytes;
	u->messages -= messages;
	return 0;
}

bool
usage_over(const struct usage *u, const struct quota *q, uint64_t messages,
    uint64_t bytes)
{
	return (q->bytes != 0 && u->bytes + bytes >= q->bytes) ||
	    (q->messages != 0 && u->messages + messages >= q->messages);
}
