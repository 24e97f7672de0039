/* See s3_keys.h. */
#include "common/compat.h"

#include <string.h>

#include "common/msg_auth.h"
#include "storaged/bucket/s3/s3_keys.h"

static const struct sigv4_key *
newest(const struct s3_key_set *s)
{
	return s->n == 0 ? NULL : &s->v[(s->next + S3_KEYS - 1) % S3_KEYS];
}

const char *
s3_keys_newest(const struct s3_keys *k)
{
	const struct sigv4_key	*key = newest(&k->now);

	return key == NULL ? "" : key->access_key;
}

void
s3_keys_clear(struct s3_keys *k)
{
	explicit_bzero(k, sizeof(*k));
}

/* Another access key replaces the older ones at once. */
void
s3_keys_add(struct s3_keys *k, const struct sigv4_key *key)
{
	if (k->now.n != 0 && strcmp(s3_keys_newest(k), key->access_key) != 0) {
		if (k->worked)
			k->before = k->now;
		explicit_bzero(&k->now, sizeof(k->now));
		k->worked = false;
	}
	k->now.v[k->now.next] = *key;
	k->now.next = (k->now.next + 1) % S3_KEYS;
	if (k->now.n < S3_KEYS)
		k->now.n++;
}

static int
copy_str(struct str s, char *dst, size_t size)
{
	if (s.len >= size || (s.len != 0 && memchr(s.p, '\0', s.len) != NULL))
		return -1;
	str_copy(dst, size, s);
	return 0;
}

int
s3_keys_take(struct s3_keys *k, const struct cred_key *from)
{
	struct sigv4_key	 key = { .expires = from->expires };
	int			 rv = -1;

	if (copy_str(from->access_key, key.access_key,
	    sizeof(key.access_key)) == 0 &&
	    copy_str(from->token, key.token, sizeof(key.token)) == 0 &&
	    copy_str(from->region, key.region, sizeof(key.region)) == 0 &&
	    copy_str(from->service, key.service, sizeof(key.service)) == 0 &&
	    copy_str(from->date, key.date, sizeof(key.date)) == 0 &&
	    from->key.len == sizeof(key.key)) {
		memcpy(key.key, from->key.p, sizeof(key.key));
		s3_keys_add(k, &key);
		rv = 0;
	}
	explicit_bzero(&key, sizeof(key));
	return rv;
}

const struct sigv4_key *
s3_keys_find(const struct s3_keys *k, const char *date, int64_t now)
{
	const struct sigv4_key	*key;
	size_t			 i;

	/* The newest first. */
	for (i = 1; i <= k->now.n; i++) {
		key = &k->now.v[(k->now.next + S3_KEYS - i) % S3_KEYS];
		if (strncmp(key->date, date, 8) == 0 &&
		    (key->expires == 0 || key->expires > now))
			return key;
	}
	return NULL;
}

void
s3_keys_worked(struct s3_keys *k, const char *access_key)
{
	if (k->worked || strcmp(s3_keys_newest(k), access_key) != 0)
		return;
	k->worked = k->ever = true;
	explicit_bzero(&k->before, sizeof(k->before));
}

bool
s3_keys_doubtful(const struct s3_keys *k, const char *access_key)
{
	return k->ever && !k->worked &&
	    strcmp(s3_keys_newest(k), access_key) == 0;
}

void
s3_keys_back(struct s3_keys *k, int64_t now)
{
	const struct sigv4_key	*key = newest(&k->before);

	if (key == NULL || (key->expires != 0 && key->expires <= now))
		return;
	k->now = k->before;
	k->worked = true;
	explicit_bzero(&k->before, sizeof(k->before));
}
