/* See client_chain.h. */
#include "common/compat.h"

#include "common/client_cert.h"
#include "common/client_chain.h"

static int
put_der(struct buf *b, X509 *x)
{
	unsigned char	*der = NULL;
	int		 len = i2d_X509(x, &der), r = -1;

	if (len > 0)
		r = buf_put(b, der, (size_t)len);
	OPENSSL_free(der);
	return r;
}

int
client_chain(const SSL *ssl, struct buf *out)
{
	STACK_OF(X509)	*rest = SSL_get_peer_cert_chain(ssl);
	X509		*own = SSL_get0_peer_certificate(ssl);
	int		 i;

	if (own == NULL || put_der(out, own) == -1)
		return -1;
	/* Our side's chain is without the client's own. */
	for (i = 0; i < sk_X509_num(rest) && i + 1 < CLIENT_CERT_CERTS; i++)
		if (put_der(out, sk_X509_value(rest, i)) == -1)
			return -1;
	return 0;
}
