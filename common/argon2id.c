/*
 * Argon2id, by libargon2; its text is read here, as the library tells nothing
 * of a hash without computing it.  Must leave no password behind.
 */
#include "common/compat.h"

#include <argon2.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>

#include "common/argon2id.h"
#include "common/b64.h"

#define SALT_MAX	64
#define OUT_MAX		64
#define COST_MAX	(8 * 1024 * 1024)	/* KiB that are passed over */

struct phc {
	uint32_t	m, t, p;
	uint8_t		salt[SALT_MAX], out[OUT_MAX];
	size_t		saltlen, outlen;
	size_t		setting;	/* bytes up to the salt */
};

/* "NAME=" and a number as it is written, between min and max. */
static int
phc_num(struct str *in, const char *name, uint32_t min, uint32_t max,
    uint32_t *v)
{
	size_t		n = strlen(name), i;
	uint64_t	x = 0;

	if (in->len < n || memcmp(in->p, name, n) != 0)
		return -1;
	for (i = n; i < in->len && in->p[i] >= '0' && in->p[i] <= '9'; i++)
		if ((x = x * 10 + (uint64_t)(in->p[i] - '0')) > max)
			return -1;
	if (i == n || (in->p[n] == '0' && i > n + 1) || x < min)
		return -1;
	*v = (uint32_t)x;
	in->p += i;
	in->len -= i;
	return 0;
}

static int
phc_parse(struct str in, struct phc *h)
{
	const char	*all = in.p, *end;
	ssize_t		 n;

	if (phc_num(&in, ARGON2ID_PREFIX "v=", ARGON2_VERSION_13,
	    ARGON2_VERSION_13, &h->m) == -1 ||
	    phc_num(&in, "$m=", 8, 1024 * 1024, &h->m) == -1 ||
	    phc_num(&in, ",t=", 1, 100, &h->t) == -1 ||
	    phc_num(&in, ",p=", 1, 16, &h->p) == -1 || in.len == 0 ||
	    *in.p != '$' || h->m < 8 * h->p ||
	    (uint64_t)h->m * h->t > COST_MAX)
		return -1;
	in.p++;
	in.len--;
	h->setting = (size_t)(in.p - all);
	if (in.len == 0 || (end = memchr(in.p, '$', in.len)) == NULL)
		return -1;
	n = b64_decode((struct str){ in.p, (size_t)(end - in.p) }, false,
	    h->salt, sizeof(h->salt));
	if (n < 8)
		return -1;
	h->saltlen = (size_t)n;
	end++;
	n = b64_decode((struct str){ end, in.len - (size_t)(end - in.p) },
	    false, h->out, sizeof(h->out));
	if (n < 16)
		return -1;
	h->outlen = (size_t)n;
	return 0;
}

bool
argon2id_acceptable(struct str hash)
{
	struct phc	h;

	return phc_parse(hash, &h) == 0;
}

size_t
argon2id_setting(const char *hash)
{
	struct phc	h;

	return phc_parse(str_from(hash), &h) == 0 ? h.setting : strlen(hash);
}

int
argon2id_check(struct str password, const char *hash)
{
	struct phc	h;
	uint8_t		out[OUT_MAX];
	int		same = -1;

	if (phc_parse(str_from(hash), &h) == 0 &&
	    argon2id_hash_raw(h.t, h.m, h.p, password.p, password.len,
	    h.salt, h.saltlen, out, h.outlen) == ARGON2_OK)
		same = timingsafe_memcmp(out, h.out, h.outlen) == 0;
	explicit_bzero(out, sizeof(out));
	explicit_bzero(&h, sizeof(h));
	return same;
}

int
argon2id_make(struct str password, char *dst, size_t size)
{
	const uint32_t	m = 64 * 1024, t = 3, p = 1;
	uint8_t		salt[16], out[32];
	char		salt64[32], out64[64];
	int		n, r = -1;

	if (RAND_bytes(salt, sizeof(salt)) == 1 &&
	    argon2id_hash_raw(t, m, p, password.p, password.len, salt,
	    sizeof(salt), out, sizeof(out)) == ARGON2_OK &&
	    b64_encode(salt, sizeof(salt), false, salt64,
	    sizeof(salt64)) == 0 &&
	    b64_encode(out, sizeof(out), false, out64, sizeof(out64)) == 0) {
		n = snprintf(dst, size, ARGON2ID_PREFIX "v=19$m=%" PRIu32
		    ",t=%" PRIu32 ",p=%" PRIu32 "$%s$%s", m, t, p, salt64,
		    out64);
		r = n < 0 || (size_t)n >= size ? -1 : 0;
	}
	explicit_bzero(out, sizeof(out));
	explicit_bzero(out64, sizeof(out64));
	return r;
}
