/*
 * The configuration's keys: one table, from which come the checks, the
 * defaults, each daemon's slice, and the list in pail.yaml(5).
 */
#ifndef PAILD_CONF_KEY_H
#define PAILD_CONF_KEY_H

#include <stdbool.h>
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
	CONF_DOLLARS,		/* 0.0004: nanodollars in the slice; min and
				   max, too */
	CONF_PROCESSES,		/* auto, or a number */
	CONF_STRING,		/* min..max bytes: letters, digits, '-_.' */
	CONF_TEXT,		/* the same of anything printable */
	CONF_PATH,		/* absolute in the slice */
	CONF_FILE,		/* the same; paild reads it, for who asks */
	CONF_SECRET,		/* a value, {env: NAME} or {file: PATH} */
	CONF_LISTEN,		/* imap://ADDRESS:PORT, lmtp+unix:/PATH; or a
				   map with that as its CONF_SELF */
	CONF_LINE,		/* store.url: never shown */
	CONF_NETWORK,		/* an IP address, or ADDRESS/BITS */
	CONF_URL,		/* http://HOST[:PORT] or https://... */
	CONF_PROXY,		/* the same, or socks5h://... */
	CONF_WEB,		/* https://HOST[:PORT][/PATH]; http:// only to
				   this host */
	CONF_CLAIM,		/* NAME=VALUE */
	CONF_BUCKET,
	CONF_PREFIX,
	CONF_ARN,		/* of a role */
	CONF_ID,		/* letters, digits, and those of words */
	CONF_HEADER,		/* "Name: value" */
	CONF_COMPRESSION,
	CONF_LDAP_URL,
	CONF_LDAP_DN,		/* a template (common/ldap_name.h) */
	CONF_LDAP_FILTER,	/* the same; words: %D is allowed */
	CONF_MAILBOX
};

#define CONF_REQUIRED	0x01	/* in its map, if the map is present */
#define CONF_RESTART	0x02	/* a change requires a restart of paild */
#define CONF_GUARDED	0x04	/* a file that only root may change */
#define CONF_PUBLIC	0x08	/* written like a secret, but public */
#define CONF_GIVEN	0x10	/* a file that paild reads for who gets it */
#define CONF_ONE	0x20	/* a list: its one element may stand alone */
#define CONF_SELF	0x40	/* it is the value of the map that it is in */

struct conf_key {
	const char	*path;		/* "store.timeout", "auth.*.path" */
	enum conf_type	 type;
	unsigned	 flags;
	unsigned	 to;		/* CONF_TO() of each that gets it */
	const char	*def;		/* NULL: none */
	uint64_t	 min;
	uint64_t	 max;
	const char	*words;		/* CONF_WORD: separated by a space;
					   CONF_ID: punctuation */
	const char	*doc;		/* one line */
	/*
	 * "type=s3": only where the key "type" of the same map says s3 (more
	 * words are separated by a space); there it is required if
	 * CONF_REQUIRED.  All keys of a map name the same one.  NULL: always.
	 */
	const char	*when;
	/* The key whose value this is, too; only one of them is written. */
	const char	*alias;
	/* CONF_WORD: the key that a map here, {file: PATH}, is the value of,
	 * instead of a word. */
	const char	*secret;
};
#define CONF_TO(kind)	(1U << (kind))

extern const struct conf_key conf_keys[];
extern const size_t conf_keys_n;

/* The content of a list that was left out (not of one that was set to
 * empty). */
struct conf_list_default {
	const char	*path;		/* a key: "mailboxes.*.name" */
	unsigned	 index;		/* of the element */
	const char	*value;
};
extern const struct conf_list_default conf_list_defaults[];
extern const size_t conf_list_defaults_n;

const struct conf_key *conf_key_find(const char *path);
/* Is child directly below parent ("" is the top)? */
int	 conf_key_below(const char *child, const char *parent);
/* Is it one of words (separated by a space)? */
bool	 conf_word_in(const char *word, const char *words);
/* The last part of a path. */
const char *conf_key_leaf(const char *path);
/*
 * The key of map ("store") whose value decides which others are allowed
 * ("store.type"); NULL: all are.
 */
const struct conf_key *conf_key_selector(const char *map);
/* Is key allowed if the selector's value is kind, or one of several (separated
 * by a space)?  NULL: unknown, so yes. */
bool	 conf_key_goes_with(const struct conf_key *key, const char *kind);

#endif
