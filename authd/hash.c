/*
 * crypt(3), crypt(5).  Runs in a worker only: it blocks on purpose.  Must
 * leave neither password nor hash behind.
 */
#include "common/compat.h"

#ifdef __OpenBSD__
#include <pwd.h>
#include <unistd.h>
#else
#include <crypt.h>
#endif

#include "authd/hash.h"

bool
hash_acceptable(struct str hash)
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

#ifdef __OpenBSD__
int
hash_check(struct str password, const char *hash)
{
	char	text[HASH_PASSWORD_MAX + 1];
	int	same;

	if (password.len > HASH_PASSWORD_MAX || (password.len > 0 &&
	    memchr(password.p, '\0', password.len) != NULL))
		return 0;
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
int
hash_check(struct str password, const char *hash)
{
	static struct crypt_data data;		/* 32 KiB; one thread */
	char			 text[HASH_PASSWORD_MAX + 1];
	const char		*out;
	size_t			 len = strlen(hash);
	int			 same = 0;

	if (password.len > HASH_PASSWORD_MAX || (password.len > 0 &&
	    memchr(password.p, '\0', password.len) != NULL))
		return 0;
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
