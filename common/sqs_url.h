/*
 * The URL of a queue of Amazon SQS, which is its name, too:
 * https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, or that of a server that
 * speaks the same.
 */
#ifndef COMMON_SQS_URL_H
#define COMMON_SQS_URL_H

#include <stdbool.h>
#include <stddef.h>

#define SQS_URL_MAX	500	/* bytes */
#define SQS_REGION_MAX	64

/* http or https, a host, and a path of two parts or more of which nothing has
 * to be encoded? */
bool	 sqs_url_valid(const char *url);
/* The region that requests to it are signed for: the one in its host's name,
 * or else this one. */
const char *sqs_url_region(const char *url, const char *otherwise,
	    char dst[SQS_REGION_MAX + 1]);
/* "https://sqs.eu-west-1.amazonaws.com" of it; -1: it does not fit. */
int	 sqs_url_server(const char *url, char *dst, size_t size);

#endif
