/* Shared by the files of the file store's disk I/O only. */
#ifndef STORAGED_FILE_IO_INT_H
#define STORAGED_FILE_IO_INT_H

#include <sys/stat.h>

#include "storaged/bucket/file/file_io.h"

#define FILE_NSEC	1000000000LL
#define FILE_TMP_AGE	3600		/* seconds; then the sweep takes it */
#define FILE_TMP_NAME	48
#define FILE_LOCK_NAME	16

/* The result of op: o, and why. */
void	 file_op_fail(struct file_op *op, enum blob_outcome o,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* By errno of a call on the object's own name. */
void	 file_op_errno(struct file_op *op, const char *what);
/* True, and op has failed, if an fsync(2) of this process has ever failed. */
bool	 file_op_disabled(struct file_op *op);
/* Syncs; a failure disables the store and gives op the outcome o. */
int	 file_op_sync(struct file_op *op, int fd, enum blob_outcome o);

/*
 * Opens the directory of op->key. make: creates it if it is missing, and syncs
 * its parents unless this process knows that it has been synced (another one
 * may have created it and died before that).  -1 with errno; op's outcome is
 * set only when a sync failed.
 */
int	 file_dir_open(struct file_op *op, bool make);
/* For tables of names. */
uint32_t file_hash(const char *name);

/* -- file_lock.c -- */
struct file_locks *file_locks_new(void);	/* NULL: ENOMEM */
void	 file_locks_free(struct file_locks *l);	/* NULL is fine */
/* The lock of op->key, LOCK_SH or LOCK_EX: a descriptor that holds it until
 * file_lock_drop(); -1, and op has failed, after the store's timeout. */
int	 file_lock_take(struct file_op *op, int how);
void	 file_lock_drop(const struct file_op *op, int fd);
/* Its file, not locked, if it happens to be open, or -1; for
 * file_lock_drop(), too. */
int	 file_lock_kept(const struct file_op *op);
/* Its name in .lock. */
void	 file_lock_name(const struct file_op *op, char name[FILE_LOCK_NAME]);

/* -- file_spare.c: names in .tmp -- */
struct file_spares *file_spares_new(void);	/* NULL: ENOMEM */
/* Removes what is kept.  NULL is fine. */
void	 file_spares_free(struct file_spares *s, int tmp);
/*
 * A file for the size octets of op that are to be written from its start: a new
 * one, or, for a PUT that replaces an object, one that was replaced before, not
 * longer than size.  No one else reads or writes it.  -1 with errno.
 */
int	 file_tmp_open(struct file_op *op, char name[FILE_TMP_NAME],
	    uint64_t size);
/*
 * rename(2) over what old describes (when op replaces an object). kept: tmp is
 * now the name of that file; pass it to file_tmp_keep() once the directory has
 * been synced, not before: until then, a crash may bring it back.
 */
int	 file_tmp_rename(struct file_op *op, const char *tmp, int dir,
	    const char *name, const struct stat *old, bool *kept);
void	 file_tmp_keep(struct file_op *op, const char *tmp);

void	 file_etag(const struct stat *st, char dst[BLOB_ETAG_MAX]);
long long file_stat_nsec(const struct stat *st);	/* mtime */
int	 file_set_nsec(int fd, long long nsec);

#endif
