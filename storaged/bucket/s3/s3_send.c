/*
 * What goes out of a call (s3_call.h): the SHA-256 of its body, and at the
 * gate's word a request that is signed with the key of the day.  Each try is
 * signed anew.
 */
#include "common/compat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/hex.h"
#include "common/sum.h"
#include "storaged/bucket/s3/s3_request_int.h"

/* -- the body's hash -- */

static void
body_hash(void *arg)
{
	struct s3_call *c = arg;
	uint8_t md[32], *buf = NULL;
	struct sum sum;
	uint64_t at = 0;
	ssize_t n;
	size_t i;

	if (c->fd != -1 && (buf = malloc(262144)) == NULL) {
		c->hash_errno = ENOMEM;
		return;
	}
	sum_begin(&sum);
	for (i = 0; i < c->npieces; i++)
		sum_add(&sum, c->pieces[i].p, c->pieces[i].len);
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
		sum_add(&sum, buf, (size_t)n);
		at += (uint64_t)n;
	}
	sum_end(&sum, md);
	hex_print(md, sizeof(md), c->hash);
	free(buf);
}

static void
body_hashed(void *arg)
{
	struct s3_call *c = arg;
	struct timeval soon = { 0, 0 };

	c->job = NULL;
	if (c->hash_errno != 0)
		evtimer_add(c->timer, &soon);
	else
		s3_call_enter(c);
}

void
s3_call_hash(struct s3_call *c)
{
	c->state = CALL_HASHING;
	if (c->total == 0) {
		strlcpy(c->hash, SIGV4_EMPTY_SHA256, sizeof(c->hash));
		body_hashed(c);
	} else if (c->total <= S3_HASH_INLINE && c->fd == -1) {
		body_hash(c);
		body_hashed(c);
	} else
		c->job = helper_run(c->s3->pool, c->gate.prio == BLOB_USER,
		    body_hash, body_hashed, c);
}

/* -- one try -- */

void
s3_call_keyless(struct s3_call *c)
{
	uint64_t now = clock_ms();
	uint64_t left = c->deadline > now ? c->deadline - now : 0;
	struct timeval tv = { (time_t)(left / 1000),
	    (suseconds_t)(left % 1000 * 1000) };

	s3_gate_leave(&c->s3->gate, &c->gate);
	c->state = CALL_KEYLESS;
	evtimer_add(c->timer, &tv);
}

/* At most, without the Authorization. */
#define CALL_HEADERS	(S3_EXTRA + S3_ALWAYS + S3_CREATES + \
			    S3_CUSTOMER_HEADERS + 4)

struct lines {
	char		 text[12100];
	const char	*v[CALL_HEADERS + 1];
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
call_sign(struct s3_call *c, const struct sigv4_key *key, const char *date,
    const char *path, struct lines *l)
{
	struct sigv4_header h[CALL_HEADERS];
	struct sigv4_request t = { c->method, path, c->query, h, 0, c->hash,
	    date };
	char auth[SIGV4_AUTH_MAX];
	size_t i;

	h[t.nheaders++] = (struct sigv4_header){ "x-amz-date", date };
	h[t.nheaders++] = (struct sigv4_header){ "x-amz-content-sha256",
	    c->hash };
	if (key->token[0] != '\0')
		h[t.nheaders++] = (struct sigv4_header){ "x-amz-security-token",
		    key->token };
	for (i = 0; i < c->nextra; i++)
		h[t.nheaders++] = (struct sigv4_header){ c->extra[i].name,
		    c->extra[i].value };
	for (i = 0; i < c->s3->nalways; i++)
		h[t.nheaders++] = (struct sigv4_header){ c->s3->always[i].text,
		    c->s3->always[i].value };
	for (i = 0; c->creates && i < c->s3->ncreates; i++)
		h[t.nheaders++] = (struct sigv4_header){ c->s3->creates[i].name,
		    c->s3->creates[i].value };
	if (c->s3->customer != NULL && s3_customer_for(c->method, c->name)) {
		s3_customer_headers(c->s3->customer, h + t.nheaders);
		t.nheaders += S3_CUSTOMER_HEADERS;
	}
	for (i = 0; i < t.nheaders; i++) {
		if (line_add(l, h[i].name, h[i].value) == -1)
			return -1;
	}
	/* Signed too, but libcurl writes it. */
	h[t.nheaders++] = (struct sigv4_header){ "host", c->s3->url.host };
	if (sigv4_sign(key, &t, auth, sizeof(auth)) == -1 ||
	    line_add(l, "Authorization", auth) == -1)
		return -1;
	return 0;
}

/* At the gate's word. */
void
s3_call_send(void *arg)
{
	struct s3_call *c = arg;
	struct s3 *s3 = c->s3;
	struct lines l = { .used = 0 };
	struct http_call h = { .method = c->method, .fd = c->fd };
	char date[SIGV4_DATE_LEN + 1], path[S3_PATH_MAX], url[S3_URL_MAX];
	const struct sigv4_key *key;
	uint64_t now = clock_ms();
	int64_t wall = (int64_t)time(NULL);
	struct timeval soon = { 0, 0 };

	c->signed_at = s3_clock_now(&s3->clock, wall);
	sigv4_date(c->signed_at, date);
	if ((key = s3_keys_find(&s3->keys, date, wall)) == NULL) {
		s3_call_why(c, "credd has sent no signing key for today");
		s3_call_keyless(c);
		return;
	}
	strlcpy(c->signer, key->access_key, sizeof(c->signer));
	c->temporary = key->token[0] != '\0';
	c->tries++;
	c->sent_at = now;
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
		c->http = http_start(c->via, &h, s3_call_done, c);
		c->marked = false;
		s3_away_sent(&s3->away);
	}
	if (c->http == NULL)		/* told by the timer */
		evtimer_add(c->timer, &soon);
	explicit_bzero(&l, sizeof(l));
}
