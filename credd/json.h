/*
 * What a metadata service, a container service or a credential process
 * answers: one JSON object (RFC 8259) whose members matter when they are
 * strings or numbers.  Hostile; values go where the caller wants them, and
 * nowhere else, for some are secrets.
 */
#ifndef CREDD_JSON_H
#define CREDD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX	32

/* Is it one whole object, and nothing behind it? */
int	 json_check(const void *p, size_t len);		/* 0, or -1 */
/*
 * The member of that name at the top, a string without escapes resolved to
 * control characters, or a number as it is written: its length, with dst
 * NUL-terminated.  -1: not there, another type, does not fit, or there twice.
 */
int	 json_get(const void *p, size_t len, const char *name, char *dst,
	    size_t size);
/* Is there a member of that name, of whatever type but null? */
bool	 json_has(const void *p, size_t len, const char *name);
/* An RFC 3339 time ("2026-11-28T20:00:00Z") as seconds since 1970; -1. */
int64_t	 json_time(const char *s);

#endif
