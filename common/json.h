/*
 * What a service or a token says: one JSON object (RFC 8259), without a tree.
 * Hostile; values go where the caller wants them, and nowhere else, for some
 * are secrets.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define JSON_DEPTH_MAX	32
#define JSON_MEMBERS_MAX 256	/* of an object, for json_strict() */
#define JSON_NAME_MAX	255	/* bytes of a member's name, the same */
#define JSON_STRING_MAX	(2 * 1024 * 1024)	/* bytes */

/* -- members at the top that are strings or numbers: json.c -- */

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

/* -- any value, as the bytes that it is written with: json_value.c -- */

/* Is it one whole object, in which no object has two members of one name
 * (however it is written), or more or longer ones than we care for? */
bool	 json_strict(struct str text);
/* The first member of that name; borrowed.  false: none, or no object. */
bool	 json_member(struct str object, const char *name, struct str *value);
/* The next element of an array: *rest is the array before the first, and what
 * is left of it after each; borrowed.  false: no more, or no array. */
bool	 json_element(struct str *rest, struct str *value);
/* A string without control characters, NUL-terminated: its length.  -1: another
 * type, or it does not fit. */
int	 json_text(struct str value, char *dst, size_t size);
/* Any string, NUL-terminated for convenience (a NUL in it is 0x01): the caller
 * frees it.  NULL: another type, or no memory. */
char	*json_dup(struct str value, size_t *len);
/* The same as json_text(), and it is this one. */
bool	 json_is_text(struct str value, const char *text);
/* A number below 10^15 without an exponent; its fraction is dropped. */
bool	 json_int(struct str value, int64_t *n);

/* -- writing -- */

/* A string, quoted: what is a control character becomes '?'. */
int	 json_put_text(struct buf *b, const char *s);

#endif
