/* Signatures: credd makes one of a handshake's bytes, and of nothing else. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "common/arena.h"
#include "common/msg_sign.h"
#include "common/sign_provider.h"
#include "regress/lib/hostile/hostile.h"
#include "regress/lib/hostile/peer.h"

#define FORGED	4000
#define FIXED	(64 + sizeof("TLS 1.3, server CertificateVerify"))

static uint8_t	key[SIGN_ID_LEN];

/* The key of the first certificate that credd shows us. */
static bool
learn(void)
{
	static uint8_t		 whole[MSG_FRAME_MAX * 8];
	static struct frame	 f;
	const unsigned char	*p;
	struct sign_cert	 c;
	struct arena		*a = arena_new(0);
	size_t			 n = 0;
	X509			*x = NULL;

	while (frame_get(sign, &f, PATIENCE) == 1) {
		if (f.type != IMSG_SIGN_CERT)
			continue;	/* its HELLO */
		if (n + f.len > sizeof(whole))
			break;
		memcpy(whole + n, f.data, f.len);
		n += f.len;
		if (f.flags & 1)
			continue;
		if (wire_decode(&sign_cert_wire, &c, whole, n, a) == 0) {
			p = (const unsigned char *)c.chain.p;
			x = d2i_X509(NULL, &p, (long)c.chain.len);
		}
		break;
	}
	arena_free(a);
	n = x != NULL && sign_provider_id(x, key) == 0;
	X509_free(x);
	return n != 0;
}

static size_t
handshake(uint8_t *p)
{
	static const char	context[] = "TLS 1.3, server CertificateVerify";

	memset(p, ' ', 64);
	memcpy(p + 64, context, sizeof(context));
	memset(p + FIXED, 7, 32);
	return FIXED + 32;
}

/* SIGN_OK and so on; -1: no answer. */
static int
ask(uint32_t scheme, const void *bytes, size_t len)
{
	static struct frame	 f;
	struct sign_transcript	 t = { { (char *)key, sizeof(key) }, scheme,
				    { bytes, len } };
	struct sign_done	 d;

	if (struct_put(sign, IMSG_SIGN_TRANSCRIPT, ++next_id,
	    &sign_transcript_wire, &t, -1) == -1 ||
	    frame_get(sign, &f, PATIENCE) != 1 || f.type != IMSG_SIGN_DONE ||
	    f.id != next_id || wire_decode(&sign_done_wire, &d, f.data, f.len,
	    NULL) == -1)
		return -1;
	return d.code;
}

void
try_signatures(void)
{
	static const struct {
		const char	*what, *bytes;
		size_t		 len;
	} t[] = {
		{ "nothing", "", 0 },
		{ "a hash of 32 bytes", "0123456789abcdef0123456789abcdef",
		  32 },
		{ "a JWT", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9", 41 },
		{ "a certificate's beginning", "\x30\x82\x01\x0a\xa0\x03", 6 }
	};
	uint8_t		p[SIGN_BYTES_MAX];
	size_t		i, n;
	int		done = 0, other = 0, r;

	if (sign == -1 || !learn()) {
		result(false, "the channel to credd");
		return;
	}
	n = handshake(p);
	result(ask(SIGN_ECDSA_SHA256, p, n) == SIGN_OK,
	    "a handshake's signature");
	for (i = 0; i < nitems(t); i++)
		result(ask(SIGN_ECDSA_SHA256, t[i].bytes, t[i].len) ==
		    SIGN_REFUSED, "a signature of %s", t[i].what);
	memcpy(p + 64 + 9, "client", 6);
	result(ask(SIGN_ECDSA_SHA256, p, n) == SIGN_REFUSED,
	    "a signature of a client's CertificateVerify");
	n = handshake(p);
	result(ask(SIGN_RSA_PKCS1_SHA256, p, n) == SIGN_REFUSED &&
	    ask(0x0203, p, n) == SIGN_REFUSED, "signatures by other schemes");
	for (i = 0; i < FORGED; i++) {
		n = handshake(p);
		if (i % 4 == 0)
			n = (size_t)random() % n;
		else
			p[(size_t)random() % FIXED] ^=
			    (uint8_t)(1 + random() % 255);
		r = ask(SIGN_ECDSA_SHA256, p, n);
		done += r == SIGN_OK;
		other += r != SIGN_OK && r != SIGN_REFUSED && r != SIGN_BUSY;
	}
	result(done == 0 && other == 0, "%d changed handshakes: %d signed, "
	    "%d without an answer", FORGED, done, other);
}

void
try_sign_garbage(void)
{
	uint8_t	noise[4096];

	memset(noise, 0x5a, sizeof(noise));
	(void)raw_put(sign, noise, sizeof(noise), -1, PATIENCE);
	result(sign != -1 && is_cut(sign, PATIENCE), "garbage to credd");
}
