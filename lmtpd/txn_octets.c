/*
 * The octets of a message, by DATA or BDAT (RFC 3030), as fast as the delivery
 * takes them, and its answers.  What has been refused is still read to its end,
 * which is where the answers belong.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include <openssl/ssl.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/log_context.h"
#include "lmtpd/conf.h"
#include "lmtpd/engine.h"
#include "lmtpd/metrics.h"
#include "lmtpd/txn_impl.h"

#define PIECE	4096	/* octets at once to the delivery */

void
txn_count(const struct verdict *v)
{
	if (v->code / 100 < (int)nitems(txn_told) && v->code > 0)
		txn_told[v->code / 100]++;
}

/* The message is refused, all of it: for each recipient. */
static void
refuse(struct client *c, int code, const char *enhanced, const char *text)
{
	struct txn	*t = &c->txn;

	if (t->refused.code != 0)
		return;
	verdict_set(&t->refused, code, enhanced, "%s", text);
	engine->delivery_free(t->delivery);
	t->delivery = NULL;
}

static void
on_room(void *arg)
{
	client_wake(arg);
}

static void
on_answer(void *arg, size_t i, const struct verdict *v)
{
	struct client	*c = arg;
	struct txn	*t = &c->txn;

	if (i >= t->accepted || t->answers[i] != NULL)
		return;
	if ((t->answers[i] = malloc(sizeof(*v))) == NULL) {
		client_close(c, "out of memory");
		return;
	}
	*t->answers[i] = *v;
	t->nanswered++;
	txn_count(v);
	metrics_received("lmtp", v);
	client_wake(c);
}

void
txn_envelope(struct client *c)
{
	static const char *const words[] = { "LMTP", "LMTPS", "UTF8LMTP",
	    "UTF8LMTPS" };
	struct txn	*t = &c->txn;
	struct envelope	*e = &t->envelope;

	e->sender = t->sender;
	e->envid = t->envid;
	e->helo = c->helo;
	e->remote = c->remote;
	e->protocol = words[(t->utf8 ? 2 : 0) + (client_is_tls(c) ? 1 : 0)];
	if (c->io.ssl != NULL) {
		strlcpy(t->tls, SSL_get_version(c->io.ssl), sizeof(t->tls));
		strlcat(t->tls, " with cipher ", sizeof(t->tls));
		strlcat(t->tls, SSL_get_cipher_name(c->io.ssl),
		    sizeof(t->tls));
		e->tls = t->tls;
	}
	e->context = (struct log_context){ .session = c->session };
	if (log_is_debug())
		log_context_trace(&e->context);
	e->size = t->size;
	e->body = t->body;
}

/* 0, or -1: it was answered. */
static int
begin(struct client *c)
{
	static const struct delivery_ops ops = { on_room, on_answer };
	struct txn	*t = &c->txn;
	size_t		 i, n = 0;

	if (t->accepted == 0) {
		client_say(c, 503, "5.5.1", t->open ?
		    "No recipient was accepted" : "Say MAIL first");
		return -1;
	}
	t->to = calloc(t->accepted, sizeof(struct rcpt *));
	t->answers = calloc(t->accepted, sizeof(struct verdict *));
	if (t->to == NULL || t->answers == NULL) {
		client_close(c, "out of memory");
		return -1;
	}
	for (i = 0; i < t->n; i++)
		if (t->v[i]->accepted)
			t->to[n++] = t->v[i]->rcpt;
	t->begun = true;
	t->delivery = engine->delivery_new(client_base(c), &t->envelope,
	    t->to, t->accepted, &ops, c);
	if (t->delivery == NULL)
		refuse(c, 451, "4.3.0", "Out of memory");
	return 0;
}

void
txn_data(struct client *c)
{
	struct txn	*t = &c->txn;

	if (t->begun || t->body == ENVELOPE_BINARYMIME) {
		client_say(c, 503, "5.5.1", t->begun ?
		    "The message comes by BDAT" : "BINARYMIME needs BDAT");
		return;
	}
	if (begin(c) == -1)
		return;
	client_say(c, 354, "", "The message, then CRLF, a dot and CRLF");
	if (!client_closed(c))
		c->state = CLIENT_DATA;
}

/* BDAT 1000, BDAT 1000 LAST */
void
txn_bdat(struct client *c, char *args)
{
	struct txn	*t = &c->txn;
	char		*end = args;
	uint64_t	 n = 0;

	/* What cannot be told from octets ends the connection. */
	while (isdigit((unsigned char)*end) && n <= UINT32_MAX)
		n = n * 10 + (uint64_t)(*end++ - '0');
	if (end == args || n > UINT32_MAX || (*end != '\0' && *end != ' ')) {
		client_say(c, 501, "5.5.4", "BDAT length [LAST]");
		client_bye(c, "4.5.0", "Octets may follow that nobody "
		    "counted");
		return;
	}
	while (*end == ' ')
		end++;
	if (*end != '\0' && strcasecmp(end, "LAST") != 0) {
		client_say(c, 501, "5.5.4", "BDAT length [LAST]");
		client_bye(c, "4.5.0", "Octets may follow that nobody "
		    "counted");
		return;
	}
	c->left = n;
	c->last = *end != '\0';
	/* Without recipients the octets come all the same. */
	if (!t->begun && t->accepted > 0 && begin(c) == -1)
		return;
	c->state = CLIENT_BDAT;
}

/* As much of these as the delivery takes now; the size is looked at first. */
static void
deliver(struct client *c, const char *p, size_t n)
{
	struct txn	*t = &c->txn;

	t->octets += n;
	txn_octets_in += n;
	if (t->octets > conf.max_size)
		refuse(c, 552, "5.3.4", "The message is too large");
	if (t->text.bare && conf.bare_refuse &&
	    t->body != ENVELOPE_BINARYMIME)
		refuse(c, 554, "5.6.11", "The message has a CR or LF alone");
	if (t->delivery != NULL && n > 0)
		engine->delivery_data(t->delivery, p, n);
}

/* The message has come to its end. */
static void
finish(struct client *c)
{
	struct txn	*t = &c->txn;
	size_t		 i;

	c->state = CLIENT_ANSWERS;
	txn_messages++;
	if (t->delivery != NULL)
		engine->delivery_end(t->delivery);
	else
		for (i = 0; i < t->accepted; i++)
			on_answer(c, i, &t->refused);
}

/* A chunk has come to its end. */
static void
finish_chunk(struct client *c)
{
	struct txn	*t = &c->txn;

	if (!t->begun) {
		c->state = CLIENT_COMMAND;
		client_say(c, 503, "5.5.1", t->open ?
		    "No recipient was accepted" : "Say MAIL first");
		return;
	}
	if (c->last) {
		finish(c);
		return;
	}
	c->state = CLIENT_COMMAND;
	if (t->refused.code != 0)
		client_tell(c, &t->refused);
	else
		client_say(c, 250, "2.0.0", "So far %llu octets",
		    (unsigned long long)t->octets);
}

/* How many octets may be taken now. */
static size_t
room(const struct client *c)
{
	size_t	 n = PIECE, r;

	if (c->txn.delivery == NULL)
		return n;
	/* One octet more may come out of unstuff(). */
	r = engine->delivery_room(c->txn.delivery);
	return r <= 1 ? 0 : r - 1 < n ? r - 1 : n;
}

bool
txn_octets(struct client *c)
{
	struct txn	*t = &c->txn;
	const char	*p = (const char *)c->in.data + c->in_off;
	char		 out[UNSTUFF_ROOM(PIECE)];
	size_t		 n = client_unread(c), m, max = room(c);

	if (c->state == CLIENT_BDAT) {
		if (c->left == 0) {
			finish_chunk(c);
			return true;
		}
		if (n > c->left)
			n = (size_t)c->left;
	}
	if (n > max)
		n = max;
	if (n == 0)
		return false;
	if (c->state == CLIENT_BDAT) {
		unstuff_look(&t->text, p, n);
		c->in_off += n;
		c->left -= n;
		if (t->begun)
			deliver(c, p, n);
		return !client_closed(c);
	}
	c->in_off += unstuff(&t->text, p, n, out, &m);
	deliver(c, out, m);
	if (t->text.ended)
		finish(c);
	return !client_closed(c);
}

void
txn_answers(struct client *c)
{
	struct txn	*t = &c->txn;

	while (t->ntold < t->accepted && t->answers[t->ntold] != NULL) {
		client_tell(c, t->answers[t->ntold]);
		t->ntold++;
	}
	if (t->ntold < t->accepted)
		return;
	txn_reset(c);
	c->state = CLIENT_COMMAND;
}
