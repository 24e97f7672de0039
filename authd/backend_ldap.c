/*
 * A directory: pail.yaml(5).  The lookup finds the DN, the verifier binds as
 * it.  Must never bind with an empty password, which some servers take for
 * nobody's and let in (RFC 4513, section 5.1.2); never search as a user for
 * another; never say of a user what is the directory's trouble.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include "authd/backend.h"
#include "authd/cache.h"
#include "authd/ldap_conn.h"
#include "authd/ldap_link.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/quota_text.h"

#define NOBODY	"pail-no-such-user"	/* unknown names are bound as his */

struct ldap_state {
	struct ldap_conf	 conf;
	struct ldap_conn	*conn;
	char			 nobody[BACKEND_SECRET_MAX + 1];
	/* Whose quota was complained of. */
	char			 warned[USER_ID_MAX + 1];
};

static void
ldap_state_close(void *state)
{
	struct ldap_state	*s = state;

	ldap_conn_free(s->conn);
	freezero(s, sizeof(*s));
}

static struct ldap_state *
ldap_state_open(const struct slice *conf, uint32_t index, bool service,
    char *why, size_t size)
{
	struct ldap_state	*s;
	char			 text[256];

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	if (ldap_conf_read(&s->conf, conf, index, why, size) == -1) {
		ldap_state_close(s);
		return NULL;
	}
	if (ldap_link_try(&s->conf, text, sizeof(text)) == -1 ||
	    (s->conn = ldap_conn_new(&s->conf, service)) == NULL) {
		snprintf(why, size, "auth.%u: %s", index, s->conn == NULL ?
		    text : "out of memory");
		ldap_state_close(s);
		return NULL;
	}
	if (s->conf.bind_dn[0] == '\0')
		snprintf(s->nobody, sizeof(s->nobody), "CN=" NOBODY ",%s",
		    s->conf.base);
	else
		(void)ldap_name_expand(s->conf.bind_dn,
		    STR(NOBODY "@invalid"), STR(""), s->nobody,
		    sizeof(s->nobody));
	return s;
}

static void *
lookup_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	return ldap_state_open(conf, index, true, why, size);
}

static void *
verifier_open(const struct slice *conf, uint32_t index, char *why,
    size_t size)
{
	return ldap_state_open(conf, index, false, why, size);
}

/* What the log says of a name that is not let in, although it is there. */
static void
refuse(const struct ldap_state *s, const char *name, const char *why)
{
	char	word[2 * USER_ID_MAX + 8];

	log_warnx("backend=ldap/%u user=%s result=no why=\"%s\"",
	    s->conf.entry, log_word(word, sizeof(word), name), why);
}

/* The id that the entry gives: NULL, or why there is none. */
static const char *
take_id(const struct ldap_entry *e, char *user, size_t size)
{
	if (e->attribute.n == 0)
		return "its entry has no value of attributes.id";
	if (e->attribute.n > 1)
		return "its entry has more than one value of attributes.id";
	return user_normalize(str_from(e->attribute.first), user,
	    size) == 0 ? NULL : "attributes.id is not a valid user id";
}

/* What the entry says of the quota.  One that is wrong is told once, as long as
 * no other's is, and is none. */
static void
take_quota(struct ldap_state *s, const struct ldap_entry *e, struct found *f)
{
	char	word[2 * USER_ID_MAX + 8], why[280], text[560];

	memset(&f->quota, 0, sizeof(f->quota));
	if (s->conf.quota[0] == '\0')
		return;
	f->quota.told = QUOTA_DEFAULT;
	if (e->other.n == 0)
		return;
	if (e->other.n == 1 && quota_parse(str_from(e->other.first),
	    &f->quota.bytes, &f->quota.messages) == 0) {
		f->quota.told = QUOTA_OWN;
		return;
	}
	f->quota.bytes = f->quota.messages = 0;
	if (strcmp(s->warned, f->name) == 0)
		return;
	strlcpy(s->warned, f->name, sizeof(s->warned));
	snprintf(why, sizeof(why), "%s: %s%.64s; the default quota is used",
	    s->conf.quota, e->other.n > 1 ? "" : QUOTA_TEXT_EXPECTED ", not ",
	    e->other.n > 1 ? "more than one value, or one that is too long" :
	    e->other.first);
	log_warnx("backend=ldap/%u user=%s why=\"%s\"", s->conf.entry,
	    log_word(word, sizeof(word), f->name), log_quote(text,
	    sizeof(text), why, strlen(why)));
}

/* Is the entry of this DN one that the group filter lets in?  1, 0, or -1 and
 * why. */
static int
in_group(struct ldap_state *s, const char *name, const char *dn,
    int64_t until, char *why, size_t size)
{
	char			 filter[LDAP_FILTER_MAX + 1];
	struct ldap_query	 q = { s->conf.group_base,
				    LDAP_SCOPE_SUBTREE, filter, "", "" };
	struct ldap_entry	 e;

	if (s->conf.group_filter[0] == '\0')
		return 1;
	if (ldap_name_expand(s->conf.group_filter, str_from(name),
	    str_from(dn), filter, sizeof(filter)) == -1)
		return 0;
	if (ldap_conn_search(s->conn, &q, until, &e, why, size) == -1)
		return -1;
	if (e.n == 0)
		refuse(s, name, "group-filter finds no group");
	return e.n > 0;
}

/* It is there, and not to be let in. */
static enum found_code
find_unclear(const struct ldap_state *s, const char *name, struct found *f,
    const char *why)
{
	refuse(s, name, why);
	f->unclear = true;
	strlcpy(f->why, why, sizeof(f->why));
	return FOUND_NONE;
}

static enum found_code
find_entry(struct ldap_state *s, const char *name, struct found *f)
{
	char			 filter[LDAP_FILTER_MAX + 1];
	struct ldap_query	 q = { s->conf.base, s->conf.scope, filter,
				    s->conf.id, s->conf.quota };
	struct ldap_entry	 e;
	const char		*why;
	int64_t			 until = (int64_t)clock_ms() +
				    s->conf.timeout_ms;

	if (ldap_name_expand(s->conf.filter, str_from(name), STR(""), filter,
	    sizeof(filter)) == -1)
		return FOUND_NONE;
	if (ldap_conn_search(s->conn, &q, until, &e, f->why,
	    sizeof(f->why)) == -1)
		return FOUND_AWAY;
	if (e.n == 0)
		return FOUND_NONE;
	if (e.n > 1)
		return find_unclear(s, name, f,
		    "filter finds more than one entry");
	if ((why = e.dn[0] == '\0' ? "its entry's DN is too long" :
	    take_id(&e, f->user, sizeof(f->user))) != NULL)
		return find_unclear(s, name, f, why);
	take_quota(s, &e, f);
	switch (in_group(s, name, e.dn, until, f->why, sizeof(f->why))) {
	case 1:
		strlcpy(f->secret, e.dn, sizeof(f->secret));
		return FOUND_USER;
	case 0:
		return FOUND_NONE;
	default:
		return FOUND_AWAY;
	}
}

/* Whom the template names will be seen when it is bound: here it costs no
 * question.  Where the entry does not say who it is, the name must. */
static enum found_code
find_template(const struct ldap_state *s, const char *name, struct found *f)
{
	if (s->conf.id[0] == '\0' && !ldap_name_plain(name))
		return FOUND_NONE;
	if (ldap_name_expand(s->conf.bind_dn, str_from(name), STR(""),
	    f->secret, LDAP_DN_MAX + 1) == -1)
		return FOUND_NONE;
	strlcpy(f->user, name, sizeof(f->user));
	f->unproved = true;
	return FOUND_USER;
}

_Static_assert(LDAP_DN_MAX <= BACKEND_SECRET_MAX, "a DN is found.secret");

static enum found_code
lookup_find(void *state, struct str user, bool keys, struct found *f)
{
	struct ldap_state	*s = state;
	char			 name[USER_ID_MAX + 1];
	enum found_code		 code = FOUND_NONE;

	strlcpy(f->generation, CACHE_LASTING, sizeof(f->generation));
	/* A directory has no keys of SCRAM: it is not asked for them. */
	if (user.len == 0 || keys)
		return FOUND_NONE;
	if (user_normalize(user, name, sizeof(name)) == 0)
		code = s->conf.bind_dn[0] != '\0' ?
		    find_template(s, name, f) : find_entry(s, name, f);
	if (code == FOUND_NONE)
		strlcpy(f->secret, s->nobody, sizeof(f->secret));
	return code;
}

/* What only the user himself is asked for, as he is bound now. */
static enum work_result_code
verify_entry(struct ldap_state *s, struct found *f, int64_t until, char *why,
    size_t size)
{
	struct ldap_query	q = { f->secret, LDAP_SCOPE_BASE,
				    "(objectClass=*)", s->conf.id,
				    s->conf.quota };
	struct ldap_entry	e;
	char			name[USER_ID_MAX + 1];
	const char		*bad;

	strlcpy(name, f->user, sizeof(name));
	if (s->conf.id[0] != '\0' || s->conf.quota[0] != '\0') {
		if (ldap_conn_search(s->conn, &q, until, &e, why, size) == -1)
			return WORK_UNAVAILABLE;
		if (s->conf.id[0] != '\0' && (bad = take_id(&e, f->user,
		    sizeof(f->user))) != NULL) {
			refuse(s, name, bad);
			return WORK_NO;
		}
		take_quota(s, &e, f);
	}
	switch (in_group(s, name, f->secret, until, why, size)) {
	case 1:
		return WORK_YES;
	case 0:
		return WORK_NO;
	default:
		return WORK_UNAVAILABLE;
	}
}

static enum work_result_code
verifier_verify(void *state, struct found *f, struct str password, char *why,
    size_t size)
{
	struct ldap_state	*s = state;
	struct ldap_reply	 r;
	enum work_result_code	 code;
	int64_t			 until = (int64_t)clock_ms() +
				    s->conf.timeout_ms;
	char			 text[256];

	if (password.len == 0)
		return WORK_NO;
	if (ldap_conn_bind(s->conn, f->secret, password, until, &r, why,
	    size) == -1)
		return WORK_UNAVAILABLE;
	code = ldap_answer(&r, text, sizeof(text));
	if (code == WORK_YES && s->conf.bind_dn[0] != '\0' &&
	    f->user[0] != '\0')
		return verify_entry(s, f, until, why, size);
	if (code != WORK_NO)
		strlcpy(why, text, size);
	else if (r.result != LDAP_INVALID_CREDENTIALS ||
	    strcmp(text, LDAP_WRONG) != 0)
		refuse(s, f->name, text);
	return code;
}

static const char *
lookup_wants(void *state)
{
	struct ldap_state	*s = state;

	return ldap_conn_refused(s->conn) ? "service-password" : NULL;
}

static bool
lookup_given(void *state, struct str secret)
{
	struct ldap_state	*s = state;

	if (secret.len == 0 || secret.len >= sizeof(s->conf.password) ||
	    memchr(secret.p, '\0', secret.len) != NULL ||
	    str_eq(secret, str_from(s->conf.password)))
		return false;
	explicit_bzero(s->conf.password, sizeof(s->conf.password));
	memcpy(s->conf.password, secret.p, secret.len);
	return true;
}

/* The servers, by their ports; and the directory of the CA file, in which
 * another may take its place.  A pool of directories has one entry. */
static void
ldap_reach(const struct slice *conf, uint32_t index, struct sandbox *box)
{
	static struct ldap_conf	 c;
	static char		 ca[sizeof(c.ca_file)];
	char			 why[128], *slash;
	size_t			 i;

	if (ldap_conf_read(&c, conf, index, why, sizeof(why)) == -1)
		return;			/* lookup_open() says so */
	explicit_bzero(c.password, sizeof(c.password));
	for (i = 0; i < c.nservers; i++) {
		if (c.server[i].scheme == LDAP_SCHEME_LDAPI) {
			sandbox_reach(box, c.server[i].path, false);
			box->local = true;
		} else
			sandbox_connect(box, c.server[i].port);
		if (ldap_addr_named(&c.server[i]))
			sandbox_names(box);
	}
	if (!ldap_conf_tls(&c))
		return;
	strlcpy(ca, ldap_conf_ca_file(&c), sizeof(ca));
	if ((slash = strrchr(ca, '/')) != NULL && slash != ca) {
		*slash = '\0';
		sandbox_reach(box, ca, false);
	}
}

static const struct lookup_kind		lookup_ldap = {
	.open = lookup_open, .find = lookup_find, .close = ldap_state_close,
	.wants = lookup_wants, .given = lookup_given
};
static const struct verifier_kind	verifier_ldap = {
	.open = verifier_open, .verify = verifier_verify,
	.close = ldap_state_close
};

const struct backend_kind backend_ldap = {
	.type = "ldap", .lookup = &lookup_ldap, .verifier = &verifier_ldap,
	.reach = ldap_reach
};
