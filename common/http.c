/*
 * HTTP on the event loop (http.h), spoken by libcurl; a request's bytes pass
 * through http_io.c.  Only http and https, and certificates are verified.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/http_request.h"

#define HEADERS_MAX	32768
#define JOIN_MAX	65536	/* a body up to this goes with the headers */
#define SPARE_MAX	16	/* easy handles kept */

TAILQ_HEAD(http_queue, http_request);

struct http {
	struct event_base *base;
	CURLM		*multi;
	struct event	*timer;
	struct http_queue running;
	struct http_conf conf;
	char		*ca_file;
	CURL		*spare[SPARE_MAX];
	size_t		 nspare;
};

/* One socket of libcurl's. */
struct http_sock {
	struct event	*event;
	struct http	*http;
};

static void http_finish(struct http *);

/* -- libevent and libcurl -- */

static void
sock_ready(int fd, short what, void *arg)
{
	struct http_sock *s = arg;
	struct http *h = s->http;
	int running, bits = 0;

	if (what & EV_READ)
		bits |= CURL_CSELECT_IN;
	if (what & EV_WRITE)
		bits |= CURL_CSELECT_OUT;
	curl_multi_socket_action(h->multi, fd, bits, &running);
	http_finish(h);
}

static void
timer_fired(int fd, short what, void *arg)
{
	struct http *h = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	http_finish(h);
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *sockp)
{
	struct http *h = arg;
	struct http_sock *s = sockp;
	short events = EV_PERSIST;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s != NULL) {
			if (s->event != NULL)
				event_free(s->event);
			free(s);
		}
		curl_multi_assign(h->multi, fd, NULL);
		return 0;
	}
	if (s == NULL) {
		if ((s = calloc(1, sizeof(*s))) == NULL)
			return -1;
		s->http = h;
		curl_multi_assign(h->multi, fd, s);
	}
	if (what & CURL_POLL_IN)
		events |= EV_READ;
	if (what & CURL_POLL_OUT)
		events |= EV_WRITE;
	if (s->event != NULL)
		event_free(s->event);
	s->event = event_new(h->base, fd, events, sock_ready, s);
	if (s->event == NULL || event_add(s->event, NULL) == -1)
		return -1;
	return 0;
}

static int
on_timer(CURLM *multi, long ms, void *arg)
{
	struct http *h = arg;
	struct timeval tv;

	(void)multi;
	if (ms < 0)
		return evtimer_del(h->timer);
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	return evtimer_add(h->timer, &tv);
}

/* -- requests -- */

static void
request_free(struct http_request *q)
{
	struct http *h = q->http;

	TAILQ_REMOVE(&h->running, q, entry);
	if (q->easy != NULL) {
		curl_multi_remove_handle(h->multi, q->easy);
		if (h->nspare < SPARE_MAX)
			h->spare[h->nspare++] = q->easy;
		else
			curl_easy_cleanup(q->easy);
	}
	curl_slist_free_all(q->headers);
	curl_slist_free_all(q->connect_to);
	free(q->pieces);
	buf_free(&q->joined);
	buf_free(&q->head);
	buf_free(&q->body);
	free(q);
}

static int
add_headers(struct http_request *q, const struct http_call *call)
{
	/* What libcurl would add by itself. */
	static const char *const none[] = { "Expect:", "Content-Type:",
	    "User-Agent:", "Accept:" };
	struct curl_slist *l;
	size_t i;

	for (i = 0; i < nitems(none) + call->nheaders; i++) {
		l = curl_slist_append(q->headers, i < nitems(none) ? none[i] :
		    call->headers[i - nitems(none)]);
		if (l == NULL)
			return -1;
		q->headers = l;
	}
	return 0;
}

/* Any host and port of the URL: this address, the URL's port. */
static int
set_address(struct http_request *q, const char *address)
{
	char to[96];

	if (strchr(address, ':') != NULL)
		snprintf(to, sizeof(to), "::[%s]:", address);
	else
		snprintf(to, sizeof(to), "::%s:", address);
	q->connect_to = curl_slist_append(NULL, to);
	if (q->connect_to == NULL)
		return -1;
	return curl_easy_setopt(q->easy, CURLOPT_CONNECT_TO, q->connect_to) ==
	    CURLE_OK ? 0 : -1;
}

static void
set_common(struct http_request *q, const struct http_call *call)
{
	struct http *h = q->http;
	CURL *e = q->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, q);
	curl_easy_setopt(e, CURLOPT_URL, call->url);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, q->headers);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, q->error);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(e, CURLOPT_PROTOCOLS,
	    (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 65536L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)h->conf.connect_ms);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME,
	    (long)(h->conf.stall_ms + 999) / 1000);
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)h->conf.idle_s);
	curl_easy_setopt(e, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	if (h->ca_file != NULL)
		curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_file);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, http_on_prereq);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, q);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, http_on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, q);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, http_on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, q);
}

/* A small body in one piece, which goes out together with the headers; NULL
 * on ENOMEM. */
static const void *
body_joined(struct http_request *q, const struct http_call *call, uint64_t len)
{
	size_t i;

	if (len == 0)
		return "";
	if (call->npieces == 1)
		return call->pieces[0].p;
	for (i = 0; i < call->npieces; i++) {
		if (buf_put(&q->joined, call->pieces[i].p,
		    call->pieces[i].len) == -1)
			return NULL;
	}
	return q->joined.data;
}

static int
set_body(struct http_request *q, const struct http_call *call)
{
	uint64_t len = call->fd_len;
	const void *body;
	CURL *e = q->easy;
	size_t i;

	if (strcmp(call->method, "HEAD") == 0) {
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
		return 0;
	}
	if (strcmp(call->method, "GET") == 0) {
		curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
		return 0;
	}
	if (call->fd == -1) {
		for (len = 0, i = 0; i < call->npieces; i++)
			len += call->pieces[i].len;
	}
	if (call->fd == -1 && len <= JOIN_MAX) {
		if ((body = body_joined(q, call, len)) == NULL)
			return -1;
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, body);
	} else {
		curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)len);
		curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, 131072L);
		curl_easy_setopt(e, CURLOPT_READFUNCTION, http_on_read);
		curl_easy_setopt(e, CURLOPT_READDATA, q);
		curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, http_on_seek);
		curl_easy_setopt(e, CURLOPT_SEEKDATA, q);
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, call->method);
	return 0;
}

struct http_request *
http_start(struct http *h, const struct http_call *call, http_cb cb,
    void *arg)
{
	struct http_request *q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->http = h;
	q->cb = cb;
	q->arg = arg;
	q->fd = call->fd;
	q->fd_offset = call->fd_offset;
	q->fd_len = call->fd_len;
	q->once = call->once;
	q->max_body = call->max_body;
	buf_init(&q->head, HEADERS_MAX);
	buf_init(&q->body, call->max_body);
	TAILQ_INSERT_TAIL(&h->running, q, entry);
	if (h->nspare > 0) {
		q->easy = h->spare[--h->nspare];
		curl_easy_reset(q->easy);
	} else if ((q->easy = curl_easy_init()) == NULL)
		goto fail;
	if (call->npieces != 0) {
		q->pieces = reallocarray(NULL, call->npieces,
		    sizeof(*q->pieces));
		if (q->pieces == NULL)
			goto fail;
		memcpy(q->pieces, call->pieces,
		    call->npieces * sizeof(*q->pieces));
		q->npieces = call->npieces;
	}
	if (add_headers(q, call) == -1 || set_body(q, call) == -1 ||
	    (call->address != NULL && set_address(q, call->address) == -1))
		goto fail;
	set_common(q, call);
	curl_easy_setopt(q->easy, CURLOPT_FRESH_CONNECT, (long)call->fresh);
	if (curl_multi_add_handle(h->multi, q->easy) != CURLM_OK)
		goto fail;
	return q;
fail:
	request_free(q);
	return NULL;
}

uint64_t
http_moved(const struct http_request *q)
{
	curl_off_t up = 0, down = 0;

	curl_easy_getinfo(q->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	curl_easy_getinfo(q->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
	return (uint64_t)up + (uint64_t)down + q->head.len;
}

void
http_cancel(struct http_request *q)
{
	if (q != NULL)
		request_free(q);
}

static enum http_error
map_error(const struct http_request *q, CURLcode code)
{
	if (q->again)
		return HTTP_BROKEN;
	switch (code) {
	case CURLE_OK:
		return HTTP_OK;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return HTTP_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_TIMEOUT;
	case CURLE_WRITE_ERROR:
		return q->too_long != LONG_NONE ? HTTP_TOO_LONG : HTTP_BROKEN;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_ABORTED_BY_CALLBACK:
		return HTTP_LOCAL;
	default:
		return HTTP_BROKEN;
	}
}

static void
request_over(struct http_request *q, CURLcode code)
{
	struct http_result r = { 0 };
	char why[CURL_ERROR_SIZE + 64] = "";
	long status = 0, size = 0;

	r.error = map_error(q, code);
	curl_easy_getinfo(q->easy, CURLINFO_REQUEST_SIZE, &size);
	r.sent = (size > 0 || q->again) && r.error != HTTP_CONNECT;
	r.cut = r.error == HTTP_BROKEN && q->head.len > 0;
	if (r.error == HTTP_OK || (r.error == HTTP_TOO_LONG &&
	    q->too_long == LONG_BODY)) {
		curl_easy_getinfo(q->easy, CURLINFO_RESPONSE_CODE, &status);
		r.status = (int)status;
	}
	if (r.error == HTTP_OK) {
		r.body = q->body.data;
		r.own = &q->body.data;
		r.len = q->body.len;
		r.headers = (const char *)q->head.data;
		r.headers_len = q->head.len;
	} else
		snprintf(why, sizeof(why), "%s%s", r.error == HTTP_TOO_LONG ?
		    "the answer is too long: " : "", q->again ?
		    "the connection was closed before an answer" :
		    q->error[0] != '\0' ? q->error :
		    curl_easy_strerror(code));
	if (r.error == HTTP_TIMEOUT && !r.sent)
		r.error = HTTP_CONNECT;
	r.why = why;
	q->cb(&r, q->arg);
	request_free(q);
}

/* One after the other: a callback may start or cancel others. */
static void
http_finish(struct http *h)
{
	struct http_request *q;
	CURLMsg *m;
	CURLcode code;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		code = m->data.result;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &q);
		request_over(q, code);
	}
}

/* -- the whole -- */

struct http *
http_new(struct event_base *base, const struct http_conf *conf, char *why,
    size_t size)
{
	struct http *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (h = calloc(1, sizeof(*h))) == NULL) {
		snprintf(why, size, "libcurl does not start");
		return NULL;
	}
	h->base = base;
	h->conf = *conf;
	h->conf.ca_file = NULL;
	TAILQ_INIT(&h->running);
	h->multi = curl_multi_init();
	h->timer = evtimer_new(base, timer_fired, h);
	if (conf->ca_file != NULL)
		h->ca_file = strdup(conf->ca_file);
	if (h->multi == NULL || h->timer == NULL ||
	    (conf->ca_file != NULL && h->ca_file == NULL)) {
		snprintf(why, size, "out of memory");
		http_free(h);
		return NULL;
	}
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS,
	    (long)conf->connections);
	return h;
}

void
http_free(struct http *h)
{
	struct http_request *q;

	if (h == NULL)
		return;
	while ((q = TAILQ_FIRST(&h->running)) != NULL)
		request_free(q);
	while (h->nspare > 0)
		curl_easy_cleanup(h->spare[--h->nspare]);
	if (h->multi != NULL)
		curl_multi_cleanup(h->multi);
	if (h->timer != NULL)
		event_free(h->timer);
	free(h->ca_file);
	free(h);
	curl_global_cleanup();
}
