/*
 * See s3_customer.h.  The key lies in memory that is locked, and in the
 * headers of the requests under way.
 */
#include "common/compat.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

#include "common/b64.h"
#include "common/locked.h"
#include "storaged/bucket/s3/s3_customer.h"

#define KEY_LEN	32

struct s3_customer {
	char	key[64];		/* base64 */
	char	md5[32];
	unsigned char bytes[KEY_LEN];
};

struct s3_customer *
s3_customer_new(const char *base64, char *why, size_t size)
{
	struct s3_customer	*c = locked_new(sizeof(*c));
	unsigned char		 md[EVP_MAX_MD_SIZE];
	unsigned int		 n = 0;

	if (c == NULL)
		snprintf(why, size, "out of memory");
	else if (b64_decode(str_from(base64), true, c->bytes,
	    sizeof(c->bytes)) != KEY_LEN ||
	    strlcpy(c->key, base64, sizeof(c->key)) >= sizeof(c->key))
		snprintf(why, size, "store.customer-key is not the base64 of "
		    "%d bytes", KEY_LEN);
	else if (EVP_Digest(c->bytes, KEY_LEN, md, &n, EVP_md5(), NULL) != 1 ||
	    b64_encode(md, n, true, c->md5, sizeof(c->md5)) == -1)
		snprintf(why, size, "store.customer-key: this OpenSSL has no "
		    "MD5");
	else
		return c;
	s3_customer_free(c);
	return NULL;
}

struct s3_customer *
s3_customer_copy(const struct s3_customer *c)
{
	struct s3_customer	*copy = locked_new(sizeof(*copy));

	if (copy != NULL)
		*copy = *c;
	return copy;
}

void
s3_customer_free(struct s3_customer *c)
{
	locked_free(c, sizeof(*c));
}

/* Nothing of a DELETE is encrypted; all else on an object is. */
bool
s3_customer_for(const char *method, const char *name)
{
	return *name != '\0' && strcmp(method, "DELETE") != 0;
}

void
s3_customer_headers(const struct s3_customer *c,
    struct sigv4_header h[S3_CUSTOMER_HEADERS])
{
	h[0] = (struct sigv4_header){
	    "x-amz-server-side-encryption-customer-algorithm", "AES256" };
	h[1] = (struct sigv4_header){
	    "x-amz-server-side-encryption-customer-key", c->key };
	h[2] = (struct sigv4_header){
	    "x-amz-server-side-encryption-customer-key-MD5", c->md5 };
}
