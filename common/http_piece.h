/* A piece of a request's body: borrowed bytes. */
#ifndef COMMON_HTTP_PIECE_H
#define COMMON_HTTP_PIECE_H

#include <stddef.h>

struct http_piece { const void *p; size_t len; };

#endif
