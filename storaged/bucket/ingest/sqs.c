/*
 * See sqs.h.  Amazon SQS Developer Guide, "Making requests using the AWS JSON
 * protocol": POST of a JSON object to "/", the action in X-Amz-Target.
 */
#include "common/compat.h"

#include <sys/queue.h>

#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/hex.h"
#include "common/http.h"
#include "common/json.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sandbox.h"
#include "common/sigv4.h"
#include "common/sqs_url.h"
#include "common/sum.h"
#include "storaged/bucket/ingest/sqs.h"
#include "storaged/bucket/s3/s3_clock.h"
#include "storaged/bucket/s3/s3_keys.h"
#include "storaged/bucket/s3/s3_url.h"

#define CONNECTIONS	16
#define STALL_MS	30000	/* a long poll is silent for 20 s */
#define IDLE_S		30
#define TYPE		"application/x-amz-json-1.0"
#define WHY_MAX		500

struct sqs_call {
	TAILQ_ENTRY(sqs_call) entry;
	struct sqs	*sqs;
	struct buf	 body;
	struct http_piece piece;
	struct http_request *http;
	struct event	*soon;		/* what fails at once */
	char		 signer[257];
	int64_t		 signed_at;
	char		 why[WHY_MAX];
	sqs_cb		 cb;
	void		*arg;
};

struct sqs {
	struct event_base *base;
	struct http	*http;
	char		 url[SQS_URL_MAX + 1];
	char		 server[SQS_URL_MAX + 1];	/* "https://host" */
	const char	*host;
	struct s3_keys	 keys;
	struct s3_clock	 clock;
	sqs_refused_cb	 refused;
	void		*refused_arg;
	TAILQ_HEAD(, sqs_call) calls;
};

void
sqs_reach(const char *url, struct sandbox *box)
{
	char	 server[SQS_URL_MAX + 1];

	if (sqs_url_server(url, server, sizeof(server)) == 0)
		sandbox_connect(box, s3_url_port(server));
}

/* The port that need not be said is not in the Host header. */
static void
drop_port(char *server)
{
	const char	*port = strncmp(server, "https:", 6) == 0 ? ":443" :
			    ":80";
	size_t		 n = strlen(server), k = strlen(port);

	if (n > k && strcmp(server + n - k, port) == 0)
		server[n - k] = '\0';
}

struct sqs *
sqs_new(struct event_base *base, const char *url, const struct slice *conf,
    sqs_refused_cb refused, void *arg, char *why, size_t size)
{
	struct http_conf	 h = { .connections = CONNECTIONS,
				    .stall_ms = STALL_MS, .idle_s = IDLE_S };
	struct sqs		*s = mem_new(1, sizeof(*s));
	char			 no_proxy[16 * 256];

	s->base = base;
	s->refused = refused;
	s->refused_arg = arg;
	TAILQ_INIT(&s->calls);
	strlcpy(s->url, url, sizeof(s->url));
	if (!sqs_url_valid(url) || sqs_url_server(url, s->server,
	    sizeof(s->server)) == -1) {
		snprintf(why, size, "not the URL of a queue");
		free(s);
		return NULL;
	}
	drop_port(s->server);
	s->host = strstr(s->server, "://") + 3;
	h.connect_ms = (unsigned)slice_num(conf, "store.connect-timeout") *
	    1000;
	if (*slice_str(conf, "store.tls-ca-file") != '\0')
		h.ca_file = slice_str(conf, "store.tls-ca-file");
	h.any_cert = slice_bool(conf, "store.allow-invalid-certs");
	if (*slice_str(conf, "store.proxy") != '\0') {
		h.proxy = slice_str(conf, "store.proxy");
		(void)slice_words(conf, "store.no-proxy", no_proxy,
		    sizeof(no_proxy));
		h.no_proxy = no_proxy;
	}
	if ((s->http = http_new(base, &h, why, size)) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

static void
call_free(struct sqs_call *c)
{
	TAILQ_REMOVE(&c->sqs->calls, c, entry);
	http_cancel(c->http);
	if (c->soon != NULL)
		event_free(c->soon);
	buf_free(&c->body);
	free(c);
}

void
sqs_cancel(struct sqs_call *c)
{
	if (c != NULL)
		call_free(c);
}

void
sqs_free(struct sqs *s)
{
	struct sqs_call	*c;

	if (s == NULL)
		return;
	while ((c = TAILQ_FIRST(&s->calls)) != NULL)
		call_free(c);
	http_free(s->http);
	s3_keys_clear(&s->keys);
	free(s);
}

void
sqs_set_key(struct sqs *s, const struct cred_key *key)
{
	if (s3_keys_take(&s->keys, key) == -1)
		log_warnx("sqs: invalid signing key from credd");
}

static const struct sigv4_key *
key_now(const struct sqs *s, int64_t *now, char date[SIGV4_DATE_LEN + 1])
{
	int64_t	 wall = (int64_t)time(NULL);

	*now = s3_clock_now(&s->clock, wall);
	sigv4_date(*now, date);
	return s3_keys_find(&s->keys, date, wall);
}

bool
sqs_ready(const struct sqs *s)
{
	char	 date[SIGV4_DATE_LEN + 1];
	int64_t	 now;

	return key_now(s, &now, date) != NULL;
}

/* -- the answer -- */

static void
call_over(struct sqs_call *c, const struct sqs_answer *a)
{
	c->cb(a, c->arg);
	call_free(c);
}

static void
call_soon(evutil_socket_t fd, short what, void *arg)
{
	struct sqs_call		*c = arg;
	struct sqs_answer	 a = { .why = c->why };

	(void)fd;
	(void)what;
	call_over(c, &a);
}

/* "com.amazonaws.sqs#QueueDoesNotExist": what is behind the mark. */
static void
error_code(const struct http_result *r, char *code, size_t size)
{
	char	 type[200];
	char	*mark;

	code[0] = '\0';
	if (json_get(r->body, r->len, "__type", type, sizeof(type)) == -1)
		return;
	mark = strrchr(type, '#');
	strlcpy(code, mark != NULL ? mark + 1 : type, size);
}

/* Has the key ended, or was it never one? */
static bool
is_refused(const char *code)
{
	static const char *const codes[] = { "ExpiredToken",
	    "ExpiredTokenException", "InvalidClientTokenId",
	    "UnrecognizedClientException", "InvalidSecurity" };
	size_t	 i;

	for (i = 0; i < nitems(codes); i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

static void
call_refused(struct sqs_call *c, const struct http_result *r)
{
	struct sqs	*s = c->sqs;
	char		 code[100], message[200], quoted[300] = "", v[64];
	char		 shown[200];
	int64_t		 date;

	error_code(r, code, sizeof(code));
	if (json_get(r->body, r->len, "message", message,
	    sizeof(message)) != -1 || json_get(r->body, r->len, "Message",
	    message, sizeof(message)) != -1)
		log_quote(quoted, sizeof(quoted), message, strlen(message));
	snprintf(c->why, sizeof(c->why), "status=%d code=%s message='%s'",
	    r->status, log_quote(shown, sizeof(shown), code, strlen(code)),
	    quoted);
	date = http_header(r, "Date", v, sizeof(v)) ? http_date(v) : 0;
	s3_clock_heard(&s->clock, date, (int64_t)time(NULL),
	    s3_clock_refused(403, code, date, c->signed_at));
	if (is_refused(code))
		s->refused(c->signer, c->why, s->refused_arg);
}

static void
call_done(const struct http_result *r, void *arg)
{
	struct sqs_call		*c = arg;
	struct sqs_answer	 a = { .why = c->why };

	c->http = NULL;
	if (r->error != HTTP_OK) {
		snprintf(c->why, sizeof(c->why), "%s", r->why);
		a.too_long = r->error == HTTP_TOO_LONG;
	} else if (r->status != 200)
		call_refused(c, r);
	else {
		s3_keys_worked(&c->sqs->keys, c->signer);
		a.ok = true;
		a.body = r->body;
		a.len = r->len;
	}
	call_over(c, &a);
}

/* -- the call -- */

struct head {
	char	 text[5][7000];
	const char *v[6];
	size_t	 n;
};

static int
head_add(struct head *h, const char *name, const char *value)
{
	int	 n = snprintf(h->text[h->n], sizeof(h->text[0]), "%s: %s",
		    name, value);

	h->v[h->n] = h->text[h->n];
	h->n++;
	return n < 0 || (size_t)n >= sizeof(h->text[0]) ? -1 : 0;
}

static int
call_sign(struct sqs_call *c, const struct sigv4_key *key, const char *date,
    const char *target, struct head *h)
{
	struct sigv4_header	 s[5];
	struct sigv4_request	 t = { "POST", "/", "", s, 0, NULL, date };
	char			 auth[SIGV4_AUTH_MAX], hash[65];
	struct sum		 sum;
	uint8_t			 md[32];
	size_t			 i;

	sum_begin(&sum);
	sum_add(&sum, c->body.data, c->body.len);
	sum_end(&sum, md);
	hex_print(md, sizeof(md), hash);
	t.payload = hash;
	s[t.nheaders++] = (struct sigv4_header){ "Content-Type", TYPE };
	s[t.nheaders++] = (struct sigv4_header){ "X-Amz-Date", date };
	s[t.nheaders++] = (struct sigv4_header){ "X-Amz-Target", target };
	if (key->token[0] != '\0')
		s[t.nheaders++] = (struct sigv4_header){
		    "X-Amz-Security-Token", key->token };
	for (i = 0; i < t.nheaders; i++)
		if (head_add(h, s[i].name, s[i].value) == -1)
			return -1;
	s[t.nheaders++] = (struct sigv4_header){ "Host", c->sqs->host };
	return sigv4_sign(key, &t, auth, sizeof(auth)) == -1 ? -1 :
	    head_add(h, "Authorization", auth);
}

static void
call_send(struct sqs_call *c, const char *action, size_t max_body,
    unsigned timeout_ms)
{
	struct sqs		*s = c->sqs;
	const struct sigv4_key	*key;
	struct head		 h = { .n = 0 };
	struct http_call	 q = { .method = "POST", .fd = -1,
				    .once = true, .max_body = max_body,
				    .timeout_ms = timeout_ms };
	char			 date[SIGV4_DATE_LEN + 1], target[64];
	char			 url[SQS_URL_MAX + 2];

	if ((key = key_now(s, &c->signed_at, date)) == NULL) {
		strlcpy(c->why, "credd has sent no signing key for today",
		    sizeof(c->why));
		return;
	}
	strlcpy(c->signer, key->access_key, sizeof(c->signer));
	snprintf(target, sizeof(target), "AmazonSQS.%s", action);
	snprintf(url, sizeof(url), "%s/", s->server);
	strlcpy(c->why, "out of memory", sizeof(c->why));
	if (!c->body.failed && call_sign(c, key, date, target, &h) == 0) {
		c->piece = (struct http_piece){ c->body.data, c->body.len };
		q.url = url;
		q.headers = h.v;
		q.nheaders = h.n;
		q.pieces = &c->piece;
		q.npieces = 1;
		c->http = http_start(s->http, &q, call_done, c);
	}
	explicit_bzero(&h, sizeof(h));
}

struct sqs_call *
sqs_call(struct sqs *s, const char *action, const char *members,
    size_t max_body, unsigned timeout_ms, sqs_cb cb, void *arg)
{
	const struct timeval	 now = { 0, 0 };
	struct sqs_call		*c = mem_new(1, sizeof(*c));

	c->sqs = s;
	c->cb = cb;
	c->arg = arg;
	TAILQ_INSERT_TAIL(&s->calls, c, entry);
	buf_init(&c->body, 65536);
	buf_puts(&c->body, "{\"QueueUrl\": ");
	json_put_text(&c->body, s->url);
	buf_printf(&c->body, "%s%s}", *members != '\0' ? ", " : "", members);
	call_send(c, action, max_body, timeout_ms);
	if (c->http != NULL)
		return c;
	if ((c->soon = evtimer_new(s->base, call_soon, c)) == NULL)
		fatal("sqs");
	evtimer_add(c->soon, &now);
	return c;
}
