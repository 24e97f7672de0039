/* Memory for credentials (secret.h). */
#include "common/compat.h"

#include <string.h>

#include "common/locked.h"
#include "credd/secret.h"

struct cred_secret *
cred_secret_new(void)
{
	return locked_new(sizeof(struct cred_secret));
}

void
cred_secret_free(struct cred_secret *s)
{
	locked_free(s, sizeof(*s));
}

bool
cred_secret_same(const struct cred_secret *a, const struct cred_secret *b)
{
	return strcmp(a->access_key, b->access_key) == 0 &&
	    strcmp(a->secret, b->secret) == 0 &&
	    strcmp(a->token, b->token) == 0;
}

bool
cred_plain(const void *p, size_t len)
{
	const unsigned char	*s = p;
	size_t			 i;

	for (i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] == 0x7f)
			return false;
	return true;
}

bool
cred_valid(const struct cred_secret *s)
{
	return cred_plain(s->access_key, strlen(s->access_key)) &&
	    cred_plain(s->secret, strlen(s->secret)) &&
	    cred_plain(s->token, strlen(s->token));
}

int
cred_put(char *dst, size_t size, const void *src, size_t len)
{
	if (len == 0 || len >= size || !cred_plain(src, len))
		return -1;
	memcpy(dst, src, len);
	dst[len] = '\0';
	return 0;
}
