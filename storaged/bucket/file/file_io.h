/*
 * The file store's disk I/O, done by the helper threads of blob_file.c.  All of
 * it blocks; none of it runs on the loop, but for file_io_unchanged().
 *
 * Below the store's path an object is a file of its name, with nothing
 * added, so that the tree may be copied to a bucket.  Beside them:
 *
 *   .lock/00 ... 3f	locked with flock(2), by a hash of the name; created
 *			once, never replaced or removed
 *   .tmp/		files being written, or replaced ones that will be
 *			overwritten; deleted after an hour
 *
 * The ETag is the file's mtime in nanoseconds (set by us) and its size, in hex.
 * Under the lock, it is made greater than the mtime of what is replaced, with
 * random low bits, so that it never repeats; it belongs to the file, so that
 * all processes, now and later, see the same.
 */
#ifndef STORAGED_FILE_IO_H
#define STORAGED_FILE_IO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storaged/bucket/blob.h"

struct file_dirs;		/* directories that are known to be synced */
struct file_locks;		/* those that are open */
struct file_spares;		/* files that were replaced */

struct file_root {
	int		 fd;		/* of the store's path */
	int		 tmp;		/* of .tmp */
	int		 lock;		/* of .lock */
	unsigned	 timeout_ms;	/* for a lock */
	atomic_bool	 disabled;	/* an fsync failed: nothing more */
	struct file_dirs *dirs;
	struct file_locks *locks;
	struct file_spares *spares;
};

struct file_op {
	struct file_root *root;
	const char	*key;		/* whole name, with the key-prefix */
	/* put */
	const struct piece *pieces;
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

/* 0, or -1 with the reason: path is created if it is missing (but not its
 * parents); a file system without nanosecond mtimes is refused. */
int	 file_io_open(struct file_root *r, const char *path, char *why,
	    size_t size);
void	 file_io_close(struct file_root *r);

void	 file_io_put(struct file_op *op);
void	 file_io_get(struct file_op *op);
void	 file_io_head(struct file_op *op);
/*
 * For the loop: waits for neither disk nor lock.  True: the object is still the
 * one of op->match (outcome BLOB_UNCHANGED).  False: nothing is known, and
 * file_io_get() finds out.
 */
bool	 file_io_unchanged(struct file_op *op);
/* Removes an object; DONE even if there is none. */
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

/* Is it a valid file name here?  No component may be empty or begin with a
 * dot. */
bool	 file_name_valid(const char *key);

/* For tests: called in place of fsync(2). */
extern int (*file_io_fsync)(int fd);

#endif
