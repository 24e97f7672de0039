/* Between sandbox.c and the file of each system. */
#ifndef COMMON_SANDBOX_IMPL_H
#define COMMON_SANDBOX_IMPL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/sandbox.h"

/*
 * Around the change of the user.  before() is told of the chroot ("": none),
 * and is true if sandbox_enter() will see to it; after() keeps only the rights
 * that it needs for that.
 */
bool	 sandbox_drop_before(const char *dir);
void	 sandbox_drop_after(void);
/* "seccomp", as a word of sandbox_words(). */
void	 sandbox_word(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));
/* Does s name any connection? */
bool	 sandbox_connects(const struct sandbox *s);
/* Is it to write files? */
bool	 sandbox_writes(const struct sandbox *s);

/* Linux only, from here on.  sandbox_linux_landlock.c: 0 without. */
long	 sandbox_landlock_version(void);
void	 sandbox_landlock(const struct sandbox *s);
/* sandbox_linux_caps.c: namespaces, the chroot that was left, no rights. */
void	 sandbox_separate(const struct sandbox *s);
/* sandbox_linux_seccomp.c: the last step. */
const char *sandbox_seccomp_lacks(void);
void	 sandbox_seccomp(const struct sandbox *s);

#endif
