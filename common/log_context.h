/*
 * For whom this process works at the moment: log lines that do not say so get
 * it (log.c).  Who begins work for a session swaps its context in, and the old
 * one back at the end; who waits for an answer takes a copy along.  One for
 * each thread; none at first.
 */
#ifndef COMMON_LOG_CONTEXT_H
#define COMMON_LOG_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_context {
	uint64_t	 session;	/* its id; 0: of none */
	bool		 traced;	/* at debug level: */
	uint8_t		 trace[16];	/* of a command: trace-id */
	uint64_t	 span;		/* and parent-id, W3C Trace Context */
	uint32_t	 others;	/* other commands' changes in the same
					   commit */
};

#define LOG_CONTEXT_TEXT	112	/* bytes, with the NUL */

/* A new id, which cannot be guessed; no other session of any node has it. */
uint64_t log_context_session(void);
void	 log_context_get(struct log_context *c);
/* NULL: none from now on.  old may be NULL. */
void	 log_context_swap(const struct log_context *c,
	    struct log_context *old);
/* Begins a trace in c: random ids. */
void	 log_context_trace(struct log_context *c);
/* " session=... trace=00-...-01 others=N", or less; "" of none. */
void	 log_context_text(char dst[LOG_CONTEXT_TEXT], bool session,
	    bool trace);

#endif
