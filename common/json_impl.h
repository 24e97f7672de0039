/* What the files of json.h share. */
#ifndef COMMON_JSON_IMPL_H
#define COMMON_JSON_IMPL_H

#include <stdbool.h>
#include <stddef.h>

/* A place in a text. */
struct json {
	const char	*p, *end;
	unsigned	 depth;
};

void	 json_space(struct json *j);
bool	 json_take(struct json *j, char c);
/* Behind the first quote.  The length, or -1; dst (NULL: skips) as far as it
 * fits. */
int	 json_string(struct json *j, char *dst, size_t size);
int	 json_skip(struct json *j);		/* one value; 0, or -1 */

#endif
