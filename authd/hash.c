/*
 * crypt(3), crypt(5), and what is not of crypt(3).  Runs in a worker only: it
 * blocks on purpose.  Must leave neither password nor hash behind.
 */
#include "common/compat.h"

#ifdef __OpenBSD__
#include <pwd.h>
#include <unistd.h>
#else
#include <crypt.h>
#endif

#include "authd/hash.h"
#include "common/argon2id.h"
#include "common/scram.h"

static bool
crypt_acceptable(struct str hash)
{
	static const char *const prefixes[] = {
#ifdef __OpenBSD__
		"$2a$", "$2b$", "$2y$"
#else
		"$y$", "$gy$", "$7$", "$2a$", "$2b$", "$2y$", "$6$", "$5$"
#endif
	};
	char	text[HASH_MAX + 1];
	size_t	i, len;

	if (hash.len == 0 || hash.len > HASH_MAX)
		return false;
	memcpy(text, hash.p, hash.len);
	text[hash.len] = '\0';
	for (i = 0; i < nitems(prefixes); i++) {
		len = strlen(prefixes[i]);
		if (strncmp(text, prefixes[i], len) == 0)
			break;
	}
	if (i == nitems(prefixes))
		return false;
#if !defined(__OpenBSD__) && defined(CRYPT_SALT_INVALID)
	switch (crypt_checksalt(text)) {
	case CRYPT_SALT_INVALID:
	case CRYPT_SALT_METHOD_DISABLED:
		return false;
	}
#endif
	return true;
}

static size_t
crypt_setting(const char *hash)
{
	static const struct {
		const char	*prefix;
		bool		 field;		/* one more, to a $ */
		size_t		 fixed;		/* or so many bytes */
	} rows[] = {
		{ "$y$", true, 0 }, { "$gy$", true, 0 },
		{ "$7$", false, 11 },
		{ "$2a$", true, 0 }, { "$2b$", true, 0 }, { "$2y$", true, 0 },
		{ "$6$rounds=", true, 0 }, { "$5$rounds=", true, 0 },
		{ "$6$", false, 0 }, { "$5$", false, 0 }
	};
	const char	*p, *end;
	size_t		 i, len;

	for (i = 0; i < nitems(rows); i++) {
		len = strlen(rows[i].prefix);
		if (strncmp(hash, rows[i].prefix, len) != 0)
			continue;
		p = hash + len;
		if (!rows[i].field)
			return len + strnlen(p, rows[i].fixed);
		end = strchr(p, '$');
		return end == NULL ? strlen(hash) : (size_t)(end + 1 - hash);
	}
	return strlen(hash);
}

#ifdef __OpenBSD__
static int
crypt_check(struct str password, const char *hash)
{
	char	text[HASH_PASSWORD_MAX + 1];
	int	same;

	if (password.len > 0)
		memcpy(text, password.p, password.len);
	text[password.len] = '\0';
	same = crypt_checkpass(text, hash) == 0;
	explicit_bzero(text, sizeof(text));
	return same;
}

void
hash_dummy(char *dst, size_t size)
{
	if (crypt_newhash("", "bcrypt,a", dst, size) == -1)
		dst[0] = '\0';
}
#else
static int
crypt_check(struct str password, const char *hash)
{
	static struct crypt_data data;		/* 32 KiB; one thread */
	char			 text[HASH_PASSWORD_MAX + 1];
	const char		*out;
	size_t			 len = strlen(hash);
	int			 same = 0;

	if (password.len > 0)
		memcpy(text, password.p, password.len);
	text[password.len] = '\0';
	out = crypt_rn(text, hash, &data, sizeof(data));
	if (out == NULL)
		same = -1;
	else if (strlen(out) == len)
		same = timingsafe_memcmp(out, hash, len) == 0;
	explicit_bzero(text, sizeof(text));
	explicit_bzero(&data, sizeof(data));
	return same;
}

void
hash_dummy(char *dst, size_t size)
{
	static struct crypt_data data;
	char			 salt[CRYPT_GENSALT_OUTPUT_SIZE];
	const char		*out = NULL;

	if (crypt_gensalt_rn("$y$", 0, NULL, 0, salt, sizeof(salt)) != NULL)
		out = crypt_rn("", salt, &data, sizeof(data));
	if (out == NULL || strlcpy(dst, out, size) >= size)
		dst[0] = '\0';
	explicit_bzero(&data, sizeof(data));
}
#endif

static bool
scram_acceptable(struct str hash)
{
	struct scram_keys	k;
	bool			ok = scram_parse(&k, hash) == 0;

	explicit_bzero(&k, sizeof(k));
	return ok;
}

/* By how a hash begins; the last is for all others. */
static const struct hash_kind {
	const char	*prefix;
	bool		(*acceptable)(struct str hash);
	size_t		(*setting)(const char *hash);
	int		(*check)(struct str password, const char *hash);
} kinds[] = {
	{ ARGON2ID_PREFIX, argon2id_acceptable, argon2id_setting,
	    argon2id_check },
	{ SCRAM_PREFIX, scram_acceptable, scram_setting, scram_check },
	{ "", crypt_acceptable, crypt_setting, crypt_check }
};

static const struct hash_kind *
kind_of(struct str hash)
{
	const struct hash_kind	*k = kinds;
	size_t			 n;

	for (; (n = strlen(k->prefix)) > 0; k++)
		if (hash.len >= n && memcmp(hash.p, k->prefix, n) == 0)
			break;
	return k;
}

bool
hash_acceptable(struct str hash)
{
	return hash.len > 0 && hash.len <= HASH_MAX &&
	    kind_of(hash)->acceptable(hash);
}

size_t
hash_setting(const char *hash)
{
	return kind_of(str_from(hash))->setting(hash);
}

int
hash_check(struct str password, const char *hash)
{
	if (password.len > HASH_PASSWORD_MAX || (password.len > 0 &&
	    memchr(password.p, '\0', password.len) != NULL))
		return 0;
	return kind_of(str_from(hash))->check(password, hash);
}
