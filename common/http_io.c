/*
 * The bytes of a request, out and in (http_io.h).  What a server sends
 * is hostile: header block and body are bounded.
 */
#include "common/compat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/http_io.h"

#define ERROR_BODY_MAX	65536

bool
http_head_is_whole(const struct http_io *q)
{
	const struct buf *head = &q->head;

	return head->len >= 2 && head->data[head->len - 1] == '\n' &&
	    (head->data[head->len - 2] == '\n' || (head->len >= 3 &&
	    memcmp(head->data + head->len - 3, "\n\r\n", 3) == 0));
}

size_t
http_on_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_io *q = arg;
	size_t len = size * n;

	if (len >= 5 && memcmp(p, "HTTP/", 5) == 0)
		buf_reset(&q->head);	/* after a 100, or sent again */
	else if (http_head_is_whole(q))
		return len;		/* a trailer, after the body */
	if (buf_put(&q->head, p, len) == -1) {
		q->too_long = LONG_HEAD;
		return 0;
	}
	return len;
}

size_t
http_on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_io *q = arg;
	size_t len = size * n;
	curl_off_t whole = -1;
	long status = 0;

	if (q->body.len == 0) {
		curl_easy_getinfo(q->easy, CURLINFO_RESPONSE_CODE, &status);
		q->body.limit = status >= 200 && status < 300 ?
		    q->max_body : ERROR_BODY_MAX;
		curl_easy_getinfo(q->easy,
		    CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &whole);
		if (q->body.limit == 0 || (whole > 0 &&
		    ((uint64_t)whole > q->body.limit ||
		    buf_reserve(&q->body, (size_t)whole) == NULL))) {
			q->too_long = LONG_BODY;
			return 0;
		}
	}
	if (buf_put(&q->body, p, len) == -1) {
		q->too_long = LONG_BODY;
		return 0;
	}
	return len;
}

static size_t
read_file(struct http_io *q, char *p, size_t room)
{
	uint64_t left = q->fd_len - q->fd_at;
	ssize_t n;

	if (left == 0)
		return 0;
	do {
		n = pread(q->fd, p, left < room ? (size_t)left : room,
		    (off_t)(q->fd_offset + q->fd_at));
	} while (n == -1 && errno == EINTR);
	if (n <= 0)
		return CURL_READFUNC_ABORT;
	q->fd_at += (uint64_t)n;
	return (size_t)n;
}

size_t
http_on_read(char *p, size_t size, size_t n, void *arg)
{
	struct http_io *q = arg;
	size_t len, done = 0, room = size * n;

	if (q->fd != -1)
		return read_file(q, p, room);
	while (done < room && q->piece < q->npieces) {
		len = q->pieces[q->piece].len - q->at;
		if (len > room - done)
			len = room - done;
		if (len != 0)
			memcpy(p + done, (const char *)
			    q->pieces[q->piece].p + q->at, len);
		done += len;
		q->at += len;
		if (q->at == q->pieces[q->piece].len) {
			q->piece++;
			q->at = 0;
		}
	}
	return done;
}

/*
 * libcurl sends a request again, on a new connection, when a kept one turns
 * out to have been closed.  Right for all but those that are sent once.
 */
int
http_on_prereq(void *arg, char *to, char *from, int port, int local)
{
	struct http_io *q = arg;

	(void)to;
	(void)from;
	(void)port;
	(void)local;
	if (q->begun && q->once) {
		q->again = true;
		return CURL_PREREQFUNC_ABORT;
	}
	q->begun = true;
	return CURL_PREREQFUNC_OK;
}

int
http_on_seek(void *arg, curl_off_t offset, int origin)
{
	struct http_io *q = arg;

	if (offset != 0 || origin != SEEK_SET)
		return CURL_SEEKFUNC_FAIL;
	q->piece = q->at = 0;
	q->fd_at = 0;
	return CURL_SEEKFUNC_OK;
}
