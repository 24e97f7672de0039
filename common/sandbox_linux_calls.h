/* Which system calls a sandbox's abilities come to (sandbox_linux_calls.c). */
#ifndef COMMON_SANDBOX_LINUX_CALLS_H
#define COMMON_SANDBOX_LINUX_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/sandbox.h"

/* What a process is able to do, as bits. */
enum call_class {
	CALL_ALL = 1,		/* everyone */
	CALL_READS = 2,		/* has paths */
	CALL_WRITES = 4,	/* ... to write to */
	CALL_ACCEPTS = 8,
	CALL_PAIRS = 16,
	CALL_CONNECTS = 32,	/* over TCP; and asks for names */
	CALL_LOCAL = 64,	/* to sockets in the file system */
	CALL_THREADS = 128,
	CALL_LOADS = 256,	/* libraries that look up names */
	CALL_SANITIZERS = 512	/* on a build with them */
};

#define CALL_ARGS	3

/* (argument & mask) == value; of an int only the lower 32 bits count. */
struct call_arg {
	unsigned	arg;
	uint64_t	mask, value;
};

/*
 * A call is allowed to those with any of the classes, if all of its args
 * match.  Rows of one name are alternatives.
 */
struct call {
	const char	*name;
	unsigned	 classes;
	size_t		 nargs;
	struct call_arg	 args[CALL_ARGS];
	int		 error;		/* not 0: fails with this instead */
};

extern const struct call calls[];
extern const size_t calls_n;
/* For what executes other programs: these fail, all others are allowed. */
extern const struct call calls_never[];
extern const size_t calls_never_n;

unsigned call_classes(const struct sandbox *s);

#endif
