/* Recipients, in the whole of authd with fake peers: who is found in which
 * order, what is never said, and that neither mail nor logins keep the other
 * from the workers. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/rcpt.h"
#include "authd/test/authd_whole.h"
#include "common/msg_deliver.h"
#include "common/user.h"

static struct fake	lmtpd, lmtpd2;

/* Whom the fake worker knows; the name "away..." cannot be looked up. */
static const char *const names[][2] = {
	{ "ann", "ann" }, { "ann@example.org", "ann" },
	{ "bob+x@example.org", "bob" }, { "cyd", "cyd" },
	{ "root", "root" }, { NULL, NULL }
};

static void
begin(uint32_t backends)
{
	uint32_t	i;

	authd_begin(3, backends, 300000);
	strlcpy(authd->conf.recipients.domain[0], "example.org",
	    sizeof(authd->conf.recipients.domain[0]));
	authd->conf.recipients.n = 1;
	authd->conf.recipients.separator = '+';
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&imapd2, PROC_IMAPD, 1);
	fake_join(&work, PROC_AUTHWORKER, 0);
	fake_join(&lmtpd, PROC_LMTPD, 0);
	fake_join(&lmtpd2, PROC_LMTPD, 1);
	for (i = 0; i < 3; i++)
		fake_join(&stores[i], PROC_STORAGED, i);
	work.names = names;
	pump();
}

static void
end(void)
{
	uint32_t	i;

	fake_leave(&lmtpd);
	fake_leave(&lmtpd2);
	for (i = 0; i < KEPT; i++)
		if (work.got[i].fd > 0)
			close(work.got[i].fd);
	work.names = NULL;
	whole_end();
}

static void
rcpt(struct fake *f, uint32_t id, const char *address)
{
	struct rcpt_open	o = { str_from(address), STR("192.0.2.1"),
				    0xbeef };

	CHECK(peer_send_struct(f->p, IMSG_RCPT_OPEN, id, &o, -1) == 0);
}

/* The answer to one: "user/detail", or the word for its code; its session's end
 * is closed. */
static const char *
answer(struct fake *f, uint32_t id)
{
	static const char *const codes[] = { "unknown", "unavailable",
	    "refused" };
	static char	 text[400];
	struct kept	*k = last(f);

	if (f->n == 0 || k->id != id)
		return "none";
	if (k->type == IMSG_RCPT_NO)
		return k->code < nitems(codes) ? codes[k->code] : "?";
	if (k->type != IMSG_RCPT_OK || k->fd == -1)
		return "?";
	close(k->fd);
	k->fd = -1;
	snprintf(text, sizeof(text), "%s/%s", k->user, k->password);
	return text;
}

static void
is(uint32_t id, const char *address, const char *want)
{
	const char	*got;

	rcpt(&lmtpd, id, address);
	pump();
	got = answer(&lmtpd, id);
	CHECK_ROW(strcmp(got, want) == 0, "%s: %s", address, got);
}

static void
check_grant(void)
{
	struct fake	*store;
	struct kept	*k, *g;
	char		 byte = 'x';

	begin(1);
	work.quota = (struct found_quota){ QUOTA_OWN, 7, 8 };
	store = &stores[user_shard("ann", 3)];
	rcpt(&lmtpd2, 9, "Ann@Example.org");
	pump();
	k = last(&lmtpd2);
	g = last(store);
	CHECK(k->type == IMSG_RCPT_OK && k->id == 9 && k->fd != -1);
	CHECK(strcmp(k->user, "ann") == 0 && k->password[0] == '\0');
	CHECK(k->backend == user_shard("ann", 3));
	CHECK(g->type == IMSG_GRANT_SESSION && strcmp(g->user, "ann") == 0);
	/* it may append, and storaged knows through whom */
	CHECK(g->grant.rights == GRANT_APPEND && g->grant.session == 0xbeef);
	CHECK(g->grant.kind == PROC_LMTPD && g->grant.index == 1);
	CHECK(g->grant.quota.known && g->grant.quota.bytes == 7 &&
	    g->grant.quota.messages == 8);
	CHECK(write(k->fd, &byte, 1) == 1);
	CHECK(read(g->fd, &byte, 1) == 1 && byte == 'x');
	close(k->fd);
	k->fd = -1;
	CHECK(lmtpd.n == 0 && imapd.n == 0);
	/* it is no login, and no limit of sessions is its */
	CHECK(authd->logins == 0 && sessions_count(authd->sessions) == 0);
	/* the worker was told the name, and no more */
	CHECK(last(&work)->how == WORK_NAME &&
	    strcmp(last(&work)->user, "ann@example.org") == 0 &&
	    strcmp(last(&work)->remote, "192.0.2.1") == 0);
	/* no storaged: not now */
	fake_leave(store);
	is(1, "ann@example.org", "unavailable");
	memset(&work.quota, 0, sizeof(work.quota));
	end();
}

/* Shows 1: whole, local part, without the detail; the first that is known. */
static void
check_order(void)
{
	begin(1);
	is(1, "ann@example.org", "ann/");
	is(2, "ann+Lists@example.org", "ann/Lists");
	CHECK(work.n == 4);	/* one; both with, and the first without */
	is(3, "bob+x@example.org", "bob/");	/* a name of its own */
	is(4, "bob+y@example.org", "unknown");
	is(5, "cyd@example.org", "cyd/");
	is(6, "cyd+a+b@example.org", "cyd/a+b");
	is(7, "cyd@elsewhere.example", "unknown");
	is(8, "cyd+x@elsewhere.example", "unknown");
	is(9, "cyd", "cyd/");
	is(10, "dan@example.org", "unknown");
	is(11, "postmaster", "unknown");
	strlcpy(authd->conf.recipients.postmaster, "root",
	    sizeof(authd->conf.recipients.postmaster));
	is(12, "Postmaster", "root/");
	is(13, "postmaster@example.org", "root/");
	is(14, "postmaster@elsewhere.example", "unknown");
	/* no address */
	is(15, "", "unknown");
	is(16, "a@b@example.org", "unknown");
	is(17, "ann\n@example.org", "unknown");
	is(18, "\xff@example.org", "unknown");
	CHECK(authd->counts.rcpt_ok == 8 && authd->counts.rcpt_no == 10 &&
	    authd->counts.rcpt_unavailable == 0);
	end();
}

/* Who has not been asked, or cannot tell, may know: it is never "unknown", nor
 * is it another's whose name is less the recipient's. */
static void
check_unsure(void)
{
	begin(1);
	is(1, "away@elsewhere.example", "unavailable");
	is(2, "away+cyd@example.org", "unavailable");
	work.locked = "cyd";
	is(3, "cyd@example.org", "refused");
	work.locked = NULL;
	is(4, "cyd@example.org", "cyd/");
	/* no worker */
	fake_leave(&work);
	rcpt(&lmtpd, 5, "ann@example.org");
	pump();
	CHECK(strcmp(answer(&lmtpd, 5), "none") == 0);	/* it waits */
	CHECK(authd->rcpts[0].n == 1);
	end();
	/* the second knows it, the first is away: it may be another's there */
	begin(2);
	work.away = 1;
	is(1, "ann@example.org", "unavailable");
	is(2, "dan@example.org", "unavailable");
	work.away = 2;
	is(3, "dan@example.org", "unavailable");
	is(4, "ann@example.org", "ann/");
	work.away = 0;
	is(5, "dan@example.org", "unknown");
	end();
}

/* An answer that is older than a revoke is no answer. */
static void
check_revoked(void)
{
	begin(1);
	work.hold = true;
	rcpt(&lmtpd, 1, "ann@example.org");
	pump();
	CHECK(work.n == 1 && lmtpd.n == 0);
	authd_revoke(authd, "ann");
	fake_work(&work, last(&work));
	pump();
	CHECK(lmtpd.n == 0 && work.n == 2);	/* asked anew */
	fake_work(&work, last(&work));
	pump();
	CHECK(strcmp(answer(&lmtpd, 1), "ann/") == 0);
	/* who asks goes: its question goes with it */
	rcpt(&lmtpd, 2, "cyd@example.org");
	rcpt(&lmtpd, 3, "cyd@example.org");
	pump();
	fake_leave(&lmtpd);
	CHECK(authd->rcpts[0].n == 0);
	fake_work(&work, last(&work));
	pump();
	fake_join(&lmtpd, PROC_LMTPD, 0);
	work.hold = false;
	is(2, "cyd@example.org", "cyd/");
	/* the end */
	work.hold = true;
	rcpt(&lmtpd, 3, "cyd@example.org");
	pump();
	authd_drain(authd, NULL);
	pump();
	CHECK(strcmp(answer(&lmtpd, 3), "unavailable") == 0);
	rcpt(&lmtpd, 4, "cyd@example.org");
	pump();
	CHECK(strcmp(answer(&lmtpd, 4), "unavailable") == 0);
	work.hold = false;
	end();
}

/* Ten thousand mails are not as many searches of a directory. */
static void
check_cached(void)
{
	uint32_t	i;

	begin(1);
	work.generation = CACHE_LASTING;
	for (i = 0; i < 3; i++)
		stores[i].close_fds = true;
	lmtpd.close_fds = true;
	for (i = 1; i <= 200; i++) {
		rcpt(&lmtpd, i, i % 2 == 0 ? "ann@example.org" :
		    "dan@example.org");
		pump();
		CHECK(last(&lmtpd)->id == i && last(&lmtpd)->type ==
		    (i % 2 == 0 ? IMSG_RCPT_OK : IMSG_RCPT_NO));
	}
	CHECK_ROW(work.n == 3, "%zu", work.n);
	/* not after a revoke, or a reload */
	authd_revoke(authd, "ann");
	is(1000, "dan@example.org", "unknown");
	CHECK(work.n == 5);
	rcpt(&lmtpd, 1001, "ann@example.org");
	pump();
	CHECK(work.n == 6);
	authd_reload(authd, &authd->conf);
	rcpt(&lmtpd, 1002, "ann@example.org");
	pump();
	CHECK(work.n == 7);
	lmtpd.close_fds = false;
	end();
}

/* What one lmtpd can have authd hold is bounded: it is not read any more. */
static void
check_bounds(void)
{
	uint32_t	i;

	begin(1);
	work.hold = true;
	for (i = 1; i <= 2 * RCPT_FLIGHT_MAX + 10; i++)
		rcpt(&lmtpd, i, "dan@elsewhere.example");
	pump();
	CHECK_ROW(authd->rcpts[0].n == RCPT_FLIGHT_MAX, "%zu",
	    authd->rcpts[0].n);
	/* the other is */
	rcpt(&lmtpd2, 1, "dan@elsewhere.example");
	pump();
	CHECK(authd->rcpts[1].n == 1);
	work.hold = false;
	fake_work(&work, last(&work));
	pump();
	for (i = 0; i < 100 && authd->rcpts[0].n > 0; i++)
		pump();
	CHECK(authd->rcpts[0].n == 0 && authd->rcpts[1].n == 0);
	CHECK(lmtpd.n == 2 * RCPT_FLIGHT_MAX + 10 && lmtpd2.n == 1);
	CHECK(!lmtpd.closed && !lmtpd2.closed);
	end();
}

/* One worker, and floods from all sides: every other answer is a password's,
 * and the others are recipients', of both lmtpds. */
static void
check_turns(void)
{
	size_t		passwords = 0, of[2] = { 0, 0 }, i;
	uint32_t	id;
	char		name[32];

	begin(1);
	authd->conf.logins = authd->conf.logins_address = 1000;
	work.hold = imapd.close_fds = true;
	for (id = 1; id <= 100; id++) {
		rcpt(&lmtpd, id, "dan1@elsewhere.example");
		rcpt(&lmtpd2, id, "dan2@elsewhere.example");
	}
	pump_now();
	for (id = 1; id <= 30; id++) {
		snprintf(name, sizeof(name), "user%u", id);
		login(&imapd, id, name, "pw");
	}
	pump_now();
	for (i = 0; i < 40; i++) {
		struct kept	*k = last(&work);

		passwords += k->how == WORK_PASSWORD;
		of[0] += strncmp(k->user, "dan1", 4) == 0;
		of[1] += strncmp(k->user, "dan2", 4) == 0;
		fake_work(&work, k);
		pump_now();
	}
	CHECK_ROW(passwords >= 18 && passwords <= 22, "%zu", passwords);
	CHECK_ROW(of[0] >= 8 && of[1] >= 8, "%zu %zu", of[0], of[1]);
	work.hold = false;
	fake_work(&work, last(&work));
	for (i = 0; i < 20; i++)
		pump();
	CHECK(authd->logins == 0 && authd->rcpts[0].n == 0);
	imapd.close_fds = false;
	end();
}

/* What no lmtpd says costs it its channel, and nobody else anything. */
static void
check_hostile(void)
{
	static char		 big[4096];
	struct rcpt_open	 o = { STR("ann"), STR(""), 1 };
	size_t			 i;

	for (i = 0; i < 5; i++) {
		begin(1);
		work.hold = true;
		switch (i) {
		case 0:
			(void)peer_send_struct(lmtpd.p, IMSG_RCPT_OPEN, 0, &o,
			    -1);
			break;
		case 1:
			rcpt(&lmtpd, 5, "ann");
			rcpt(&lmtpd, 5, "bob");
			break;
		case 2:
			(void)peer_send(lmtpd.p, IMSG_RCPT_OPEN, 6, "\xff\xff",
			    2, -1);
			break;
		case 3:
			(void)peer_send(lmtpd.p, IMSG_RCPT_OPEN, 6, NULL, 0,
			    -1);
			break;
		case 4:
			(void)peer_send(lmtpd.p, IMSG_RCPT_OPEN, 6, big, 2048,
			    -1);
			break;
		}
		pump();
		CHECK_ROW(lmtpd.closed, "row %zu", i);
		CHECK_ROW(authd->rcpts[0].n == 0, "row %zu", i);
		work.hold = false;
		if (i == 1)
			fake_work(&work, last(&work));
		pump();
		login(&imapd, 1, "ann", "pw");
		pump();
		CHECK_ROW(granted(&imapd, 1, "ann"), "row %zu", i);
		fake_leave(&lmtpd);
		lmtpd.closed = false;
		fake_join(&lmtpd, PROC_LMTPD, 0);
		is(1, "ann@example.org", "ann/");
		end();
	}
}

/* While Pail starts, a recipient is looked up, and no mail gets in. */
static void
check_held(void)
{
	begin(1);
	grants_hold(authd->grants);
	is(1, "ann@example.org", "none");
	is(2, "nobody@example.org", "unknown");
	CHECK(stores[user_shard("ann", 3)].n == 0);
	grants_serve(authd->grants);
	while (lmtpd.n < 2)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(strcmp(answer(&lmtpd, 1), "ann/") == 0);
	end();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	check_grant();
	check_order();
	check_unsure();
	check_revoked();
	check_cached();
	check_bounds();
	check_turns();
	check_hostile();
	check_held();
	return TEST_END();
}
