/* When a source is asked again, and which set is in use meanwhile: a clock
 * and a source of the test's own. */
#include "common/compat.h"

#include <stdio.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "common/test/slice_make.h"
#include "credd/refresh.h"

#define T0	((int64_t)1800000000)

static struct event_base *base;
static struct refresh	 *refresh;
static struct slice	 *conf;
static int64_t		  now = T0;

/* The look under way, and what was given. */
static chain_cb		  look_cb;
static void		 *look_arg;
static unsigned		  looks, cancels, gives;
static char		  used[64];	/* access key in use; "": none */

static int64_t
fake_now(void)
{
	return now;
}

static void *
fake_start(const struct slice *c, chain_cb cb, void *cb_arg, void *arg)
{
	(void)arg;
	CHECK(c == conf && look_cb == NULL);	/* one at a time */
	look_cb = cb;
	look_arg = cb_arg;
	looks++;
	return &looks;
}

static void
fake_cancel(void *look, void *arg)
{
	(void)arg;
	CHECK(look == &looks && look_cb != NULL);
	look_cb = NULL;
	cancels++;
}

static void
fake_give(const struct cred_secret *s, void *arg)
{
	(void)arg;
	gives++;
	strlcpy(used, s != NULL ? s->access_key : "", sizeof(used));
}

static const struct refresh_ops ops = { fake_start, fake_cancel, fake_give,
    fake_now };

static void
answer(const char *key, int64_t expires, unsigned poll, const char *why)
{
	struct chain_answer	 a = { NULL, NULL, poll, why };
	chain_cb		 cb = look_cb;

	CHECK(cb != NULL);
	if (cb == NULL)
		return;
	if (key != NULL) {
		a.source = "fake";
		a.secret = cred_secret_new();
		strlcpy(a.secret->access_key, key,
		    sizeof(a.secret->access_key));
		strlcpy(a.secret->secret, "s", sizeof(a.secret->secret));
		if (strcmp(key, "LONG") != 0)
			strlcpy(a.secret->token, "t",
			    sizeof(a.secret->token));
		a.secret->expires = expires;
	}
	look_cb = NULL;
	cb(&a, look_arg);
}

static int64_t
next(void)
{
	struct refresh_status	s;

	refresh_status(refresh, &s);
	return s.next;
}

/* To the next look, which must come between lo and hi from now. */
static void
to_next(int64_t lo, int64_t hi)
{
	int64_t		at = next();
	unsigned	n = looks;

	CHECK_ROW(at - now >= lo && at - now <= hi, "in %lld, not %lld to "
	    "%lld", (long long)(at - now), (long long)lo, (long long)hi);
	now = at - 1;
	refresh_look(refresh);
	CHECK(looks == n);
	now = at;
	refresh_look(refresh);
	CHECK(looks == n + 1);
}

static void
begin(void)
{
	now = T0;
	looks = cancels = gives = 0;
	used[0] = '\0';
	refresh = refresh_new(base, &ops, NULL);
	CHECK(refresh != NULL);
	refresh_configure(refresh, conf);
	CHECK(looks == 1 && gives == 0);
}

static void
end(void)
{
	refresh_free(refresh);
	refresh = NULL;
	look_cb = NULL;
}

/* Whose a set is becomes known later: it is given once more, if it is still
 * the one in use. */
static void
check_identity(void)
{
	struct refresh_status	s;

	begin();
	refresh_identity(refresh, "A", "arn:early");
	CHECK(gives == 0);
	answer("A", T0 + 3600, 0, "");
	refresh_identity(refresh, "B", "arn:another");
	refresh_status(refresh, &s);
	CHECK(gives == 1 && s.secret->identity[0] == '\0');
	refresh_identity(refresh, "A", "arn:mail");
	CHECK(gives == 2 && strcmp(s.secret->identity, "arn:mail") == 0);
	refresh_identity(refresh, "A", "arn:again");
	CHECK(gives == 2 && strcmp(s.secret->identity, "arn:mail") == 0);
	end();
}

static void
check_due(void)
{
	static const struct { int64_t life, first, last; } rows[] = {
		/* half of a life under ten minutes, and never later */
		{ 1, 0, 0 }, { 2, 1, 1 }, { 60, 27, 30 }, { 599, 270, 299 },
		/* five minutes ahead; a tenth of it ahead */
		{ 600, 270, 300 }, { 3000, 2670, 2700 },
		{ 3600, 3204, 3240 }, { 43200, 38448, 38880 },
		/* ended already */
		{ 0, 0, 0 }, { -5, 0, 0 }
	};
	int64_t	a, b;
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		a = refresh_due(T0, T0 + rows[i].life, UINT32_MAX) - T0;
		b = refresh_due(T0, T0 + rows[i].life, 0) - T0;
		CHECK_ROW(b == rows[i].last, "row %zu: last %lld", i,
		    (long long)b);
		CHECK_ROW(a >= rows[i].first && a <= b, "row %zu: first %lld",
		    i, (long long)a);
		CHECK_ROW(rows[i].life < 120 || a < b, "row %zu: no jitter",
		    i);
	}
}

static void
check_renewal(void)
{
	begin();
	answer("A", T0 + 3600, 0, "");
	CHECK(strcmp(used, "A") == 0 && gives == 1);
	to_next(3204, 3240);
	CHECK(strcmp(used, "A") == 0);
	answer("B", now + 60, 0, "");
	CHECK(strcmp(used, "B") == 0 && gives == 2);
	to_next(27, 30);
	/* the same set again, as a service gives that renews late: in use,
	 * not given again, and asked for at half of what is left */
	answer("B", now + 40, 0, "");
	CHECK(gives == 3);		/* another end: it is told */
	to_next(18, 20);
	answer("B", T0 + 99999, 0, "");
	CHECK(gives == 4 && strcmp(used, "B") == 0);
	/* for ever: no look any more */
	refresh_configure(refresh, conf);
	answer("C", 0, 0, "");
	CHECK(strcmp(used, "C") == 0 && next() == 0);
	now += 1000000;
	refresh_look(refresh);
	CHECK(look_cb == NULL);
	/* unless it may change */
	refresh_configure(refresh, conf);
	answer("C", 0, 15, "");
	CHECK(gives == 5 && next() == now + 15);
	/* the store needs none any more */
	refresh_configure(refresh, NULL);
	CHECK(strcmp(used, "") == 0 && gives == 6);
	end();
}

/* It fails: the old set to its end, then none, then the new one at once. */
static void
check_failures(void)
{
	struct refresh_status	s;
	int64_t			expires;
	unsigned		n;

	begin();
	answer(NULL, 0, 0, "no route");
	to_next(1, 1);			/* users wait: every second */
	answer(NULL, 0, 0, "no route");
	to_next(1, 1);
	expires = now + 600;
	answer("A", expires, 0, "");
	refresh_status(refresh, &s);
	CHECK(s.failed == 2 && s.done == 1 && s.failed_at == 0);
	to_next(270, 300);
	for (n = 0; now < expires; n++) {
		CHECK(strcmp(used, "A") == 0);
		answer(NULL, 0, 0, "500");
		CHECK(next() - now >= 1 && next() - now <= 90);
		if (next() >= expires)
			break;
		to_next(1, 90);
	}
	CHECK_ROW(n > 5 && n < 60, "%u looks", n);
	now = expires - 1;
	refresh_look(refresh);
	if (look_cb != NULL)
		answer(NULL, 0, 0, "500");
	CHECK(strcmp(used, "A") == 0);
	now = expires;
	refresh_look(refresh);
	CHECK(strcmp(used, "") == 0);
	if (look_cb == NULL)
		to_next(0, 1);
	/* one that has ended already is none, garbage neither */
	answer("OLD", now - 1, 0, "");
	CHECK(strcmp(used, "") == 0);
	refresh_status(refresh, &s);
	CHECK(s.secret == NULL && strstr(s.failed_why, "expired already") !=
	    NULL && s.failed_at == now);
	to_next(1, 1);
	answer("B", now + 3600, 0, "");
	CHECK(strcmp(used, "B") == 0);
	end();
}

/* A source that never answers is given up, and asked again. */
static void
check_hang(void)
{
	begin();
	now += REFRESH_HANG - 1;
	refresh_look(refresh);
	CHECK(cancels == 0 && looks == 1);
	now++;
	refresh_look(refresh);
	CHECK(cancels == 1 && look_cb == NULL);
	to_next(1, 1);
	answer("A", now + 60, 0, "");
	CHECK(strcmp(used, "A") == 0);
	/* a clock that is set back does not put the next look off */
	now -= 86400;
	refresh_look(refresh);
	CHECK(look_cb != NULL);
	end();
	CHECK(cancels == 2);		/* what was under way ends with it */
}

static void
check_refused(void)
{
	struct refresh_status	s;

	begin();
	refresh_refused(refresh, "A");	/* one is under way */
	CHECK(looks == 1);
	answer("A", T0 + 3600, 0, "");
	refresh_refused(refresh, "OLD");
	CHECK(look_cb == NULL);
	/* soon after a look: not before a few seconds are over */
	refresh_refused(refresh, "A");
	CHECK(look_cb == NULL);
	to_next(1, 2);
	answer("A", T0 + 3600, 0, "");
	CHECK(gives == 2);		/* it has told, and waits for one */
	now += 100;
	refresh_refused(refresh, "A");
	refresh_refused(refresh, "A");
	CHECK(looks == 3 && look_cb != NULL);
	/* the same again: the server may have been wrong, so it is tried */
	answer("A", T0 + 3600, 0, "");
	CHECK(gives == 3 && strcmp(used, "A") == 0);
	refresh_status(refresh, &s);
	CHECK(s.failed == 2 && strstr(s.failed_why, "rejected") != NULL);
	to_next(1, 3);
	answer("B", T0 + 7200, 0, "");
	CHECK(gives == 4 && strcmp(used, "B") == 0);
	/* there is nothing else than long-lived keys */
	refresh_configure(refresh, conf);
	answer("LONG", 0, 0, "");
	now += 100;
	refresh_refused(refresh, "LONG");
	CHECK(look_cb == NULL && next() == 0);
	end();
}

/* storaged tells of a refusal once, until it is given a set: none is
 * forgotten, whatever becomes of the look. */
static void
check_refused_kept(void)
{
	begin();
	answer("A", T0 + 36000, 0, "");
	to_next(32040, 32400);
	refresh_refused(refresh, "A");	/* while a look is under way */
	answer("A", T0 + 36000, 0, "");
	CHECK(gives == 2 && looks == 2);
	/* the source is down, and then has what it had */
	now += 100;
	refresh_refused(refresh, "A");
	answer(NULL, 0, 0, "500");
	CHECK(gives == 2);
	to_next(1, 90);
	answer("A", T0 + 36000, 0, "");
	CHECK(gives == 3);
	/* it hangs */
	now += 100;
	refresh_refused(refresh, "A");
	now += REFRESH_HANG;
	refresh_look(refresh);
	CHECK(cancels == 1);
	to_next(1, 90);
	answer("A", T0 + 36000, 0, "");
	CHECK(gives == 4);
	/* nobody has told since: nothing is given */
	to_next(1, 90);
	answer("A", T0 + 36000, 0, "");
	CHECK(gives == 4);
	end();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	conf = slice_make(NULL, "store.type", "s3", NULL);
	check_identity();
	check_due();
	check_renewal();
	check_failures();
	check_hang();
	check_refused();
	check_refused_kept();
	slice_free(conf);
	event_base_free(base);
	return TEST_END();
}
