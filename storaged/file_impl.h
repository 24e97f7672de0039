/* Between the files of the file store's disk side: nobody else includes it. */
#ifndef STORAGED_FILE_IMPL_H
#define STORAGED_FILE_IMPL_H

#include <sys/stat.h>

#include "storaged/file_io.h"

#define FILE_NSEC	1000000000LL

/* The result of op: o, and why. */
void	 file_op_fail(struct file_op *op, enum blob_outcome o,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* By errno of a call on the object's own name. */
void	 file_op_errno(struct file_op *op, const char *what);
/* True, and op has failed, when an fsync of this process ever has. */
bool	 file_op_fenced(struct file_op *op);
/* Syncs; a failure fences the store and gives op the outcome o. */
int	 file_op_sync(struct file_op *op, int fd, enum blob_outcome o);

/*
 * Opens the directory of op->key.  make: made where it is missing, and
 * synced into its parents unless this process knows that it is (another may
 * have made it and died before it synced).  -1 with errno; op's outcome is
 * set only when a sync failed.
 */
int	 file_dir_open(struct file_op *op, bool make);
/* The lock of op->key, LOCK_SH or LOCK_EX: a descriptor that holds it until
 * it is closed; -1, and op has failed, after the store's timeout. */
int	 file_lock_take(struct file_op *op, int how);

long long file_stat_nsec(const struct stat *st);	/* mtime */
int	 file_set_nsec(int fd, long long nsec);

#endif
