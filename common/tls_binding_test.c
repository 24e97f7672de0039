/* Both ends of a handshake have the same bindings, and another one has not. */
#include "common/compat.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/test.h"
#include "common/tls_binding.h"

static SSL	*server, *client;

static void
begin(EVP_PKEY *key, X509 *cert, int version, long options)
{
	SSL_CTX	*s = SSL_CTX_new(TLS_server_method());
	SSL_CTX	*c = SSL_CTX_new(TLS_client_method());
	BIO	*a, *b;
	int	 i;

	CHECK(SSL_CTX_use_certificate(s, cert) == 1 &&
	    SSL_CTX_use_PrivateKey(s, key) == 1);
	SSL_CTX_set_max_proto_version(c, version);
	SSL_CTX_set_options(c, (uint64_t)options);
	server = SSL_new(s);
	client = SSL_new(c);
	SSL_CTX_free(s);
	SSL_CTX_free(c);
	CHECK(BIO_new_bio_pair(&a, 0, &b, 0) == 1);
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (i = 0; i < 10 && !(SSL_is_init_finished(server) &&
	    SSL_is_init_finished(client)); i++) {
		(void)SSL_do_handshake(client);
		(void)SSL_do_handshake(server);
	}
	CHECK(SSL_is_init_finished(server) && SSL_is_init_finished(client));
}

static void
end(void)
{
	SSL_free(server);
	SSL_free(client);
}

static X509 *
self_signed(EVP_PKEY *key, const EVP_MD *md)
{
	X509	*x = X509_new();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	CHECK(X509_sign(x, key, md) != 0);
	return x;
}

/* What the client has, by its own call. */
static bool
same_exporter(const uint8_t ours[TLS_BINDING_EXPORTER])
{
	uint8_t	theirs[TLS_BINDING_EXPORTER];

	CHECK(SSL_export_keying_material(client, theirs, sizeof(theirs),
	    "EXPORTER-Channel-Binding", 24, (const uint8_t *)"", 0, 1) == 1);
	return memcmp(theirs, ours, sizeof(theirs)) == 0;
}

static void
check_versions(EVP_PKEY *key, X509 *cert)
{
	static const int	versions[] = { TLS1_3_VERSION, TLS1_2_VERSION };
	uint8_t			exporter[2][TLS_BINDING_EXPORTER];
	size_t			i;

	for (i = 0; i < nitems(versions); i++) {
		begin(key, cert, versions[i], 0);
		CHECK(SSL_version(server) == versions[i]);
		CHECK(tls_binding_exporter(server, exporter[i]) == 32);
		CHECK_ROW(same_exporter(exporter[i]), "version %x",
		    (unsigned)versions[i]);
		end();
	}
	CHECK(memcmp(exporter[0], exporter[1], 32) != 0);
	/* another connection, the same certificate */
	begin(key, cert, TLS1_3_VERSION, 0);
	CHECK(!same_exporter(exporter[0]));
	end();
	/* without the extended master secret: none */
	begin(key, cert, TLS1_2_VERSION, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	CHECK(tls_binding_exporter(server, exporter[0]) == 0);
	end();
	CHECK(tls_binding_exporter(NULL, exporter[0]) == 0);
}

/* RFC 5929 section 4.1: the hash of the signature, SHA-256 for a weak one. */
static void
check_endpoint(void)
{
	const struct { const EVP_MD *sign, *want; } t[] = {
		{ EVP_sha256(), EVP_sha256() }, { EVP_sha384(), EVP_sha384() },
		{ EVP_sha512(), EVP_sha512() }, { EVP_sha1(), EVP_sha256() }
	};
	EVP_PKEY	*key = EVP_EC_gen("P-256");
	EVP_PKEY	*ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509		*x;
	uint8_t		 got[TLS_BINDING_ENDPOINT], md[EVP_MAX_MD_SIZE];
	unsigned int	 n;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		x = self_signed(key, t[i].sign);
		begin(key, x, TLS1_3_VERSION, 0);
		CHECK(X509_digest(x, t[i].want, md, &n) == 1);
		CHECK_ROW(tls_binding_endpoint(server, got) == n &&
		    memcmp(got, md, n) == 0, "row %zu", i);
		end();
		if (i == 0)
			check_versions(key, x);
		X509_free(x);
	}
	x = self_signed(ed, NULL);
	begin(ed, x, TLS1_3_VERSION, 0);
	CHECK(tls_binding_endpoint(server, got) == 0);
	CHECK(tls_binding_exporter(server, got) == 32);
	end();
	X509_free(x);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ed);
	CHECK(tls_binding_endpoint(NULL, got) == 0);
}

int
main(void)
{
	check_endpoint();
	return TEST_END();
}
