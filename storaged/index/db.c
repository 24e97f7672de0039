/*
 * SQLite with our settings.  The files are disposable, so nothing is ever
 * synced; an error makes the connection fail for good and its owner
 * discards the file.
 */
#include "common/compat.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "storaged/index/db.h"
#include "storaged/index/db_sum.h"
#include "storaged/index/db_vfs.h"

#define DB_WAL_PAGES	2000	/* more than these go into the database */

static void
db_error(struct db *db, const char *what)
{
	if (db->failed)
		return;
	db->failed = true;
	log_warnx("index: %s: %s", what, db->h == NULL ? "out of memory" :
	    sqlite3_errmsg(db->h));
	db->damaged = db->h != NULL && (sqlite3_extended_errcode(db->h) ==
	    SQLITE_IOERR_DATA || sqlite3_errcode(db->h) == SQLITE_CORRUPT);
}

int
db_exec(struct db *db, const char *sql)
{
	if (sqlite3_exec(db->h, sql, NULL, NULL, NULL) != SQLITE_OK) {
		db_error(db, sql);
		return -1;
	}
	return 0;
}

/* After each commit.  SQLite's own way would keep an error to itself. */
static int
db_wal_grown(void *arg, sqlite3 *h, const char *name, int npages)
{
	struct db	*db = arg;
	int		 rc;

	if (npages < DB_WAL_PAGES)
		return SQLITE_OK;
	rc = sqlite3_wal_checkpoint_v2(h, name, SQLITE_CHECKPOINT_PASSIVE,
	    NULL, NULL);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED)
		db_error(db, "checkpoint");
	return SQLITE_OK;
}

static int
db_settings(struct db *db, bool readonly)
{
	int	 on, keep = 1, reserve = DB_RESERVE;

	/* To create and delete them each time a user is opened and closed
	 * costs more than all the rest of it. */
	sqlite3_file_control(db->h, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 1, &on);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &on);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, &on);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_ENABLE_VIEW, 0, &on);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DQS_DML, 0, &on);
	sqlite3_busy_timeout(db->h, 0);
	if (sqlite3_file_control(db->h, "main", SQLITE_FCNTL_RESERVE_BYTES,
	    &reserve) != SQLITE_OK) {
		db_error(db, "reserve");
		return -1;
	}
	if (db_exec(db, "PRAGMA page_size=4096;"
	    "PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;"
	    "PRAGMA cache_size=-2000; PRAGMA cell_size_check=ON;") == -1)
		return -1;
	if (readonly)
		return db_exec(db, "PRAGMA query_only=ON;");
	/* DB_WAL_PAGES and a few: the next log is written over the last one,
	 * for which the file system has to find no blocks. */
	if (db_exec(db, "PRAGMA journal_mode=WAL;"
	    "PRAGMA journal_size_limit=8388608;") == -1)
		return -1;
	sqlite3_wal_hook(db->h, db_wal_grown, db);
	return 0;
}

/* What SQLite would not notice before it reads on. */
static const char *
db_wrong(const char *path)
{
	uint8_t	 header[100];
	char	 wal[1024];
	off_t	 size = 0;
	ssize_t	 n = -1;
	int	 fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd != -1) {
		n = read(fd, header, sizeof(header));
		size = lseek(fd, 0, SEEK_END);
		close(fd);
	}
	if (n == -1)
		return "cannot be read";
	if (size == 0 || size % DB_PAGE != 0)
		return "truncated";
	if (header[20] != DB_RESERVE)
		return "written by another version";
	if ((size_t)snprintf(wal, sizeof(wal), "%s-wal", path) >= sizeof(wal))
		return "the path is too long";
	return db_wal_wrong(wal);
}

bool
db_whole(const char *path)
{
	const char	*why = db_wrong(path);

	if (why != NULL)
		log_warnx("index: %s: %s", path, why);
	return why == NULL;
}

int
db_open(struct db *db, const char *path, bool create, bool readonly,
    const char *const *sql, size_t nst)
{
	const char	*vfs = db_vfs();
	int		 flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

	memset(db, 0, sizeof(*db));
	if (create)
		flags |= SQLITE_OPEN_CREATE;
	if (vfs == NULL || sqlite3_open_v2(path, &db->h, flags, vfs) !=
	    SQLITE_OK) {
		db_error(db, path);
		goto fail;
	}
	db->sql = sql;
	db->nst = nst;
	db->st = calloc(nst != 0 ? nst : 1, sizeof(*db->st));
	if (db->st == NULL) {
		db_error(db, path);
		goto fail;
	}
	if (db_settings(db, readonly) == 0)
		return 0;
 fail:
	db_close(db);
	db->failed = true;
	return -1;
}

void
db_close(struct db *db)
{
	size_t	 i;

	for (i = 0; db->st != NULL && i < db->nst; i++)
		sqlite3_finalize(db->st[i]);
	free(db->st);
	sqlite3_close(db->h);
	memset(db, 0, sizeof(*db));
}

sqlite3_stmt *
db_st(struct db *db, size_t n)
{
	if (db->failed || db->h == NULL)
		return NULL;
	if (db->st[n] == NULL) {
		if (sqlite3_prepare_v3(db->h, db->sql[n], -1,
		    SQLITE_PREPARE_PERSISTENT, &db->st[n], NULL) !=
		    SQLITE_OK) {
			db_error(db, db->sql[n]);
			return NULL;
		}
	} else
		sqlite3_reset(db->st[n]);
	return db->st[n];
}

static int
db_vbind(struct db *db, sqlite3_stmt *st, const char *fmt, va_list ap)
{
	const void	*p;
	struct str	 s;
	size_t		 len;
	int		 i, rc = SQLITE_OK;

	if (st == NULL)
		return -1;
	for (i = 1; *fmt != '\0' && rc == SQLITE_OK; fmt++, i++) {
		switch (*fmt) {
		case 'i':
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
			break;
		case 'u':
			rc = sqlite3_bind_int64(st, i,
			    (int64_t)va_arg(ap, uint64_t));
			break;
		case 's':
			s = va_arg(ap, struct str);
			rc = sqlite3_bind_text64(st, i,
			    s.p != NULL ? s.p : "", s.len, SQLITE_STATIC,
			    SQLITE_UTF8);
			break;
		case 'b':
			p = va_arg(ap, const void *);
			len = va_arg(ap, size_t);
			rc = sqlite3_bind_blob64(st, i, p != NULL ? p : "",
			    len, SQLITE_STATIC);
			break;
		default:
			fatalx("db_bind: format '%c'", *fmt);
		}
	}
	if (rc != SQLITE_OK) {
		db_error(db, "bind");
		return -1;
	}
	return 0;
}

int
db_bind(struct db *db, sqlite3_stmt *st, const char *fmt, ...)
{
	va_list	 ap;
	int	 rv;

	va_start(ap, fmt);
	rv = db_vbind(db, st, fmt, ap);
	va_end(ap);
	return rv;
}

int
db_step(struct db *db, sqlite3_stmt *st)
{
	int	 rc;

	if (st == NULL)
		return -1;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE) {
		db_error(db, sqlite3_sql(st));
		sqlite3_reset(st);
		return -1;
	}
	sqlite3_reset(st);
	return 0;
}

int
db_run(struct db *db, size_t n, const char *fmt, ...)
{
	sqlite3_stmt	*st = db_st(db, n);
	va_list		 ap;
	int		 rv;

	va_start(ap, fmt);
	rv = db_vbind(db, st, fmt, ap);
	va_end(ap);
	if (rv == -1 || (rv = db_step(db, st)) == -1)
		return -1;
	if (rv == 1)
		sqlite3_reset(st);
	return 0;
}

int
db_one(struct db *db, sqlite3_stmt *st, int64_t *v)
{
	int	 rv = db_step(db, st);

	if (rv == 1) {
		*v = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
	}
	return rv;
}

int
db_checkpoint(struct db *db)
{
	return sqlite3_wal_checkpoint_v2(db->h, NULL,
	    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

bool
db_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->h) == 0;
}

void
db_reset(sqlite3_stmt *st)
{
	sqlite3_reset(st);
}

int64_t
db_last_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->h);
}

int
db_changes(const struct db *db)
{
	return sqlite3_changes(db->h);
}

int64_t
db_int(sqlite3_stmt *st, int col)
{
	return sqlite3_column_int64(st, col);
}

struct str
db_col(sqlite3_stmt *st, int col)
{
	struct str	 s;

	s.p = sqlite3_column_blob(st, col);
	s.len = (size_t)sqlite3_column_bytes(st, col);
	if (s.p == NULL)
		s = (struct str){ "", 0 };
	return s;
}

int
db_col_blob(sqlite3_stmt *st, int col, void *dst, size_t len)
{
	struct str	 s = db_col(st, col);

	if (s.len != len) {
		memset(dst, 0, len);
		return -1;
	}
	memcpy(dst, s.p, len);
	return 0;
}
