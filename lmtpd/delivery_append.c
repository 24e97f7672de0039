/*
 * The recipients of one delivery: each has its own trace lines, digest, APPEND
 * and answer.  Some are under way at a time.  What may have been stored and was
 * not confirmed is answered 451: the key makes storaged recognize it when the
 * client tries again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/compat.h"
#include "common/log.h"
#include "common/log_context.h"
#include "common/mbox_client.h"
#include "common/msg_deliver.h"
#include "lmtpd/conf.h"
#include "lmtpd/delivery_impl.h"
#include "lmtpd/key.h"
#include "lmtpd/parcel.h"
#include "mail/parser.h"

#define APPENDS_MAX	64	/* under way at a time */
#define APPENDS_LARGE	4	/* the same, of a large message */
#define LARGE		(1024 * 1024)	/* octets */
#define DIGESTS_MAX	(2 * 1024 * 1024) /* bytes under way */

static void
recipient_log(const struct recipient *c, const struct verdict *v)
{
	const struct delivery	*d = c->d;
	char			 rcpt[512], why[2 * VERDICT_TEXT];
	struct log_context	 old;

	log_context_swap(&d->e->context, &old);
	(void)log_word(rcpt, sizeof(rcpt), rcpt_address(c->r));
	log_info("session=%016" PRIx64 " rcpt=%s user=%s octets=%llu ms=%llu "
	    "result=%s code=%d why=\"%s\"", d->e->context.session,
	    rcpt, rcpt_user(c->r), (unsigned long long)d->size,
	    (unsigned long long)(clock_ms() - d->began),
	    verdict_ok(v) ? "ok" : "no", v->code,
	    log_quote(why, sizeof(why), v->text, strlen(v->text)));
	log_context_swap(&old, NULL);
}

/* It leaves what is under way. */
static void
recipient_rest(struct recipient *c, enum recipient_state state)
{
	if (c->state == RECIPIENT_APPENDS) {
		c->d->appending--;
		c->d->digests -= c->digest;
		rcpt_watch(c->r, NULL, NULL);
	}
	c->state = state;
}

static void
recipient_answer(struct recipient *c, const struct verdict *v)
{
	struct delivery	*d = c->d;
	struct slot	*s = c->slot;

	recipient_rest(c, RECIPIENT_DONE);
	rcpt_stop(c->r);
	d->left--;
	if (--s->waiting == 0) {
		parcel_free(s->parcel);
		s->parcel = NULL;
	}
	if (d->left == 0)
		(void)evtimer_del(&d->ev_deadline);
	recipient_log(c, v);
	d->ops->answer(d->arg, (size_t)(c - d->v_rcpt), v);
}

static void
answer_451(struct recipient *c, const char *text)
{
	struct verdict	 v;

	verdict_set(&v, 451, "4.3.0", "%s", text);
	recipient_answer(c, &v);
}

/* One without any name could be another of the same content: it has no key. */
static bool
recipient_key(const struct recipient *c, uint8_t key[DELIVER_KEY_LEN])
{
	const struct envelope	*e = c->d->e;

	key_make(e, rcpt_address(c->r), c->d->sha256, key);
	return e->seed.len > 0 || c->d->header.named ||
	    (e->envid != NULL && e->envid[0] != '\0');
}

/* Strangers choose it: nothing that a mailbox cannot be called. */
static bool
folder_ok(const char *s)
{
	size_t	 i, len = strlen(s);

	if (len == 0 || len > MBOX_NAME_MAX || s[0] == '/' ||
	    s[len - 1] == '/' || strstr(s, "//") != NULL)
		return false;
	for (i = 0; i < len; i++)
		if ((uint8_t)s[i] < ' ' || s[i] == 0x7f || s[i] == '*' ||
		    s[i] == '%')
			return false;
	return true;
}

static const char *
recipient_box(const struct recipient *c, uint8_t *target)
{
	const char	*detail = rcpt_detail(c->r);

	*target = c->d->header.junk && !c->plain ? DELIVER_JUNK : 0;
	if (c->plain || conf.detail == DETAIL_IGNORE || !folder_ok(detail))
		return "INBOX";
	*target |= DELIVER_OR_INBOX;
	if (conf.detail == DETAIL_CREATE)
		*target |= DELIVER_CREATE;
	return detail;
}

/* A folder that cannot be had is no reason to refuse the message. */
static bool
folder_refused(const struct recipient *c, uint8_t code)
{
	uint8_t	 target;

	if (c->plain || (strcmp(recipient_box(c, &target), "INBOX") == 0 &&
	    target == 0))
		return false;
	return code == MBOX_TRYCREATE || code == MBOX_NONEXISTENT_BOX ||
	    code == MBOX_CANNOT || code == MBOX_LIMIT || code == MBOX_NOPERM ||
	    code == MBOX_INUSE || code == MBOX_ALREADYEXISTS;
}

static void
on_append(void *arg, const struct mbox_answer *a)
{
	struct recipient	*c = arg;
	struct verdict		 v;

	if (c->state != RECIPIENT_APPENDS)
		return;
	delivery_wake(c->d);
	if (a->no != NULL && folder_refused(c, a->no->code)) {
		c->plain = true;
		recipient_rest(c, RECIPIENT_WAITS);
		return;
	}
	if (a->ok != NULL)
		verdict_set(&v, 250, "2.0.0", "<%s> %s", rcpt_address(c->r),
		    a->ok->known ? "Delivered before" : "Delivered");
	else if (a->no != NULL)
		verdict_mbox(&v, a->no->code, a->no->text);
	else
		verdict_set(&v, 451, "4.3.0", "The store gave no answer");
	recipient_answer(c, &v);
}

static void
on_lost(void *arg, const struct verdict *v)
{
	struct recipient	*c = arg;
	struct verdict		 unsure;

	delivery_wake(c->d);
	if (v->code / 100 == 4) {
		verdict_set(&unsure, 451, "4.3.0", "%s while the message was "
		    "being stored: it may have been", v->text);
		v = &unsure;
	}
	recipient_answer(c, v);
}

static void
on_again(void *arg, struct rcpt *r, const struct verdict *v)
{
	struct recipient	*c = arg;

	delivery_wake(c->d);
	if (!verdict_ok(v))
		recipient_answer(c, v);
	else if (rcpt_storaged(r) != c->slot->index)
		answer_451(c, "The mailbox has moved to another process");
	else
		recipient_rest(c, RECIPIENT_WAITS);
}

/* No more octets are sent after the first three messages. */
static void
on_credit(void *arg)
{
	(void)arg;
}

static int
append_send(struct recipient *c, struct str prefix, struct str digest)
{
	const struct delivery	*d = c->d;
	struct append_parcel	 m = { 0 };
	struct mbox_ask		*a;
	const char		*box;
	uint8_t			 key[DELIVER_KEY_LEN];

	/* The channel may have been granted for another message. */
	mbox_client_trace(rcpt_session(c->r), &d->e->context);
	box = recipient_box(c, &m.target);
	m.parcel = parcel_id(c->slot->parcel);
	m.prefix = prefix;
	if (recipient_key(c, key))
		m.key = (struct str){ (char *)key, DELIVER_KEY_LEN };
	m.dated = true;
	m.date = d->now;
	m.size = prefix.len + d->size;
	m.digest = digest;
	a = mbox_client_append(rcpt_session(c->r), str_from(box), true,
	    on_credit, on_append, c);
	return mbox_append_parcel(a, &m) == -1 ||
	    mbox_append_done(a) == -1 ? -1 : 0;
}

static void
append_begin(struct recipient *c)
{
	struct delivery	*d = c->d;
	struct buf	 prefix, digest;
	int		 ret = -1;

	buf_init(&prefix, DELIVER_PREFIX_MAX);
	buf_init(&digest, MBOX_DIGEST_MAX);
	if (trace_make(&prefix, d->e, rcpt_address(c->r), d->n == 1, d->id,
	    d->now) == 0 && mail_parser_finish_prefixed(d->parser,
	    (struct str){ (char *)prefix.data, prefix.len }, &digest) == 0) {
		c->state = RECIPIENT_APPENDS;
		c->digest = digest.len;
		d->appending++;
		d->digests += digest.len;
		rcpt_watch(c->r, on_lost, c);
		/* Else the channel is cut, and on_lost() comes. */
		(void)append_send(c, (struct str){ (char *)prefix.data,
		    prefix.len }, (struct str){ (char *)digest.data,
		    digest.len });
		ret = 0;
	}
	buf_free(&prefix);
	buf_free(&digest);
	if (ret == -1)
		answer_451(c, "Out of memory");
}

/* Whether one more may begin. */
static bool
append_fits(const struct delivery *d)
{
	return d->appending == 0 || (d->digests < DIGESTS_MAX &&
	    d->appending < (d->size > LARGE ? APPENDS_LARGE : APPENDS_MAX));
}

static void
recipient_pump(struct recipient *c)
{
	const struct delivery	*d = c->d;

	if (d->failed)
		recipient_answer(c, &d->v);
	else if (c->slot->gone)
		recipient_answer(c, &c->slot->v);
	else if (!c->slot->ready || !append_fits(d))
		return;
	else if (rcpt_session(c->r) != NULL)
		append_begin(c);
	else if (c->again)
		answer_451(c, "The store was interrupted");
	else {
		c->again = true;
		c->state = RECIPIENT_LOOKUP;
		rcpt_again(c->r, on_again, c);
	}
}

void
recipients_pump(struct delivery *d)
{
	size_t	 i;

	while (d->first < d->n &&
	    d->v_rcpt[d->first].state == RECIPIENT_DONE)
		d->first++;
	for (i = d->first; i < d->n; i++)
		if (d->v_rcpt[i].state == RECIPIENT_WAITS)
			recipient_pump(&d->v_rcpt[i]);
}

void
recipients_timeout(struct delivery *d)
{
	struct recipient	*c;
	char			 text[160];
	size_t			 i;

	for (i = 0; i < d->n; i++) {
		c = &d->v_rcpt[i];
		if (c->state == RECIPIENT_DONE)
			continue;
		/* It may come to be stored, or be cancelled in time. */
		mbox_client_forget(rcpt_session(c->r), c);
		(void)snprintf(text, sizeof(text), "%s within %u seconds",
		    c->state == RECIPIENT_APPENDS ?
		    "The store has not confirmed the message" :
		    c->state == RECIPIENT_LOOKUP ?
		    "The mailbox could not be opened again" :
		    c->slot->ready ? "It was not this recipient's turn" :
		    "The store has not taken the message", conf.timeout);
		answer_451(c, text);
	}
}

void
recipients_stop(struct delivery *d)
{
	struct recipient	*c;
	size_t			 i;

	for (i = 0; i < d->n; i++) {
		c = &d->v_rcpt[i];
		if (c->r == NULL || c->state == RECIPIENT_DONE)
			continue;
		mbox_client_forget(rcpt_session(c->r), c);
		rcpt_stop(c->r);
	}
}
