/*
 * Parcels of an lmtpd that somebody else has: what makes no sense costs it the
 * channel on which it was said, what is too much is refused, and nobody else
 * notices anything.
 */
#include "common/compat.h"

#include "common/clock.h"
#include "common/sum.h"
#include "storaged/session/append.h"
#include "storaged/session/test/parcel_client.h"
#include "storaged/util/spool_room.h"

static char		 text[1024 * 1024];
static struct lmtpd	*good;		/* another one, which notices nothing */
static struct client	*dan;		/* and a session granted to it */
static uint32_t		 kept;		/* a parcel of it */

static void
good_goes_on(const char *after)
{
	struct append_parcel	 r = delivery(kept, "G: o\r\n", 4);
	struct reply_ok		 ok = deliver(dan, "INBOX", &r);

	CHECK_ROW(!good->closed && !dan->closed && good->nno == 0 &&
	    stored(&ok), "%s", after);
}

static void
say(struct lmtpd *l, enum msg_type type, uint32_t id, size_t len)
{
	peer_send(l->p, type, id, text, len, -1);
}

static void
say_end(struct lmtpd *l, uint32_t id, uint64_t size, size_t shalen)
{
	struct parcel_end	 end = { .size = size };
	uint8_t			 sha[32];

	sum_of(text, (size_t)size, sha);
	end.sha256 = (struct str){ (const char *)sha, shalen };
	peer_send_struct(l->p, IMSG_PARCEL_END, id, &end, -1);
}

static void
nonsense(struct lmtpd *l, unsigned what)
{
	struct parcel_end	 end = { .size = 4,
				    .sha256 = STR("01234567890123456789012345"
					"678901") };

	switch (what) {
	case 0:			/* never opened */
		say(l, IMSG_PARCEL_DATA, l->last + 1, 10);
		break;
	case 1:
		say_end(l, l->last + 1, 0, 32);
		break;
	case 2:
		say(l, IMSG_PARCEL_DROP, l->last + 1, 0);
		break;
	case 3:
		say(l, IMSG_PARCEL_OPEN, 0, 0);
		break;
	case 4:			/* opened already */
		say(l, IMSG_PARCEL_OPEN, l->last, 0);
		break;
	case 5:
		say(l, IMSG_PARCEL_OPEN, l->last + 1, 1);
		break;
	case 6:			/* another size */
		say_end(l, parcel_data(l, text, 100), 99, 32);
		break;
	case 7:			/* another SHA-256, or half of one */
		peer_send_struct(l->p, IMSG_PARCEL_END, parcel_data(l, text,
		    4), &end, -1);
		break;
	case 8:
		say_end(l, parcel_data(l, text, 100), 100, 31);
		break;
	case 9:			/* whole already */
		say_end(l, parcel_send(l, text, 100), 100, 32);
		break;
	case 10:
		say(l, IMSG_PARCEL_DATA, parcel_send(l, text, 100), 1);
		break;
	case 11:		/* no struct */
		say(l, IMSG_PARCEL_END, parcel_data(l, text, 100), 40);
		break;
	default:
		say_end(l, parcel_data(l, text, 100), 101, 32);
		break;
	}
}

/* Its channel is cut, what it brought is gone; its sessions are not. */
static void
test_nonsense(void)
{
	struct append_parcel	 r;
	struct client		*c;
	struct lmtpd		*l;
	uint32_t		 id;
	unsigned		 i;
	char			 what[16];

	memset(text, 'x', sizeof(text));
	for (i = 0; i < 13; i++) {
		snprintf(what, sizeof(what), "nonsense %u", i);
		l = lmtpd_new(1);
		c = recipient("eve", 1);
		id = parcel_send(l, text, 50000);
		CHECK(id != 0 && parcels_count() == 2);
		nonsense(l, i);
		CHECK_ROW(until(&l->closed), "%s", what);
		CHECK_ROW(parcels_count() == 1 && spool_held() == 0, "%s",
		    what);
		r = delivery(id, "", 50000);
		CHECK_ROW(no_of(c, answer(c, deliver_start(c, "INBOX",
		    &r))) == MBOX_UNAVAILABLE && !c->closed, "%s", what);
		good_goes_on(what);
		lmtpd_free(l);
		client_free(c);
		turns(5);
	}
}

/* What is under way about a parcel that was dropped or refused. */
static void
test_late_words(void)
{
	struct lmtpd	*l = lmtpd_new(1);
	uint32_t	 id = parcel_data(l, text, 100), end;

	parcel_drop_it(l, id);
	say(l, IMSG_PARCEL_DATA, id, 10);
	say_end(l, id, 110, 32);
	say(l, IMSG_PARCEL_DROP, id, 0);
	end = parcel_send(l, text, 10);
	CHECK(end != 0 && !l->closed && l->nno == 0 && parcels_count() == 2);
	lmtpd_free(l);
	turns(20);
}

/* Too large, too many, too much, too old: refused, with the channel open. */
static void
test_limits(void)
{
	struct lmtpd	*l = lmtpd_new(1);
	uint64_t	 limit = env.appendlimit;
	uint32_t	 id;
	unsigned	 i;

	env.appendlimit = 100000;
	CHECK(parcel_send(l, text, 100001) == 0 && l->nno == 1 &&
	    l->code == MBOX_TOOBIG);
	CHECK(parcel_send(l, text, 100000) == l->last);
	parcel_drop_it(l, l->last);
	for (i = 0; i <= PARCELS_MAX; i++)
		id = parcel_data(l, text, 1);
	turns(20);
	CHECK(l->nno == 2 && l->no == id && l->code == MBOX_LIMIT &&
	    parcels_count() == 1 + PARCELS_MAX);
	for (i = 0; i < PARCELS_MAX; i++)
		parcel_drop_it(l, --id);
	turns(20);
	CHECK(parcels_count() == 1);
	/* files: what is in memory is no file */
	env.parcels_max = UINT64_MAX / 2;
	for (i = 0; i <= PARCELS_FILES; i++)
		id = parcel_data(l, text, PARCEL_MEMORY + (i > 0));
	CHECK(parcel_send(l, text, PARCEL_MEMORY + 1) == 0 && l->nno == 3 &&
	    l->code == MBOX_LIMIT && !l->closed);
	for (i = 0; i <= PARCELS_FILES; i++)
		parcel_drop_it(l, id--);
	turns(20);
	CHECK(spool_held() == 0 && parcels_count() == 1);
	/* octets */
	env.parcels_max = 250000;
	for (i = 0; i < 2; i++)
		CHECK(parcel_send(l, text, 100000) == l->last);
	CHECK(spool_held() == 200000);
	CHECK(parcel_send(l, text, 50001) == 0 && l->nno == 4 &&
	    l->code == MBOX_UNAVAILABLE && spool_held() == 200000);
	CHECK(parcel_send(l, text, 50000) == l->last);
	/* age */
	parcels_age(clock_ms() + PARCEL_SILENCE * 1000 - 60000);
	CHECK(parcels_count() == 4);
	env.parcels_max = 4 * limit;
	env.appendlimit = limit;
	good_goes_on("limits");
	lmtpd_free(l);
	turns(20);
	CHECK(parcels_count() == 1);
}

/* Memory is bounded by all of them together: then they are on disk. */
static void
test_memory(void)
{
	struct lmtpd	*l = lmtpd_new(1);
	unsigned	 i, all = PARCELS_MEMORY / PARCEL_MEMORY;

	for (i = 0; i < all; i++)
		CHECK(parcel_send(l, text, PARCEL_MEMORY) != 0);
	CHECK(spool_held() == 0);
	CHECK(parcel_send(l, text, 1000) != 0 && spool_held() == 1000);
	parcel_drop_it(l, 1);
	CHECK(parcel_send(l, text, 1000) != 0 && spool_held() == 1000);
	lmtpd_free(l);
	turns(20);
	CHECK(spool_held() == 0);
}

static void
test_age(void)
{
	struct lmtpd	*l = lmtpd_new(1);

	CHECK(parcel_send(l, text, 100000) != 0);
	parcels_age(clock_ms() + PARCEL_SILENCE * 1000 + 1);
	turns(20);
	CHECK(parcels_count() == 0 && l->nno == 1 && l->no == 1 &&
	    l->code == MBOX_UNAVAILABLE && spool_held() == 0);
	good->nno = 0;			/* its own was forgotten, too */
	kept = parcel_send(good, "good", 4);
	good_goes_on("age");
	lmtpd_free(l);
	turns(20);
}

static bool
at_work(const char *user)
{
	struct session	*s = TAILQ_FIRST(&user_find(user)->sessions);
	struct op	*op = s == NULL ? NULL : TAILQ_FIRST(&s->ops);
	struct append	*x = op == NULL ? NULL : op->x;

	return x != NULL && !TAILQ_EMPTY(&x->larges) &&
	    TAILQ_FIRST(&x->larges)->writing;
}

/* Others need the room of one that is being used: both hear so. */
static void
test_evicted_while_used(void)
{
	struct lmtpd		*l = lmtpd_new(1);
	struct client		*c = recipient("eve", 1);
	struct append_parcel	 r;
	struct spool_hold	 other;
	uint64_t		 sum = 0;
	uint32_t		 id, append;
	unsigned		 i;

	noise(text, sizeof(text));
	id = parcel_send(l, text, sizeof(text));
	r = delivery(id, "", sizeof(text));
	append = deliver_start(c, "INBOX", &r);
	for (i = 0; i < 10000 && !at_work("eve"); i++)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	CHECK(at_work("eve"));
	memset(&other, 0, sizeof(other));
	other.user = &sum;
	spool_limits(UINT64_MAX, spool_held() + 1000);
	/* the parcel's own octets or the object's: whoever has more */
	CHECK(spool_take(&other, 1001) == SPOOL_ROOM);
	CHECK(no_of(c, answer(c, append)) == MBOX_UNAVAILABLE);
	spool_end(&other);
	spool_limits(UINT64_MAX, UINT64_MAX);
	CHECK(!c->closed && !l->closed);
	lmtpd_free(l);
	client_free(c);
	turns(20);
	CHECK(spool_held() == 0 && parcels_count() == 1);
}

/* A parcel alone is evicted: lmtpd hears, and an APPEND that names it. */
static void
test_evicted(void)
{
	struct lmtpd		*l = lmtpd_new(1);
	struct client		*c = recipient("eve", 1);
	struct append_parcel	 r;
	struct spool_hold	 other;
	uint64_t		 sum = 0;
	uint32_t		 id = parcel_send(l, text, 100000);

	memset(&other, 0, sizeof(other));
	other.user = &sum;
	spool_limits(UINT64_MAX, 100010);
	CHECK(spool_take(&other, 11) == SPOOL_ROOM && spool_held() == 11);
	turns(20);
	CHECK(l->no == id && l->code == MBOX_UNAVAILABLE);
	r = delivery(id, "", 100000);
	CHECK(no_of(c, answer(c, deliver_start(c, "INBOX", &r))) ==
	    MBOX_UNAVAILABLE);
	spool_end(&other);
	spool_limits(UINT64_MAX, UINT64_MAX);
	lmtpd_free(l);
	client_free(c);
	turns(20);
}

/* A delivery that makes no sense: the session is cut, the parcel stays. */
static void
test_deliveries(void)
{
	struct append_open	 open = { STR("INBOX"), true };
	struct append_parcel	 r;
	struct client		*c;
	uint32_t		 id;
	unsigned		 i;

	for (i = 0; i < 7; i++) {
		c = recipient("eve", 0);
		r = delivery(kept, "P: q\r\n", 4);
		if (i == 0)
			r.size--;
		else if (i == 1)
			r.size = UINT64_MAX;
		else if (i == 2)
			r.key = STR("short");
		else if (i == 3)
			r.digest = STR("\377\377\377");
		else if (i == 4)
			r.prefix = STR("");
		if (i < 5)
			(void)deliver_start(c, "INBOX", &r);
		else {		/* two, or octets besides */
			id = ask(c, IMSG_APPEND_OPEN, &open);
			r.digest = STR("");
			peer_send_struct(c->p, IMSG_APPEND_PARCEL, id, &r, -1);
			if (i == 5)
				peer_send_struct(c->p, IMSG_APPEND_PARCEL, id,
				    &r, -1);
			else
				peer_send(c->p, IMSG_APPEND_DATA, id, text, 1,
				    -1);
		}
		CHECK_ROW(next(c) == NULL && c->closed, "row %u", i);
		good_goes_on("a delivery");
		client_free(c);
		turns(5);
	}
}

/* Whose parcel may be named: nobody's but that of the process that the session
 * was granted to; and a client's session none. */
static void
test_whose(void)
{
	struct append_parcel	 r = delivery(kept, "", 4);
	struct client		*c = recipient("eve", 1);
	uint32_t		 half;

	CHECK(no_of(c, answer(c, deliver_start(c, "INBOX", &r))) ==
	    MBOX_UNAVAILABLE);
	client_free(c);
	c = recipient("eve", 0);
	r.parcel = kept + 1000;
	CHECK(no_of(c, answer(c, deliver_start(c, "INBOX", &r))) ==
	    MBOX_UNAVAILABLE);
	half = parcel_data(good, "good", 4);	/* no PARCEL_END yet */
	turns(10);
	r.parcel = half;
	CHECK(no_of(c, answer(c, deliver_start(c, "INBOX", &r))) ==
	    MBOX_UNAVAILABLE && !c->closed);
	parcel_drop_it(good, half);
	client_free(c);
	c = client_new("eve");		/* imapd's */
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	r.parcel = kept;
	(void)deliver_start(c, "INBOX", &r);
	CHECK(next(c) == NULL && c->closed);
	client_free(c);
	good_goes_on("others'");
	turns(20);
}

int
main(void)
{
	if (begin("op_parcel_hostile_test") == -1)
		return 1;
	setup("index");
	good = lmtpd_new(0);
	dan = recipient("dan", 0);
	kept = parcel_send(good, "good", 4);
	test_nonsense();
	test_late_words();
	test_limits();
	test_memory();
	test_whose();
	test_deliveries();
	test_evicted();
	test_evicted_while_used();
	test_age();
	client_free(dan);
	lmtpd_free(good);
	turns(20);
	CHECK(parcels_count() == 0 && spool_held() == 0);
	finish();
	return TEST_END();
}
