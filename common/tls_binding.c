/*
 * Channel bindings, by OpenSSL.  tls-unique is not among them: TLS 1.3 has
 * none, and with TLS 1.2 it is not safe (RFC 9266 section 1).
 */
#include "common/tls_binding.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

_Static_assert(TLS_BINDING_ENDPOINT >= EVP_MAX_MD_SIZE, "any hash fits");

size_t
tls_binding_exporter(SSL *ssl, uint8_t dst[TLS_BINDING_EXPORTER])
{
	static const char	label[] = "EXPORTER-Channel-Binding";

	if (ssl == NULL || !SSL_is_init_finished(ssl) ||
	    (SSL_version(ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(ssl) != 1))
		return 0;
	/* An empty context: TLS 1.2 tells it from none. */
	if (SSL_export_keying_material(ssl, dst, TLS_BINDING_EXPORTER, label,
	    sizeof(label) - 1, (const uint8_t *)"", 0, 1) != 1) {
		ERR_clear_error();
		return 0;
	}
	return TLS_BINDING_EXPORTER;
}

size_t
tls_binding_endpoint(SSL *ssl, uint8_t dst[TLS_BINDING_ENDPOINT])
{
	const EVP_MD	*md;
	X509		*x;
	unsigned int	 len;
	int		 nid;

	if (ssl == NULL || (x = SSL_get_certificate(ssl)) == NULL)
		return 0;
	if (X509_get_signature_info(x, &nid, NULL, NULL, NULL) != 1 ||
	    nid == NID_undef) {
		ERR_clear_error();
		return 0;
	}
	if (nid == NID_md5 || nid == NID_sha1)
		nid = NID_sha256;
	if ((md = EVP_get_digestbynid(nid)) == NULL ||
	    X509_digest(x, md, dst, &len) != 1) {
		ERR_clear_error();
		return 0;
	}
	return len;
}
