/*
 * The configuration's keys: one table, from which come the checks, the
 * defaults, each daemon's slice, and the list in pail.yaml(5).
 */
#ifndef PAILD_CONF_KEY_H
#define PAILD_CONF_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "common/msg_setup.h"

enum conf_type {
	CONF_MAP,
	CONF_LIST,		/* min..max elements; they are "path.*" */
	CONF_WORD,		/* one of words */
	CONF_BOOL,
	CONF_NUMBER,
	CONF_SIZE,		/* 512M: bytes in the slice */
	CONF_DURATION,		/* 30s: seconds in the slice */
	CONF_PROCESSES,		/* auto, or a number */
	CONF_STRING,		/* min..max bytes */
	CONF_PATH,		/* absolute in the slice */
	CONF_PEM,		/* a file; the slice holds its bytes */
	CONF_SECRET,		/* a value, {env: NAME} or {file: PATH} */
	CONF_LISTEN,		/* imap://ADDRESS:PORT */
	CONF_URL,		/* http://HOST[:PORT] or https://... */
	CONF_BUCKET,
	CONF_PREFIX,
	CONF_COMPRESSION,
	CONF_MAILBOX
};

#define CONF_REQUIRED	0x01	/* in its map, when the map is there */
#define CONF_RESTART	0x02	/* a change takes a restart of paild */

struct conf_key {
	const char	*path;		/* "store.timeout", "auth.*.path" */
	enum conf_type	 type;
	unsigned	 flags;
	unsigned	 to;		/* CONF_TO() of each that gets it */
	const char	*def;		/* NULL: none */
	uint64_t	 min;
	uint64_t	 max;
	const char	*words;		/* CONF_WORD: separated by a space */
	const char	*doc;		/* one line */
};
#define CONF_TO(kind)	(1U << (kind))

extern const struct conf_key conf_keys[];
extern const size_t conf_keys_n;

const struct conf_key *conf_key_find(const char *path);
/* Is child directly below parent ("" is the top)? */
int	 conf_key_below(const char *child, const char *parent);
/* The last part of a path. */
const char *conf_key_leaf(const char *path);
/*
 * What the writer of name, found in the map parent, may have meant: a key of
 * that map within a small edit distance, else the whole path of a key with
 * that very name elsewhere; NULL: nothing near.
 */
const char *conf_key_nearest(const char *name, const char *parent);
/* The nearest of words (separated by a space): copied to dst, or NULL. */
const char *conf_word_nearest(const char *word, const char *words, char *dst,
	    size_t size);

#endif
