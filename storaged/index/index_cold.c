/*
 * The cold file of the index: opened when something of it is wanted, begun
 * anew when it is not this boot's or damaged.  It can always be lost.
 */
#include "common/compat.h"

#include <string.h>
#include <unistd.h>

#include "common/host.h"
#include "common/log.h"
#include "storaged/index/index.h"

#define COLD_VERSION	4

static int
cold_meta(struct index *ix, bool clean)
{
	return db_run(&ix->cold, COLD_META_SET, "isibi",
	    (int64_t)COLD_VERSION, str_from(host_boot()), (int64_t)clean,
	    (const void *)ix->mark.history, sizeof(ix->mark.history),
	    (int64_t)0);
}

/* Durable, as with the hot file. */
static int
cold_mark(struct index *ix, bool clean)
{
	int	 rv;

	if (db_exec(&ix->cold, "PRAGMA synchronous=FULL;") == -1)
		return -1;
	rv = cold_meta(ix, clean);
	if (rv == 0)
		rv = db_checkpoint(&ix->cold);
	if (db_exec(&ix->cold, "PRAGMA synchronous=OFF;") == -1)
		rv = -1;
	return rv;
}

static int
cold_existing(struct index *ix)
{
	sqlite3_stmt	*st;
	uint8_t		 history[16];
	bool		 clean, same, ok;

	if (access(ix->path_cold, F_OK) == -1)
		return -1;
	if (!db_whole(ix->path_cold) || db_open(&ix->cold, ix->path_cold,
	    false, false, index_cold_sql, COLD_MAX) == -1)
		goto unfit;
	st = db_st(&ix->cold, COLD_META_GET);
	if (db_step(&ix->cold, st) == 1) {
		clean = db_int(st, 2) != 0;
		same = str_eq(db_col(st, 1), str_from(host_boot()));
		ok = db_int(st, 0) == COLD_VERSION &&
		    (clean || same) && db_col_blob(st, 3, history,
		    sizeof(history)) == 0 && memcmp(history,
		    ix->mark.history, sizeof(history)) == 0;
		db_reset(st);
		if (ok && (!clean || cold_mark(ix, false) == 0))
			return 0;
	}
 unfit:
	log_info("index: %s: from another boot or version, or damaged: "
	    "starting over", ix->path_cold);
	db_close(&ix->cold);
	return -1;
}

int
index_cold_open(struct index *ix)
{
	if (ix->cold.h != NULL && !ix->cold.failed)
		return 0;
	if (ix->cold.h != NULL && !ix->cold.damaged)
		return -1;		/* the disk is full, or such */
	if (ix->cold.h != NULL) {
		log_info("index: %s: starting over", ix->path_cold);
		db_close(&ix->cold);
		ix->cold_held = false;
	} else if (cold_existing(ix) == 0)
		return 0;
	index_unlink(ix->path_cold);
	if (db_open(&ix->cold, ix->path_cold, true, false, index_cold_sql,
	    COLD_MAX) == -1)
		return -1;
	if (db_exec(&ix->cold, index_cold_schema) == -1 ||
	    cold_meta(ix, false) == -1) {
		db_close(&ix->cold);
		index_unlink(ix->path_cold);
		return -1;
	}
	return 0;
}

void
index_cold_clean(struct index *ix)
{
	if (ix->cold.h != NULL && !ix->cold.failed)
		(void)cold_mark(ix, true);
}

int
index_cold_enter(struct index *ix)
{
	if (index_cold_open(ix) == -1)
		return -1;
	if (ix->held && !ix->cold_held)
		ix->cold_held = db_run(&ix->cold, COLD_BEGIN, "") == 0;
	return 0;
}
