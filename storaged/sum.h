/*
 * SHA-256 of bytes that are at hand, for what is summed often: the one-shot
 * call of OpenSSL looks its algorithm up each time, which costs a small
 * message a quarter more.
 */
#ifndef STORAGED_SUM_H
#define STORAGED_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is that their SHA-256?  false on ENOMEM too.  In any thread. */
bool	 sum_is(const void *p, size_t len, const uint8_t sha256[32]);
/* Frees what the calling thread keeps; before it ends. */
void	 sum_thread_end(void);

#endif
