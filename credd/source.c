/*
 * The table of sources, and the memory for what they give.
 */
#include "common/compat.h"

#include <sys/mman.h>

#include <unistd.h>

#include "common/log.h"
#include "credd/source.h"

static const struct source *const sources[] = {
	&source_static
};

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

int
source_get(const struct slice *conf, struct cred_secret *out,
    const char **name, char *why, size_t size)
{
	size_t	i;
	int	r;

	for (i = 0; i < nitems(sources); i++) {
		*name = sources[i]->name;
		if ((r = sources[i]->get(conf, out, why, size)) != 0)
			return r;
	}
	return 0;
}
