/* A list of networks in the configuration. */
#ifndef COMMON_NETWORKS_H
#define COMMON_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/network.h"

#define NETWORKS_MAX	64

struct slice;

struct networks {
	struct network	 v[NETWORKS_MAX];
	size_t		 n;
};

/* The elements of the key ("proxy-protocol").  0, or -1 with the reason in why
 * and *l as it was. */
int	 networks_read(struct networks *l, const struct slice *s,
	    const char *key, char *why, size_t size);
bool	 networks_have(const struct networks *l, const struct sockaddr *sa,
	    socklen_t len);

#endif
