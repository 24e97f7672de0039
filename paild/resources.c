/*
 * proc(5).  On a system without it there is nothing to say of another process:
 * getrusage(2) knows only children that have ended.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "paild/resources.h"

/*
 * Since Linux 6.2 the size of the directory is the number of its entries;
 * before, they are counted, a million of them in a second at least.
 */
static uint64_t
count_fds(pid_t pid)
{
	struct stat	 st;
	char		 path[64];
	uint64_t	 n = 0;
	DIR		*d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	if (stat(path, &st) == 0 && st.st_size > 0)
		return (uint64_t)st.st_size;
	if ((d = opendir(path)) == NULL)
		return 0;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n > 2 ? n - 2 : 0;	/* without "." and ".." */
}

int
resources_of(pid_t pid, struct resources *r)
{
	unsigned long	 utime, stime;
	unsigned long long vsize;
	long		 threads, rss, hz = sysconf(_SC_CLK_TCK);
	char		 text[1024], path[64], *p;
	ssize_t		 n;
	int		 fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (hz <= 0 || (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	/* The name, in parentheses, may hold anything: the last one counts. */
	if ((p = strrchr(text, ')')) == NULL || sscanf(p + 1, " %*c %*d %*d "
	    "%*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %ld "
	    "%*d %*u %llu %ld", &utime, &stime, &threads, &vsize, &rss) != 5)
		return -1;
	r->cpu_us = ((uint64_t)utime + stime) * 1000000 / (uint64_t)hz;
	r->threads = (uint64_t)(threads > 0 ? threads : 0);
	r->vsize = vsize;
	r->rss = (uint64_t)(rss > 0 ? rss : 0) *
	    (uint64_t)sysconf(_SC_PAGESIZE);
	r->fds = count_fds(pid);
	return 0;
}
