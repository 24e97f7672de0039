/* Scalar values of the configuration: from the text to the value in use. */
#ifndef PAILD_CONF_TYPE_H
#define PAILD_CONF_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "paild/conf_key.h"

/*
 * Checks the NUL-terminated s against key's type and appends the normalised
 * value to out. base is the directory that relative paths start from.  -1: what
 * is wrong, and what to write instead, is in why.  Not for maps, lists, secrets
 * and PEM files (conf_file.h).
 */
int	 conf_type_parse(const struct conf_key *key, const char *s,
	    const char *base, struct buf *out, char *why, size_t size);
/* The value as it may be shown in a message: quoted, escaped, cut. */
const char *conf_quote(const char *s, char *dst, size_t size);
/*
 * base and path joined, unless path is absolute.  -1: too long.  A path that
 * begins with $CREDENTIALS_DIRECTORY/ is below the directory of systemd's
 * LoadCredential=, of the unit paild.service if this is not it.
 */
#define CREDENTIALS_ENV	"CREDENTIALS_DIRECTORY"
#define CREDENTIALS_DIR	"/run/credentials/paild.service"
int	 conf_path_join(const char *base, const char *path, struct buf *out);
/*
 * Splits a normalised listen value: protocol "imap", "imaps", "lmtp",
 * "http" or "https", host without brackets ("*": any), port.  -1: does not fit.
 * Those of conf_unix() go on with a path instead.
 */
int	 conf_listen_split(const char *value, char *protocol, size_t psize,
	    char *host, size_t hsize, char *port, size_t portsize);
/* The length of "lmtp+unix:" or "http+unix:", if value begins so; else 0. */
size_t	 conf_unix(const char *value);
/* Is it an address of this host's own, or its name? */
bool	 conf_loopback(const char *host);

#endif
