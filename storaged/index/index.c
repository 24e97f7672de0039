/*
 * Opening, closing and the transactions of a user's index.  Nothing here
 * decides: intents become records in eval_*.c, records become rows in
 * apply*.c.  A file that is not to be trusted is deleted, never mended.
 */
#include "common/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/host.h"
#include "common/log.h"
#include "common/sum.h"
#include "storaged/index/index.h"

void
index_unlink(const char *path)
{
	static const char *const suffix[] = { "", "-wal", "-shm", "-journal" };
	char	 name[1024];
	size_t	 i;

	for (i = 0; i < nitems(suffix); i++) {
		if ((size_t)snprintf(name, sizeof(name), "%s%s", path,
		    suffix[i]) >= sizeof(name))
			return;
		if (unlink(name) == -1 && errno != ENOENT)
			log_warn("index: %s", name);
	}
}

static int
meta_write(struct index *ix, const struct state_mark *m)
{
	return db_run(&ix->hot, ST_META_SET, "isibibii",
	    (int64_t)INDEX_VERSION, str_from(host_boot()), (int64_t)0,
	    (const void *)m->history, sizeof(m->history), (int64_t)m->commit,
	    (const void *)m->nonce, sizeof(m->nonce), (int64_t)m->records,
	    (int64_t)m->uidvalidity);
}

/* Durable before anything is written: else a later crash would leave a torn
 * file that calls itself clean. */
static int
meta_clean(struct index *ix, bool clean)
{
	int	 rv;

	if (db_exec(&ix->hot, "PRAGMA synchronous=FULL;") == -1)
		return -1;
	rv = db_run(&ix->hot, ST_META_CLEAN, "is", (int64_t)clean,
	    str_from(host_boot()));
	if (rv == 0)
		rv = db_checkpoint(&ix->hot);
	if (db_exec(&ix->hot, "PRAGMA synchronous=OFF;") == -1)
		rv = -1;
	return rv;
}

/* 0: the file can be used; -1: discard it. */
static int
meta_read(struct index *ix)
{
	struct state_mark	*m = &ix->mark;
	sqlite3_stmt		*st = db_st(&ix->hot, ST_META_GET);
	bool			 clean, same;

	if (db_step(&ix->hot, st) != 1)
		return -1;
	clean = db_int(st, 2) != 0;
	same = str_eq(db_col(st, 1), str_from(host_boot()));
	if (db_int(st, 0) != INDEX_VERSION || (!clean && !same) ||
	    db_col_blob(st, 3, m->history, sizeof(m->history)) == -1 ||
	    db_col_blob(st, 5, m->nonce, sizeof(m->nonce)) == -1) {
		db_reset(st);
		return -1;
	}
	m->commit = (uint64_t)db_int(st, 4);
	m->records = (uint64_t)db_int(st, 6);
	m->uidvalidity = (uint32_t)db_int(st, 7);
	db_reset(st);
	return clean ? meta_clean(ix, false) : 0;
}

/* Before any session is told that the file can be used. */
static int
past_count(struct index *ix)
{
	int64_t	 n;

	if (db_one(&ix->hot, db_st(&ix->hot, ST_PAST_COUNT), &n) != 1)
		return -1;
	ix->npast = (uint64_t)n;
	return 0;
}

static int
hot_existing(struct index *ix)
{
	if (access(ix->path_hot, F_OK) == -1)
		return -1;
	if (db_whole(ix->path_hot) && db_open(&ix->hot, ix->path_hot, false,
	    false, index_sql, ST_MAX) == 0 && meta_read(ix) == 0 &&
	    past_count(ix) == 0 && usage_read(&ix->hot, &ix->usage) == 0 &&
	    !ix->hot.failed)
		return 0;
	log_info("index: %s: from another boot or version, or damaged: "
	    "rebuilding from the bucket", ix->path_hot);
	memset(&ix->mark, 0, sizeof(ix->mark));
	db_close(&ix->hot);
	return -1;
}

static int
hot_create(struct index *ix)
{
	index_unlink(ix->path_hot);
	memset(&ix->mark, 0, sizeof(ix->mark));
	memset(&ix->usage, 0, sizeof(ix->usage));
	ix->npast = 0;
	if (db_open(&ix->hot, ix->path_hot, true, false, index_sql,
	    ST_MAX) == -1)
		return -1;
	if (db_exec(&ix->hot, "BEGIN") == -1 ||
	    db_exec(&ix->hot, index_schema) == -1 ||
	    meta_write(ix, &ix->mark) == -1 ||
	    db_exec(&ix->hot, "COMMIT") == -1) {
		db_close(&ix->hot);
		return -1;
	}
	return 0;
}

/* All but the writer's connection. */
static int
index_attach(struct index *ix)
{
	if (db_open(&ix->read, ix->path_hot, false, true, index_sql,
	    ST_MAX) == -1)
		return -1;
	ix->next = ix->mark;
	ix->usage_next = ix->usage;
	return 0;
}

static int
index_connect(struct index *ix)
{
	if (hot_existing(ix) == -1 && hot_create(ix) == -1)
		return -1;
	ix->fresh = ix->mark.commit == 0;
	return index_attach(ix);
}

static void
index_disconnect(struct index *ix)
{
	db_close(&ix->read);
	db_close(&ix->cold);
	db_close(&ix->hot);
}

void
index_rest(struct index *ix)
{
	if (ix->in_tx || ix->resting || index_failed(ix))
		return;
	index_disconnect(ix);
	ix->resting = true;
}

int
index_wake(struct index *ix)
{
	struct state_mark	 was = ix->mark;

	if (!ix->resting)
		return 0;
	ix->resting = false;
	if (hot_existing(ix) == 0 && memcmp(was.nonce, ix->mark.nonce,
	    sizeof(was.nonce)) == 0 && was.records == ix->mark.records &&
	    index_attach(ix) == 0)
		return 0;
	log_warnx("index: %s: changed while it was closed", ix->path_hot);
	index_disconnect(ix);
	ix->mark = was;
	return -1;
}

struct index *
index_open(const char *dir, const char *name)
{
	struct index	*ix;

	if ((ix = calloc(1, sizeof(*ix))) == NULL)
		return NULL;
	TAILQ_INIT(&ix->changes);
	if (asprintf(&ix->path_hot, "%s/%s.hot", dir, name) == -1)
		ix->path_hot = NULL;
	if (asprintf(&ix->path_cold, "%s/%s.cold", dir, name) == -1)
		ix->path_cold = NULL;
	if (ix->path_hot == NULL || ix->path_cold == NULL ||
	    index_connect(ix) == -1) {
		index_close(ix, false);
		return NULL;
	}
	return ix;
}

void
index_close(struct index *ix, bool clean)
{
	bool	 hot, cold;

	if (ix == NULL)
		return;
	if (ix->in_tx)
		index_rollback(ix);
	if (clean && index_wake(ix) == 0 && !index_failed(ix)) {
		index_cold_clean(ix);
		db_close(&ix->read);
		(void)meta_clean(ix, true);
	}
	hot = ix->hot.failed || ix->read.failed;
	cold = ix->cold.failed;
	index_disconnect(ix);
	if (hot && ix->path_hot != NULL)
		index_unlink(ix->path_hot);
	if (cold && ix->path_cold != NULL)
		index_unlink(ix->path_cold);
	change_list_free(&ix->changes);
	free(ix->dead);
	free(ix->path_hot);
	free(ix->path_cold);
	free(ix);
}

int
index_reset(struct index *ix)
{
	if (ix->in_tx)
		index_rollback(ix);
	ix->resting = false;
	index_disconnect(ix);
	index_unlink(ix->path_hot);
	index_unlink(ix->path_cold);
	change_list_free(&ix->changes);
	ix->ndead = 0;
	if (ix->on_reset != NULL)
		ix->on_reset(ix->reset_arg);
	return index_connect(ix);
}

bool
index_failed(const struct index *ix)
{
	return ix->hot.failed || ix->read.failed || ix->hot.h == NULL ||
	    ix->read.h == NULL;
}

int
index_begin(struct index *ix)
{
	if (ix->in_tx)
		fatalx("index: a transaction within a transaction");
	if (index_wake(ix) == -1 || db_run(&ix->hot, ST_BEGIN, "") == -1)
		return -1;
	ix->in_tx = true;
	ix->ntx++;
	ix->next = ix->mark;
	ix->usage_next = ix->usage;
	change_list_free(&ix->changes);
	ix->ndead = 0;
	return 0;
}

int
index_commit(struct index *ix, const struct state_mark *mark)
{
	struct state_mark	 m = *mark;

	if (m.uidvalidity < ix->next.uidvalidity)
		m.uidvalidity = ix->next.uidvalidity;
	if (meta_write(ix, &m) == -1 ||
	    db_run(&ix->hot, ST_COMMIT, "") == -1) {
		index_rollback(ix);
		return -1;
	}
	ix->in_tx = false;
	ix->fresh = false;
	ix->mark = ix->next = m;
	ix->usage = ix->usage_next;
	return 0;
}

void
index_rollback(struct index *ix)
{
	if (!ix->in_tx)
		return;
	ix->in_tx = false;
	ix->next = ix->mark;
	ix->usage_next = ix->usage;
	change_list_free(&ix->changes);
	uidset_free(&ix->save.last_uids);
	ix->ndead = 0;
	/* An error may have rolled it back already. */
	if (db_in_transaction(&ix->hot))
		(void)db_run(&ix->hot, ST_ROLLBACK, "");
}

int
index_save(struct index *ix)
{
	struct index_save	*save = &ix->save;

	memset(save, 0, sizeof(*save));
	save->next = ix->next;
	save->usage = ix->usage_next;
	save->ndead = ix->ndead;
	save->last = TAILQ_LAST(&ix->changes, change_list);
	if (save->last != NULL) {
		save->last_modseq = save->last->modseq;
		if (uidset_copy(&save->last_uids, &save->last->uids) == -1)
			return -1;
	}
	return db_run(&ix->hot, ST_SAVE, "");
}

void
index_keep(struct index *ix)
{
	(void)db_run(&ix->hot, ST_RELEASE, "");
	uidset_free(&ix->save.last_uids);
}

void
index_back(struct index *ix)
{
	struct index_save	*save = &ix->save;
	struct change		*ch;

	(void)db_run(&ix->hot, ST_BACK, "");
	(void)db_run(&ix->hot, ST_RELEASE, "");
	while ((ch = TAILQ_LAST(&ix->changes, change_list)) != save->last) {
		TAILQ_REMOVE(&ix->changes, ch, entry);
		uidset_free(&ch->uids);
		free(ch);
	}
	if (ch != NULL) {
		ch->modseq = save->last_modseq;
		uidset_take(&ch->uids, &save->last_uids);
	}
	uidset_free(&save->last_uids);
	ix->next = save->next;
	ix->usage_next = save->usage;
	ix->ndead = save->ndead;
}

int
index_state_hash(struct index *ix, uint8_t hash[32])
{
	sqlite3_stmt	*st = db_st(&ix->hot, ST_BOX_ALL);
	struct sum	 sum;
	struct buf	 b = BUF_INIT;
	int		 step;

	sum_begin(&sum);
	while ((step = db_step(&ix->hot, st)) == 1) {
		buf_reset(&b);
		buf_put_u64(&b, (uint64_t)db_int(st, 0));
		buf_put_u32(&b, (uint32_t)db_int(st, 3));
		buf_put_u32(&b, (uint32_t)db_int(st, 5));
		buf_put_u64(&b, (uint64_t)db_int(st, 9));
		if (b.failed) {
			db_reset(st);
			break;
		}
		sum_add(&sum, b.data, b.len);
	}
	sum_end(&sum, hash);
	buf_free(&b);
	return step == 0 ? 0 : -1;
}

int
index_change(struct index *ix, enum change_kind kind, uint64_t box,
    uint64_t modseq, const struct uidset *uids)
{
	struct change	*ch = TAILQ_LAST(&ix->changes, change_list);

	if (ch != NULL && ch->kind == kind && ch->box == box &&
	    ch->session == ix->cause_session && ch->id == ix->cause_id) {
		ch->modseq = modseq;
		return uids == NULL ? 0 : uidset_union(&ch->uids, uids);
	}
	if ((ch = calloc(1, sizeof(*ch))) == NULL)
		return -1;
	ch->kind = kind;
	ch->box = box;
	ch->modseq = modseq;
	ch->session = ix->cause_session;
	ch->id = ix->cause_id;
	if (uids != NULL && uidset_copy(&ch->uids, uids) == -1) {
		free(ch);
		return -1;
	}
	TAILQ_INSERT_TAIL(&ix->changes, ch, entry);
	return 0;
}

void
change_list_free(struct change_list *l)
{
	struct change	*ch;

	while ((ch = TAILQ_FIRST(l)) != NULL) {
		TAILQ_REMOVE(l, ch, entry);
		uidset_free(&ch->uids);
		free(ch);
	}
}

void
index_take_changes(struct index *ix, struct change_list *l)
{
	TAILQ_INIT(l);
	TAILQ_CONCAT(l, &ix->changes, entry);
}
