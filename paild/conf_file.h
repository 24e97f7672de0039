/* Files that the configuration names and paild reads: secrets and PEM files. */
#ifndef PAILD_CONF_FILE_H
#define PAILD_CONF_FILE_H

#include <stddef.h>

#include "common/buf.h"

#define CONF_FILE_MAX	(256 * 1024)	/* bytes of a PEM file */
#define CONF_TOKEN_MAX	16384

/*
 * Reads a whole regular file of at most max bytes into out.  -1: the reason
 * in why, with the path.
 */
int	 conf_file_read(const char *path, size_t max, struct buf *out,
	    char *why, size_t size);
/* A file that holds a secret: a single line; the newline is removed. */
int	 conf_file_secret(const char *path, struct buf *out, char *why,
	    size_t size);
/* The same for a token of an identity provider, which may have
 * CONF_TOKEN_MAX bytes. */
int	 conf_file_token(const char *path, struct buf *out, char *why,
	    size_t size);
/* The same from an environment variable. */
int	 conf_env_secret(const char *name, struct buf *out, char *why,
	    size_t size);

/* What conf_pem_match found. */
enum conf_pem {
	CONF_PEM_FINE,
	CONF_PEM_BAD_CERTIFICATE,
	CONF_PEM_BAD_KEY,
	CONF_PEM_MISMATCH,
	CONF_PEM_EXPIRED	/* fine otherwise */
};
enum conf_pem conf_pem_match(const char *certificate, size_t clen,
	    const char *key, size_t klen);

#endif
