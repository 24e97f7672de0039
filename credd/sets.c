/* See sets.h. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_write.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/msg_auth.h"
#include "common/sqs_url.h"
#include "credd/chain.h"
#include "credd/identity.h"
#include "credd/report.h"
#include "credd/roles.h"
#include "credd/sets.h"

#define CRED		"credentials."
#define ROLES		CRED "assume-role.%u."

/* What a set of its own has instead of the store's. */
static const char *const own_keys[] = {
	CRED "source", CRED "access-key", CRED "secret-key",
	CRED "session-token", CRED "profile", CRED "role", CRED "role-arn",
	CRED "session-name", CRED "duration", CRED "sts-endpoint"
};
static const char *const role_keys[] = {
	"role-arn", "session-name", "external-id", "duration", "policy",
	"sts-endpoint"
};
#define PAIRS_MAX	(nitems(own_keys) + ROLES_MAX * nitems(role_keys) + 3)

struct set {
	struct sets	*sets;
	unsigned	 number;
	char		 name[CRED_USE_MAX + 1];
	bool		 on;
	const struct slice *conf;	/* as it sees it */
	struct slice	*view;		/* that, if it is not the slice */
	struct refresh	*refresh;
	struct identity	*identity;
	int64_t		 expires;	/* of the last secret, though it has
					   ended; 0: never, or none yet */
};

struct sets {
	const struct source_world *world;
	struct keys	*keys;
	struct refresh_ops ops;
	struct set	 v[KEYS_SETS_MAX];
	bool		 begun;
	unsigned	 entries;	/* of "ingest", since then */
	bool		 report;	/* an operator waits for a check */
};

static const char *
entry(const struct slice *conf, unsigned i, const char *key)
{
	const char	*s = slice_at(conf, "ingest.%u.%s", i, key);

	return s != NULL ? s : "";
}

static bool
is_s3(const struct slice *conf)
{
	return strcmp(slice_str(conf, "store.type"), "s3") == 0;
}

static bool
has_entry(const struct slice *conf, unsigned i)
{
	return i + 1 < KEYS_SETS_MAX && *entry(conf, i, CRED "source") != '\0';
}

/* Else the store's set is used. */
static bool
has_own(const struct slice *conf, unsigned i)
{
	return has_entry(conf, i) && (strcmp(entry(conf, i, CRED "source"),
	    "store") != 0 || *entry(conf, i, CRED "assume-role.0.role-arn") !=
	    '\0');
}

bool
sets_needed(const struct slice *conf)
{
	return is_s3(conf) || has_entry(conf, 0);
}

/* -- the slice as a set sees it -- */

struct pairs {
	const char	*v[PAIRS_MAX][2];
	char		 name[PAIRS_MAX][80];
	size_t		 n;
};

static void
pair(struct pairs *p, const char *key, const char *value)
{
	if (p->n == PAIRS_MAX)
		fatalx("sets: too many keys");
	strlcpy(p->name[p->n], key, sizeof(p->name[p->n]));
	p->v[p->n][0] = p->name[p->n];
	p->v[p->n++][1] = value != NULL ? value : "";
}

/* Role number `from` of the entry stands as number `at`. */
static void
pair_role(struct pairs *p, const struct slice *conf, unsigned i, unsigned at,
    unsigned from)
{
	char	 key[80];
	size_t	 k;

	for (k = 0; k < nitems(role_keys); k++) {
		snprintf(key, sizeof(key), "store." ROLES "%s", at,
		    role_keys[k]);
		pair(p, key, slice_at(conf, "ingest.%u." ROLES "%s", i, from,
		    role_keys[k]));
	}
}

static struct slice *
view_of(const struct slice *conf, unsigned i)
{
	struct pairs	*p = mem_new(1, sizeof(*p));
	struct slice	*view;
	const char	*region = entry(conf, i, "region");
	const char	*endpoint = entry(conf, i, "endpoint");
	char		 key[80], name[CRED_USE_MAX + 1];
	unsigned	 at = 0, k;

	snprintf(name, sizeof(name), "ingest.%u", i);
	pair(p, SOURCE_OF, name);
	if (*region != '\0')
		pair(p, "store.region", region);
	if (*region != '\0' || *endpoint != '\0')
		pair(p, "store.endpoint", endpoint);
	if (strcmp(entry(conf, i, CRED "source"), "store") == 0)
		/* Its roles follow the store's. */
		at = roles_count(conf);
	else
		for (k = 0; k < nitems(own_keys); k++) {
			snprintf(key, sizeof(key), "store.%s", own_keys[k]);
			pair(p, key, entry(conf, i, own_keys[k]));
		}
	for (k = 0; at + k < ROLES_MAX; k++)
		pair_role(p, conf, i, at + k, k);
	view = slice_with(conf, p->v, p->n);
	free(p);
	return view;
}

/* -- the sets -- */

static void *
set_look(const struct slice *conf, chain_cb cb, void *cb_arg, void *arg)
{
	const struct set	*s = arg;

	return chain_start(s->sets->world, conf, cb, cb_arg);
}

static void
set_cancel(void *look, void *arg)
{
	(void)arg;
	chain_cancel(look);
}

static void
set_give(const struct cred_secret *secret, void *arg)
{
	struct set		*s = arg;
	struct refresh_status	 st;

	if (secret != NULL)
		s->expires = secret->expires;
	refresh_status(s->refresh, &st);
	keys_source(s->sets->keys, s->number, st.source != NULL ? st.source :
	    "");
	/* A check tells whose they are, so it waits for that. */
	if (secret != NULL && secret->identity[0] == '\0' &&
	    identity_ask(s->identity, s->conf, secret) && s->sets->report)
		return;
	keys_secret(s->sets->keys, s->number, secret);
}

static void
set_identity(const char *access_key, const char *arn, void *arg)
{
	struct set		*s = arg;
	struct refresh_status	 st;

	refresh_status(s->refresh, &st);
	if (arn != NULL)
		refresh_identity(s->refresh, access_key, arn);
	else if (s->sets->report)
		keys_secret(s->sets->keys, s->number, st.secret);
}

struct sets *
sets_new(const struct source_world *world, struct keys *k)
{
	struct sets	*s = mem_new(1, sizeof(*s));

	s->world = world;
	s->keys = k;
	s->ops = (struct refresh_ops){ set_look, set_cancel, set_give,
	    world->now };
	return s;
}

/* There is something that needs it. */
static void
set_begin(struct sets *s, unsigned number, const char *name)
{
	struct set	*t = &s->v[number];

	t->sets = s;
	t->number = number;
	t->on = true;
	strlcpy(t->name, name, sizeof(t->name));
	if ((t->refresh = refresh_new(s->world->base, &s->ops, t)) == NULL)
		fatal("refresh_new");
	t->identity = identity_new(s->world, set_identity, t);
	if (number > 0)
		refresh_name(t->refresh, name);
}

static void
set_end(struct set *t)
{
	keys_secret(t->sets->keys, t->number, NULL);
	refresh_free(t->refresh);
	identity_free(t->identity);
	slice_free(t->view);
	memset(t, 0, sizeof(*t));
}

/* Its bucket, and its queue: a reload may give it credentials of its own, or
 * the store's. */
static void
place_entry(struct sets *s, const struct slice *conf, unsigned i)
{
	unsigned	 set = has_own(conf, i) ? i + 1 : 0;
	struct set	*own = &s->v[i + 1];
	const char	*region = entry(conf, i, "region");
	const char	*queue = entry(conf, i, "queue");
	char		 name[CRED_USE_MAX + 1];
	char		 where[SQS_REGION_MAX + 1];

	if (s->begun && own->on == (set > 0))
		return;
	snprintf(name, sizeof(name), "ingest.%u", i);
	if (set > 0)
		set_begin(s, set, name);
	if (*region == '\0')
		region = slice_str(conf, "store.region");
	keys_use(s->keys, name, "s3", region, set);
	if (*queue != '\0')
		keys_use(s->keys, name, "sqs", sqs_url_region(queue, region,
		    where), set);
	if (set == 0 && own->on)
		set_end(own);
}

void
sets_configure(struct sets *s, const struct slice *conf)
{
	struct slice	*old;
	unsigned	 i;

	if (!s->begun) {
		if (is_s3(conf)) {
			keys_use(s->keys, "store", "s3", "", 0);
			set_begin(s, 0, "store");
		}
		while (has_entry(conf, s->entries))
			s->entries++;
	}
	for (i = 0; i < s->entries && has_entry(conf, i); i++)
		place_entry(s, conf, i);
	s->begun = true;
	s->report = slice_bool(conf, "report");
	if (s->v[0].on) {
		s->v[0].conf = conf;
		refresh_configure(s->v[0].refresh, conf);
	}
	for (i = 1; i < KEYS_SETS_MAX; i++)
		if (s->v[i].on && has_own(conf, i - 1)) {
			old = s->v[i].view;
			s->v[i].conf = s->v[i].view = view_of(conf, i - 1);
			refresh_configure(s->v[i].refresh, s->v[i].view);
			slice_free(old);
		}
}

void
sets_refused(unsigned set, const char *access_key, void *arg)
{
	struct sets	*s = arg;

	if (s->v[set].on)
		refresh_refused(s->v[set].refresh, access_key);
}

void
sets_status(const struct sets *s, struct refresh_status *st)
{
	struct refresh_status	 one;
	unsigned		 i;

	memset(st, 0, sizeof(*st));
	for (i = 0; i < KEYS_SETS_MAX; i++) {
		if (!s->v[i].on)
			continue;
		refresh_status(s->v[i].refresh, &one);
		st->done += one.done;
		st->failed += one.failed;
		if (one.secret != NULL && (st->secret == NULL ||
		    st->secret->expires == 0 || (one.secret->expires != 0 &&
		    one.secret->expires < st->secret->expires)))
			st->secret = one.secret;
	}
}

void
sets_expiries(const struct sets *s,
    void (*one)(const char *of, int64_t expires))
{
	unsigned	 i;

	for (i = 0; i < KEYS_SETS_MAX; i++)
		if (s->v[i].on)
			one(s->v[i].name, s->v[i].expires);
}

void
sets_report_json(const struct sets *s, struct buf *b)
{
	struct refresh_status	 st;
	unsigned		 i;

	json_add_object(b, NULL);
	json_add_array(b, "credentials");
	for (i = 0; i < KEYS_SETS_MAX; i++) {
		if (!s->v[i].on)
			continue;
		refresh_status(s->v[i].refresh, &st);
		json_add_object(b, NULL);
		json_add_text(b, "of", i == 0 ? "store" : s->v[i].name);
		report_json(&st, b);
		json_end_object(b);
	}
	json_end_array(b);
	json_end_object(b);
	buf_puts(b, "\n");
}

void
sets_report(const struct sets *s, char *dst, size_t size)
{
	struct refresh_status	 st;
	char			 one[4096];
	unsigned		 i;

	dst[0] = '\0';
	if (!s->v[0].on)
		report_text(NULL, s->world->now(), dst, size);
	for (i = 0; i < KEYS_SETS_MAX; i++) {
		if (!s->v[i].on)
			continue;
		refresh_status(s->v[i].refresh, &st);
		report_text(&st, s->world->now(), one, sizeof(one));
		if (i > 0) {
			strlcat(dst, "\n", size);
			strlcat(dst, s->v[i].name, size);
			strlcat(dst, ":\n", size);
		}
		strlcat(dst, one, size);
	}
}
