/*
 * The choice of a hash for a name that does not exist.  Must never depend on
 * anything that a stranger knows or can change.
 */
#include "common/compat.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>

#include "authd/dummy.h"

static int
setting_cmp(const char *a, size_t alen, const char *b, size_t blen)
{
	int	c = memcmp(a, b, alen < blen ? alen : blen);

	return c != 0 ? c : alen < blen ? -1 : alen > blen;
}

void
dummy_add(struct dummies *d, const char *hash)
{
	size_t	i, len = hash_setting(hash);
	int	c = 1;

	if (strlen(hash) > HASH_MAX)
		return;
	if (d->total == 0 || strcmp(hash, d->secret) < 0)
		strlcpy(d->secret, hash, sizeof(d->secret));
	/* Sorted, whatever order they come in. */
	for (i = 0; i < d->n; i++)
		if ((c = setting_cmp(d->kind[i].hash, d->kind[i].setting,
		    hash, len)) >= 0)
			break;
	if (i == d->n || c != 0) {
		if (d->n == DUMMY_SETTINGS)
			return;
		memmove(&d->kind[i + 1], &d->kind[i],
		    (d->n - i) * sizeof(d->kind[0]));
		strlcpy(d->kind[i].hash, hash, sizeof(d->kind[i].hash));
		d->kind[i].setting = len;
		d->kind[i].count = 0;
		d->n++;
	}
	d->kind[i].count++;
	d->total++;
}

const char *
dummy_pick(const struct dummies *d, const char *name)
{
	uint8_t		mac[32];
	unsigned int	len = sizeof(mac);
	uint64_t	at = 0;
	size_t		i;

	if (d->total == 0 || HMAC(EVP_sha256(), d->secret,
	    (int)strlen(d->secret), (const unsigned char *)name,
	    strlen(name), mac, &len) == NULL)
		return NULL;
	/* A point of [0, total): a user more moves few names. */
	for (i = 0; i < 4; i++)
		at = at << 8 | mac[i];
	at = at * d->total >> 32;
	for (i = 0; i + 1 < d->n && at >= d->kind[i].count; i++)
		at -= d->kind[i].count;
	return d->kind[i].hash;
}

/* Iterations and the salt's length of keys that exist, as often as they do:
 * point (of 2^32) chooses, and one user more moves few names.  false: there are
 * none. */
static bool
scram_cost(const struct dummies *d, uint32_t point, struct scram_keys *k)
{
	struct scram_keys	some;
	uint64_t		total = 0, at;
	size_t			i;

	for (i = 0; i < d->n; i++)
		if (scram_parse(&some, str_from(d->kind[i].hash)) == 0)
			total += d->kind[i].count;
	at = (uint64_t)point * total >> 32;
	for (i = 0; i < d->n && total > 0; i++) {
		if (scram_parse(&some, str_from(d->kind[i].hash)) == -1)
			continue;
		if (at < d->kind[i].count) {
			k->iterations = some.iterations;
			k->saltlen = some.saltlen;
			break;
		}
		at -= d->kind[i].count;
	}
	explicit_bzero(&some, sizeof(some));
	return total > 0;
}

void
dummy_scram(const struct dummies *d, const char *const key[2],
    const char *name, struct scram_keys *k, bool *alike)
{
	uint8_t		 mac[64];
	unsigned int	 len = sizeof(mac);

	memset(k, 0, sizeof(*k));
	k->iterations = SCRAM_ITERATIONS;
	k->saltlen = 16;
	/* Whoever knows one of the keys, which may be his own, has nothing. */
	if (HMAC(EVP_sha512(), key[0], (int)strlen(key[0]),
	    (const unsigned char *)name, strlen(name), mac, &len) == NULL ||
	    HMAC(EVP_sha512(), key[1], (int)strlen(key[1]), mac, sizeof(mac),
	    mac, &len) == NULL)
		explicit_bzero(mac, sizeof(mac));
	*alike = scram_cost(d, (uint32_t)mac[32] << 24 | (uint32_t)mac[33] <<
	    16 | (uint32_t)mac[34] << 8 | mac[35], k);
	/* Not what chose it, and longer than any salt. */
	(void)HMAC(EVP_sha512(), mac, sizeof(mac),
	    (const unsigned char *)name, strlen(name), k->salt, &len);
	memcpy(k->stored, mac, sizeof(k->stored));
	memcpy(k->server, mac + 32, sizeof(k->server));
	explicit_bzero(mac, sizeof(mac));
}

void
dummy_clear(struct dummies *d)
{
	explicit_bzero(d, sizeof(*d));
}
