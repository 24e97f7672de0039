/* The bytes of one request, out and in, and libcurl's callbacks for them. */
#ifndef COMMON_HTTP_IO_H
#define COMMON_HTTP_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "common/buf.h"
#include "common/http_piece.h"

/* Which part of the response exceeds its limit. */
enum too_long { LONG_NONE, LONG_HEAD, LONG_BODY };

struct http_io {
	CURL		*easy;		/* borrowed */
	/* Out: pieces, or fd (-1: none) from fd_offset, fd_len bytes. */
	struct http_piece *pieces;
	size_t		 npieces;
	size_t		 piece, at;	/* where the next read begins */
	int		 fd;
	uint64_t	 fd_offset, fd_len, fd_at;
	bool		 once;		/* is not sent again */
	bool		 begun, again;	/* was sent; had to be resent */
	/* In. */
	size_t		 max_body;	/* of a 2xx answer */
	enum too_long	 too_long;
	struct buf	 head, body;
};

/* To libcurl, a head that the end of the connection cuts is whole: then
 * headers are missing, or half there.  Trailers do not count. */
bool	 http_head_is_whole(const struct http_io *q);

/* libcurl's CURLOPT_HEADERFUNCTION, WRITEFUNCTION, READFUNCTION, SEEKFUNCTION
 * and PREREQFUNCTION; arg is the struct http_io. */
size_t	 http_on_header(char *p, size_t size, size_t n, void *arg);
size_t	 http_on_body(char *p, size_t size, size_t n, void *arg);
size_t	 http_on_read(char *p, size_t size, size_t n, void *arg);
int	 http_on_seek(void *arg, curl_off_t offset, int origin);
int	 http_on_prereq(void *arg, char *to, char *from, int port,
	    int local);

#endif
