/*
 * App passwords: what one is, and its line in the file of app passwords,
 * pail.yaml(5).  One parser for authd, which verifies them, for pailctl, which
 * makes them, and for paild, which notes their use.
 *
 * A line: user:id:name:scope:created:expires:used:salt:hash; common/userline.h
 * says what may stand before the first colon.
 */
#ifndef COMMON_APPLINE_H
#define COMMON_APPLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/user.h"
#include "common/userline.h"

/* What one is good for: word, number of its bit, for people. */
#define APP_SCOPES(X)							\
	X(imap, 0, "reading mail")					\
	X(admin, 1, "the admin page")

enum app_scope {
#define X(word, bit, doc)	APP_SCOPE_##word = 1 << (bit),
	APP_SCOPES(X)
#undef X
};

#define APP_ID		8	/* hex digits */
#define APP_NAME_MAX	64	/* bytes */
#define APP_SECRET	26	/* characters of 5 bits: 130 random bits */
#define APP_TEXT	32	/* the same with dashes */
#define APP_SALT	16
#define APP_HASH	32
#define APP_LINE_MAX	2048	/* bytes of a line, more than any has */

struct app_password {
	char		user[USER_ID_MAX + 1];	/* the user id */
	char		id[APP_ID + 1];
	char		name[APP_NAME_MAX + 1];	/* as the operator wrote it */
	uint32_t	scopes;			/* enum app_scope */
	int64_t		created;		/* seconds since 1970 */
	int64_t		expires;		/* the same; 0: never */
	int64_t		used;			/* its last day; 0: not yet */
	uint8_t		salt[APP_SALT];
	uint8_t		hash[APP_HASH];
};

/* As userline_parse(). */
enum userline app_line_parse(const char *line, size_t len,
	    struct app_password *p, char *why, size_t size);
/* Appends the line, with its newline; b->failed says if there was room. */
void	 app_line_print(const struct app_password *p, struct buf *b);
/* The bits of "imap" or "imap,..."; 0: none, or an unknown word. */
uint32_t app_scopes(struct str words);
/* The words, with a comma between them. */
void	 app_scopes_print(uint32_t scopes, char *dst, size_t size);
bool	 app_name_valid(const char *name);

/* "2026-11-29T05:00:00Z", "2026-11-29", and as a line has it, without colons,
 * "20261129T050000Z"; "-" for 0. */
enum app_time { APP_TIME, APP_TIME_DAY, APP_TIME_LINE };
void	 app_time_print(int64_t t, enum app_time form, char *dst,
	    size_t size);
/* Any of them; "-" is 0.  -1: none. */
int	 app_time_parse(struct str text, int64_t *t);

/* A new one, "abcd-efgh-...": random, from the letters a-z and the digits 2-7,
 * which nobody mistakes for each other; -1: no random numbers. */
int	 app_text_make(char dst[APP_TEXT + 1]);
/*
 * What was typed, without dashes and spaces and in lower case.  -1: it is not
 * an app password, whatever it is.
 */
int	 app_text_parse(struct str typed, char secret[APP_SECRET + 1]);
/* The hash that a line has; fatal() if the library cannot. */
void	 app_hash(const uint8_t salt[APP_SALT],
	    const char secret[APP_SECRET + 1], uint8_t hash[APP_HASH]);

#endif
