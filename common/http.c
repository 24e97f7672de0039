/*
 * HTTP on the event loop (http.h), spoken by libcurl; a request's bytes pass
 * through http_io.c.  Only http and https; certificates are verified unless
 * the configuration says otherwise.
 */
#include "common/compat.h"

#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/http.h"
#include "common/http_io.h"
#include "common/mem.h"

#define HEADERS_MAX	32768
#define JOIN_MAX	65536	/* a body up to this goes with the headers */
#define SPARE_MAX	16	/* easy handles kept */

struct http_request {
	TAILQ_ENTRY(http_request) entry;
	struct http	*http;
	CURL		*easy;
	struct curl_slist *headers, *connect_to;
	struct buf	 joined;	/* a small body of several pieces */
	struct http_io	 io;
	char		 error[CURL_ERROR_SIZE];
	bool		 secret;
	http_cb		 cb;
	void		*arg;
};

TAILQ_HEAD(http_queue, http_request);

struct http {
	struct event_base *base;
	CURLM		*multi;
	struct event	*timer;
	struct http_queue running;
	struct http_conf conf;
	char		*ca_file, *proxy, *no_proxy;
	struct curl_blob ca;
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
		s = mem_new(1, sizeof(*s));
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
headers_wipe(struct curl_slist *l)
{
	for (; l != NULL; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
}

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
	/* Grown buffers of libcurl's own stay: they are in a process that
	 * leaves no core. */
	if (q->secret) {
		headers_wipe(q->headers);
		buf_freezero(&q->joined);
		buf_freezero(&q->io.body);
	}
	curl_slist_free_all(q->headers);
	curl_slist_free_all(q->connect_to);
	free(q->io.pieces);
	buf_free(&q->joined);
	buf_free(&q->io.head);
	buf_free(&q->io.body);
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

/* The CA certificates, for the server and for a proxy with TLS. */
static void
set_trust(const struct http *h, CURL *e)
{
	if (h->conf.ca_pem != NULL) {
		curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &h->ca);
		curl_easy_setopt(e, CURLOPT_PROXY_CAINFO_BLOB, &h->ca);
	} else if (h->ca_file != NULL) {
		curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_file);
		curl_easy_setopt(e, CURLOPT_PROXY_CAINFO, h->ca_file);
	}
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
	curl_easy_setopt(e, CURLOPT_PROXY, h->proxy != NULL ? h->proxy : "");
	curl_easy_setopt(e, CURLOPT_NOPROXY, h->no_proxy != NULL ?
	    h->no_proxy : "");
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
	    (long)(call->connect_ms != 0 ? call->connect_ms :
	    h->conf.connect_ms));
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME,
	    (long)(h->conf.stall_ms + 999) / 1000);
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)h->conf.idle_s);
	curl_easy_setopt(e, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER,
	    h->conf.any_cert ? 0L : 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST,
	    h->conf.any_cert ? 0L : 2L);
	set_trust(h, e);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, http_on_prereq);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, &q->io);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, http_on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, &q->io);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, http_on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, &q->io);
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
		curl_easy_setopt(e, CURLOPT_READDATA, &q->io);
		curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, http_on_seek);
		curl_easy_setopt(e, CURLOPT_SEEKDATA, &q->io);
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
	q->secret = call->secret;
	q->io.fd = call->fd;
	q->io.fd_offset = call->fd_offset;
	q->io.fd_len = call->fd_len;
	q->io.once = call->once;
	q->io.max_body = call->max_body;
	buf_init(&q->io.head, HEADERS_MAX);
	buf_init(&q->io.body, call->max_body);
	TAILQ_INSERT_TAIL(&h->running, q, entry);
	/* All of it at once: a buffer that grows leaves copies behind. */
	if (q->secret && buf_reserve(&q->io.body, call->max_body) == NULL)
		goto fail;
	if (h->nspare > 0) {
		q->easy = h->spare[--h->nspare];
		curl_easy_reset(q->easy);
	} else if ((q->easy = curl_easy_init()) == NULL)
		goto fail;
	q->io.easy = q->easy;
	if (call->npieces != 0) {
		q->io.pieces = reallocarray(NULL, call->npieces,
		    sizeof(*q->io.pieces));
		if (q->io.pieces == NULL)
			goto fail;
		memcpy(q->io.pieces, call->pieces,
		    call->npieces * sizeof(*q->io.pieces));
		q->io.npieces = call->npieces;
	}
	if (add_headers(q, call) == -1 || set_body(q, call) == -1)
		goto fail;
	if (call->address != NULL && h->proxy == NULL &&
	    set_address(q, call->address) == -1)
		goto fail;
	set_common(q, call);
	curl_easy_setopt(q->easy, CURLOPT_FRESH_CONNECT, (long)call->fresh);
	curl_easy_setopt(q->easy, CURLOPT_CERTINFO, (long)call->certs);
	curl_easy_setopt(q->easy, CURLOPT_FORBID_REUSE, (long)call->secret);
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
	return (uint64_t)up + (uint64_t)down + q->io.head.len;
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
	if (q->io.again)
		return HTTP_BROKEN;
	switch (code) {
	case CURLE_OK:
		return http_head_is_whole(&q->io) ? HTTP_OK : HTTP_BROKEN;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
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
		return q->io.too_long != LONG_NONE ? HTTP_TOO_LONG :
		    HTTP_BROKEN;
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

static uint64_t
info(const struct http_request *q, CURLINFO what)
{
	curl_off_t v = 0;

	curl_easy_getinfo(q->easy, what, &v);
	return v > 0 ? (uint64_t)v : 0;
}

/* libcurl tells moments since the start, in microseconds. */
static void
request_times(const struct http_request *q, struct http_times *t)
{
	uint64_t name = info(q, CURLINFO_NAMELOOKUP_TIME_T);
	uint64_t connect = info(q, CURLINFO_CONNECT_TIME_T);
	uint64_t tls = info(q, CURLINFO_APPCONNECT_TIME_T);
	uint64_t ready = info(q, CURLINFO_PRETRANSFER_TIME_T);
	uint64_t first = info(q, CURLINFO_STARTTRANSFER_TIME_T);
	long connects = 0, head = 0, sent = 0;

	curl_easy_getinfo(q->easy, CURLINFO_NUM_CONNECTS, &connects);
	curl_easy_getinfo(q->easy, CURLINFO_HEADER_SIZE, &head);
	curl_easy_getinfo(q->easy, CURLINFO_REQUEST_SIZE, &sent);
	t->kept = connects == 0 && ready != 0;
	if (!t->kept) {
		t->name = name;
		t->connect = connect > name ? connect - name : 0;
		t->tls = tls > connect ? tls - connect : 0;
	}
	t->first = first > ready ? first - ready : 0;
	t->all = info(q, CURLINFO_TOTAL_TIME_T);
	t->out = (uint64_t)sent + info(q, CURLINFO_SIZE_UPLOAD_T);
	t->in = (uint64_t)head + info(q, CURLINFO_SIZE_DOWNLOAD_T);
}

static void
request_over(struct http_request *q, CURLcode code)
{
	struct http_result r = { 0 };
	struct http_cert certs[HTTP_CERTS_MAX];
	char *peer = NULL, why[CURL_ERROR_SIZE + 64] = "";
	long status = 0, size = 0;

	r.error = map_error(q, code);
	/* libcurl counts the CONNECT to a proxy as the request. */
	if (!q->io.begun && r.error != HTTP_OK && r.error != HTTP_LOCAL)
		r.error = HTTP_CONNECT;
	curl_easy_getinfo(q->easy, CURLINFO_REQUEST_SIZE, &size);
	r.sent = (size > 0 || q->io.again) && r.error != HTTP_CONNECT;
	r.cut = r.error == HTTP_BROKEN && q->io.head.len > 0;
	if (r.error == HTTP_OK || (r.error == HTTP_TOO_LONG &&
	    q->io.too_long == LONG_BODY)) {
		curl_easy_getinfo(q->easy, CURLINFO_RESPONSE_CODE, &status);
		r.status = (int)status;
	}
	if (r.error == HTTP_OK) {
		r.body = q->io.body.data;
		r.own = &q->io.body.data;
		r.len = q->io.body.len;
		r.headers = (const char *)q->io.head.data;
		r.headers_len = q->io.head.len;
	} else
		snprintf(why, sizeof(why), "%s%s", r.error == HTTP_TOO_LONG ?
		    "the response is too long: " : "", q->io.again ?
		    "the connection was closed before a response" :
		    code == CURLE_OK ? "the response broke off" :
		    q->error[0] != '\0' ? q->error :
		    curl_easy_strerror(code));
	if (r.error == HTTP_TIMEOUT && !r.sent)
		r.error = HTTP_CONNECT;
	r.why = why;
	request_times(q, &r.times);
	curl_easy_getinfo(q->easy, CURLINFO_PRIMARY_IP, &peer);
	r.peer = peer != NULL ? peer : "";
	r.certs = certs;
	r.ncerts = http_certs(q->easy, certs);
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

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		snprintf(why, size, "cannot initialize libcurl");
		return NULL;
	}
	h = mem_new(1, sizeof(*h));
	h->base = base;
	h->conf = *conf;
	h->conf.ca_file = h->conf.proxy = h->conf.no_proxy = NULL;
	TAILQ_INIT(&h->running);
	h->ca.data = conf->ca_pem == NULL ? NULL :
	    (void *)(uintptr_t)conf->ca_pem;
	h->ca.len = conf->ca_len;
	h->ca.flags = CURL_BLOB_NOCOPY;
	h->multi = curl_multi_init();
	h->timer = evtimer_new(base, timer_fired, h);
	if (conf->ca_file != NULL)
		h->ca_file = mem_dup(conf->ca_file);
	if (conf->proxy != NULL)
		h->proxy = mem_dup(conf->proxy);
	if (conf->no_proxy != NULL)
		h->no_proxy = mem_dup(conf->no_proxy);
	if (h->multi == NULL || h->timer == NULL) {
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
	free(h->proxy);
	free(h->no_proxy);
	free(h);
	curl_global_cleanup();
}
