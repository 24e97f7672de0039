/* Who asks for signatures, what it gets, how often; and what a process that was
 * taken over gets. */
#include "common/compat.h"

#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/arena.h"
#include "common/log.h"
#include "common/msg_sign.h"
#include "common/peer.h"
#include "common/test.h"
#include "common/test/capture.h"
#include "common/test/slice_make.h"
#include "common/test/tls_fake.h"
#include "common/tls_ticket.h"
#include "credd/sign.h"
#include "credd/test/files_fake.h"
#include "credd/tls_form.h"
#include "credd/tls_store.h"

#define FORGED	5000

static struct event_base *base;
static struct tls_store	 *store;
static struct sign	 *sign;
static uint64_t		  clock_now = 1000000;

struct imapd {
	struct peer	*p;		/* NULL: cut */
	unsigned	 certs;		/* messages */
	unsigned	 tickets;	/* keys of another time */
	char		 ticket[TLS_TICKET_LEN];
	uint32_t	 count;		/* in the last of them */
	uint8_t		 id[SIGN_ID_LEN];
	unsigned	 done[3];	/* answers, by their code */
	uint32_t	 last;		/* id of the last one */
	size_t		 siglen;
};

static struct imapd	 good, bad;

static uint64_t
fake_ms(void)
{
	return clock_now;
}

/* Of the tickets' keys. */
static int64_t
fake_day(void)
{
	return (int64_t)(clock_now / 1000);
}

static int64_t
wall(void)
{
	return (int64_t)time(NULL);
}

static void
changed(void *arg)
{
	(void)arg;
	if (sign != NULL)
		sign_changed(sign);
}

static int
on_message(struct peer *p, struct msg *m, void *arg)
{
	struct imapd		*i = arg;
	struct sign_cert	 c;
	struct sign_done	 d;
	struct sign_tickets	 t;
	struct arena		*a = arena_new(0);

	(void)p;
	if (m->type == IMSG_SIGN_CERT) {
		CHECK(wire_decode(&sign_cert_wire, &c, m->data, m->len, a) ==
		    0);
		i->certs++;
		i->count = c.count;
	} else if (m->type == IMSG_SIGN_TICKETS) {
		CHECK(wire_decode(&sign_tickets_wire, &t, m->data, m->len,
		    NULL) == 0 && t.now.len == TLS_TICKET_LEN &&
		    t.before.len == TLS_TICKET_LEN &&
		    memcmp(t.now.p, t.before.p, TLS_TICKET_LEN) != 0);
		i->tickets += memcmp(i->ticket, t.now.p, TLS_TICKET_LEN) != 0;
		memcpy(i->ticket, t.now.p, TLS_TICKET_LEN);
	} else {
		CHECK(wire_decode(&sign_done_wire, &d, m->data, m->len,
		    NULL) == 0 && (d.code == SIGN_OK) == (d.why.len == 0) &&
		    (d.code == SIGN_OK) == (d.signature.len != 0));
		i->done[d.code]++;
		i->last = m->id;
		i->siglen = d.signature.len;
	}
	arena_free(a);
	return 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	struct imapd	*i = arg;

	(void)p;
	(void)why;
	i->p = NULL;
}

static const struct peer_ops ops = { on_message, on_closed, NULL };

static void
pump(int n)
{
	while (n-- > 0)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
join_as(struct imapd *i, enum proc_kind kind, uint32_t index)
{
	int	sv[2];

	peer_close(i->p);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	i->p = peer_new(base, sv[0], MSG_CHANNEL_SIGN, MSG_SIDE_B, &ops, i);
	sign_server(sign, kind, index, sv[1]);
	pump(20);
}

static void
join(struct imapd *i, uint32_t index)
{
	join_as(i, PROC_IMAPD, index);
}

static size_t
handshake(uint8_t *p)
{
	static const char	context[] = "TLS 1.3, server CertificateVerify";

	memset(p, ' ', 64);
	memcpy(p + 64, context, sizeof(context));
	memset(p + 64 + sizeof(context), 7, 32);
	return 64 + sizeof(context) + 32;
}

static void
request(struct sign_transcript *t, uint8_t *bytes, const uint8_t *id)
{
	t->key = (struct str){ (const char *)id, SIGN_ID_LEN };
	t->scheme = SIGN_ECDSA_SHA256;
	t->bytes.p = (const char *)bytes;
	t->bytes.len = handshake(bytes);
}

static bool
is_signed(struct imapd *i)
{
	static uint32_t		 id;
	struct sign_transcript	 t;
	uint8_t			 bytes[SIGN_BYTES_MAX];
	unsigned		 was = i->done[SIGN_OK];

	request(&t, bytes, good.id);
	if (i->p == NULL || peer_send_struct(i->p, IMSG_SIGN_TRANSCRIPT, ++id,
	    &t, -1) == -1)
		return false;
	pump(20);
	return i->done[SIGN_OK] == was + 1 && i->last == id && i->siglen > 60;
}

static void
load(void)
{
	static char		 cert[TLS_FAKE_PEM], key[TLS_FAKE_PEM];
	static const char *const conf[][2] = {
		{ "tls.0.certificate", "/c" }, { "tls.0.private-key", "/k" },
		{ "tls.0.ocsp-response", "" }, { NULL, NULL }
	};
	struct tls_fake		 want = { "P-256", "x", NULL, -60, 86400 };
	struct slice		*s = slice_make(conf, NULL);
	const struct tls_key	*k;
	char *const		*names;
	size_t			 n;

	tls_fake_make(&want, cert, key);
	files_fake_set("mark:tls", "1", 1);
	files_fake_set("key:tls.0.certificate", cert, strlen(cert));
	files_fake_set("key:tls.0.private-key", key, strlen(key));
	store = tls_store_new(base, files_fake_new(base), wall, changed, NULL);
	sign = sign_new(base, store, fake_ms, fake_day);
	/* One that comes before the certificates are there. */
	join(&good, 0);
	CHECK(good.certs == 0);
	tls_store_configure(store, s);
	slice_free(s);
	pump(20);
	CHECK(tls_store_ready(store) && tls_store_count(store) == 1);
	CHECK(good.certs == 1 && good.count == 1);
	k = tls_store_at(store, 0, &names, &n);
	memcpy(good.id, k->id, SIGN_ID_LEN);
	join(&bad, 1);
	CHECK(bad.certs == 1);
	CHECK(good.tickets == 1 && bad.tickets == 1 && memcmp(good.ticket,
	    bad.ticket, TLS_TICKET_LEN) == 0);
	CHECK(is_signed(&good) && is_signed(&bad));
}

/* Each is refused, and said so; the channel stays. */
static void
test_refused(void)
{
	struct sign_transcript	 t;
	uint8_t			 bytes[SIGN_BYTES_MAX], id[SIGN_ID_LEN] = { 1 };
	const char		*said;

	capture();
	request(&t, bytes, id);
	peer_send_struct(bad.p, IMSG_SIGN_TRANSCRIPT, 7, &t, -1);
	pump(20);
	request(&t, bytes, good.id);
	t.scheme = SIGN_RSA_PSS_SHA256;
	peer_send_struct(bad.p, IMSG_SIGN_TRANSCRIPT, 8, &t, -1);
	pump(20);
	request(&t, bytes, good.id);
	t.bytes.len = 32;
	peer_send_struct(bad.p, IMSG_SIGN_TRANSCRIPT, 9, &t, -1);
	pump(20);
	said = captured();
	CHECK(bad.p != NULL && bad.done[SIGN_REFUSED] == 3 && bad.last == 9);
	/* one line a second */
	CHECK(strstr(said, "imapd=1 signature=refused why=\"no such key\"") !=
	    NULL && strstr(said, "not those of") == NULL);
	CHECK(sign_refused(sign) == 3 && is_signed(&bad));
}

/* An lmtpd of the same number is another process. */
static void
test_kinds(void)
{
	static struct imapd	lmtpd;

	join_as(&lmtpd, PROC_LMTPD, 0);
	CHECK(lmtpd.certs == 1 && good.p != NULL);
	CHECK(is_signed(&lmtpd) && is_signed(&good));
	peer_close(lmtpd.p);
	pump(20);
	CHECK(is_signed(&good));
}

/* A key of an id that is cut short, or another's message: cut. */
static void
test_cut(void)
{
	struct sign_transcript	 t;
	uint8_t			 bytes[SIGN_BYTES_MAX];

	log_set_level(LOG_LEVEL_ERROR);
	request(&t, bytes, good.id);
	t.key.len = 31;
	peer_send_struct(bad.p, IMSG_SIGN_TRANSCRIPT, 1, &t, -1);
	pump(20);
	CHECK(bad.p == NULL && is_signed(&good));
	join(&bad, 1);
	peer_send(bad.p, IMSG_SIGN_TRANSCRIPT, 1, "x", 1, -1);
	pump(20);
	CHECK(bad.p == NULL && is_signed(&good));
	join(&bad, 1);
	CHECK(is_signed(&bad));
	log_set_level(LOG_LEVEL_INFO);
}

/* Asks with an unknown key, until it is told that it was too much: how many
 * were looked at. */
static unsigned
burn(void)
{
	struct sign_transcript	 t;
	uint8_t			 bytes[SIGN_BYTES_MAX], id[SIGN_ID_LEN] = { 1 };
	unsigned		 was = bad.done[SIGN_REFUSED], i;

	request(&t, bytes, id);
	bad.done[SIGN_BUSY] = 0;
	while (bad.p != NULL && bad.done[SIGN_BUSY] == 0 &&
	    bad.done[SIGN_REFUSED] - was < 2 * SIGN_BURST) {
		for (i = 0; i < 100; i++)
			peer_send_struct(bad.p, IMSG_SIGN_TRANSCRIPT, i, &t,
			    -1);
		pump(500);
	}
	return bad.done[SIGN_REFUSED] - was;
}

/* The bucket of one; a new channel does not fill it. */
static void
test_rate(void)
{
	unsigned	n;

	log_set_level(LOG_LEVEL_ERROR);
	n = burn();
	CHECK_ROW(n > SIGN_BURST - 200 && n <= SIGN_BURST, "%u", n);
	CHECK(bad.p != NULL && !is_signed(&bad) && is_signed(&good));
	join(&bad, 1);
	CHECK(!is_signed(&bad));
	clock_now += 100;		/* a tenth of a second's */
	n = burn();
	CHECK_ROW(n == SIGN_RATE / 10, "%u", n);
	clock_now += 3600 * 1000;
	n = burn();
	CHECK_ROW(n == SIGN_BURST, "%u", n);
	clock_now += TLS_TICKET_LIFE * 1000;
	CHECK(is_signed(&bad));
	/* and it is given the tickets' keys of its time */
	join(&bad, 1);
	CHECK(bad.tickets > 1 && memcmp(good.ticket, bad.ticket,
	    TLS_TICKET_LEN) != 0);
	log_set_level(LOG_LEVEL_INFO);
}

/* Many at once: the other one has its turn after each. */
static void
test_fair(void)
{
	struct sign_transcript	 t;
	uint8_t			 bytes[SIGN_BYTES_MAX];
	unsigned		 i, was = bad.done[SIGN_OK];
	unsigned		 other = good.done[SIGN_OK];

	request(&t, bytes, good.id);
	for (i = 0; i < 200; i++)
		peer_send_struct(bad.p, IMSG_SIGN_TRANSCRIPT, i, &t, -1);
	peer_push(bad.p);
	peer_send_struct(good.p, IMSG_SIGN_TRANSCRIPT, 1, &t, -1);
	peer_push(good.p);
	for (i = 0; i < 1000 && good.done[SIGN_OK] == other; i++)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK_ROW(bad.done[SIGN_OK] - was < 20, "%u",
	    bad.done[SIGN_OK] - was);
	pump(2000);
	CHECK(good.done[SIGN_OK] == other + 1 &&
	    bad.done[SIGN_OK] - was == 200);
}

/* Thousands of changed requests: a signature only of what still is one. */
static void
test_forged(void)
{
	struct sign_transcript	 t, got;
	uint8_t			 bytes[SIGN_BYTES_MAX];
	unsigned		 i, k, seed = (unsigned)time(NULL), ok, may;
	unsigned		 cuts = 0, made = 0;
	struct buf		 b;

	printf("SEED=%u\n", seed);
	srandom(seed);
	log_set_level(LOG_LEVEL_ERROR);
	for (i = 0; i < FORGED; i++) {
		clock_now += 10;
		if (bad.p == NULL) {
			cuts++;
			join(&bad, 1);
		}
		request(&t, bytes, good.id);
		buf_init(&b, 2048);
		CHECK(wire_encode(&sign_transcript_wire, &t, &b) == 0);
		for (k = (unsigned)random() % 4; k < 4; k++)
			b.data[(size_t)random() % b.len] =
			    (uint8_t)random();
		if (random() % 8 == 0)
			b.len -= (size_t)random() % b.len;
		may = wire_decode(&sign_transcript_wire, &got, b.data, b.len,
		    NULL) == 0 && got.key.len == SIGN_ID_LEN &&
		    memcmp(got.key.p, good.id, SIGN_ID_LEN) == 0 &&
		    got.scheme == SIGN_ECDSA_SHA256 &&
		    tls_form(got.bytes.p, got.bytes.len) != TLS_FORM_NONE;
		ok = bad.done[SIGN_OK];
		peer_send(bad.p, IMSG_SIGN_TRANSCRIPT, i, b.data, b.len, -1);
		pump(6);
		CHECK_ROW(bad.done[SIGN_OK] - ok == may, "%u", i);
		made += may;
		buf_free(&b);
		if (i % 100 == 0)
			CHECK(is_signed(&good));
	}
	CHECK_ROW(cuts > 100 && made > 50 && made < FORGED, "%u %u", cuts,
	    made);
	CHECK(is_signed(&good));
	log_set_level(LOG_LEVEL_INFO);
}

int
main(void)
{
	log_init("test");
	if ((base = event_base_new()) == NULL)
		fatalx("event_base_new");
	load();
	test_refused();
	test_kinds();
	test_cut();
	test_rate();
	test_fair();
	test_forged();
	peer_close(good.p);
	peer_close(bad.p);
	sign_free(sign);
	pump(20);
	tls_store_free(store);
	event_base_free(base);
	return TEST_END();
}
