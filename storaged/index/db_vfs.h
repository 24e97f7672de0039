/*
 * SQLite's files with a checksum in each page (db_sum.h): a layer between
 * SQLite and the system's own file layer (sqlite.org/vfs.html).  Pages get
 * their checksum when they are written to the database and to its write-ahead
 * log, and are verified when they are read from either.  One that is damaged,
 * misplaced or truncated causes SQLITE_IOERR_DATA and a log line with the file
 * and page.  Memory-mapped reads are disabled: they would bypass this layer.
 */
#ifndef STORAGED_DB_VFS_H
#define STORAGED_DB_VFS_H

/*
 * The layer's name for sqlite3_open_v2(), registered by the first call;
 * NULL: no memory, or no layer of the system's to build on.  Databases that
 * are opened with it must have pages of DB_PAGE and DB_RESERVE.
 */
const char *db_vfs(void);

#endif
