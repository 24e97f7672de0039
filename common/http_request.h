/*
 * A request under way, and libcurl's callbacks for its bytes: of http.c and
 * http_io.c alone.
 */
#ifndef COMMON_HTTP_REQUEST_H
#define COMMON_HTTP_REQUEST_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "common/buf.h"
#include "common/http.h"

/* What of the answer is over its bound. */
enum too_long { LONG_NONE, LONG_HEAD, LONG_BODY };

struct http_request {
	TAILQ_ENTRY(http_request) entry;
	struct http	*http;
	CURL		*easy;
	struct curl_slist *headers, *connect_to;
	struct http_piece *pieces;
	size_t		 npieces;
	size_t		 piece, at;	/* where the next read begins */
	int		 fd;
	uint64_t	 fd_offset, fd_len, fd_at;
	bool		 once, begun, again;
	enum too_long	 too_long;
	size_t		 max_body;
	struct buf	 joined;	/* a small body of several pieces */
	struct buf	 head, body;
	char		 error[CURL_ERROR_SIZE];
	http_cb		 cb;
	void		*arg;
};

/* libcurl's CURLOPT_HEADERFUNCTION, WRITEFUNCTION, READFUNCTION, SEEKFUNCTION
 * and PREREQFUNCTION; arg is the request. */
size_t	 http_on_header(char *p, size_t size, size_t n, void *arg);
size_t	 http_on_body(char *p, size_t size, size_t n, void *arg);
size_t	 http_on_read(char *p, size_t size, size_t n, void *arg);
int	 http_on_seek(void *arg, curl_off_t offset, int origin);
int	 http_on_prereq(void *arg, char *to, char *from, int port,
	    int local);

#endif
