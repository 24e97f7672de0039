/* pailctl quota: how much mail users have, and may have. */
#ifndef PAILCTL_QUOTA_H
#define PAILCTL_QUOTA_H

#include <stddef.h>
#include <stdint.h>

struct conf;

#define QUOTA_USAGE	"quota [--exact] [user ...]\n"

/* argv[0] is "quota"; users_path: the users' file, or NULL.  The exit
 * status; -1: usage. */
int	 quota_cmd(const struct conf *conf, int argc, char *argv[],
	    const char *users_path);
/* "bytes=N of=N messages=N of=N\n": the four, 0 or -1. */
int	 quota_line(const char *line, uint64_t v[4]);
/* As the configuration has sizes, with one decimal: "1.2G"; dst of 16. */
void	 quota_size(uint64_t bytes, char *dst);

#endif
