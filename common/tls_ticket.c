/* Session tickets.  Must never make one that opens what was said before. */
#include "common/compat.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/tls_ticket.h"

static struct {
	uint8_t	 key[2][TLS_TICKET_LEN];	/* now, before */
	bool	 has[2];
} ticket;

void
tls_ticket_keys(struct str now, struct str before)
{
	const struct str	*s[2] = { &now, &before };
	int			 i;

	for (i = 0; i < 2; i++) {
		ticket.has[i] = s[i]->len == TLS_TICKET_LEN;
		explicit_bzero(ticket.key[i], TLS_TICKET_LEN);
		if (ticket.has[i])
			memcpy(ticket.key[i], s[i]->p, TLS_TICKET_LEN);
	}
}

/* Cipher and MAC are those of RFC 5077 section 4.  1, or -1. */
static int
ticket_init(uint8_t *key, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int enc)
{
	static char	 sha256[] = "SHA256";
	OSSL_PARAM	 params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
		    key + TLS_TICKET_NAME, TLS_TICKET_SECRET),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
		    sha256, 0),
		OSSL_PARAM_construct_end()
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1 &&
	    EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key +
	    TLS_TICKET_NAME + TLS_TICKET_SECRET, iv, enc) == 1 ? 1 : -1;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0 is no ticket, or a full handshake;
 * 2: the client is given another, since it uses each but once (RFC 8446,
 * appendix C.4). */
static int
ticket_cb(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc)
{
	int	i;

	if (SSL_version(ssl) < TLS1_3_VERSION)
		return 0;
	if (enc) {
		if (!ticket.has[0])
			return 0;
		memcpy(name, ticket.key[0], TLS_TICKET_NAME);
		if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(
		    EVP_aes_256_cbc())) != 1)
			return -1;
		return ticket_init(ticket.key[0], iv, cipher, mac, 1);
	}
	for (i = 0; i < 2; i++)
		if (ticket.has[i] && memcmp(name, ticket.key[i],
		    TLS_TICKET_NAME) == 0)
			return ticket_init(ticket.key[i], iv, cipher, mac,
			    0) == 1 ? 2 : -1;
	return 0;
}

int
tls_ticket_use(SSL_CTX *ctx, const X509 *own)
{
	unsigned char	 id[EVP_MAX_MD_SIZE];
	unsigned int	 len;

	SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_timeout(ctx, TLS_TICKET_LIFE);
	return SSL_CTX_set_num_tickets(ctx, 1) == 1 &&
	    X509_digest(own, EVP_sha256(), id, &len) == 1 &&
	    SSL_CTX_set_session_id_context(ctx, id, len) == 1 &&
	    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, ticket_cb) == 1 ? 0 :
	    -1;
}
