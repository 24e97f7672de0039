/* Location of the bucket: scheme, host, and addressing style. */
#ifndef STORAGED_S3_URL_H
#define STORAGED_S3_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S3_PATH_MAX	3400	/* an encoded name with its bucket, and NUL */
#define S3_URL_MAX	4096	/* with the query */

struct s3_url {
	char	 base[512];	/* "https://mail.s3.eu-west-1.amazonaws.com" */
	char	 host[500];	/* the Host header: no default port */
	char	 path[80];	/* "/bucket", or "" in a virtual host */
};

/*
 * endpoint "": derived from the region (https://s3.REGION.amazonaws.com).
 * addressing: "auto" (virtual for AWS and the providers that want it, unless
 * the bucket's name has a dot or the endpoint is AWS's private one; path
 * otherwise), "path" or "virtual" (never for an address or localhost).  -1 with
 * the reason, which names the key to change.
 */
int	 s3_url_init(struct s3_url *u, const char *endpoint,
	    const char *region, const char *bucket, const char *addressing,
	    char *why, size_t size);
/* The port of an endpoint ("": the one that is derived), or of a proxy; 0: it
 * is wrong. */
uint16_t s3_url_port(const char *endpoint);
/* The encoded path of a name ("" is the bucket itself); -1: too long. */
int	 s3_url_path(const struct s3_url *u, const char *name, char *dst,
	    size_t size);

#endif
