/*
 * A thin layer over SQLite: connections with our settings, statements prepared
 * once from a table, values bound by a format string.
 */
#ifndef STORAGED_DB_H
#define STORAGED_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

typedef struct sqlite3 sqlite3;			/* <sqlite3.h> is db.c's */
typedef struct sqlite3_stmt sqlite3_stmt;

struct db {
	sqlite3			*h;
	sqlite3_stmt		**st;		/* nst, prepared on demand */
	const char *const	*sql;
	size_t			 nst;
	bool			 failed;	/* an error that is not a
						   constraint: sticky */
	bool			 damaged;	/* it was the file's content */
};

/*
 * Opens path (created when create is set) in WAL mode with synchronous=OFF,
 * checksums (db_vfs.h) and defensive settings.  db stays where it is until
 * it is closed.  sql: nst statements for db_st(), kept by
 * reference.  -1 with db->failed set (the handle is closed).
 */
int	 db_open(struct db *db, const char *path, bool create, bool readonly,
	    const char *const *sql, size_t nst);
/*
 * To be called before the first connection to an existing file: is it of our
 * format and complete, and its write-ahead log, too (db_sum.h)?  Logged if not;
 * pages are verified as they are read (db_vfs.h).
 */
bool	 db_whole(const char *path);
void	 db_close(struct db *db);		/* also of one never opened */
/* One or more statements without results.  0 or -1 (logged). */
int	 db_exec(struct db *db, const char *sql);

/* Copies the whole write-ahead log into the file.  0 or -1. */
int	 db_checkpoint(struct db *db);
bool	 db_in_transaction(const struct db *db);

/* Statement n, reset and unbound; NULL on error. */
sqlite3_stmt *db_st(struct db *db, size_t n);
/*
 * Binds from the first parameter on: i int64_t, u uint64_t (as the same 64
 * bits), s struct str (text), b const void * and size_t (blob).  The bytes
 * must stay until the statement is reset.  0 or -1.
 */
int	 db_bind(struct db *db, sqlite3_stmt *st, const char *fmt, ...);
/* 1: a row, 0: done (and reset), -1: error (logged, reset). */
int	 db_step(struct db *db, sqlite3_stmt *st);
/* Binds and steps a statement that returns no rows.  0 or -1. */
int	 db_run(struct db *db, size_t n, const char *fmt, ...);
/* The first column of the first row of a bound statement; 1, 0 or -1. */
int	 db_one(struct db *db, sqlite3_stmt *st, int64_t *v);

/* Abandons a statement before the last row. */
void	 db_reset(sqlite3_stmt *st);
/* Of the last INSERT; the rows that the last statement changed. */
int64_t	 db_last_id(const struct db *db);
int	 db_changes(const struct db *db);

int64_t	 db_int(sqlite3_stmt *st, int col);
/* Text and blob columns as borrowed bytes (until the next step). */
struct str db_col(sqlite3_stmt *st, int col);
/* A blob column of exactly len bytes; else dst is zeroed, and -1. */
int	 db_col_blob(sqlite3_stmt *st, int col, void *dst, size_t len);

#endif
