/*
 * TLS certificates and signatures (credd, and each process that serves TLS):
 * the private keys stay in credd.
 */
#ifndef COMMON_MSG_SIGN_H
#define COMMON_MSG_SIGN_H

#include <stdint.h>

#include "common/buf.h"
#include "common/wire.h"

#define SIGN_ID_LEN	32	/* SHA-256 of a SubjectPublicKeyInfo */
#define SIGN_CERTS_MAX	64
#define SIGN_NAMES_MAX	256	/* of one certificate */
#define SIGN_NAME_MAX	253	/* bytes of one */
#define SIGN_CHAIN_MAX	(128 * 1024)
#define SIGN_OCSP_MAX	(16 * 1024)
#define SIGN_BYTES_MAX	512	/* of what is signed */
#define SIGN_MAX	1024	/* of a signature */

/*
 * SIGN_CERT: one of count certificates, which come together, with an index from
 * 0 on; after the last one the whole set takes the place of the one before.
 * count 0 (a single message): there is none.  The first is for clients that
 * name no host, or an unknown one.
 */
struct sign_name { struct str name; };		/* lower case; "*.x.org" */
struct sign_cert {
	uint32_t	 index;
	uint32_t	 count;
	struct wire_list names;
	struct str	 chain;		/* X.509 in DER: the own first */
	struct str	 ocsp;		/* OCSPResponse in DER; empty: none */
};

/* RFC 8446 section 4.2.3, SignatureScheme: those that credd knows. */
enum sign_scheme {
	SIGN_RSA_PKCS1_SHA256	= 0x0401,
	SIGN_RSA_PKCS1_SHA384	= 0x0501,
	SIGN_RSA_PKCS1_SHA512	= 0x0601,
	SIGN_ECDSA_SHA256	= 0x0403,
	SIGN_ECDSA_SHA384	= 0x0503,
	SIGN_ECDSA_SHA512	= 0x0603,
	SIGN_RSA_PSS_SHA256	= 0x0804,
	SIGN_RSA_PSS_SHA384	= 0x0805,
	SIGN_RSA_PSS_SHA512	= 0x0806,
	SIGN_ED25519		= 0x0807
};

/*
 * SIGN_TRANSCRIPT: bytes as a handshake signs them, never a hash.  key: of the
 * certificate.  The answer is SIGN_DONE with the same id.
 */
struct sign_transcript {
	struct str	 key;		/* SIGN_ID_LEN bytes */
	uint32_t	 scheme;
	struct str	 bytes;
};
enum sign_code {
	SIGN_OK,
	SIGN_REFUSED,		/* no handshake, no such key, ... */
	SIGN_BUSY		/* too many for one process */
};
struct sign_done {
	uint8_t		 code;
	struct str	 signature;
	struct str	 why;		/* unless SIGN_OK */
};

/* SIGN_TICKETS: the keys of session tickets (common/tls_ticket.h): of now, and
 * of before.  Empty: none. */
struct sign_tickets {
	struct str	 now;
	struct str	 before;
};

extern const struct wire_struct sign_cert_wire, sign_transcript_wire,
    sign_done_wire, sign_tickets_wire;

#endif
