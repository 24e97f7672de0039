/*
 * The probe's steps: for each address of the endpoint a list of requests,
 * one after the other, each with the outcome that it must have.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "storaged/s3_probe_int.h"

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

/* An address that is not reached is left out, if there is another: libcurl
 * does so as well (think of ::1 for localhost). */
static bool
skip_address(struct probe *p, const struct blob_result *r)
{
	if (p->step != 0 || r->outcome != BLOB_UNAVAILABLE ||
	    p->naddresses == 1)
		return false;
	probe_say(p, "warn", "address %s: %s", p->addresses[p->address],
	    r->why);
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

	if (skip_address(p, r)) {
		probe_steps(p);
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
		probe_failed(p, what, r->outcome, r->why);
	else if (s->verb == STEP_GET && s->body != NULL &&
	    (r->len != strlen(s->body) ||
	    memcmp(r->body, s->body, r->len) != 0))
		probe_failed(p, what, BLOB_ERROR, "other bytes");
	else if (s->keep == 2 && strcmp(r->etag, p->etag[1]) == 0)
		probe_failed(p, what, BLOB_ERROR, "the ETag has not changed");
	else
		probe_say(p, "ok", "%s", what);
	if (s->keep != 0)
		strlcpy(p->etag[s->keep], r->etag, sizeof(p->etag[0]));
	if (p->verdict == PROBE_AWAY) {
		probe_clean(p);
		return;
	}
	p->step++;
	probe_steps(p);
}

void
probe_steps(struct probe *p)
{
	const struct step *s;
	struct blob_piece piece;
	char key[BLOB_KEY_MAX];
	const char *etag;

	if (p->step == nitems(steps)) {
		p->step = 0;
		if (++p->address == p->naddresses) {
			probe_races(p);
			return;
		}
	}
	s = &steps[p->step];
	probe_use_address(p, p->address);
	probe_name(p, s->name, p->address, key);
	etag = s->match != 0 ? p->etag[s->match] : NULL;
	if (etag != NULL && etag[0] == '\0')
		etag = "\"00000000000000000000000000000000\"";
	p->sent_at = clock_ms();
	switch (s->verb) {
	case STEP_HEAD:
		(void)blob_head(p->store, key, BLOB_USER, step_done, p);
		break;
	case STEP_GET:
		(void)blob_get(p->store, key, s->offset, s->len, 1024,
		    etag, BLOB_USER, step_done, p);
		break;
	case STEP_PUT:
		piece = (struct blob_piece){ s->body, strlen(s->body) };
		(void)blob_put(p->store, key, &piece, 1, s->cond, etag,
		    BLOB_USER, step_done, p);
		break;
	}
}
