/* Memory for credentials (secret.h). */
#include "common/compat.h"

#include <sys/mman.h>

#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "credd/secret.h"

static size_t
cred_secret_size(void)
{
	size_t	page = (size_t)sysconf(_SC_PAGESIZE);

	return (sizeof(struct cred_secret) + page - 1) / page * page;
}

struct cred_secret *
cred_secret_new(void)
{
	size_t	 size = cred_secret_size();
	void	*p;

	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (mlock(p, size) == -1)
		log_debug("mlock: the secret may be swapped out");
#ifdef MADV_DONTDUMP
	(void)madvise(p, size, MADV_DONTDUMP);
#endif
	return p;
}

void
cred_secret_free(struct cred_secret *s)
{
	size_t	size = cred_secret_size();

	if (s == NULL)
		return;
	explicit_bzero(s, sizeof(*s));
	(void)munlock(s, size);
	munmap(s, size);
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
