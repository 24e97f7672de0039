/*
 * Networks as administrators write them: "192.0.2.0/24", "2001:db8::/32", or
 * one address.
 */
#ifndef COMMON_NETWORK_H
#define COMMON_NETWORK_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

struct network {
	uint8_t		 address[16];	/* IPv4 as IPv4-mapped IPv6 */
	unsigned int	 bits;		/* of the 128 */
};

/* 0, or -1 with what is wrong in *why (static). */
int	 network_parse(struct network *n, const char *text, const char **why);
/* An address of another family, or none, is in no network. */
bool	 network_has(const struct network *n, const struct sockaddr *sa,
	    socklen_t len);

#endif
