/*
 * What counts as one address wherever limits are per address: an IPv4 address
 * counts as itself, however it is written (IPv4-mapped, RFC 4291 section
 * 2.5.5.2; through a NAT64 or SIIT gateway, RFC 6052 section 2.1).  An IPv6
 * address is its /64, since one host may use all of a /64 (RFC 4291 section
 * 2.5.1, RFC 6177). ::1 counts as itself.  All peers without an address (a Unix
 * socket, text that is not an address) share the key "none".
 *
 * Compare keys with addr_key_same() or as bytes: they have no padding.
 */
#ifndef COMMON_ADDR_KEY_H
#define COMMON_ADDR_KEY_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDR_KEY_LEN	16
#define ADDR_KEY_TEXT	48	/* bytes of the text with its NUL */

struct addr_key {
	uint8_t	b[ADDR_KEY_LEN];	/* an IPv6 address; all 0 is none */
};

/* len: what accept(2) gave; too short for the family is none. */
void	 addr_key_from(struct addr_key *k, const struct sockaddr *sa,
	    socklen_t len);
/* From the numeric form of getnameinfo(3); a scope (%eth0) is ignored. */
void	 addr_key_parse(struct addr_key *k, const char *text);
bool	 addr_key_none(const struct addr_key *k);
/* 127.0.0.0/8 or ::1: possibly a proxy with many clients. */
bool	 addr_key_loopback(const struct addr_key *k);
bool	 addr_key_same(const struct addr_key *a, const struct addr_key *b);
/* For a hash table; a random seed keeps peers from choosing the bucket. */
uint32_t addr_key_hash(const struct addr_key *k, uint64_t seed);
/* "192.0.2.1", "2001:db8:0:1::/64", "::1", "-" (none); returns dst. */
const char *addr_key_print(const struct addr_key *k, char *dst, size_t size);

#endif
