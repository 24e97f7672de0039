/*
 * The file store's disk side: what blob_file.c's helper threads do.  All of
 * it blocks; nothing of it runs on the loop.
 *
 * Below the store's path an object is a file of its name, with nothing
 * added, so that the tree may be copied to a bucket.  Beside them:
 *
 *	.lock/00 ... 3f		flock(2)ed, by a hash of the name; made once,
 *				never replaced or removed
 *	.tmp/			what is being written, or was replaced and will
 *				be written over; swept after an hour
 *
 * The ETag is the file's mtime in nanoseconds (set by us) and its size, in
 * hex.  Under the lock it is made greater than the mtime of what is
 * replaced, with random low bits, so it never repeats; it is the file's own,
 * so other processes and later ones see the same.
 */
#ifndef STORAGED_FILE_IO_H
#define STORAGED_FILE_IO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storaged/blob.h"

struct file_dirs;		/* directories that are known to be synced */
struct file_spares;		/* files that were replaced */

struct file_root {
	int		 fd;		/* of the store's path */
	int		 tmp;		/* of .tmp */
	int		 lock;		/* of .lock */
	unsigned	 timeout_ms;	/* for a lock */
	atomic_bool	 fenced;	/* an fsync failed: nothing more */
	struct file_dirs *dirs;
	struct file_spares *spares;
};

struct file_op {
	struct file_root *root;
	const char	*key;		/* whole name, with the key-prefix */
	/* put */
	const struct blob_piece *pieces;
	size_t		 npieces;
	int		 fd;		/* -1: pieces */
	uint64_t	 fdlen;
	enum blob_condition cond;
	const char	*match;		/* put: IF_MATCH; get: none_match */
	/* get */
	uint64_t	 offset, want;
	size_t		 max_len;
	/* the result */
	enum blob_outcome outcome;
	char		 etag[BLOB_ETAG_MAX];
	uint8_t		*body;		/* malloc */
	size_t		 len;
	uint64_t	 size;
	char		 why[200];
};

/* 0, or -1 with the reason: path is made when it is missing (not its
 * parents); a file system without nanoseconds in mtimes is refused. */
int	 file_io_open(struct file_root *r, const char *path, char *why,
	    size_t size);
void	 file_io_close(struct file_root *r);

void	 file_io_put(struct file_op *op);
void	 file_io_get(struct file_op *op);
void	 file_io_head(struct file_op *op);
/* Removes one object; one that is not there is DONE too. */
void	 file_io_del(struct file_op *op);

struct file_listed {
	struct blob_listed *v;		/* keys without prefix_len bytes */
	size_t		 n;
	bool		 more;
};
/*
 * At most max names that begin with op->key, after start_after (a whole
 * name, or NULL), in the order of their bytes.
 */
void	 file_io_list(struct file_op *op, const char *start_after,
	    unsigned max, size_t prefix_len, struct file_listed *out);
void	 file_listed_free(struct file_listed *l);

/* Is it a name that a file may have here?  No empty part, none that begins
 * with a dot. */
bool	 file_name_valid(const char *key);

/* For tests: what fails in place of fsync(2). */
extern int (*file_io_fsync)(int fd);

#endif
