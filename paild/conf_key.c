/*
 * The table of keys, and what is near to a key that is not in it.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>

#include "paild/conf_key.h"

#define IMAPD	CONF_TO(PROC_IMAPD)
#define STORE	CONF_TO(PROC_STORAGED)
#define AUTHD	CONF_TO(PROC_AUTHD)
#define WORKER	CONF_TO(PROC_AUTHWORKER)
#define CREDD	CONF_TO(PROC_CREDD)
#define K	1024ULL
#define M	(1024 * K)
#define G	(1024 * M)
#define T	(1024 * G)

const struct conf_key conf_keys[] = {
	{ "", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "the whole configuration" },
	{ "listen", CONF_LIST, CONF_REQUIRED, 0, NULL, 1, 64, NULL,
	    "where IMAP is served" },
	{ "listen.*", CONF_LISTEN, 0, IMAPD, NULL, 0, 0, NULL,
	    "imap://ADDRESS:PORT, or imaps:// for TLS from the first byte" },
	{ "control-socket", CONF_PATH, CONF_RESTART, 0,
	    "/run/pail/pail.sock", 1, 100, NULL, "where pailctl finds paild" },
	{ "tls", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "TLS for clients" },
	{ "tls.certificate", CONF_PEM, CONF_REQUIRED, IMAPD, NULL, 0, 0, NULL,
	    "PEM file: the certificate, then its chain" },
	{ "tls.private-key", CONF_PEM, CONF_REQUIRED, IMAPD, NULL, 0, 0, NULL,
	    "PEM file: the certificate's key, without a pass phrase" },
	{ "store", CONF_MAP, CONF_REQUIRED, 0, NULL, 0, 0, NULL,
	    "where the mail is" },
	{ "store.type", CONF_WORD, CONF_REQUIRED | CONF_RESTART,
	    STORE | CREDD, NULL, 0, 0, "file s3", "file or s3" },
	{ "store.path", CONF_PATH, CONF_RESTART, STORE, NULL, 1, 1000, NULL,
	    "file: the store's directory" },
	{ "store.bucket", CONF_BUCKET, CONF_RESTART, STORE, NULL, 3, 63, NULL,
	    "s3: the bucket's name" },
	{ "store.region", CONF_STRING, CONF_RESTART, STORE | CREDD, NULL,
	    1, 64, NULL, "s3: the region that requests are signed for" },
	{ "store.endpoint", CONF_URL, CONF_RESTART, STORE, NULL, 1, 255, NULL,
	    "s3: the server; derived from the region when absent" },
	{ "store.addressing", CONF_WORD, CONF_RESTART, STORE, NULL, 0, 0,
	    "auto path virtual",
	    "s3: the bucket in the path or in the host name" },
	{ "store.tls-ca-file", CONF_PATH, CONF_RESTART, STORE, NULL, 1, 1000,
	    NULL, "s3: PEM file of authorities, instead of the system's" },
	{ "store.access-key", CONF_SECRET, 0, CREDD, NULL, 1, 256, NULL,
	    "s3: the key's id" },
	{ "store.secret-key", CONF_SECRET, 0, CREDD, NULL, 1, 256, NULL,
	    "s3: the secret" },
	{ "store.key-prefix", CONF_PREFIX, CONF_RESTART, STORE, "", 0, 200,
	    NULL, "before every object's name" },
	{ "store.timeout", CONF_DURATION, 0, STORE | IMAPD | AUTHD, "30s",
	    1, 600, NULL, "a request's time, with its retries" },
	{ "store.max-retries", CONF_NUMBER, 0, STORE, "3", 0, 20, NULL,
	    "of a request" },
	{ "store.verify-after-write", CONF_BOOL, 0, STORE, "true", 0, 0,
	    NULL, "ask again after each PUT whether it is there" },
	{ "store.compression", CONF_COMPRESSION, 0, STORE, "zstd:3", 0, 0,
	    NULL, "zstd[:1-19], gzip[:1-9], lz4 or none" },
	{ "cluster", CONF_BOOL, 0, STORE, "true", 0, 0, NULL,
	    "other nodes may serve this bucket too" },
	{ "cache", CONF_MAP, 0, 0, NULL, 0, 0, NULL,
	    "local state that may be lost" },
	{ "cache.path", CONF_PATH, CONF_RESTART, STORE, "/var/cache/pail",
	    1, 1000, NULL, "its directory" },
	{ "cache.size", CONF_SIZE, 0, STORE, "512M", M, 64 * T, NULL,
	    "of cached objects, for all processes together" },
	{ "auth", CONF_LIST, CONF_REQUIRED, 0, NULL, 1, 16, NULL,
	    "who may log in; asked in this order" },
	{ "auth.*", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "one source of users" },
	{ "auth.*.type", CONF_WORD, CONF_REQUIRED, AUTHD | WORKER, NULL, 0, 0,
	    "file", "file" },
	{ "auth.*.path", CONF_PATH, CONF_REQUIRED, AUTHD | WORKER, NULL,
	    1, 1000, NULL, "file: lines of name:hash" },
	{ "login-cache", CONF_DURATION, 0, AUTHD, "5m", 0, 86400, NULL,
	    "a good login is not checked again for that long" },
	{ "sasl-mechanisms", CONF_LIST, 0, 0, NULL, 1, 2, NULL,
	    "for AUTHENTICATE" },
	{ "sasl-mechanisms.*", CONF_WORD, 0, IMAPD | AUTHD, NULL, 0, 0,
	    "PLAIN LOGIN", "PLAIN or LOGIN" },
	{ "plaintext-login", CONF_WORD, 0, IMAPD, "loopback", 0, 0,
	    "never loopback always", "passwords without TLS" },
	{ "append-limit", CONF_SIZE, 0, IMAPD | STORE, "64M", 64 * K, 2 * G,
	    NULL, "the largest message (APPENDLIMIT)" },
	{ "mailboxes", CONF_LIST, 0, 0, NULL, 0, 32, NULL,
	    "made and subscribed at a user's first login, besides INBOX" },
	{ "mailboxes.*", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "one mailbox" },
	{ "mailboxes.*.name", CONF_MAILBOX, CONF_REQUIRED, STORE, NULL,
	    1, 255, NULL, "its name" },
	{ "mailboxes.*.use", CONF_WORD, 0, STORE, NULL, 0, 0,
	    "archive drafts flagged junk sent trash",
	    "its special use (RFC 6154)" },
	{ "imap", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "limits of IMAP" },
	{ "imap.idle-timeout", CONF_DURATION, 0, IMAPD, "31m", 1800, 604800,
	    NULL, "a logged-in client's silence (RFC 3501: 30m at least)" },
	{ "imap.login-timeout", CONF_DURATION, 0, IMAPD, "3m", 5, 86400,
	    NULL, "from the connection to the login" },
	{ "imap.write-timeout", CONF_DURATION, 0, IMAPD, "10m", 10, 86400,
	    NULL, "a client that does not take what it asked for" },
	{ "imap.still-here", CONF_DURATION, 0, IMAPD, "2m", 1, 1740,
	    NULL, "between two signs of life during IDLE" },
	{ "imap.max-connections", CONF_NUMBER, 0, IMAPD, "20000", 1, 1000000,
	    NULL, "of one imapd process" },
	{ "imap.max-unauthenticated", CONF_NUMBER, 0, IMAPD, "1000",
	    1, 1000000, NULL, "of them those not logged in" },
	{ "imap.max-unauthenticated-per-address", CONF_NUMBER, 0, IMAPD,
	    "100", 1, 1000000, NULL, "of these those from one address" },
	{ "processes", CONF_MAP, 0, 0, NULL, 0, 0, NULL,
	    "how many of each kind" },
	{ "processes.imapd", CONF_PROCESSES, CONF_RESTART, 0, "auto", 1, 64,
	    NULL, "auto is one a core" },
	{ "processes.storaged", CONF_PROCESSES, CONF_RESTART, 0, "auto",
	    1, 64, NULL, "auto is one a core" },
	{ "log", CONF_MAP, 0, 0, NULL, 0, 0, NULL, "what is logged" },
	{ "log.level", CONF_WORD, 0, 0, "info", 0, 0,
	    "error warn info debug", "the least that is logged" },
	{ "log.to", CONF_WORD, CONF_RESTART, 0, "stderr", 0, 0,
	    "stderr syslog", "stderr or syslog; paild -d: always stderr" },
};
const size_t conf_keys_n = nitems(conf_keys);

const struct conf_key *
conf_key_find(const char *path)
{
	size_t	i;

	for (i = 0; i < nitems(conf_keys); i++)
		if (strcmp(conf_keys[i].path, path) == 0)
			return &conf_keys[i];
	return NULL;
}

int
conf_key_below(const char *child, const char *parent)
{
	size_t	n = strlen(parent);

	if (*child == '\0')
		return 0;
	if (n > 0) {
		if (strncmp(child, parent, n) != 0 || child[n] != '.')
			return 0;
		child += n + 1;
	}
	return strchr(child, '.') == NULL;
}

const char *
conf_key_leaf(const char *path)
{
	const char	*dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
}

#define WORD_MAX	48

/* '_' and upper case are the commonest slips: they cost nothing. */
static int
fold(char c)
{
	return c == '_' ? '-' : tolower((unsigned char)c);
}

/* Edits (a swap of neighbours is one) from a to b; large when too long. */
static unsigned
distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned	d[WORD_MAX + 1][WORD_MAX + 1], v;
	size_t		i, j;

	if (na > WORD_MAX || nb > WORD_MAX)
		return WORD_MAX;
	for (i = 0; i <= na; i++) {
		for (j = 0; j <= nb; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = (unsigned)(i + j);
				continue;
			}
			v = d[i - 1][j - 1] +
			    (fold(a[i - 1]) != fold(b[j - 1]));
			if (d[i - 1][j] + 1 < v)
				v = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < v)
				v = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && d[i - 2][j - 2] + 1 < v &&
			    fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				v = d[i - 2][j - 2] + 1;
			d[i][j] = v;
		}
	}
	return d[na][nb];
}

/* How far is near: a third of the letters, one at least. */
static unsigned
near_enough(size_t n)
{
	return n < 6 ? (n < 3 ? 1 : 2) : (unsigned)n / 3;
}

const char *
conf_key_nearest(const char *name, const char *parent)
{
	const char	*found = NULL, *leaf;
	size_t		 i, n = strlen(name);
	unsigned	 d, best = near_enough(n) + 1;

	for (i = 0; i < nitems(conf_keys); i++) {
		if (!conf_key_below(conf_keys[i].path, parent))
			continue;
		leaf = conf_key_leaf(conf_keys[i].path);
		d = distance(name, n, leaf, strlen(leaf));
		if (d < best) {
			best = d;
			found = leaf;
		}
	}
	for (i = 0; found == NULL && i < nitems(conf_keys); i++) {
		leaf = conf_key_leaf(conf_keys[i].path);
		if (strchr(conf_keys[i].path, '*') == NULL &&
		    distance(name, n, leaf, strlen(leaf)) == 0)
			found = conf_keys[i].path;
	}
	return found;
}

const char *
conf_word_nearest(const char *word, const char *words, char *dst, size_t size)
{
	const char	*p, *end, *found = NULL;
	size_t		 n = strlen(word), len = 0;
	unsigned	 d, best = near_enough(n) + 1;

	for (p = words; *p != '\0'; p = *end == ' ' ? end + 1 : end) {
		end = p + strcspn(p, " ");
		d = distance(word, n, p, (size_t)(end - p));
		if (d < best) {
			best = d;
			found = p;
			len = (size_t)(end - p);
		}
	}
	if (found == NULL || len >= size)
		return NULL;
	snprintf(dst, size, "%.*s", (int)len, found);
	return dst;
}
