/* What every backend must do: races, and requests that are taken back. */
#include "common/compat.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "storaged/bucket/test/blob_suite_impl.h"

/* Of many parallel creates exactly one wins. */
void
suite_race_create(struct suite *t)
{
	struct suite_result r[24] = { { 0 } };
	struct suite_result one = { 0 };
	struct piece piece;
	char body[24], won = 0;
	const char *k = suite_key(t, "race/create");
	size_t i, winners = 0;

	for (i = 0; i < nitems(r); i++) {
		body[i] = (char)('a' + i);
		piece = (struct piece){ &body[i], 1 };
		blob_put(i % 2 ? t->a : t->b, k, &piece, 1,
		    BLOB_IF_NONE_MATCH, NULL, BLOB_USER, suite_cb, &r[i]);
	}
	for (i = 0; i < nitems(r); i++) {
		suite_wait(t->base, &r[i]);
		if (r[i].outcome == BLOB_DONE) {
			winners++;
			won = body[i];
		} else
			CHECK_ROW(r[i].outcome == BLOB_CONFLICT, "%s",
			    r[i].why);
		suite_result_free(&r[i]);
	}
	CHECK_ROW(winners == 1, "%s: %zu", t->name, winners);
	CHECK(suite_get(t, t->a, k, 0, 0, 10, NULL, &one) == BLOB_DONE &&
	    one.len == 1 && one.body[0] == won);
	suite_result_free(&one);
}

/* Parallel If-Match increments lose none. */
struct counter {
	struct suite	*t;
	struct blob_store *s;
	const char	*k;
	char		 body[32];
	int		 left;
	int		*running;
};

static void counter_read(struct counter *);

static void
counter_put_done(const struct blob_result *r, void *arg)
{
	struct counter *c = arg;

	CHECK_ROW(r->outcome == BLOB_DONE || r->outcome == BLOB_CONFLICT,
	    "%s", r->why);
	if (r->outcome == BLOB_DONE)
		c->left--;
	counter_read(c);
}

static void
counter_got(const struct blob_result *r, void *arg)
{
	struct counter *c = arg;
	struct piece piece;
	char copy[32] = "";

	CHECK_ROW(r->outcome == BLOB_DONE && r->len < sizeof(copy), "%s",
	    r->why);
	if (r->outcome != BLOB_DONE || r->len >= sizeof(copy)) {
		c->left = 0;
		(*c->running)--;
		return;
	}
	memcpy(copy, r->body, r->len);
	snprintf(c->body, sizeof(c->body), "%d", atoi(copy) + 1);
	piece = (struct piece){ c->body, strlen(c->body) };
	blob_put(c->s, c->k, &piece, 1, BLOB_IF_MATCH, r->etag, BLOB_USER,
	    counter_put_done, c);
}

static void
counter_read(struct counter *c)
{
	if (c->left == 0)
		(*c->running)--;
	else
		blob_get(c->s, c->k, 0, 0, 32, NULL, BLOB_USER, counter_got,
		    c);
}

void
suite_race_match(struct suite *t)
{
	struct counter c[8];
	struct suite_result r = { 0 };
	const char *k = suite_key(t, "race/match");
	int i, running = 0;

	CHECK(suite_put(t, t->a, k, "0", 1, BLOB_IF_NONE_MATCH, NULL, &r) ==
	    BLOB_DONE);
	for (i = 0; i < (int)nitems(c); i++) {
		c[i] = (struct counter){ t, i % 2 ? t->a : t->b, k, "", 10,
		    &running };
		running++;
		counter_read(&c[i]);
	}
	while (running > 0)
		event_base_loop(t->base, EVLOOP_ONCE);
	CHECK(suite_get(t, t->a, k, 0, 0, 32, NULL, &r) == BLOB_DONE);
	CHECK_ROW(r.len == 2 && memcmp(r.body, "80", 2) == 0, "%s: %.*s",
	    t->name, (int)r.len, (const char *)r.body);
	suite_result_free(&r);
}

void
suite_cancel(struct suite *t)
{
	struct suite_result gone[5] = { { 0 } }, r = { 0 };
	struct blob_request *q[5];
	uint8_t *p = calloc(1, 200000);
	struct piece piece = { p, 200000 };
	const char *k = suite_key(t, "cancel");
	size_t i;

	CHECK(suite_put(t, t->a, k, "x", 1, BLOB_ALWAYS, NULL,
	    &r) == BLOB_DONE);
	q[0] = blob_get(t->a, k, 0, 0, 10, NULL, BLOB_USER, suite_cb,
	    &gone[0]);
	q[1] = blob_head(t->a, k, BLOB_USER, suite_cb, &gone[1]);
	q[2] = blob_list(t->a, k, NULL, 1, BLOB_USER, suite_list_cb, &gone[2]);
	q[3] = blob_put(t->a, suite_key(t, "cancel2"), &piece, 1, BLOB_ALWAYS,
	    NULL, BLOB_USER, suite_cb, &gone[3]);
	q[4] = blob_put(t->a, suite_key(t, "cancel2"), &piece, 1,
	    BLOB_IF_NONE_MATCH, NULL, BLOB_BACKGROUND, suite_cb, &gone[4]);
	event_base_loop(t->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	for (i = 0; i < nitems(q); i++) {
		if (!gone[i].called)
			blob_cancel(q[i]);
		suite_result_free(&gone[i]);
	}
	free(p);		/* nothing may read it any more */
	for (i = 0; i < 20; i++)
		CHECK(suite_head(t, t->a, k, &r) == BLOB_DONE);
	for (i = 0; i < nitems(gone); i++)
		CHECK(!gone[i].called);
	suite_result_free(&r);
}
