/*
 * The life of one call (s3_request.h): HASHING -> WAITING (at the gate) ->
 * FLYING -> over, or -> PAUSED -> WAITING again, or KEYLESS until credd has
 * sent a key.  Each try is signed anew.  A call that is `once` is never
 * tried twice, whatever the answer: commit.c settles it.
 */
#include "common/compat.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/evp.h>

#include "common/clock.h"
#include "common/log.h"
#include "storaged/s3_request.h"

#define PAUSE_FIRST	100	/* ms; doubled each time, full jitter */
#define PAUSE_MAX	5000
#define WHY_MAX		640
#define SLOW_BYTES_MS	128	/* a body may come as slowly: 125 KiB/s */

enum call_state { CALL_NEW, CALL_HASHING, CALL_WAITING, CALL_FLYING,
    CALL_PAUSED, CALL_KEYLESS };

struct s3_call {
	TAILQ_ENTRY(s3_call) entry;
	struct s3	*s3;
	enum call_state	 state;
	const char	*method;
	char		 name[BLOB_KEY_MAX];
	char		*query;
	enum s3_verb	 verb;
	struct { const char *name; char value[512]; } extra[S3_EXTRA];
	size_t		 nextra;
	struct http_piece *pieces;
	size_t		 npieces;
	int		 fd;
	uint64_t	 fd_offset, fd_len, total;
	char		 hash[65];
	int		 hash_errno;
	struct helper_job *job;
	char		 address[64];
	size_t		 max_body;
	bool		 once, bad;
	bool		 sent;		/* in some try */
	uint64_t	 deadline;
	unsigned	 tries;
	struct s3_gate_entry gate;
	struct http_request *http;
	bool		 marked;	/* moved says how far it was */
	uint64_t	 moved;
	struct event	*timer;
	s3_cb		 cb;
	void		*arg;
	char		 why[WHY_MAX];
};

static void call_enter(struct s3_call *);
static void call_send(void *);
static void call_timer(int, short, void *);

/* -- making one -- */

struct s3_call *
s3_call_new(struct s3 *s3, const char *method, const char *name,
    const char *query, enum s3_verb verb, enum blob_priority prio)
{
	struct s3_call *c;

	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->query = strdup(query)) == NULL ||
	    (c->timer = evtimer_new(s3->store->base, call_timer, c)) == NULL)
		fatal("s3_call");
	c->s3 = s3;
	c->method = method;
	c->verb = verb;
	c->fd = -1;
	c->max_body = S3_ERROR_MAX;
	strlcpy(c->address, s3->address, sizeof(c->address));
	c->gate.prio = prio;
	c->gate.state = GATE_OUT;
	c->gate.go = call_send;
	c->gate.arg = c;
	c->deadline = clock_ms() + s3->timeout_ms;
	if (strlcpy(c->name, name, sizeof(c->name)) >= sizeof(c->name))
		c->bad = true;
	TAILQ_INSERT_TAIL(&s3->calls, c, entry);
	return c;
}

void
s3_call_header(struct s3_call *c, const char *name, const char *value)
{
	if (c->nextra == S3_EXTRA || strlcpy(c->extra[c->nextra].value, value,
	    sizeof(c->extra[0].value)) >= sizeof(c->extra[0].value)) {
		c->bad = true;
		return;
	}
	c->extra[c->nextra++].name = name;
}

void
s3_call_body(struct s3_call *c, const struct blob_piece *pieces, size_t n)
{
	size_t i;

	if (n == 0)
		return;
	if ((c->pieces = reallocarray(NULL, n, sizeof(*c->pieces))) == NULL)
		fatal("s3_call");
	c->npieces = n;
	for (i = 0; i < n; i++) {
		c->pieces[i].p = pieces[i].p;
		c->pieces[i].len = pieces[i].len;
		c->total += pieces[i].len;
	}
}

void
s3_call_body_fd(struct s3_call *c, int fd, uint64_t offset, uint64_t len)
{
	c->fd = fd;
	c->fd_offset = offset;
	c->fd_len = c->total = len;
}

void
s3_call_max_body(struct s3_call *c, size_t max)
{
	c->max_body = max;
}

void
s3_call_once(struct s3_call *c)
{
	c->once = true;
}

void
s3_call_deadline(struct s3_call *c, uint64_t deadline)
{
	if (deadline != 0)
		c->deadline = deadline;
}

static void
call_free(struct s3_call *c)
{
	TAILQ_REMOVE(&c->s3->calls, c, entry);
	event_free(c->timer);
	free(c->pieces);
	free(c->query);
	free(c);
}

void
s3_call_cancel(struct s3_call *c)
{
	if (c == NULL)
		return;
	if (c->job != NULL)
		helper_cancel(c->job);
	http_cancel(c->http);
	s3_gate_leave(&c->s3->gate, &c->gate);
	call_free(c);
}

/* -- its end -- */

static void
call_over(struct s3_call *c, struct s3_answer *a)
{
	static const struct s3_error none;

	if (a->error == NULL)
		a->error = &none;
	a->why = c->why;
	blob_heard(c->s3->store, a->outcome, c->why);
	evtimer_del(c->timer);
	c->cb(a, c->arg);
	call_free(c);
}

/* No answer was read: what is known of a change that was sent? */
static void
call_failed(struct s3_call *c, enum blob_outcome o)
{
	struct s3_answer a = { .outcome = o };

	if (o == BLOB_UNAVAILABLE && c->verb == S3_CHANGE && c->sent)
		a.outcome = BLOB_UNSURE;
	call_over(c, &a);
}

static void call_why(struct s3_call *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
call_why(struct s3_call *c, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	n = strlen(c->why);
	if (c->tries > 1)
		snprintf(c->why + n, sizeof(c->why) - n, " tries=%u",
		    c->tries);
}

/*
 * Waits and tries again, if there is still time and a try left: full jitter
 * over a doubling pause, and not before what Retry-After wants.
 */
static bool
call_again(struct s3_call *c, uint64_t retry_after)
{
	uint64_t pause = PAUSE_FIRST, now = clock_ms();
	struct timeval tv;
	unsigned i;

	if (c->once || c->tries > c->s3->max_retries)
		return false;
	for (i = 1; i < c->tries && pause < PAUSE_MAX; i++)
		pause *= 2;
	if (pause > PAUSE_MAX)
		pause = PAUSE_MAX;
	pause = retry_after + arc4random_uniform((uint32_t)pause + 1);
	if (now + pause >= c->deadline)
		return false;
	c->s3->store->counts.retries++;
	log_debug("s3: method=%s key=%s try=%u pause_ms=%llu %s", c->method,
	    c->name, c->tries, (unsigned long long)pause, c->why);
	c->state = CALL_PAUSED;
	tv.tv_sec = (time_t)(pause / 1000);
	tv.tv_usec = (suseconds_t)(pause % 1000 * 1000);
	evtimer_add(c->timer, &tv);
	return true;
}

static uint64_t
retry_after(const struct http_result *r)
{
	char v[64];
	const char *errstr;
	long long s;
	int64_t when;

	if (!http_header(r, "Retry-After", v, sizeof(v)))
		return 0;
	s = strtonum(v, 0, 86400, &errstr);
	if (errstr == NULL)
		return (uint64_t)s * 1000;
	when = http_date(v);
	s = when != 0 ? when - (long long)time(NULL) : 0;
	return s > 0 ? (uint64_t)s * 1000 : 0;
}

/* -- the answer -- */

static void
answer_size(const struct http_result *r, struct s3_answer *a)
{
	char v[96];
	const char *errstr, *slash;
	long long n;

	a->size = r->len;
	if (r->status == 206 &&
	    http_header(r, "Content-Range", v, sizeof(v)) &&
	    strncmp(v, "bytes ", 6) == 0 && (slash = strchr(v, '/')) != NULL) {
		n = strtonum(slash + 1, 0, INT64_MAX, &errstr);
		if (errstr == NULL)
			a->size = (uint64_t)n;
		v[6 + strcspn(v + 6, "-")] = '\0';
		n = strtonum(v + 6, 0, INT64_MAX, &errstr);
		a->offset = errstr == NULL ? (uint64_t)n : UINT64_MAX;
	} else if (http_header(r, "Content-Length", v, sizeof(v))) {
		n = strtonum(v, 0, INT64_MAX, &errstr);
		if (errstr == NULL)
			a->size = (uint64_t)n;
	}
}

static void
answer_refused(struct s3_call *c)
{
	struct s3 *s3 = c->s3;

	if (s3->refused || s3->nkeys == 0 || s3->store->refused == NULL)
		return;
	s3->refused = true;
	s3->store->refused(s3->keys[(s3->next_key + S3_KEYS - 1) % S3_KEYS]
	    .access_key, c->why, s3->store->refused_arg);
}

static void
answer_why(struct s3_call *c, const struct http_result *r,
    const struct s3_error *e)
{
	char id[80], id2[120], quoted[300] = "";

	http_header(r, "x-amz-request-id", id, sizeof(id));
	http_header(r, "x-amz-id-2", id2, sizeof(id2));
	if (id[0] == '\0')
		strlcpy(id, e->request, sizeof(id));
	if (e->message[0] != '\0')
		log_quote(quoted, sizeof(quoted), e->message,
		    strlen(e->message));
	call_why(c, "status=%d%s%s%s%s%s%s%s%s%s", r->status,
	    e->code[0] != '\0' ? " code=" : "", e->code,
	    quoted[0] != '\0' ? " message='" : "", quoted,
	    quoted[0] != '\0' ? "'" : "",
	    id[0] != '\0' ? " x-amz-request-id=" : "", id,
	    id2[0] != '\0' ? " x-amz-id-2=" : "", id2);
}

static void
call_answered(struct s3_call *c, const struct http_result *r)
{
	struct s3_answer a = { .status = r->status, .http = r };
	struct s3_error e = { "", "", "" };
	struct s3_meaning m;
	char v[64];

	if (r->status >= 300)
		s3_error_parse(r->body, r->len, &e);
	m = s3_error_meaning(r->status, e.code, c->verb);
	if (m.outcome != BLOB_DONE && m.outcome != BLOB_UNCHANGED)
		answer_why(c, r, &e);
	if (m.refused)
		answer_refused(c);
	if (m.again && call_again(c, retry_after(r)))
		return;
	a.outcome = m.outcome;
	/* An earlier try of a change may have landed after all. */
	if (a.outcome == BLOB_CONFLICT && c->verb == S3_CHANGE && !c->once)
		a.outcome = BLOB_UNSURE;
	if (m.again)
		a.retry_after = retry_after(r);
	a.error = &e;
	a.body = r->body;
	a.len = r->len;
	if (http_header(r, "ETag", a.etag, sizeof(a.etag)) == false)
		a.etag[0] = '\0';
	if (http_header(r, "Date", v, sizeof(v)))
		a.date = http_date(v);
	answer_size(r, &a);
	c->s3->store->counts.bytes_in += r->len;
	call_over(c, &a);
}

static void
call_done(const struct http_result *r, void *arg)
{
	struct s3_call *c = arg;

	c->http = NULL;
	if (r->error == HTTP_OK)
		s3_away_heard(c->s3);
	s3_gate_leave(&c->s3->gate, &c->gate);
	if (r->sent) {
		c->sent = true;
		c->s3->store->counts.bytes_out += c->total;
	}
	if (r->cut && c->verb == S3_READ)
		c->s3->store->counts.cut++;
	switch (r->error) {
	case HTTP_OK:
		call_answered(c, r);
		break;
	case HTTP_TOO_LONG:
		call_why(c, "%s", r->why);
		call_failed(c, c->verb == S3_CHANGE ? BLOB_UNSURE :
		    r->status / 100 == 2 ? BLOB_LONG : BLOB_ERROR);
		break;
	case HTTP_LOCAL:
		call_why(c, "%s", r->why);
		call_failed(c, BLOB_UNAVAILABLE);
		break;
	default:
		call_why(c, "%s: %s", r->error == HTTP_CONNECT ? "connect" :
		    r->error == HTTP_TIMEOUT ? "time-out" : "no answer",
		    r->why);
		if (!call_again(c, 0))
			call_failed(c, BLOB_UNAVAILABLE);
	}
}

/* -- connections that hang -- */

void
s3_mark(struct s3 *s3)
{
	struct s3_call *c;

	TAILQ_FOREACH(c, &s3->calls, entry) {
		c->marked = c->state == CALL_FLYING && c->http != NULL;
		if (c->marked)
			c->moved = http_moved(c->http);
	}
}

/* As a stall would end it. */
static void
call_break_off(struct s3_call *c)
{
	http_cancel(c->http);
	c->http = NULL;
	c->sent = true;
	s3_gate_leave(&c->s3->gate, &c->gate);
	call_why(c, "time-out: the connection hung while the server was away");
	if (!call_again(c, 0))
		call_failed(c, BLOB_UNAVAILABLE);
}

unsigned
s3_break_off(struct s3 *s3)
{
	struct s3_call *c;
	unsigned n = 0;

	/* From the start each time: a callback may end other calls. */
	for (;;) {
		TAILQ_FOREACH(c, &s3->calls, entry) {
			if (c->marked && c->state == CALL_FLYING &&
			    c->http != NULL && http_moved(c->http) == c->moved)
				break;
		}
		if (c == NULL)
			return n;
		c->marked = false;
		call_break_off(c);
		n++;
	}
}

/* -- sending -- */

/* The key for this moment's day, unless its session is over. */
static const struct s3_key *
find_key(const struct s3 *s3, const char *date, int64_t now)
{
	size_t i;

	/* The newest first. */
	for (i = 1; i <= s3->nkeys; i++) {
		const struct s3_key *k =
		    &s3->keys[(s3->next_key + S3_KEYS - i) % S3_KEYS];

		if (strncmp(k->date, date, 8) == 0 &&
		    (k->expires == 0 || k->expires > now))
			return k;
	}
	return NULL;
}

static void
call_wait_key(struct s3_call *c)
{
	uint64_t now = clock_ms();
	uint64_t left = c->deadline > now ? c->deadline - now : 0;
	struct timeval tv = { (time_t)(left / 1000),
	    (suseconds_t)(left % 1000 * 1000) };

	s3_gate_leave(&c->s3->gate, &c->gate);
	call_why(c, "no signing key for today from credd");
	c->state = CALL_KEYLESS;
	evtimer_add(c->timer, &tv);
}

struct lines {
	char		 text[5200];
	const char	*v[S3_EXTRA + 5];
	size_t		 used, n;
};

static int
line_add(struct lines *l, const char *name, const char *value)
{
	int n = snprintf(l->text + l->used, sizeof(l->text) - l->used,
	    "%s: %s", name, value);

	if (n < 0 || (size_t)n >= sizeof(l->text) - l->used)
		return -1;
	l->v[l->n++] = l->text + l->used;
	l->used += (size_t)n + 1;
	return 0;
}

static int
call_sign(struct s3_call *c, const struct s3_key *key, const char *date,
    const char *path, struct lines *l)
{
	struct s3_header h[S3_EXTRA + 4];
	struct s3_to_sign t = { c->method, path, c->query, h, 0, c->hash,
	    date };
	char auth[S3_AUTH_MAX];
	size_t i;

	h[t.nheaders++] = (struct s3_header){ "x-amz-date", date };
	h[t.nheaders++] = (struct s3_header){ "x-amz-content-sha256",
	    c->hash };
	if (key->token[0] != '\0')
		h[t.nheaders++] = (struct s3_header){ "x-amz-security-token",
		    key->token };
	for (i = 0; i < c->nextra; i++)
		h[t.nheaders++] = (struct s3_header){ c->extra[i].name,
		    c->extra[i].value };
	for (i = 0; i < t.nheaders; i++) {
		if (line_add(l, h[i].name, h[i].value) == -1)
			return -1;
	}
	/* Signed too, but libcurl writes it. */
	h[t.nheaders++] = (struct s3_header){ "host", c->s3->url.host };
	if (s3_sign(key, &t, auth, sizeof(auth)) == -1 ||
	    line_add(l, "Authorization", auth) == -1)
		return -1;
	return 0;
}

/* At the gate's word. */
static void
call_send(void *arg)
{
	struct s3_call *c = arg;
	struct s3 *s3 = c->s3;
	struct lines l = { .used = 0 };
	struct http_call h = { .method = c->method, .fd = c->fd };
	char date[S3_DATE_LEN + 1], path[S3_PATH_MAX], url[S3_URL_MAX];
	const struct s3_key *key;
	uint64_t now = clock_ms();
	int64_t wall = (int64_t)time(NULL);
	struct timeval soon = { 0, 0 };

	s3_date(wall, date);
	if ((key = find_key(s3, date, wall)) == NULL) {
		call_wait_key(c);
		return;
	}
	c->tries++;
	c->state = CALL_FLYING;
	h.url = url;
	h.headers = l.v;
	h.pieces = c->pieces;
	h.npieces = c->npieces;
	h.fd_offset = c->fd_offset;
	h.fd_len = c->fd_len;
	h.once = c->once;
	h.address = c->address[0] != '\0' ? c->address : NULL;
	h.max_body = c->max_body;
	h.timeout_ms = c->deadline > now ? (unsigned)(c->deadline - now) : 1;
	if (s3_url_path(&s3->url, c->name, path, sizeof(path)) == -1 ||
	    (size_t)snprintf(url, sizeof(url), "%s%s%s%s", s3->url.base, path,
	    *c->query != '\0' ? "?" : "", c->query) >= sizeof(url) ||
	    call_sign(c, key, date, path, &l) == -1)
		c->bad = true;
	else {
		h.nheaders = l.n;
		c->http = http_start(s3->http, &h, call_done, c);
		c->marked = false;
		s3_away_sent(s3);
	}
	if (c->http == NULL)		/* told by the timer */
		evtimer_add(c->timer, &soon);
	explicit_bzero(&l, sizeof(l));
}

static void
call_enter(struct s3_call *c)
{
	c->state = CALL_WAITING;
	s3_gate_enter(&c->s3->gate, &c->gate);
	/* Who waits at the gate must not wait for ever. */
	if (c->state == CALL_WAITING) {
		uint64_t now = clock_ms();
		uint64_t left = c->deadline > now ? c->deadline - now : 0;
		struct timeval tv = { (time_t)(left / 1000),
		    (suseconds_t)(left % 1000 * 1000) };

		call_why(c, "waited for other requests");
		evtimer_add(c->timer, &tv);
	}
}

static void
call_timer(int fd, short what, void *arg)
{
	struct s3_call *c = arg;

	(void)fd;
	(void)what;
	switch (c->state) {
	case CALL_PAUSED:
		call_enter(c);
		return;
	case CALL_FLYING:
		if (c->http != NULL)
			return;		/* left over from the gate */
		break;
	case CALL_NEW:
	case CALL_WAITING:
	case CALL_KEYLESS:
	case CALL_HASHING:
		break;
	}
	s3_gate_leave(&c->s3->gate, &c->gate);
	if (c->bad) {
		call_why(c, "a name or header that cannot be sent");
		call_failed(c, BLOB_ERROR);
		return;
	}
	if (c->state == CALL_FLYING)
		call_why(c, "out of memory");
	if (c->hash_errno != 0)
		call_why(c, "body: %s", strerror(c->hash_errno));
	call_failed(c, BLOB_UNAVAILABLE);
}

/* -- hashing -- */

/* In a helper thread when it is much. */
static void
call_hash(void *arg)
{
	struct s3_call *c = arg;
	uint8_t md[EVP_MAX_MD_SIZE], *buf = NULL;
	EVP_MD_CTX *ctx;
	uint64_t at = 0;
	ssize_t n;
	size_t i;

	if ((ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
	    (c->fd != -1 && (buf = malloc(262144)) == NULL)) {
		c->hash_errno = ENOMEM;
		EVP_MD_CTX_free(ctx);
		return;
	}
	for (i = 0; i < c->npieces; i++)
		EVP_DigestUpdate(ctx, c->pieces[i].p, c->pieces[i].len);
	while (c->fd != -1 && at < c->fd_len) {
		n = pread(c->fd, buf, c->fd_len - at < 262144 ?
		    (size_t)(c->fd_len - at) : 262144,
		    (off_t)(c->fd_offset + at));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			c->hash_errno = n == 0 ? EIO : errno;
			break;
		}
		EVP_DigestUpdate(ctx, buf, (size_t)n);
		at += (uint64_t)n;
	}
	EVP_DigestFinal_ex(ctx, md, NULL);
	s3_hex(md, 32, c->hash);
	EVP_MD_CTX_free(ctx);
	free(buf);
}

static void
call_hashed(void *arg)
{
	struct s3_call *c = arg;
	struct timeval soon = { 0, 0 };

	c->job = NULL;
	if (c->hash_errno != 0)
		evtimer_add(c->timer, &soon);
	else
		call_enter(c);
}

/* What timeout has not thought of: a large body on a slow line.  (That it
 * moves at all is the stall's business.) */
static uint64_t
slow_ms(uint64_t len)
{
	return len > 1048576 ? (len - 1048576) / SLOW_BYTES_MS : 0;
}

void
s3_call_start(struct s3_call *c, s3_cb cb, void *arg)
{
	struct timeval soon = { 0, 0 };

	c->cb = cb;
	c->arg = arg;
	if (c->bad) {
		evtimer_add(c->timer, &soon);
		return;
	}
	c->deadline += slow_ms(c->total) + slow_ms(c->max_body);
	c->state = CALL_HASHING;
	if (c->total == 0) {
		strlcpy(c->hash, S3_EMPTY_SHA256, sizeof(c->hash));
		call_hashed(c);
	} else if (c->total <= S3_HASH_INLINE && c->fd == -1) {
		call_hash(c);
		call_hashed(c);
	} else
		c->job = helper_run(c->s3->pool, c->gate.prio == BLOB_USER,
		    call_hash, call_hashed, c);
}

void
s3_wake(struct s3 *s3)
{
	struct s3_call *c, *next;

	s3->refused = false;
	TAILQ_FOREACH_SAFE(c, &s3->calls, entry, next) {
		if (c->state == CALL_KEYLESS) {
			evtimer_del(c->timer);
			call_enter(c);
		}
	}
}
