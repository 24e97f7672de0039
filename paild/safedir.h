/*
 * Directories that root creates, or gives to another user.  Everything is done
 * through descriptors, so that what was checked is what is created, opened and
 * given away, even if something is renamed meanwhile.
 */
#ifndef PAILD_SAFEDIR_H
#define PAILD_SAFEDIR_H

#include <sys/types.h>
#include <sys/stat.h>

#include <stdbool.h>
#include <stddef.h>

/* Who a path is meant for: apart from root and ourselves, only they may own its
 * directories. */
struct safedir_for {
	uid_t	 uid;
	gid_t	 gid;
};

/*
 * Who else could change the content of a directory (dir: true), or the file
 * itself, according to owner and mode?  For a sticky directory, nobody. false:
 * nobody; true: who, in words ("all users can write to it").
 */
bool	 safedir_foreign(const struct stat *st, bool dir,
	    const struct safedir_for *whose, char *why, size_t size);
/*
 * The same for each directory above path, which is absolute; symbolic links are
 * followed.  A directory that cannot be examined is skipped. why begins with
 * its path.
 */
bool	 safedir_foreign_above(const char *path,
	    const struct safedir_for *whose, char *why, size_t size);

/*
 * Opens the directory path, which is absolute, and creates what is missing: the
 * last component with mode, those above it with 0755.  -1, with why: a
 * directory in the path can be changed by others than root and whose; a
 * symbolic link is not owned by root, or not in a directory owned by root; path
 * itself is a link. whose NULL: root only.
 */
int	 safedir_open(const char *path, mode_t mode,
	    const struct safedir_for *whose, char *why, size_t size);
/*
 * Gives the open directory fd to whose, unless it is theirs already: 0; -1,
 * with why: it belongs to someone else, belongs to root and is not empty, or
 * others can write to it.
 */
int	 safedir_give(int fd, const struct safedir_for *whose, char *why,
	    size_t size);

#endif
