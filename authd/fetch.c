/*
 * HTTP for workers (fetch.h), over common/net.h: no redirects, no proxy, an
 * answer of OIDC_BODY_MAX at most, within FETCH_MS.
 */
#include "common/compat.h"

#include <stdio.h>

#include <event2/event.h>

#include "authd/fetch.h"
#include "common/net.h"

#define FETCH_CONNECT_MS	2000
#define FETCH_MS		4000

_Static_assert(OIDC_BODY_MAX <= NET_BODY_MAX, "net.h takes as much");

static struct event_base	*fetch_base;
static struct net		*fetch_net;

struct fetch {
	struct oidc_answer	*a;
	bool			 over, ok;
};

int
fetch_init(char *why, size_t size)
{
	if (fetch_net != NULL)
		return 0;
	if (fetch_base == NULL && (fetch_base = event_base_new()) == NULL) {
		snprintf(why, size, "event_base_new failed");
		return -1;
	}
	fetch_net = net_new(fetch_base, "", why, size);
	return fetch_net == NULL ? -1 : 0;
}

struct http *
fetch_trust(const char *pem, char *why, size_t size)
{
	return net_trust(fetch_net, pem, strlen(pem), why, size);
}

static void
fetch_answered(const struct http_result *r, void *arg)
{
	struct fetch	*f = arg;

	f->over = true;
	if (r->error != HTTP_OK)
		snprintf(f->a->why, sizeof(f->a->why), "%s", r->why);
	else if (r->len > OIDC_BODY_MAX)
		snprintf(f->a->why, sizeof(f->a->why), "its answer is too "
		    "long");
	else if ((f->a->body = malloc(r->len + 1)) == NULL)
		snprintf(f->a->why, sizeof(f->a->why), "out of memory");
	else {
		if (r->len > 0)
			memcpy(f->a->body, r->body, r->len);
		f->a->body[r->len] = '\0';
		f->a->len = r->len;
		f->a->status = r->status;
		f->ok = true;
	}
}

int
fetch_ask(struct http *trust, const struct oidc_ask *q,
    struct oidc_answer *a)
{
	const char	*headers[3] = { "Accept: application/json" };
	struct net_call	 c = { .method = q->form == NULL ? "GET" : "POST",
			    .url = q->url, .headers = headers, .nheaders = 1,
			    .body = q->form, .connect_ms = FETCH_CONNECT_MS,
			    .timeout_ms = FETCH_MS, .trust = trust };
	struct fetch	 f = { .a = a };

	if (q->authorization != NULL)
		headers[c.nheaders++] = q->authorization;
	if (q->form != NULL)
		headers[c.nheaders++] =
		    "Content-Type: application/x-www-form-urlencoded";
	(void)net_start(fetch_net, &c, fetch_answered, &f);
	while (!f.over)
		if (event_base_loop(fetch_base, EVLOOP_ONCE) != 0)
			break;
	if (!f.over)
		snprintf(a->why, sizeof(a->why), "the event loop failed");
	return f.ok ? 0 : -1;
}

void
fetch_done(struct oidc_answer *a)
{
	freezero(a->body, a->len);
	a->body = NULL;
	a->len = 0;
}
