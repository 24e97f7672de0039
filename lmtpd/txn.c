/*
 * Transactions.  What is answered is what has been found out, in the order of
 * the commands; 250 after the octets is the recipient's own word (delivery.h),
 * never ours.
 */
#include "common/compat.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/log_context.h"
#include "common/log_limit.h"
#include "lmtpd/client.h"
#include "lmtpd/conf.h"
#include "lmtpd/engine.h"
#include "lmtpd/path.h"
#include "lmtpd/txn_impl.h"

uint64_t	 txn_messages, txn_octets_in, txn_told[6];

static const struct engine engine_real = {
	.rcpt_new = rcpt_new,
	.rcpt_free = rcpt_free,
	.delivery_new = delivery_new,
	.delivery_room = delivery_room,
	.delivery_data = delivery_data,
	.delivery_end = delivery_end,
	.delivery_free = delivery_free
};
const struct engine *engine = &engine_real;

static void
recipient_free(struct recipient *r)
{
	if (r == NULL)
		return;
	engine->rcpt_free(r->rcpt);
	free(r->verdict);
	free(r);
}

void
txn_reset(struct client *c)
{
	struct txn	*t = &c->txn;
	size_t		 i;

	engine->delivery_free(t->delivery);
	for (i = 0; t->answers != NULL && i < t->accepted; i++)
		free(t->answers[i]);
	free(t->answers);
	free(t->to);
	for (i = 0; i < t->n; i++)
		recipient_free(t->v[i]);
	free(t->v);
	free(t->sender);
	free(t->envid);
	memset(t, 0, sizeof(*t));
}

/* A parameter of MAIL; 0, or -1: it was refused. */
static int
mail_param(struct client *c, const char *name, char *value)
{
	struct txn	*t = &c->txn;
	const char	*errstr;

	if (strcasecmp(name, "SIZE") == 0 && value != NULL && t->size == 0) {
		t->size = (uint64_t)strtonum(value, 0, INT64_MAX, &errstr);
		if (value[strspn(value, "0123456789")] == '\0') {
			if (errstr == NULL && t->size <= conf.max_size)
				return 0;
			client_say(c, 552, "5.3.4", "A message has at most "
			    "%llu octets", (unsigned long long)conf.max_size);
			return -1;
		}
	} else if (strcasecmp(name, "BODY") == 0 && value != NULL) {
		t->body = strcasecmp(value, "8BITMIME") == 0 ?
		    ENVELOPE_8BITMIME : strcasecmp(value, "BINARYMIME") == 0 ?
		    ENVELOPE_BINARYMIME : ENVELOPE_7BIT;
		if (t->body != ENVELOPE_7BIT || strcasecmp(value, "7BIT") == 0)
			return 0;
	} else if (strcasecmp(name, "SMTPUTF8") == 0 && value == NULL) {
		t->utf8 = true;
		return 0;
	} else if (strcasecmp(name, "RET") == 0 && value != NULL) {
		if (strcasecmp(value, "FULL") == 0 ||
		    strcasecmp(value, "HDRS") == 0)
			return 0;
	} else if (strcasecmp(name, "ENVID") == 0 && value != NULL &&
	    t->envid == NULL) {
		if (strlen(value) <= 100 && path_xtext(value) == 0) {
			if ((t->envid = strdup(value)) != NULL)
				return 0;
			client_say(c, 451, "4.3.0", "Out of memory");
			return -1;
		}
	} else {
		client_say(c, 555, "5.5.4", "MAIL has no parameter %s, or not "
		    "twice", name);
		return -1;
	}
	client_say(c, 501, "5.5.4", "MAIL: %s has no such value", name);
	return -1;
}

void
txn_mail(struct client *c, char *args)
{
	struct txn	*t = &c->txn;
	struct path	 p;
	const char	*s = args;
	char		*rest, *name, *value;
	int		 r;

	if (t->open) {
		client_say(c, 503, "5.5.1", "MAIL was said already");
		return;
	}
	if (clients_draining) {
		client_bye(c, "4.3.2", "The server is shutting down");
		return;
	}
	if (path_read(&s, &p) == -1) {
		client_say(c, 501, "5.1.7", "MAIL FROM:<address>");
		return;
	}
	rest = args + (s - args);
	while ((r = path_param(&rest, &name, &value)) == 1)
		if (mail_param(c, name, value) == -1) {
			txn_reset(c);
			return;
		}
	if (r == -1)
		client_say(c, 501, "5.5.4", "A parameter is malformed");
	else if (p.utf8 && !t->utf8)
		client_say(c, 553, "5.6.7", "Such an address needs SMTPUTF8");
	else if ((t->sender = strdup(p.address)) == NULL)
		client_say(c, 451, "4.3.0", "Out of memory");
	else {
		t->open = true;
		t->since = (int64_t)clock_ms();
		txn_envelope(c);
		client_say(c, 250, "2.1.0", "Sender noted");
		return;
	}
	txn_reset(c);
}

/* Answers in the order of the commands. */
static void
tell_recipients(struct client *c)
{
	struct txn	*t = &c->txn;
	struct recipient *r;

	while (t->told < t->n && t->v[t->told]->verdict != NULL) {
		r = t->v[t->told++];
		client_tell(c, r->verdict);
		free(r->verdict);
		r->verdict = NULL;
	}
	client_wake(c);
}

static void
log_refused(const struct client *c, const char *address,
    const struct verdict *v)
{
	static struct log_limit	 limit =
	    LOG_LIMIT_OF("recipient refused", LOG_LEVEL_INFO, 100, 600);
	char			 rcpt[256], why[VERDICT_TEXT];
	struct log_context	 old;

	log_context_swap(&c->txn.envelope.context, &old);
	if (log_limit(&limit))
		log_info("session=%016" PRIx64 " rcpt=%s remote=%s result=%s "
		    "code=%d why=\"%s\"", c->session,
		    log_word(rcpt, sizeof(rcpt), address), c->remote,
		    v->code / 100 == 4 ? "later" : "no", v->code,
		    log_quote(why, sizeof(why), v->text, strlen(v->text)));
	log_context_swap(&old, NULL);
}

/* engine->rcpt_new() has found out. */
static void
recipient_done(void *arg, struct rcpt *rcpt, const struct verdict *v)
{
	struct recipient	*r = arg;
	struct client		*c = r->client;
	struct txn		*t = &c->txn;

	t->pending--;
	if ((r->verdict = malloc(sizeof(*v))) == NULL) {
		client_close(c, "out of memory");
		return;
	}
	*r->verdict = *v;
	(void)rcpt;
	if ((r->accepted = verdict_ok(v)))
		t->accepted++;
	else {
		txn_count(v);
		log_refused(c, rcpt_name(r), v);
	}
	tell_recipients(c);
}

/* One more in the list, without an answer. */
static struct recipient *
recipient_add(struct client *c, const char *address)
{
	struct txn	 *t = &c->txn;
	struct recipient *r, **v;
	size_t		  len = strlen(address) + 1;

	if (t->n == t->room) {
		v = reallocarray(t->v, t->room == 0 ? 8 : 2 * t->room,
		    sizeof(*v));
		if (v == NULL)
			return NULL;
		t->v = v;
		t->room = t->room == 0 ? 8 : 2 * t->room;
	}
	if ((r = calloc(1, sizeof(*r) + len)) == NULL)
		return NULL;
	r->client = c;
	memcpy(r + 1, address, len);
	t->v[t->n++] = r;
	return r;
}

/* NOTIFY and ORCPT (RFC 3461) are for who sends notifications: not us. */
static bool
rcpt_param_good(const char *name, char *value)
{
	char	*word;
	bool	 never = false, more = false;

	if (strcasecmp(name, "ORCPT") == 0)
		return value != NULL && strchr(value, ';') > value &&
		    strlen(value) <= 500;
	if (strcasecmp(name, "NOTIFY") != 0 || value == NULL)
		return false;
	while ((word = strsep(&value, ",")) != NULL) {
		if (strcasecmp(word, "NEVER") == 0)
			never = true;
		else if (strcasecmp(word, "SUCCESS") == 0 ||
		    strcasecmp(word, "FAILURE") == 0 ||
		    strcasecmp(word, "DELAY") == 0)
			more = true;
		else
			return false;
	}
	return never != more;
}

/* What is wrong with the arguments of RCPT: false, with *v. */
static bool
rcpt_args(struct client *c, char *args, struct path *p, struct verdict *v)
{
	const char	*s = args;
	char		*rest, *name, *value;
	int		 r;

	if (path_read(&s, p) == -1 || p->address[0] == '\0') {
		verdict_set(v, 501, "5.1.3", "RCPT TO:<address>");
		return false;
	}
	if (p->utf8 && !c->txn.utf8) {
		verdict_set(v, 553, "5.6.7", "Such an address needs SMTPUTF8");
		return false;
	}
	rest = args + (s - args);
	while ((r = path_param(&rest, &name, &value)) == 1)
		if (strcasecmp(name, "ORCPT") != 0 &&
		    strcasecmp(name, "NOTIFY") != 0) {
			verdict_set(v, 555, "5.5.4", "RCPT has no parameter "
			    "%s", name);
			return false;
		} else if (!rcpt_param_good(name, value)) {
			verdict_set(v, 501, "5.5.4", "RCPT: %s has no such "
			    "value", name);
			return false;
		}
	if (r == -1)
		verdict_set(v, 501, "5.5.4", "A parameter is malformed");
	return r == 0;
}

void
txn_rcpt(struct client *c, char *args)
{
	struct txn	 *t = &c->txn;
	struct path	  p = { .address = "" };
	struct recipient *r;
	struct verdict	  v = { .code = 0 };

	/* No lookup is under way then, whose answer would come first. */
	if (!t->open || t->begun) {
		client_say(c, 503, "5.5.1", t->open ?
		    "The message has begun" : "Say MAIL first");
		return;
	}
	if (t->n >= 2 * (size_t)conf.max_recipients + TXN_LOOKUPS) {
		client_bye(c, "4.5.3", "Too many recipients");
		return;
	}
	if (t->pending + t->accepted >= conf.max_recipients)
		verdict_set(&v, 452, "4.5.3", "A message has at most %u "
		    "recipients", conf.max_recipients);
	else
		(void)rcpt_args(c, args, &p, &v);
	if ((r = recipient_add(c, p.address)) == NULL) {
		client_close(c, "out of memory");
		return;
	}
	if (v.code == 0) {
		r->rcpt = engine->rcpt_new(client_base(c), p.address,
		    &t->envelope, recipient_done, r);
		if (r->rcpt != NULL) {
			t->pending++;
			return;
		}
		verdict_set(&v, 451, "4.3.0", "Out of memory");
	}
	if ((r->verdict = malloc(sizeof(v))) == NULL) {
		client_close(c, "out of memory");
		return;
	}
	*r->verdict = v;
	tell_recipients(c);
}

bool
txn_waits(const struct client *c, bool rcpt)
{
	return rcpt ? c->txn.pending >= TXN_LOOKUPS : c->txn.pending > 0;
}
