/*
 * Encryption with the customer's key (SSE-C): the server encrypts with a key
 * that each request brings along and that it does not keep.
 */
#ifndef STORAGED_S3_CUSTOMER_H
#define STORAGED_S3_CUSTOMER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/sigv4.h"

#define S3_CUSTOMER_HEADERS	3

struct s3_customer;

/* base64: of 32 bytes (store.customer-key).  NULL, with the reason, if it is
 * not, or without memory. */
struct s3_customer *s3_customer_new(const char *base64, char *why,
	    size_t size);
/* NULL: without memory. */
struct s3_customer *s3_customer_copy(const struct s3_customer *c);
void	 s3_customer_free(struct s3_customer *c);	/* NULL is fine */
/* Has a request with this method, on this object ("": the bucket), the key? */
bool	 s3_customer_for(const char *method, const char *name);
/* The headers; their values live as long as c. */
void	 s3_customer_headers(const struct s3_customer *c,
	    struct sigv4_header h[S3_CUSTOMER_HEADERS]);

#endif
