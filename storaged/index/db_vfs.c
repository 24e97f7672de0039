/*
 * The layer of db_vfs.h.  It sees each read and write of a file as SQLite
 * makes them; those of whole pages are its own, the rest it hands through.
 * It must never change what SQLite passed for writing: that is its cache.
 */
#include "common/compat.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/index/db_sum.h"
#include "storaged/index/db_vfs.h"

#define WAL_WHOLE	(DB_WAL_FRAME + DB_PAGE)	/* with its header */
#define WAL_HELD	8	/* frames; an APPEND has five */

/* In front of the system's own, in memory of SQLite's. */
struct sumfile {
	sqlite3_file	 base;
	const char	*name;		/* SQLite's; until it is closed */
	/* A frame's header is kept until its page comes, to be written with
	 * it: at -1 there is none. */
	sqlite3_int64	 frame_at;
	uint8_t		 frame[DB_WAL_FRAME];
	/* Frames of a transaction, one behind the other, until its last: they
	 * are written at once.  No one reads them before it is there. */
	uint8_t		*held;		/* NULL: none */
	size_t		 nheld;		/* of them */
	sqlite3_int64	 held_at;	/* where the first belongs */
	sqlite3_int64	 whole_at;	/* the frame read last, as a whole */
};

static sqlite3_vfs	*real;		/* the system's */

static sqlite3_file *
real_of(sqlite3_file *f)
{
	return (sqlite3_file *)((struct sumfile *)f + 1);
}

static int
damaged(sqlite3_file *f, sqlite3_int64 page, const char *what)
{
	log_warnx("index: %s: page %lld: %s", ((struct sumfile *)f)->name,
	    (long long)page, what);
	return SQLITE_IOERR_DATA;
}

/* A page of the database. */
static int
page_read(sqlite3_file *f, uint8_t *p, sqlite3_int64 off)
{
	sqlite3_int64	 n = off / DB_PAGE + 1;
	int		 rc = real_of(f)->pMethods->xRead(real_of(f), p,
			    DB_PAGE, off);

	if (rc == SQLITE_IOERR_SHORT_READ)
		return damaged(f, n, "truncated");
	if (rc == SQLITE_OK && !db_sum_right(p, (uint32_t)n))
		return damaged(f, n, "damaged");
	return rc;
}

static int
db_read(sqlite3_file *f, void *p, int len, sqlite3_int64 off)
{
	uint8_t		 page[DB_PAGE];
	sqlite3_int64	 size;
	int		 rc;

	if (len == DB_PAGE && off % DB_PAGE == 0)
		return page_read(f, p, off);
	/* Parts of the first page: its header, before all else. */
	if (off + len > DB_PAGE)
		return damaged(f, off / DB_PAGE + 1, "unexpected read");
	rc = real_of(f)->pMethods->xFileSize(real_of(f), &size);
	if (rc != SQLITE_OK)
		return rc;
	if (size == 0) {
		memset(p, 0, (size_t)len);
		return SQLITE_IOERR_SHORT_READ;
	}
	if ((rc = page_read(f, page, 0)) == SQLITE_OK)
		memcpy(p, page + off, (size_t)len);
	return rc;
}

static int
db_write(sqlite3_file *f, const void *p, int len, sqlite3_int64 off)
{
	uint8_t	 page[DB_PAGE];

	if (len != DB_PAGE || off % DB_PAGE != 0)
		return SQLITE_IOERR_WRITE;
	memcpy(page, p, DB_PAGE);
	db_sum_seal(page, (uint32_t)(off / DB_PAGE + 1));
	return real_of(f)->pMethods->xWrite(real_of(f), page, len, off);
}

/* Is that a frame's page, and not a header or a whole frame? */
static bool
frame_page(int len, sqlite3_int64 off)
{
	return len == DB_PAGE && off > DB_WAL_HEADER &&
	    (off - DB_WAL_HEADER) % (DB_WAL_FRAME + DB_PAGE) == DB_WAL_FRAME;
}

static int
wal_flush(sqlite3_file *f)
{
	struct sumfile	*s = (struct sumfile *)f;
	int		 rc;

	if (s->held == NULL)
		return SQLITE_OK;
	rc = real_of(f)->pMethods->xWrite(real_of(f), s->held,
	    (int)(s->nheld * WAL_WHOLE), s->held_at);
	free(s->held);
	s->held = NULL;
	s->nheld = 0;
	return rc;
}

/* What is held, and the header that is kept, if it comes alone after all. */
static int
wal_settle(sqlite3_file *f)
{
	struct sumfile	*s = (struct sumfile *)f;
	sqlite3_int64	 at = s->frame_at;
	int		 rc;

	s->frame_at = -1;
	if ((rc = wal_flush(f)) != SQLITE_OK || at == -1)
		return rc;
	return real_of(f)->pMethods->xWrite(real_of(f), s->frame,
	    DB_WAL_FRAME, at);
}

/* Whole frames are read only with their own sums looked at. */
static int
wal_read(sqlite3_file *f, void *p, int len, sqlite3_int64 off)
{
	const struct sqlite3_io_methods	*m = real_of(f)->pMethods;
	struct sumfile	*s = (struct sumfile *)f;
	uint8_t		 frame[WAL_WHOLE];
	uint32_t	 n;
	int		 rc;

	if ((rc = wal_settle(f)) != SQLITE_OK)
		return rc;
	if (!frame_page(len, off)) {
		s->whole_at = len == sizeof(frame) ? off : -1;
		return m->xRead(real_of(f), p, len, off);
	}
	rc = m->xRead(real_of(f), frame, sizeof(frame), off - DB_WAL_FRAME);
	n = db_wal_number(frame);
	if (rc == SQLITE_IOERR_SHORT_READ)
		return damaged(f, n, "truncated");
	if (rc != SQLITE_OK)
		return rc;
	if (!db_sum_right(frame + DB_WAL_FRAME, n))
		return damaged(f, n, "damaged");
	memcpy(p, frame + DB_WAL_FRAME, DB_PAGE);
	return SQLITE_OK;
}

/* The page of the header that was the last write. */
static int
wal_hold(sqlite3_file *f, const void *p)
{
	struct sumfile	*s = (struct sumfile *)f;
	uint8_t		*frame;
	int		 rc;

	if (s->held != NULL && s->frame_at != s->held_at +
	    (sqlite3_int64)(s->nheld * WAL_WHOLE) &&
	    (rc = wal_flush(f)) != SQLITE_OK)
		return rc;
	if (s->held == NULL) {
		if ((s->held = malloc(WAL_HELD * WAL_WHOLE)) == NULL)
			return SQLITE_IOERR_NOMEM;
		s->held_at = s->frame_at;
	}
	frame = s->held + s->nheld++ * WAL_WHOLE;
	memcpy(frame, s->frame, DB_WAL_FRAME);
	memcpy(frame + DB_WAL_FRAME, p, DB_PAGE);
	db_sum_seal_wal(frame + DB_WAL_FRAME, db_wal_number(frame));
	s->frame_at = -1;
	if (s->nheld == WAL_HELD || db_wal_ends(frame))
		return wal_flush(f);
	return SQLITE_OK;
}

/* A frame's page, with its header if that was the last write: else it is a
 * second one to a frame of the same transaction. */
static int
wal_write_page(sqlite3_file *f, const void *p, sqlite3_int64 off)
{
	const struct sqlite3_io_methods	*m = real_of(f)->pMethods;
	uint8_t		 frame[WAL_WHOLE];
	sqlite3_int64	 at = off - DB_WAL_FRAME;
	int		 rc;

	if (((struct sumfile *)f)->frame_at == at)
		return wal_hold(f, p);
	if ((rc = wal_settle(f)) != SQLITE_OK ||
	    (rc = m->xRead(real_of(f), frame, DB_WAL_FRAME, at)) != SQLITE_OK)
		return rc;
	memcpy(frame + DB_WAL_FRAME, p, DB_PAGE);
	db_sum_seal_wal(frame + DB_WAL_FRAME, db_wal_number(frame));
	return m->xWrite(real_of(f), frame + DB_WAL_FRAME, DB_PAGE, off);
}

static int
wal_write(sqlite3_file *f, const void *p, int len, sqlite3_int64 off)
{
	struct sumfile	*s = (struct sumfile *)f;
	int		 rc;

	if (frame_page(len, off))
		return wal_write_page(f, p, off);
	/* What was just read as a whole gets but another sum. */
	if (len != DB_WAL_FRAME || off == s->whole_at) {
		if ((rc = wal_settle(f)) != SQLITE_OK)
			return rc;
		return real_of(f)->pMethods->xWrite(real_of(f), p, len, off);
	}
	if (s->frame_at != -1 && (rc = wal_settle(f)) != SQLITE_OK)
		return rc;
	memcpy(s->frame, p, DB_WAL_FRAME);
	s->frame_at = off;
	return SQLITE_OK;
}

/* What is handed through. */
#define THROUGH(name, args, ...)					\
static int								\
file_##name args							\
{									\
	return real_of(f)->pMethods->x##name(real_of(f), ##__VA_ARGS__); \
}

THROUGH(Truncate, (sqlite3_file *f, sqlite3_int64 size), size)
THROUGH(Sync, (sqlite3_file *f, int flags), flags)
THROUGH(FileSize, (sqlite3_file *f, sqlite3_int64 *size), size)
THROUGH(Lock, (sqlite3_file *f, int level), level)
THROUGH(Unlock, (sqlite3_file *f, int level), level)
THROUGH(CheckReservedLock, (sqlite3_file *f, int *out), out)
THROUGH(FileControl, (sqlite3_file *f, int op, void *arg), op, arg)
THROUGH(SectorSize, (sqlite3_file *f))
THROUGH(ShmMap, (sqlite3_file *f, int region, int size, int extend,
    void volatile **p), region, size, extend, p)
THROUGH(ShmLock, (sqlite3_file *f, int off, int n, int flags), off, n, flags)
THROUGH(ShmUnmap, (sqlite3_file *f, int del), del)

/* What is held still is of a transaction that has not ended. */
static int
file_Close(sqlite3_file *f)
{
	free(((struct sumfile *)f)->held);
	((struct sumfile *)f)->held = NULL;
	return real_of(f)->pMethods->xClose(real_of(f));
}

/* The log's: what was written must be there. */
static int
wal_Truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int	 rc = wal_settle(f);

	return rc == SQLITE_OK ? file_Truncate(f, size) : rc;
}

static int
wal_Sync(sqlite3_file *f, int flags)
{
	int	 rc = wal_settle(f);

	return rc == SQLITE_OK ? file_Sync(f, flags) : rc;
}

static int
wal_FileSize(sqlite3_file *f, sqlite3_int64 *size)
{
	int	 rc = wal_settle(f);

	return rc == SQLITE_OK ? file_FileSize(f, size) : rc;
}

static void
file_ShmBarrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

/* Else SQLite would write a page of the log in two parts. */
static int
file_DeviceCharacteristics(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f)) |
	    SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* Version 2: without xFetch, memory-mapped reads. */
#define db_Truncate	file_Truncate
#define db_Sync		file_Sync
#define db_FileSize	file_FileSize
#define METHODS(of) {							\
	2, file_Close, of##_read, of##_write, of##_Truncate, of##_Sync,	\
	of##_FileSize, file_Lock, file_Unlock, file_CheckReservedLock,	\
	file_FileControl, file_SectorSize, file_DeviceCharacteristics,	\
	file_ShmMap, file_ShmLock, file_ShmBarrier, file_ShmUnmap,	\
	NULL, NULL }

static const struct sqlite3_io_methods	 db_methods = METHODS(db);
static const struct sqlite3_io_methods	 wal_methods = METHODS(wal);

static int
vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
    int *out)
{
	struct sumfile	*s = (struct sumfile *)f;
	int		 rc;

	(void)vfs;
	/* Journals of other kinds are read and written as they are. */
	if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
		return real->xOpen(real, name, f, flags, out);
	memset(s, 0, sizeof(*s));
	s->name = name != NULL ? name : "?";
	s->frame_at = s->whole_at = -1;
	rc = real->xOpen(real, name, real_of(f), flags, out);
	if (real_of(f)->pMethods != NULL)
		f->pMethods = (flags & SQLITE_OPEN_WAL) != 0 ? &wal_methods :
		    &db_methods;
	return rc;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	return real->xDelete(real, name, sync);
}

static int
vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	(void)vfs;
	return real->xAccess(real, name, flags, out);
}

static int
vfs_full(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
	(void)vfs;
	return real->xFullPathname(real, name, n, out);
}

static int
vfs_randomness(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	return real->xRandomness(real, n, out);
}

static int
vfs_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return real->xSleep(real, us);
}

static int
vfs_time(sqlite3_vfs *vfs, double *out)
{
	(void)vfs;
	return real->xCurrentTime(real, out);
}

static int
vfs_error(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	return real->xGetLastError(real, n, out);
}

const char *
db_vfs(void)
{
	static sqlite3_vfs	 v = {
		.iVersion = 1, .zName = "pail", .xOpen = vfs_open,
		.xDelete = vfs_delete, .xAccess = vfs_access,
		.xFullPathname = vfs_full, .xRandomness = vfs_randomness,
		.xSleep = vfs_sleep, .xCurrentTime = vfs_time,
		.xGetLastError = vfs_error,
	};

	if (real != NULL)
		return v.zName;
	/* A user's index is one process's: then SQLite asks the kernel once
	 * who has it, not at every step, and keeps -shm in memory. */
	if ((real = sqlite3_vfs_find("unix-excl")) == NULL)
		return NULL;
	v.szOsFile = (int)sizeof(struct sumfile) + real->szOsFile;
	v.mxPathname = real->mxPathname;
	if (sqlite3_vfs_register(&v, 0) == SQLITE_OK)
		return v.zName;
	real = NULL;
	return NULL;
}
