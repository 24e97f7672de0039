/* See parcel_client.h. */
#include "common/compat.h"

#include "common/sum.h"
#include "storaged/session/test/parcel_client.h"

static int
lmtpd_message(struct peer *p, struct msg *m, void *arg)
{
	struct data_credit	 credit;
	struct parcel_no	 no;
	struct lmtpd		*l = arg;

	(void)p;
	if (m->type == IMSG_PARCEL_READY)
		l->ready = m->id;
	else if (m->type == IMSG_PARCEL_CREDIT) {
		CHECK(wire_decode(&data_credit_wire, &credit, m->data, m->len,
		    NULL) == 0);
		l->credit += credit.bytes;
	} else {
		CHECK(wire_decode(&parcel_no_wire, &no, m->data, m->len,
		    NULL) == 0 && no.text.len > 0);
		l->no = m->id;
		l->code = no.code;
		l->nno++;
	}
	return 0;
}

static void
lmtpd_closed(struct peer *p, const char *why, void *arg)
{
	struct lmtpd	*l = arg;

	(void)p;
	(void)why;
	l->p = NULL;
	l->closed = true;
}

struct lmtpd *
lmtpd_new(uint32_t index)
{
	static const struct peer_ops	 ops = { lmtpd_message, lmtpd_closed,
					    NULL };
	struct lmtpd	*l = calloc(1, sizeof(*l));
	int		 sv[2];

	if (l == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		exit(1);
	l->index = index;
	l->p = peer_new(base, sv[0], MSG_CHANNEL_PARCEL, MSG_SIDE_A, &ops, l);
	parcels_channel(index, sv[1]);
	return l;
}

void
lmtpd_free(struct lmtpd *l)
{
	peer_close(l->p);
	free(l);
}

bool
until(const bool *is)
{
	unsigned	 i;

	for (i = 0; i < 10000 && !*is; i++)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	return *is;
}

void
turns(unsigned n)
{
	while (n-- > 0)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

uint32_t
parcel_data(struct lmtpd *l, const char *text, size_t len)
{
	uint32_t	 id = ++l->last;
	uint64_t	 before = l->credit, sent = 0, left;
	size_t		 n;
	unsigned	 i = 0;

	peer_send(l->p, IMSG_PARCEL_OPEN, id, NULL, 0, -1);
	while (sent < len && !l->closed && l->no != id && i < 10000) {
		left = PARCEL_WINDOW + l->credit - before - sent;
		if (left == 0) {
			event_base_loop(base, EVLOOP_NONBLOCK);
			i++;
			continue;
		}
		n = len - (size_t)sent;
		n = n < MSG_DATA_MAX ? n : MSG_DATA_MAX;
		n = n < left ? n : (size_t)left;
		peer_send(l->p, IMSG_PARCEL_DATA, id, text + sent, n, -1);
		sent += n;
	}
	return id;
}

void
parcel_end(struct lmtpd *l, uint32_t id, const char *text, size_t len)
{
	struct parcel_end	 end = { .size = len };
	uint8_t			 sha[32];

	sum_of(text, len, sha);
	end.sha256 = (struct str){ (const char *)sha, sizeof(sha) };
	peer_send_struct(l->p, IMSG_PARCEL_END, id, &end, -1);
}

uint32_t
parcel_send(struct lmtpd *l, const char *text, size_t len)
{
	uint32_t	 id = parcel_data(l, text, len);
	unsigned	 i;

	if (l->closed)
		return 0;
	parcel_end(l, id, text, len);
	for (i = 0; i < 10000 && l->ready != id && l->no != id &&
	    !l->closed; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	return l->ready == id ? id : 0;
}

void
parcel_drop_it(struct lmtpd *l, uint32_t id)
{
	peer_send(l->p, IMSG_PARCEL_DROP, id, NULL, 0, -1);
	peer_push(l->p);
}

struct client *
recipient(const char *user, uint32_t index)
{
	struct client	*c;

	client_rights = GRANT_APPEND;
	client_kind = PROC_LMTPD;
	client_index = index;
	c = client_new(user);
	client_rights = GRANT_ALL;
	client_kind = PROC_IMAPD;
	client_index = 0;
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	return c;
}

bool
stored(const struct reply_ok *ok)
{
	return !ok->known && ok->dst.n == 0 && ok->uidvalidity == 0 &&
	    ok->modseq == 0;
}

struct append_parcel
delivery(uint32_t parcel, const char *prefix, size_t len)
{
	struct append_parcel	 r;

	memset(&r, 0, sizeof(r));
	r.parcel = parcel;
	r.prefix = str_from(prefix);
	r.size = r.prefix.len + len;
	return r;
}

uint32_t
deliver_start(struct client *c, const char *box,
    const struct append_parcel *r)
{
	struct append_open	 open = { str_from(box), true };
	struct append_parcel	 full = *r;
	struct buf		 d = BUF_INIT;
	uint32_t		 id = ask(c, IMSG_APPEND_OPEN, &open);

	digest_make(&d, "parcel@x");
	if (full.digest.p == NULL)
		full.digest = (struct str){ (const char *)d.data, d.len };
	peer_send_struct(c->p, IMSG_APPEND_PARCEL, id, &full, -1);
	peer_send(c->p, IMSG_APPEND_DONE, id, NULL, 0, -1);
	buf_free(&d);
	return id;
}

struct reply_ok
deliver(struct client *c, const char *box, const struct append_parcel *r)
{
	return ok_of(c, answer(c, deliver_start(c, box, r)));
}

void
noise(char *p, size_t len)
{
	static uint32_t	 v = 1;
	size_t		 i;

	for (i = 0; i < len; i++) {
		v = v * 1664525 + 1013904223;
		p[i] = (char)(v >> 24);
	}
}

bool
body_is(const char *user, const char *box, uint32_t uid, const char *prefix,
    const char *text, size_t len)
{
	struct client	*c = client_new(user);
	const uint8_t	*p = NULL;
	uint64_t	 id;
	size_t		 got, own = strlen(prefix);
	bool		 is;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	id = do_select(c, box).box;
	is = body(c, id, uid, 0, UINT64_MAX, &p, &got) == MBOX_BODY_OK &&
	    got == own + len && memcmp(p, prefix, own) == 0 &&
	    memcmp(p + own, text, len) == 0;
	client_free(c);
	turns(5);
	return is;
}
