/* SCRAM's keys, and its proofs.  Must leave no password and no key behind. */
#include "common/compat.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "common/b64.h"
#include "common/scram.h"

static int
hmac(const uint8_t key[SCRAM_KEY], struct str text, uint8_t out[SCRAM_KEY])
{
	unsigned int	len = SCRAM_KEY;

	return HMAC(EVP_sha256(), key, SCRAM_KEY,
	    (const unsigned char *)text.p, text.len, out, &len) == NULL ?
	    -1 : 0;
}

/* Up to the octet c, which is passed over. */
static int
field(struct str *in, char c, struct str *f)
{
	const char	*end = in->len == 0 ? NULL : memchr(in->p, c, in->len);

	if (end == NULL)
		return -1;
	*f = (struct str){ in->p, (size_t)(end - in->p) };
	in->len -= f->len + 1;
	in->p = end + 1;
	return 0;
}

int
scram_parse(struct scram_keys *k, struct str in)
{
	struct str	num, salt, stored;
	size_t		i, n = strlen(SCRAM_PREFIX);
	ssize_t		len;
	uint32_t	x = 0;

	if (in.len < n || memcmp(in.p, SCRAM_PREFIX, n) != 0)
		return -1;
	in.p += n;
	in.len -= n;
	if (field(&in, ':', &num) == -1 || field(&in, '$', &salt) == -1 ||
	    field(&in, ':', &stored) == -1 || num.len == 0 || num.len > 8 ||
	    num.p[0] == '0')
		return -1;
	for (i = 0; i < num.len; i++) {
		if (num.p[i] < '0' || num.p[i] > '9')
			return -1;
		x = x * 10 + (uint32_t)(num.p[i] - '0');
	}
	if (x < SCRAM_ITERATIONS_MIN || x > SCRAM_ITERATIONS_MAX)
		return -1;
	k->iterations = x;
	len = b64_decode(salt, true, k->salt, sizeof(k->salt));
	if (len < 8)
		return -1;
	k->saltlen = (size_t)len;
	return b64_decode(stored, true, k->stored, SCRAM_KEY) == SCRAM_KEY &&
	    b64_decode(in, true, k->server, SCRAM_KEY) == SCRAM_KEY ? 0 : -1;
}

size_t
scram_setting(const char *text)
{
	return strcspn(text, ":") + 1;
}

int
scram_derive(struct scram_keys *k, struct str password)
{
	uint8_t	salted[SCRAM_KEY], client[SCRAM_KEY];
	int	r = -1;

	if (PKCS5_PBKDF2_HMAC(password.p, (int)password.len, k->salt,
	    (int)k->saltlen, (int)k->iterations, EVP_sha256(), SCRAM_KEY,
	    salted) == 1 &&
	    hmac(salted, STR("Client Key"), client) == 0 &&
	    SHA256(client, SCRAM_KEY, k->stored) != NULL &&
	    hmac(salted, STR("Server Key"), k->server) == 0)
		r = 0;
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
	return r;
}

int
scram_check(struct str password, const char *text)
{
	struct scram_keys	have, made;
	int			r = -1;

	if (scram_parse(&have, str_from(text)) == 0) {
		made = have;
		if (scram_derive(&made, password) == 0)
			r = timingsafe_memcmp(have.stored, made.stored,
			    SCRAM_KEY) == 0;
	}
	explicit_bzero(&have, sizeof(have));
	explicit_bzero(&made, sizeof(made));
	return r;
}

int
scram_make(struct str password, char *dst, size_t size)
{
	struct scram_keys	k = { .iterations = SCRAM_ITERATIONS,
				    .saltlen = 16 };
	char			salt[32], stored[64], server[64];
	int			n, r = -1;

	if (RAND_bytes(k.salt, (int)k.saltlen) == 1 &&
	    scram_derive(&k, password) == 0 &&
	    b64_encode(k.salt, k.saltlen, true, salt, sizeof(salt)) == 0 &&
	    b64_encode(k.stored, SCRAM_KEY, true, stored,
	    sizeof(stored)) == 0 &&
	    b64_encode(k.server, SCRAM_KEY, true, server,
	    sizeof(server)) == 0) {
		n = snprintf(dst, size, SCRAM_PREFIX "%" PRIu32 ":%s$%s:%s",
		    k.iterations, salt, stored, server);
		r = n < 0 || (size_t)n >= size ? -1 : 0;
	}
	explicit_bzero(&k, sizeof(k));
	explicit_bzero(stored, sizeof(stored));
	explicit_bzero(server, sizeof(server));
	return r;
}

bool
scram_prove(const struct scram_keys *k, struct str message,
    const uint8_t proof[SCRAM_KEY], uint8_t signature[SCRAM_KEY])
{
	uint8_t	key[SCRAM_KEY], stored[SCRAM_KEY];
	size_t	i;
	bool	same = false;

	if (hmac(k->stored, message, key) == 0) {
		for (i = 0; i < SCRAM_KEY; i++)
			key[i] ^= proof[i];
		same = SHA256(key, SCRAM_KEY, stored) != NULL &&
		    timingsafe_memcmp(stored, k->stored, SCRAM_KEY) == 0;
	}
	/* The time is the same, right or wrong. */
	if (hmac(k->server, message, signature) == -1)
		same = false;
	explicit_bzero(key, sizeof(key));
	explicit_bzero(stored, sizeof(stored));
	return same;
}
