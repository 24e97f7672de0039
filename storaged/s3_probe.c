/*
 * The probe (s3_probe.h): its beginning and its end, and its report.  In
 * between are the steps (s3_probe_step.c), the races (s3_probe_race.c) and
 * the bucket's settings (s3_probe_bucket.c), one after the other.  It
 * reports what it saw and decides nothing else.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/key.h"
#include "storaged/s3_probe_int.h"

/* -- what was seen -- */

void
probe_say(struct probe *p, const char *mark, const char *fmt, ...)
{
	char text[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&p->report, "%-5s %s\n", mark, text);
	/* Of the steps the first says enough, and then each race. */
	if (strcmp(mark, "FAIL") == 0 && (p->bad[0] == '\0' ||
	    strncmp(text, "not so", 6) != 0)) {
		if (p->bad[0] != '\0')
			strlcat(p->bad, "; ", sizeof(p->bad));
		strlcat(p->bad, text, sizeof(p->bad));
	}
}

/* An outcome that was not wanted: is the store bad, or away? */
void
probe_failed(struct probe *p, const char *what, enum blob_outcome o,
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
	probe_say(p, "FAIL", "not so: %s: %s%s%s%s", what,
	    blob_outcome_name(o), why[0] != '\0' ? " " : "", why, hint);
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

void
probe_over(struct probe *p)
{
	static const char *const words[] = { "good", "refused", "away" };
	struct probe_result r = { p->verdict, p->line, &p->report };
	char why[900];

	if (p->verdict == PROBE_GOOD)
		snprintf(p->line, sizeof(p->line), "probe=good addresses=%d "
		    "creates=%u/%d increments=%u/%u put_ms=%llu get_ms=%llu",
		    p->naddresses, p->creates_won,
		    PROBE_WAVES * PROBE_CREATES,
		    p->increments, PROBE_COUNTERS * PROBE_ROUNDS,
		    (unsigned long long)
		    (p->puts != 0 ? p->put_ms / p->puts : 0),
		    (unsigned long long)
		    (p->gets != 0 ? p->get_ms / p->gets : 0));
	else
		snprintf(p->line, sizeof(p->line), "probe=%s why=\"%s\"",
		    words[p->verdict], log_quote(why, sizeof(why),
		    p->bad, strlen(p->bad)));
	buf_printf(&p->report, "%s\n", p->line);
	p->cb(&r, p->arg);
	probe_free(p);
}

void
probe_use_address(struct probe *p, int i)
{
	if (p->s3 != NULL)
		strlcpy(p->s3->address, p->addresses[i % p->naddresses],
		    sizeof(p->s3->address));
}

void
probe_name(struct probe *p, const char *name, int number, char *dst)
{
	snprintf(dst, BLOB_KEY_MAX, "%s%.1s%d", p->dir, name, number);
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
	for (ai = res; ai != NULL && p->naddresses < PROBE_ADDRESSES;
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

	if (p->naddresses == 0) {
		p->addresses[0][0] = '\0';
		p->naddresses = 1;
	}
	probe_steps(p);
}

static void
no_work(void *arg)
{
	(void)arg;
}

void
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
	(void)helper_run(p->pool, true, p->s3 != NULL ? resolve : no_work,
	    resolved, p);
}
