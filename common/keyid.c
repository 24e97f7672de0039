/* See keyid.h. */
#include "common/compat.h"

#include <string.h>

#include "common/keyid.h"
#include "common/log.h"

#define SECRET_LEN	40

bool
keyid_is_secret(const char *id)
{
	return strlen(id) == SECRET_LEN || strpbrk(id, "/+") != NULL;
}

char *
keyid_print(char *dst, size_t size, const char *id)
{
	if (keyid_is_secret(id))
		strlcpy(dst, "(not shown: it looks like a secret key)", size);
	else
		log_quote(dst, size, id, strlen(id));
	return dst;
}
