/* Requests that are waited for: the suite's, and those of other tests. */
#include "common/compat.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/log.h"
#include "common/msg_auth.h"
#include "common/sigv4.h"
#include "storaged/bucket/test/blob_suite_impl.h"

void
suite_result_free(struct suite_result *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		free(r->keys[i]);
	free(r->keys);
	free(r->sizes);
	free(r->body);
	free(r->taken);
	memset(r, 0, sizeof(*r));
}

void
suite_cb(const struct blob_result *r, void *arg)
{
	struct suite_result *s = arg;

	suite_result_free(s);
	s->called = true;
	s->outcome = r->outcome;
	strlcpy(s->etag, r->etag, sizeof(s->etag));
	strlcpy(s->why, r->why, sizeof(s->why));
	s->size = r->size;
	s->date = r->date;
	s->retry_after = r->retry_after;
	s->len = r->len;
	if ((s->body = calloc(1, r->len + 1)) == NULL)
		fatal("suite");
	if (r->len != 0)
		memcpy(s->body, r->body, r->len);
	if ((s->taken = blob_take(r)) == NULL)
		fatal("suite");
}

void
suite_list_cb(const struct blob_result *r, const struct blob_listed *v,
    size_t n, bool more, void *arg)
{
	struct suite_result *s = arg;
	size_t i;

	suite_cb(r, arg);
	s->more = more;
	s->keys = calloc(n + 1, sizeof(*s->keys));
	s->sizes = calloc(n + 1, sizeof(*s->sizes));
	if (s->keys == NULL || s->sizes == NULL)
		fatal("suite");
	for (i = 0; i < n; i++) {
		if ((s->keys[i] = strdup(v[i].key)) == NULL)
			fatal("suite");
		s->sizes[i] = v[i].size;
		s->n++;
	}
}

static void
give_up(int fd, short what, void *arg)
{
	bool *over = arg;

	(void)fd;
	(void)what;
	*over = true;
}

void
suite_wait(struct event_base *base, struct suite_result *r)
{
	struct timeval tv = { 30, 0 };
	bool over = false;
	struct event *ev = evtimer_new(base, give_up, &over);

	evtimer_add(ev, &tv);
	while (!r->called && !over)
		event_base_loop(base, EVLOOP_ONCE);
	event_free(ev);
	if (!r->called) {
		strlcpy(r->why, "no answer in 30 s", sizeof(r->why));
		r->outcome = BLOB_ERROR;
	} else if (memcmp(r->taken, r->body, r->len) != 0) {
		strlcpy(r->why, "what was taken differs", sizeof(r->why));
		r->outcome = BLOB_ERROR;
	}
}

void
suite_day_key(struct blob_store *s, const char *access_key,
    const char *secret, const char *region)
{
	suite_session_key(s, access_key, secret, "", region);
}

void
suite_session_key(struct blob_store *s, const char *access_key,
    const char *secret, const char *token, const char *region)
{
	struct cred_key k = { 0 };
	char date[SIGV4_DATE_LEN + 1];
	uint8_t key[160], md[32];
	const char *const steps[] = { date, region, "s3", "aws4_request" };
	unsigned len = sizeof(md);
	size_t i, keylen;

	sigv4_date((int64_t)time(NULL), date);
	date[8] = '\0';
	keylen = (size_t)snprintf((char *)key, sizeof(key), "AWS4%s", secret);
	for (i = 0; i < nitems(steps); i++) {
		HMAC(EVP_sha256(), key, (int)keylen,
		    (const uint8_t *)steps[i], strlen(steps[i]), md, &len);
		memcpy(key, md, sizeof(md));
		keylen = sizeof(md);
	}
	k.access_key = str_from(access_key);
	k.token = str_from(token);
	k.region = str_from(region);
	k.service = STR("s3");
	k.date = str_from(date);
	k.key = (struct str){ (const char *)md, sizeof(md) };
	blob_set_key(s, &k);
}

char *
suite_key(struct suite *t, const char *name)
{
	static char names[8][KEY_MAX];
	static unsigned at;
	char *k = names[at++ % 8];

	snprintf(k, sizeof(names[0]), "%s/%s", t->root, name);
	return k;
}

enum blob_outcome
suite_put(struct suite *t, struct blob_store *s, const char *k, const void *p,
    size_t len, enum blob_condition cond, const char *etag,
    struct suite_result *r)
{
	struct piece piece = { p, len };

	suite_result_free(r);
	blob_put(s, k, &piece, 1, cond, etag, BLOB_USER, suite_cb, r);
	CHECK(!r->called);
	suite_wait(t->base, r);
	return r->outcome;
}

enum blob_outcome
suite_get(struct suite *t, struct blob_store *s, const char *k, uint64_t offset,
    uint64_t len, size_t max, const char *etag, struct suite_result *r)
{
	suite_result_free(r);
	blob_get(s, k, offset, len, max, etag, BLOB_USER, suite_cb, r);
	CHECK(!r->called);
	suite_wait(t->base, r);
	return r->outcome;
}

enum blob_outcome
suite_head(struct suite *t, struct blob_store *s, const char *k,
    struct suite_result *r)
{
	suite_result_free(r);
	blob_head(s, k, BLOB_BACKGROUND, suite_cb, r);
	CHECK(!r->called);
	suite_wait(t->base, r);
	return r->outcome;
}

enum blob_outcome
suite_list(struct suite *t, const char *prefix, const char *after, unsigned max,
    struct suite_result *r)
{
	suite_result_free(r);
	blob_list(t->a, prefix, after, max, BLOB_USER, suite_list_cb, r);
	CHECK(!r->called);
	suite_wait(t->base, r);
	return r->outcome;
}
