/* See sqs_url.h. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/sqs_url.h"

#define WORD	"abcdefghijklmnopqrstuvwxyz0123456789-"
#define PATH	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" WORD "_./"

/* Behind "://"; NULL: neither http nor https. */
static const char *
host_of(const char *url)
{
	if (strncmp(url, "https://", 8) == 0)
		return url + 8;
	return strncmp(url, "http://", 7) == 0 ? url + 7 : NULL;
}

bool
sqs_url_valid(const char *url)
{
	const char	*host = host_of(url), *path;

	if (host == NULL || strlen(url) > SQS_URL_MAX)
		return false;
	path = host + strcspn(host, "/");
	/* ACCOUNT/NAME, and a name may end with ".fifo". */
	return path != host && *path == '/' && strspn(host, WORD ".:[]"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ") >= (size_t)(path - host) &&
	    strspn(path, PATH) == strlen(path) && strstr(path, "//") == NULL &&
	    strstr(path, "/.") == NULL && strchr(path + 1, '/') != NULL &&
	    path[1] != '\0' && path[strlen(path) - 1] != '/';
}

const char *
sqs_url_region(const char *url, const char *otherwise,
    char dst[SQS_REGION_MAX + 1])
{
	const char	*host = host_of(url), *end;
	size_t		 n;

	strlcpy(dst, otherwise, SQS_REGION_MAX + 1);
	if (host == NULL || strncmp(host, "sqs.", 4) != 0)
		return dst;
	host += 4;
	n = strspn(host, WORD);
	end = host + n;
	if (n == 0 || n > SQS_REGION_MAX ||
	    strncmp(end, ".amazonaws.com", 14) != 0 ||
	    strcspn(end + 14, "/") > 3)		/* ".cn" */
		return dst;
	memcpy(dst, host, n);
	dst[n] = '\0';
	return dst;
}

int
sqs_url_server(const char *url, char *dst, size_t size)
{
	const char	*host = host_of(url);
	size_t		 n;

	if (host == NULL)
		return -1;
	n = (size_t)(host - url) + strcspn(host, "/");
	if (n >= size)
		return -1;
	memcpy(dst, url, n);
	dst[n] = '\0';
	return 0;
}
