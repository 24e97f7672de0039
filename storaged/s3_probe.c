/*
 * The probe (s3_probe.h): for each address a list of steps, one after the
 * other, each a request with the outcome that it must have; then two races
 * over all addresses, the bucket's settings, and the removal of what was
 * made.  It reports what it saw and decides nothing else.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "storaged/blob_s3.h"
#include "storaged/helper.h"
#include "storaged/key.h"
#include "storaged/s3_probe.h"
#include "storaged/s3_request.h"
#include "storaged/s3_xml.h"

#define ADDRESSES	8
#define CREATORS	16
#define COUNTERS	8
#define ROUNDS		4	/* increments by each */
#define RESTARTS	200	/* of the race's readings, in all */

enum step_verb { STEP_HEAD, STEP_GET, STEP_PUT };

static const struct step {
	const char	*what;
	enum step_verb	 verb;
	const char	*name;		/* "%d" is the address */
	const char	*body;		/* PUT: sent; GET: wanted */
	enum blob_condition cond;
	int		 match;		/* ETag 1 or 2; 0: none */
	int		 keep;		/* keeps its ETag as 1 or 2 */
	uint64_t	 offset, len;
	enum blob_outcome want, or_else;
} steps[] = {
	{ "a missing key gives 404 (HEAD)", STEP_HEAD, "a%d", NULL,
	    BLOB_ALWAYS, 0, 0, 0, 0, BLOB_ABSENT, BLOB_ABSENT },
	{ "a missing key gives 404 (GET)", STEP_GET, "a%d", NULL,
	    BLOB_ALWAYS, 0, 0, 0, 0, BLOB_ABSENT, BLOB_ABSENT },
	{ "If-None-Match: * on a new key gives 200", STEP_PUT, "a%d",
	    "first", BLOB_IF_NONE_MATCH, 0, 1, 0, 0, BLOB_DONE, BLOB_DONE },
	{ "If-None-Match: * on an existing key gives 412", STEP_PUT, "a%d",
	    "second", BLOB_IF_NONE_MATCH, 0, 0, 0, 0, BLOB_CONFLICT,
	    BLOB_CONFLICT },
	{ "what was written reads back", STEP_GET, "a%d", "first",
	    BLOB_ALWAYS, 0, 0, 0, 0, BLOB_DONE, BLOB_DONE },
	{ "If-Match with the newest ETag gives 200", STEP_PUT, "a%d",
	    "third one", BLOB_IF_MATCH, 1, 2, 0, 0, BLOB_DONE, BLOB_DONE },
	{ "If-Match with a stale ETag gives 412", STEP_PUT, "a%d", "fourth",
	    BLOB_IF_MATCH, 1, 0, 0, 0, BLOB_CONFLICT, BLOB_CONFLICT },
	{ "what was replaced reads back", STEP_GET, "a%d", "third one",
	    BLOB_ALWAYS, 0, 0, 0, 0, BLOB_DONE, BLOB_DONE },
	{ "If-None-Match with the newest ETag gives 304", STEP_GET, "a%d",
	    NULL, BLOB_ALWAYS, 2, 0, 0, 0, BLOB_UNCHANGED, BLOB_UNCHANGED },
	{ "a range is that range", STEP_GET, "a%d", "ird", BLOB_ALWAYS, 0, 0,
	    2, 3, BLOB_DONE, BLOB_DONE },
	{ "If-Match on a missing key gives 404 or 412", STEP_PUT, "b%d",
	    "fifth", BLOB_IF_MATCH, 1, 0, 0, 0, BLOB_ABSENT, BLOB_CONFLICT },
};

struct racer {
	struct probe	*p;
	unsigned	 i;
	char		 body[64];
	unsigned	 left;		/* increments */
	struct blob_request *req;
};

struct probe {
	struct event_base *base;
	struct blob_store *store;
	struct s3	*s3;		/* NULL: another backend */
	bool		 verify;	/* as it was */
	struct helper_pool *pool;	/* resolves */
	struct helper_job *job;
	char		 dir[64];	/* "probe/<id>/" */
	char		 addresses[ADDRESSES][64];
	int		 naddresses, address;	/* at least one, "" */
	size_t		 step;
	char		 etag[3][BLOB_ETAG_MAX];	/* 1 and 2 */
	struct blob_request *req;
	struct s3_call	*call;
	uint64_t	 sent_at, put_ms, get_ms;
	unsigned	 puts, gets;
	struct racer	 racers[CREATORS];
	unsigned	 racing, won, unsure, restarts;
	unsigned	 creates_won, increments;
	bool		 versioned;
	enum probe_verdict verdict;
	char		 first_bad[512];
	struct buf	 report;
	char		 line[1024];
	probe_cb	 cb;
	void		*arg;
};

static void step_next(struct probe *);
static void race_create(struct probe *);
static void race_match(struct probe *);
static void probe_versioning(struct probe *);
static void probe_clean(struct probe *);

/* -- what was seen -- */

static void say(struct probe *, const char *, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static void
say(struct probe *p, const char *mark, const char *fmt, ...)
{
	char text[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&p->report, "%-5s %s\n", mark, text);
	if (strcmp(mark, "FAIL") == 0 && p->first_bad[0] == '\0')
		strlcpy(p->first_bad, text, sizeof(p->first_bad));
}

/* An outcome that was not wanted: is the store bad, or away? */
static void
failed(struct probe *p, const char *what, enum blob_outcome o,
    const char *why)
{
	const char *hint = "";

	/* A 409 says "again", whatever it was asked. */
	if (o == BLOB_DENIED || o == BLOB_UNAVAILABLE || o == BLOB_UNSURE ||
	    (o == BLOB_CONFLICT && strstr(why, "status=409") != NULL))
		p->verdict = p->verdict == PROBE_REFUSED ? PROBE_REFUSED :
		    PROBE_AWAY;
	else
		p->verdict = PROBE_REFUSED;
	if (o == BLOB_DENIED && strstr(what, "missing") != NULL)
		hint = " (without s3:ListBucket on the bucket, a missing key "
		    "is 403)";
	say(p, "FAIL", "not so: %s: %s%s%s%s", what, blob_outcome_name(o),
	    why[0] != '\0' ? " " : "", why, hint);
}

static void
probe_free(struct probe *p)
{
	if (p->s3 != NULL) {
		p->s3->verify = p->verify;
		p->s3->address[0] = '\0';
	}
	helper_free(p->pool);
	buf_free(&p->report);
	free(p);
}

static void
probe_over(struct probe *p)
{
	static const char *const words[] = { "good", "refused", "away" };
	struct probe_result r = { p->verdict, p->line, &p->report };
	char why[600];

	if (p->verdict == PROBE_GOOD)
		snprintf(p->line, sizeof(p->line), "probe=good addresses=%d "
		    "creates=%u/1 increments=%u/%u put_ms=%llu get_ms=%llu",
		    p->naddresses, p->creates_won, p->increments,
		    COUNTERS * ROUNDS, (unsigned long long)
		    (p->puts != 0 ? p->put_ms / p->puts : 0),
		    (unsigned long long)
		    (p->gets != 0 ? p->get_ms / p->gets : 0));
	else
		snprintf(p->line, sizeof(p->line), "probe=%s why=\"%s\"",
		    words[p->verdict], log_quote(why, sizeof(why),
		    p->first_bad, strlen(p->first_bad)));
	buf_printf(&p->report, "%s\n", p->line);
	p->cb(&r, p->arg);
	probe_free(p);
}

/* -- the steps -- */

static void
use_address(struct probe *p, int i)
{
	if (p->s3 != NULL)
		strlcpy(p->s3->address, p->addresses[i % p->naddresses],
		    sizeof(p->s3->address));
}

static void
step_name(struct probe *p, const char *name, int number, char *dst)
{
	snprintf(dst, BLOB_KEY_MAX, "%s%.1s%d", p->dir, name, number);
}

/* An address that is not reached is left out, if there is another: libcurl
 * does so as well (think of ::1 for localhost). */
static bool
skip_address(struct probe *p, const struct blob_result *r)
{
	if (p->step != 0 || r->outcome != BLOB_UNAVAILABLE ||
	    p->naddresses == 1)
		return false;
	say(p, "warn", "address %s: %s", p->addresses[p->address], r->why);
	p->naddresses--;
	memmove(p->addresses[p->address], p->addresses[p->address + 1],
	    (size_t)(p->naddresses - p->address) * sizeof(p->addresses[0]));
	if (p->address == p->naddresses) {
		p->address--;
		p->step = nitems(steps);
	}
	return true;
}

static void
step_done(const struct blob_result *r, void *arg)
{
	struct probe *p = arg;
	const struct step *s = &steps[p->step];
	uint64_t ms = clock_ms() - p->sent_at;
	char what[200];

	p->req = NULL;
	if (skip_address(p, r)) {
		step_next(p);
		return;
	}
	snprintf(what, sizeof(what), "%s%s%s", s->what,
	    p->addresses[p->address][0] != '\0' ? " at " : "",
	    p->addresses[p->address]);
	if (s->verb == STEP_PUT) {
		p->puts++;
		p->put_ms += ms;
	} else {
		p->gets++;
		p->get_ms += ms;
	}
	if (r->outcome != s->want && r->outcome != s->or_else)
		failed(p, what, r->outcome, r->why);
	else if (s->verb == STEP_GET && s->body != NULL &&
	    (r->len != strlen(s->body) ||
	    memcmp(r->body, s->body, r->len) != 0))
		failed(p, what, BLOB_ERROR, "other bytes");
	else if (s->keep == 2 && strcmp(r->etag, p->etag[1]) == 0)
		failed(p, what, BLOB_ERROR, "the ETag has not changed");
	else
		say(p, "ok", "%s", what);
	if (s->keep != 0)
		strlcpy(p->etag[s->keep], r->etag, sizeof(p->etag[0]));
	if (p->verdict == PROBE_AWAY) {
		probe_clean(p);
		return;
	}
	p->step++;
	step_next(p);
}

static void
step_next(struct probe *p)
{
	const struct step *s;
	struct blob_piece piece;
	char key[BLOB_KEY_MAX];
	const char *etag;

	if (p->step == nitems(steps)) {
		p->step = 0;
		if (++p->address == p->naddresses) {
			race_create(p);
			return;
		}
	}
	s = &steps[p->step];
	use_address(p, p->address);
	step_name(p, s->name, p->address, key);
	etag = s->match != 0 ? p->etag[s->match] : NULL;
	if (etag != NULL && etag[0] == '\0')
		etag = "\"00000000000000000000000000000000\"";
	p->sent_at = clock_ms();
	switch (s->verb) {
	case STEP_HEAD:
		p->req = blob_head(p->store, key, BLOB_USER, step_done, p);
		break;
	case STEP_GET:
		p->req = blob_get(p->store, key, s->offset, s->len, 1024,
		    etag, BLOB_USER, step_done, p);
		break;
	case STEP_PUT:
		piece = (struct blob_piece){ s->body, strlen(s->body) };
		p->req = blob_put(p->store, key, &piece, 1, s->cond, etag,
		    BLOB_USER, step_done, p);
		break;
	}
}

/* -- of many parallel creates exactly one wins -- */

/* In a race a refusal is none: a server that denied everything would not
 * have got here. */
static bool
no_answer(const struct blob_result *r)
{
	return r->outcome == BLOB_UNSURE || r->outcome == BLOB_DENIED ||
	    r->outcome == BLOB_UNAVAILABLE;
}

static void
create_done(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;
	struct probe *p = c->p;

	c->req = NULL;
	if (r->outcome == BLOB_DONE)
		p->won++;
	else if (no_answer(r))
		p->unsure++;
	else if (r->outcome != BLOB_CONFLICT)
		failed(p, "parallel creates", r->outcome, r->why);
	if (--p->racing > 0)
		return;
	p->creates_won = p->won;
	if (p->won == 1 || (p->won == 0 && p->unsure > 0))
		say(p, "ok", "of %d parallel creates one wins (%u without an "
		    "answer)", CREATORS, p->unsure);
	else {
		p->verdict = PROBE_REFUSED;
		say(p, "FAIL", "of %d parallel creates %u win: If-None-Match "
		    "is not atomic here", CREATORS, p->won);
	}
	race_match(p);
}

static void
race_create(struct probe *p)
{
	struct blob_piece piece;
	char key[BLOB_KEY_MAX];
	unsigned i;

	step_name(p, "c", 0, key);
	p->racing = CREATORS;
	for (i = 0; i < CREATORS; i++) {
		struct racer *c = &p->racers[i];

		c->p = p;
		c->i = i;
		snprintf(c->body, sizeof(c->body), "racer %u", i);
		piece = (struct blob_piece){ c->body, strlen(c->body) };
		use_address(p, (int)i);
		c->req = blob_put(p->store, key, &piece, 1,
		    BLOB_IF_NONE_MATCH, NULL, BLOB_USER, create_done, c);
	}
}

/* -- parallel If-Match increments lose none -- */

static void counter_read(struct racer *);

static void
race_over(struct probe *p, unsigned value)
{
	p->increments = value;
	if (value >= p->won && value <= p->won + p->unsure)
		say(p, "ok", "%u parallel If-Match increments lose none (%u "
		    "without an answer)", p->won, p->unsure);
	else {
		p->verdict = PROBE_REFUSED;
		say(p, "FAIL", "of %u parallel If-Match increments that were "
		    "answered 200, %u are there: If-Match is not atomic here",
		    p->won, value);
	}
	if (p->unsure > COUNTERS)
		say(p, "warn", "%u conditional writes had no clear answer: "
		    "this provider may limit writes per key", p->unsure);
	probe_versioning(p);
}

static void
final_done(const struct blob_result *r, void *arg)
{
	struct probe *p = arg;
	char value[16] = "";

	p->req = NULL;
	if (r->outcome != BLOB_DONE || r->len >= sizeof(value)) {
		failed(p, "the counter of the race", r->outcome, r->why);
		probe_clean(p);
		return;
	}
	memcpy(value, r->body, r->len);
	race_over(p, (unsigned)strtoul(value, NULL, 10));
}

static void
counter_end(struct racer *c)
{
	struct probe *p = c->p;
	char key[BLOB_KEY_MAX];

	if (--p->racing > 0)
		return;
	step_name(p, "d", 0, key);
	p->req = blob_get(p->store, key, 0, 0, 64, NULL, BLOB_USER,
	    final_done, p);
}

static void
counter_put(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;
	struct probe *p = c->p;

	c->req = NULL;
	switch (r->outcome) {
	case BLOB_DONE:
		p->won++;
		c->left--;
		break;
	case BLOB_UNSURE:
		p->unsure++;
		c->left--;
		break;
	case BLOB_CONFLICT:
	case BLOB_UNAVAILABLE:
	case BLOB_DENIED:
		break;
	default:
		failed(p, "parallel increments", r->outcome, r->why);
		c->left = 0;
	}
	counter_read(c);
}

static void
counter_got(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;
	char value[16] = "", key[BLOB_KEY_MAX];
	struct blob_piece piece;

	c->req = NULL;
	if (no_answer(r)) {
		counter_read(c);	/* so often and no more */
		return;
	}
	if (r->outcome != BLOB_DONE || r->len >= sizeof(value)) {
		failed(c->p, "reading during the race", r->outcome, r->why);
		counter_end(c);
		return;
	}
	memcpy(value, r->body, r->len);
	snprintf(c->body, sizeof(c->body), "%lu",
	    strtoul(value, NULL, 10) + 1);
	piece = (struct blob_piece){ c->body, strlen(c->body) };
	step_name(c->p, "d", 0, key);
	use_address(c->p, (int)(c->i + c->left));
	c->req = blob_put(c->p->store, key, &piece, 1, BLOB_IF_MATCH, r->etag,
	    BLOB_USER, counter_put, c);
}

static void
counter_read(struct racer *c)
{
	char key[BLOB_KEY_MAX];

	if (c->left == 0 || c->p->restarts++ >
	    COUNTERS * ROUNDS * COUNTERS + RESTARTS) {
		counter_end(c);
		return;
	}
	step_name(c->p, "d", 0, key);
	use_address(c->p, (int)c->i);
	c->req = blob_get(c->p->store, key, 0, 0, 64, NULL, BLOB_USER,
	    counter_got, c);
}

static void
counter_made(const struct blob_result *r, void *arg)
{
	struct probe *p = arg;
	unsigned i;

	p->req = NULL;
	if (r->outcome != BLOB_DONE) {
		failed(p, "the counter of the race", r->outcome, r->why);
		probe_clean(p);
		return;
	}
	p->won = p->unsure = 0;
	p->racing = COUNTERS;
	for (i = 0; i < COUNTERS; i++) {
		p->racers[i].left = ROUNDS;
		counter_read(&p->racers[i]);
	}
}

static void
race_match(struct probe *p)
{
	struct blob_piece piece = { "0", 1 };
	char key[BLOB_KEY_MAX];

	step_name(p, "d", 0, key);
	p->req = blob_put(p->store, key, &piece, 1, BLOB_ALWAYS, NULL,
	    BLOB_USER, counter_made, p);
}

/* -- the bucket's settings, where they may be read -- */

struct setting { bool enabled, expires; };

static int
setting_end(const char *name, int depth, const char *text, size_t len,
    void *arg)
{
	struct setting *s = arg;

	(void)depth;
	(void)len;
	if (strcmp(name, "Status") == 0 && strcmp(text, "Enabled") == 0)
		s->enabled = true;
	if (strcmp(name, "NoncurrentVersionExpiration") == 0)
		s->expires = true;
	return 0;
}

static const struct s3_xml_ops setting_ops = { NULL, setting_end };

static void
lifecycle_done(const struct s3_answer *a, void *arg)
{
	struct probe *p = arg;
	struct setting s = { false, false };

	p->call = NULL;
	if (a->outcome == BLOB_DONE)
		s3_xml_parse(a->body, a->len, &setting_ops, &s);
	if (a->outcome == BLOB_DENIED)
		say(p, "warn", "versioning is on, and the lifecycle may not "
		    "be read: see that noncurrent versions expire");
	else if (!s.enabled || !s.expires)
		say(p, "warn", "versioning is on without a lifecycle rule "
		    "that expires noncurrent versions: each commit leaves "
		    "one behind");
	else
		say(p, "ok", "noncurrent versions expire");
	probe_clean(p);
}

static void
versioning_done(const struct s3_answer *a, void *arg)
{
	struct probe *p = arg;
	struct setting s = { false, false };

	p->call = NULL;
	if (a->outcome != BLOB_DONE ||
	    s3_xml_parse(a->body, a->len, &setting_ops, &s) == -1) {
		say(p, "note", "whether the bucket keeps versions may not be "
		    "read (s3:GetBucketVersioning)");
		probe_clean(p);
		return;
	}
	if (!s.enabled) {
		say(p, "ok", "the bucket keeps no old versions");
		probe_clean(p);
		return;
	}
	p->call = s3_call_new(p->s3, "GET", "", "lifecycle=", S3_READ,
	    BLOB_USER);
	s3_call_max_body(p->call, 262144);
	s3_call_start(p->call, lifecycle_done, p);
}

static void
probe_versioning(struct probe *p)
{
	if (p->s3 == NULL) {
		probe_clean(p);
		return;
	}
	p->s3->address[0] = '\0';
	p->call = s3_call_new(p->s3, "GET", "", "versioning=", S3_READ,
	    BLOB_USER);
	s3_call_start(p->call, versioning_done, p);
}

/* -- the end -- */

static void
clean_done(const struct blob_result *r, void *arg)
{
	struct probe *p = arg;

	p->req = NULL;
	if (r->outcome == BLOB_DONE)
		say(p, "ok", "several keys are deleted at once");
	else if (p->verdict == PROBE_GOOD) {
		/* It can serve; garbage will be a matter of a later day. */
		say(p, "warn", "deleting several keys at once: %s %s",
		    blob_outcome_name(r->outcome), r->why);
	}
	probe_over(p);
}

static void
probe_clean(struct probe *p)
{
	char names[2 * ADDRESSES + 2][BLOB_KEY_MAX];
	const char *keys[2 * ADDRESSES + 2];
	size_t n = 0;
	int i;

	if (p->s3 != NULL)
		p->s3->address[0] = '\0';
	if (p->puts == 0) {
		probe_over(p);
		return;
	}
	for (i = 0; i < p->naddresses; i++) {
		step_name(p, "a", i, names[n++]);
		step_name(p, "b", i, names[n++]);
	}
	step_name(p, "c", 0, names[n++]);
	step_name(p, "d", 0, names[n++]);
	for (i = 0; i < (int)n; i++)
		keys[i] = names[i];
	p->req = blob_delete(p->store, keys, n, BLOB_USER, clean_done, p);
}

/* -- the beginning -- */

/* In a helper thread: the endpoint's addresses. */
static void
resolve(void *arg)
{
	struct probe *p = arg;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *res, *ai;
	char host[500];
	size_t len;

	strlcpy(host, p->s3->url.host, sizeof(host));
	if (host[0] == '[') {
		len = strcspn(host + 1, "]");
		memmove(host, host + 1, len);
		host[len] = '\0';
	} else
		host[strcspn(host, ":")] = '\0';
	if (getaddrinfo(host, NULL, &hints, &res) != 0)
		return;		/* the first request will say why */
	for (ai = res; ai != NULL && p->naddresses < ADDRESSES;
	    ai = ai->ai_next) {
		if (getnameinfo(ai->ai_addr, ai->ai_addrlen,
		    p->addresses[p->naddresses], sizeof(p->addresses[0]),
		    NULL, 0, NI_NUMERICHOST) == 0 &&
		    strchr(p->addresses[p->naddresses], '%') == NULL)
			p->naddresses++;
	}
	freeaddrinfo(res);
}

static void
resolved(void *arg)
{
	struct probe *p = arg;

	p->job = NULL;
	if (p->naddresses == 0) {
		p->addresses[0][0] = '\0';
		p->naddresses = 1;
	}
	step_next(p);
}

static void
no_work(void *arg)
{
	(void)arg;
}

struct probe *
probe_start(struct event_base *base, struct blob_store *s, probe_cb cb,
    void *arg)
{
	struct probe *p;
	uint8_t id[16];
	char hex[33];

	if ((p = calloc(1, sizeof(*p))) == NULL ||
	    (p->pool = helper_new(base, 1)) == NULL)
		fatal("probe");
	p->base = base;
	p->store = s;
	p->s3 = blob_s3_client(s);
	p->cb = cb;
	p->arg = arg;
	p->verdict = PROBE_GOOD;
	if (p->s3 != NULL) {
		p->verify = p->s3->verify;
		p->s3->verify = false;	/* a race makes it UNSURE */
	}
	key_new_id(id);
	s3_hex(id, sizeof(id), hex);
	snprintf(p->dir, sizeof(p->dir), "%s%s/", PROBE_PREFIX, hex);
	p->job = helper_run(p->pool, true, p->s3 != NULL ? resolve : no_work,
	    resolved, p);
	return p;
}

void
probe_cancel(struct probe *p)
{
	unsigned i;

	if (p == NULL)
		return;
	if (p->job != NULL)
		helper_cancel(p->job);
	blob_cancel(p->req);
	s3_call_cancel(p->call);
	for (i = 0; i < CREATORS; i++)
		blob_cancel(p->racers[i].req);
	probe_free(p);
}
