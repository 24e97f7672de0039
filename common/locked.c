/* Memory for keys (locked.h). */
#include "common/compat.h"

#include <sys/mman.h>

#include <string.h>
#include <unistd.h>

#include "common/locked.h"
#include "common/log.h"

static size_t
pages(size_t size)
{
	size_t	page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

void *
locked_new(size_t size)
{
	void	*p;

	size = pages(size);
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
locked_free(void *p, size_t size)
{
	if (p == NULL)
		return;
	explicit_bzero(p, size);
	size = pages(size);
	(void)munlock(p, size);
	munmap(p, size);
}
