/*
 * User ids (DESIGN section 3): the one place where a login name becomes an
 * id and an id becomes part of an object's name, so that no two processes
 * or nodes can disagree.  Names come from strangers.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "common/log.h"
#include "common/user.h"

#define LOGIN_MAX	1024	/* bytes; longer ones are not looked at */

/* UTF-8 without control characters, surrogates and the like. */
static bool
valid(const uint8_t *p, size_t len)
{
	utf8proc_int32_t	c;
	utf8proc_ssize_t	n;

	while (len != 0) {
		n = utf8proc_iterate(p, (utf8proc_ssize_t)len, &c);
		if (n <= 0 || c < 0x20 || (c >= 0x7f && c <= 0x9f))
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* NFC into dst, ASCII letters lowered; the length, or -1. */
static int
compose(const uint8_t *src, size_t len, uint8_t *dst, size_t size)
{
	utf8proc_uint8_t	*out = NULL;
	utf8proc_ssize_t	 n, i;
	int			 r = -1;

	n = utf8proc_map(src, (utf8proc_ssize_t)len, &out,
	    UTF8PROC_COMPOSE | UTF8PROC_STABLE);
	if (n > 0 && (size_t)n < size) {
		for (i = 0; i < n; i++)
			dst[i] = out[i] >= 'A' && out[i] <= 'Z' ?
			    (uint8_t)(out[i] - 'A' + 'a') : out[i];
		dst[n] = '\0';
		r = (int)n;
	}
	free(out);
	return r;
}

/* Most names, of which only capitals change. */
static bool
is_ascii(struct str s)
{
	size_t	i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] >= 0x7f)
			return false;
	return true;
}

static int
normalize_ascii(struct str login, char *dst, size_t size)
{
	char	id[USER_ID_MAX + 1], key[USER_ID_MAX + 1];
	size_t	i;

	if (login.len >= sizeof(id) || login.len >= size)
		return -1;
	for (i = 0; i < login.len; i++)
		id[i] = login.p[i] >= 'A' && login.p[i] <= 'Z' ?
		    (char)(login.p[i] - 'A' + 'a') : login.p[i];
	id[login.len] = '\0';
	if (user_key(id, key, sizeof(key)) == -1)
		return -1;
	memcpy(dst, id, login.len + 1);
	return 0;
}

static int
normalize_utf8(struct str login, char *dst, size_t size)
{
	uint8_t	one[LOGIN_MAX * 4], two[LOGIN_MAX * 4];
	char	key[USER_ID_MAX + 1];
	int	n;

	if (!valid((const uint8_t *)login.p, login.len))
		return -1;
	/*
	 * Twice: composing makes a K of the Kelvin sign, and a lowered letter
	 * may compose with a mark that its capital does not take.
	 */
	if ((n = compose((const uint8_t *)login.p, login.len, one,
	    sizeof(one))) == -1 ||
	    (n = compose(one, (size_t)n, two, sizeof(two))) == -1 ||
	    (size_t)n >= size || !valid(two, (size_t)n) ||
	    user_key((const char *)two, key, sizeof(key)) == -1)
		return -1;
	memcpy(dst, two, (size_t)n + 1);
	return 0;
}

int
user_normalize(struct str login, char *dst, size_t size)
{
	if (login.len == 0 || login.len > LOGIN_MAX)
		return -1;
	return is_ascii(login) ? normalize_ascii(login, dst, size) :
	    normalize_utf8(login, dst, size);
}

static bool
plain(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '@' || c == '+' || c == '=' ||
	    c == '_' || c == '-' || (c == '.' && !first);
}

int
user_key(const char *user, char *dst, size_t size)
{
	static const char	hex[] = "0123456789ABCDEF";
	const char		*s;
	size_t			 n = 0, most;
	unsigned char		 c;

	most = size < USER_ID_MAX + 1 ? size : USER_ID_MAX + 1;
	for (s = user; *s != '\0'; s++) {
		c = (unsigned char)*s;
		if (plain(*s, s == user)) {
			if (n + 1 >= most)
				return -1;
			dst[n++] = *s;
			continue;
		}
		if (n + 3 >= most)
			return -1;
		dst[n++] = '%';
		dst[n++] = hex[c >> 4];
		dst[n++] = hex[c & 15];
	}
	if (n == 0)
		return -1;
	dst[n] = '\0';
	return 0;
}

/* The first four bytes of the MD5 of the key, the first one highest. */
static uint32_t
hash(const char *user)
{
	static EVP_MD	*md5;		/* to look it up takes longer */
	unsigned char	 md[EVP_MAX_MD_SIZE];
	unsigned int	 len;
	char		 key[USER_ID_MAX + 1];

	if (md5 == NULL && (md5 = EVP_MD_fetch(NULL, "MD5", NULL)) == NULL)
		fatalx("this libcrypto has no MD5");
	/* An id that user_normalize() made always fits. */
	if (user_key(user, key, sizeof(key)) == -1)
		key[0] = '\0';
	if (EVP_Digest(key, strlen(key), md, &len, md5, NULL) != 1)
		fatalx("this libcrypto has no MD5");
	return (uint32_t)md[0] << 24 | (uint32_t)md[1] << 16 |
	    (uint32_t)md[2] << 8 | md[3];
}

int
user_h8(const char *user, char dst[9])
{
	static const char	hex[] = "0123456789abcdef";
	char			key[USER_ID_MAX + 1];
	uint32_t		h;
	int			i;

	if (user_key(user, key, sizeof(key)) == -1)
		return -1;
	h = hash(user);
	for (i = 0; i < 8; i++)
		dst[i] = hex[(h >> (28 - 4 * i)) & 15];
	dst[8] = '\0';
	return 0;
}

uint32_t
user_shard(const char *user, uint32_t n)
{
	return n <= 1 ? 0 : hash(user) % n;
}
