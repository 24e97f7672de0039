/*
 * Ingestion's end in lmtpd, between the test as a storaged that offers mails
 * and the fakes of authd and storaged (deliver_fake.h): who gets what, and what
 * is answered.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <event2/event.h>

#include <stdlib.h>
#include <string.h>

#include "common/msg_ingest.h"
#include "common/msg_mbox.h"
#include "common/peer.h"
#include "common/test.h"
#include "common/test/metric_told.h"
#include "common/test/slice_make.h"
#include "lmtpd/ingest.h"
#include "lmtpd/metrics.h"
#include "lmtpd/test/deliver_fake.h"
#include "lmtpd/test/deliver_rig.h"

#define INGESTED	"emails_received_total{via=ingest,result=ok}"

static struct {
	struct peer	*peer;		/* storaged's end */
	struct peer	*other;		/* lmtpd's */
	size_t		 credit, results, gone;
	uint8_t		 outcome;
	char		 why[500];
	char		 answers[2000];	/* "ann@s0 250;..." */
} st;

static int
st_message(struct peer *p, struct msg *m, void *arg)
{
	const struct ingest_answer	*a;
	struct ingest_result		 r;
	struct data_credit		 c;
	struct arena			*arena = arena_new(1024 * 1024);
	char				 one[500];
	size_t				 i;

	(void)p;
	(void)arg;
	if (m->type == IMSG_INGEST_CREDIT) {
		CHECK(wire_decode(&data_credit_wire, &c, m->data, m->len,
		    arena) == 0);
		st.credit += c.bytes;
	} else {
		CHECK(m->type == IMSG_INGEST_RESULT);
		CHECK(wire_decode(&ingest_result_wire, &r, m->data, m->len,
		    arena) == 0);
		st.outcome = r.outcome;
		snprintf(st.why, sizeof(st.why), "%.*s", (int)r.why.len,
		    r.why.p);
		st.answers[0] = '\0';
		a = r.answers.v;
		for (i = 0; i < r.answers.n; i++) {
			snprintf(one, sizeof(one), "%.*s %u;",
			    (int)a[i].recipient.len, a[i].recipient.p,
			    a[i].code);
			strlcat(st.answers, one, sizeof(st.answers));
		}
		st.results++;
	}
	arena_free(arena);
	return 0;
}

static void
st_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
	st.peer = NULL;
}

static int
lm_message(struct peer *p, struct msg *m, void *arg)
{
	(void)arg;
	return ingest_message(p, m);
}

static void
lm_closed(struct peer *p, const char *why, void *arg)
{
	(void)why;
	(void)arg;
	ingest_gone(p);
	st.gone++;
}

static const struct peer_ops st_ops = { st_message, st_closed, NULL };
static const struct peer_ops lm_ops = { lm_message, lm_closed, NULL };

static void
connect_both(void)
{
	int	 pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	st.peer = peer_new(rig_base, pair[0], MSG_CHANNEL_PARCEL, MSG_SIDE_B,
	    &st_ops, NULL);
	st.other = peer_new(rig_base, pair[1], MSG_CHANNEL_PARCEL,
	    MSG_SIDE_A, &lm_ops, NULL);
}

static uint32_t	 last;

static void
offer(uint32_t place, const char *recipients, const char *only)
{
	struct ingest_offer	 o = { .place = place,
				    .bucket = STR("drop"),
				    .seed = STR("drop/in/x\0etag"),
				    .sender = STR("from@example.com"),
				    .of = { .session = last + 77,
				    .traced = true, .trace = { 9 } } };

	o.recipients = str_from(recipients);
	o.only = str_from(only);
	st.credit = st.results = 0;
	(void)peer_send_struct(st.peer, IMSG_INGEST_OFFER, ++last, &o, -1);
}

static void
send_all(const char *mail, size_t len)
{
	struct ingest_end	 e = { true };
	size_t			 at, n;

	for (at = 0; at < len && st.results == 0; at += n) {
		while (st.credit == 0 && st.results == 0)
			event_base_loop(rig_base, EVLOOP_ONCE);
		n = len - at < st.credit ? len - at : st.credit;
		if (n > MSG_DATA_MAX)
			n = MSG_DATA_MAX;
		st.credit -= n;
		(void)peer_send(st.peer, IMSG_INGEST_DATA, last, mail + at, n,
		    -1);
	}
	if (st.results == 0)
		(void)peer_send_struct(st.peer, IMSG_INGEST_END, last, &e, -1);
	rig_until(&st.results, 1);
}

static void
ingest(uint32_t place, const char *recipients, const char *mail)
{
	offer(place, recipients, "");
	send_all(mail, strlen(mail));
}

static void
test_answers(void)
{
	static const struct {
		uint32_t place;
		const char *recipients, *mail;
		enum ingest_outcome outcome;
		const char *answers, *why;
	} rows[] = {
		{ 0, "ann@s0, bob@s1", "Subject: x\r\n\r\nhello\r\n",
		    INGEST_DELIVERED, "ann@s0 250;bob@s1 250;", "" },
		{ 0, "", "Delivered-To: carl@s0\n\nhello\n",
		    INGEST_DELIVERED, "carl@s0 250;", "" },
		{ 0, "ann@s0, nobody@s0", "\r\nx", INGEST_FAILED,
		    "ann@s0 250;nobody@s0 550;", "" },
		{ 0, "ann@s0, nobody@s0, later@s0", "\r\nx", INGEST_LATER,
		    "ann@s0 250;nobody@s0 550;later@s0 451;", "" },
		{ 0, "nobody@s0", "\r\nx", INGEST_FAILED, "nobody@s0 550;",
		    "" },
		{ 0, "full@s0", "\r\nx", INGEST_FAILED, "full@s0 552;", "" },
		{ 0, "", "Subject: x\r\n\r\n", INGEST_FAILED, "",
		    "no recipient is named by envelope, metadata or header" },
		/* Domains, and a catch-all. */
		{ 1, "ann@elsewhere", "\r\nx", INGEST_DELIVERED, "lost@s0 250;",
		    "" },
		{ 1, "nobody@s0", "\r\nx", INGEST_DELIVERED, "lost@s0 250;",
		    "" },
		{ 1, "nobody@s0, lost@s0, nobody@s1", "\r\nx",
		    INGEST_DELIVERED, "lost@s0 250;", "" },
		{ 2, "ann@elsewhere", "\r\nx", INGEST_FAILED, "",
		    "no recipient in one of our domains" },
		{ 3, "ann@s0", "\r\nx", INGEST_FAILED, "nobody@s1 550;", "" },
	};
	size_t	 i;

	for (i = 0; i < nitems(rows); i++) {
		ingest(rows[i].place, rows[i].recipients, rows[i].mail);
		CHECK_ROW(st.outcome == rows[i].outcome, "row %zu: %u %s", i,
		    st.outcome, st.answers);
		CHECK_ROW(strcmp(st.answers, rows[i].answers) == 0,
		    "row %zu: %s", i, st.answers);
		/* The same lines as storaged's of it; asked if there is who to
		 * ask for room. */
		if (strstr(rows[i].answers, " 250;") != NULL)
			CHECK_ROW(fake.trace.session == last + 76 &&
			    fake.trace.traced && fake.trace.trace[0] == 9,
			    "row %zu", i);
		CHECK_ROW(strcmp(st.why, rows[i].why) == 0, "row %zu: %s", i,
		    st.why);
	}
}

/* LF becomes CRLF, wherever it is cut; what has CRLF stays as it is. */
static void
test_lines(void)
{
	static const char	 lf[] = "A: 1\nB: 2\n\nx\r\n\r\ny\nz";
	const struct fake_mail	*m;
	struct ingest_end	 e = { true };
	const char		*body;
	size_t			 i;

	offer(0, "ann@s0", "");
	rig_until(&st.credit, 65536);
	for (i = 0; i < sizeof(lf) - 1; i++) {
		(void)peer_send(st.peer, IMSG_INGEST_DATA, last, lf + i, 1,
		    -1);
		rig_settle();
	}
	(void)peer_send_struct(st.peer, IMSG_INGEST_END, last, &e, -1);
	rig_until(&st.results, 1);
	m = fake_mail_of("ann");
	CHECK(m != NULL && m->has_key);
	body = m != NULL ? strstr((const char *)m->octets.data, "A: 1") : NULL;
	CHECK_ROW(body != NULL && strcmp(body,
	    "A: 1\r\nB: 2\r\n\r\nx\r\n\r\ny\r\nz") == 0, "%s", body);
	CHECK(m != NULL && strstr((const char *)m->octets.data,
	    "Received: from drop") != NULL);
	CHECK_ROW(m != NULL && strstr((const char *)m->octets.data,
	    "Return-Path: <from@example.com>") != NULL, "%s",
	    (const char *)m->octets.data);
}

/* The same object is the same mail, another recipient's is another. */
static void
test_keys(void)
{
	uint8_t			 key[16];
	const struct fake_mail	*m;

	ingest(0, "ann@s0", "A: 1\r\n\r\nx");
	if ((m = fake_mail_of("ann")) == NULL)
		return;
	memcpy(key, m->key, sizeof(key));
	ingest(0, "bob@s0, ann@s0", "A: 2\r\n\r\ny");
	CHECK(memcmp(fake_mail_of("ann")->key, key, sizeof(key)) == 0);
	CHECK(memcmp(fake_mail_of("bob")->key, key, sizeof(key)) != 0);
}

/* A retry is for those that are left; nobody else gets it. */
static void
test_only(void)
{
	offer(1, "ann@s0", "bob@s0");
	send_all("Delivered-To: carl@s0\r\n\r\nx", 26);
	CHECK_ROW(strcmp(st.answers, "bob@s0 250;") == 0, "%s", st.answers);
	offer(1, "ann@s0", "nobody@s0");
	send_all("\r\nx", 3);
	CHECK_ROW(strcmp(st.answers, "nobody@s0 550;") == 0, "%s",
	    st.answers);
}

/* Whom a job has no room for has not got it: it is not over. */
static void
test_missing(void)
{
	struct buf	 b = BUF_INIT;
	int		 i;

	for (i = 0; i < INGEST_RECIPIENTS + 2; i++)
		(void)buf_printf(&b, "%su%d@s0", i > 0 ? "," : "", i);
	(void)buf_put_u8(&b, '\0');
	offer(1, "ann@s0", (char *)b.data);
	send_all("\r\nx", 3);
	CHECK_ROW(st.outcome == INGEST_LATER, "%d", st.outcome);
	buf_free(&b);
}

/* 3 MB in a window of 64 KiB, with a header that has no end. */
static void
test_large(void)
{
	uint64_t before;
	size_t	 len = 3000000;
	char	*mail = malloc(len + 1);

	memset(mail, 'h', len);
	mail[len] = '\0';
	metric_told_ask(metrics_tell);
	before = metric_told(INGESTED);
	offer(0, "ann@s0", "");
	send_all(mail, len);
	CHECK(st.outcome == INGEST_DELIVERED);
	metric_told_ask(metrics_tell);
	CHECK(metric_told(INGESTED) == before + 1);
	CHECK(fake_mail_of("ann")->octets.len >= len);
	free(mail);
}

/* storaged breaks off, or ends: nothing is stored, nothing is answered. */
static void
test_broken_off(void)
{
	struct ingest_end	 e = { false };
	unsigned		 n = fake.appends;

	offer(0, "ann@s0", "");
	rig_until(&st.credit, 65536);
	(void)peer_send(st.peer, IMSG_INGEST_DATA, last, "A: 1\r\n\r\nx", 9,
	    -1);
	rig_settle();
	(void)peer_send_struct(st.peer, IMSG_INGEST_END, last, &e, -1);
	rig_settle();
	CHECK(fake.appends == n && st.results == 0);
	offer(0, "never@s0", "");
	(void)peer_send(st.peer, IMSG_INGEST_DATA, last, "\r\n", 2, -1);
	rig_settle();
	peer_close(st.peer);
	rig_until(&st.gone, 1);
	rig_settle();
	CHECK(fake.appends == n && st.results == 0);
	connect_both();
	ingest(0, "ann@s0", "\r\nx");
	CHECK(st.outcome == INGEST_DELIVERED);
}

/* What makes no sense costs the channel. */
static void
test_forged(void)
{
	static char	 much[MSG_DATA_MAX];
	size_t		 i, k;

	for (i = 0; i < 3; i++) {
		offer(0, "never@s0", "");
		rig_until(&st.credit, 65536);
		k = st.gone + 1;
		switch (i) {
		case 0:		/* the same number again */
			last--;
			offer(0, "never@s0", "");
			break;
		case 1:		/* more than the credit */
			for (k = 0; k < 5; k++)
				(void)peer_send(st.peer, IMSG_INGEST_DATA,
				    last, much, sizeof(much), -1);
			k = st.gone + 1;
			break;
		case 2:		/* no bool */
			(void)peer_send(st.peer, IMSG_INGEST_END, last, "\x02",
			    1, -1);
			break;
		}
		rig_until(&st.gone, k);
		rig_settle();
		connect_both();
	}
	/* Of a mail that is over: it may have crossed the answer. */
	(void)peer_send(st.peer, IMSG_INGEST_DATA, 4711, "x", 1, -1);
	ingest(0, "ann@s0", "\r\nx");
	CHECK(st.outcome == INGEST_DELIVERED);
}

int
main(void)
{
	struct slice	*conf;

	rig_start();
	conf = slice_make(NULL, "domains.0", "s0", "domains.1", "s1",
	    "ingest.0.catch-all", "", "ingest.1.catch-all", "lost@s0",
	    "ingest.2.catch-all", "", "ingest.3.recipients.0", "headers",
	    "ingest.3.catch-all", "nobody@s1", NULL);
	ingest_init(rig_base, conf);
	connect_both();
	test_answers();
	test_lines();
	test_keys();
	test_only();
	test_missing();
	test_large();
	test_broken_off();
	test_forged();
	peer_close(st.peer);
	rig_settle();
	rig_stop();
	slice_free(conf);
	return TEST_END();
}
