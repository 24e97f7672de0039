/*
 * The table of backends, and how a lookup and a verifier make one.  Must never
 * say yes for a name that the lookup does not know.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>

#include "authd/backend.h"
#include "common/b64.h"

/* Either may be missing: who looks up is another worker, or who verifies. */
struct backend {
	const struct lookup_kind	*lookup_kind;
	const struct verifier_kind	*verifier_kind;
	const struct token_kind		*token_kind;
	void				*lookup;
	void				*verifier;
	void				*token;
};

#define X(name, workers, timeout, traits, own, arg)	&backend_##name,
static const struct backend_kind *const backends[] = { AUTH_KINDS(X, ) };
#undef X

const struct backend_kind *backend_test;

const struct backend_kind *
backend_find(const char *type)
{
	size_t	i;

	for (i = 0; i < nitems(backends); i++)
		if (strcmp(backends[i]->type, type) == 0)
			return backends[i];
	if (backend_test != NULL && strcmp(backend_test->type, type) == 0)
		return backend_test;
	return NULL;
}

static struct backend *
backend_make(const struct lookup_kind *lookup,
    const struct verifier_kind *verifier, const struct slice *conf,
    uint32_t index, char *why, size_t size)
{
	struct backend	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	if (lookup != NULL && (b->lookup = lookup->open(conf, index, why,
	    size)) == NULL) {
		free(b);
		return NULL;
	}
	b->lookup_kind = lookup;
	b->verifier_kind = verifier;
	if (verifier != NULL && verifier->open != NULL && (b->verifier =
	    verifier->open(conf, index, why, size)) == NULL) {
		backend_close(b);
		return NULL;
	}
	return b;
}

static struct backend *
backend_make_token(const struct token_kind *token, const struct slice *conf,
    uint32_t index, char *why, size_t size)
{
	struct backend	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	if ((b->token = token->open(conf, index, why, size)) == NULL) {
		free(b);
		return NULL;
	}
	b->token_kind = token;
	return b;
}

struct backend *
backend_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	const char	*type = slice_at(conf, "auth.%u.type", index);
	const char	*lookup = slice_at(conf, "auth.%u.lookup", index);
	const struct backend_kind *kind;
	const struct auth_kind	*row;
	bool			 own;

	if (type == NULL || (kind = backend_find(type)) == NULL ||
	    (kind->verifier == NULL && kind->token == NULL)) {
		snprintf(why, size, "auth.%u.type: unknown type", index);
		return NULL;
	}
	if (kind->token != NULL)
		return backend_make_token(kind->token, conf, index, why, size);
	row = auth_kind_find(type);
	own = row == NULL || (row->traits & AUTH_FOUND) != 0 ||
	    lookup == NULL || lookup[0] == '\0' ||
	    strcmp(lookup, row->lookup) == 0;
	return backend_make(own ? kind->lookup : NULL, kind->verifier, conf,
	    index, why, size);
}

struct backend *
backend_open_lookup(const struct slice *conf, uint32_t index, char *why,
    size_t size)
{
	const char	*type = slice_at(conf, "auth.%u.lookup", index);
	const struct backend_kind *kind;

	if (type == NULL || (kind = backend_find(type)) == NULL ||
	    kind->lookup == NULL) {
		snprintf(why, size, "auth.%u.lookup: unknown type", index);
		return NULL;
	}
	return backend_make(kind->lookup, NULL, conf, index, why, size);
}

struct backend *
backend_open_app(const struct slice *conf, char *why, size_t size)
{
	return backend_make(backend_app.lookup, NULL, conf, BACKEND_APP, why,
	    size);
}

void
backend_close(struct backend *b)
{
	if (b == NULL)
		return;
	if (b->verifier != NULL)
		b->verifier_kind->close(b->verifier);
	if (b->lookup != NULL)
		b->lookup_kind->close(b->lookup);
	if (b->token != NULL)
		b->token_kind->close(b->token);
	free(b);
}

/* What SCRAM tells of a name before anything is proved: YES the user's, NO some
 * that look like others' here, UNKNOWN some where nobody has any. */
static enum work_result_code
backend_salt(const struct found *f, struct backend_answer *a)
{
	char	salt[2 * SCRAM_SALT_MAX];
	int	n;

	if (f->keys.iterations == 0 || b64_encode(f->keys.salt,
	    f->keys.saltlen, true, salt, sizeof(salt)) == -1)
		return WORK_UNKNOWN;
	n = snprintf((char *)a->data, sizeof(a->data), "%c=%s,i=%" PRIu32, 's',
	    salt, f->keys.iterations);
	if (n > 0 && (size_t)n < sizeof(a->data))
		a->len = (size_t)n;
	return f->has_keys ? WORK_YES : f->alike ? WORK_NO : WORK_UNKNOWN;
}

static enum work_result_code
backend_proof(const struct found *f, struct str password,
    struct backend_answer *a)
{
	struct str	message;
	bool		right;

	if (password.len < SCRAM_KEY)
		return WORK_NO;
	message = (struct str){ password.p + SCRAM_KEY, password.len -
	    SCRAM_KEY };
	right = scram_prove(&f->keys, message, (const uint8_t *)password.p,
	    a->data);
	if (!right || !f->has_keys) {
		explicit_bzero(a->data, sizeof(a->data));
		return WORK_NO;
	}
	a->len = SCRAM_KEY;
	return WORK_YES;
}

/* Of the user's own lookup; without one the name is whoever it names. */
static enum found_code
backend_find_user(struct backend *b, enum work_how how, struct str user,
    struct found *f)
{
	if (b->lookup_kind != NULL)
		return b->lookup_kind->find(b->lookup, user,
		    how == WORK_SALT || how == WORK_PROOF, f);
	if (b->verifier_kind->generation != NULL)
		b->verifier_kind->generation(b->verifier, f->generation,
		    sizeof(f->generation));
	return user_normalize(user, f->user, sizeof(f->user)) == 0 ?
	    FOUND_USER : FOUND_NONE;
}

static enum work_result_code
backend_ask(struct backend *b, enum work_how how, struct found *f,
    struct str password, struct backend_answer *a)
{
	enum work_result_code	code;

	switch (how) {
	case WORK_PASSWORD:
	case WORK_CERTIFICATE:
		if (b->verifier_kind == NULL || b->verifier_kind->how != how)
			break;
		code = b->verifier_kind->verify(b->verifier, f, password,
		    f->why, sizeof(f->why));
		return f->barred && code != WORK_UNAVAILABLE ? WORK_NO : code;
	case WORK_SALT:
		return backend_salt(f, a);
	case WORK_PROOF:
		return backend_proof(f, password, a);
	case WORK_NAME:
	case WORK_MAY:
		if (b->lookup_kind == NULL)
			return WORK_UNKNOWN;
		if (f->locked && how == WORK_MAY) {
			strlcpy(f->why, "the user is locked", sizeof(f->why));
			return WORK_LOCKED;
		}
		/* Mail for who is there is not refused for good. */
		if (f->unclear)
			return WORK_UNAVAILABLE;
		if (!f->unproved)
			return WORK_YES;
		strlcpy(f->why, "a name cannot be looked up without its "
		    "password", sizeof(f->why));
		return WORK_UNAVAILABLE;
	case WORK_BEARER:
	case WORK_ADMIN:
	case WORK_HOWS:
		break;
	}
	return WORK_NO;
}

/* A name that the client gives along with its token is the token's. */
static void
backend_bearer(struct backend *b, struct str user, struct str token,
    struct backend_answer *a)
{
	a->code = b->token_kind->whose(b->token, token, a->user, a->why,
	    sizeof(a->why));
	if (a->code == WORK_YES && user.len > 0 &&
	    !str_eq(user, str_from(a->user))) {
		a->code = WORK_NO;
		strlcpy(a->why, "the token is another user's",
		    sizeof(a->why));
	}
	if (a->code != WORK_YES)
		a->user[0] = '\0';
}

void
backend_check(struct backend *b, enum work_how how, struct str user,
    struct str password, struct str remote, struct backend_answer *a)
{
	struct found	 f;
	enum found_code	 found;

	memset(a, 0, sizeof(*a));
	if (b->lookup_kind == backend_app.lookup) {
		backend_app_check(b->lookup, how, user, password, a);
		return;
	}
	/* Whether he is an administrator is not a database's to say. */
	if (how == WORK_ADMIN)
		how = WORK_PASSWORD;
	a->code = WORK_UNKNOWN;
	if (b->token_kind != NULL && how == WORK_BEARER)
		backend_bearer(b, user, password, a);
	if (b->token_kind != NULL || how == WORK_BEARER)
		return;
	memset(&f, 0, sizeof(f));
	str_copy(f.name, sizeof(f.name), user);
	str_copy(f.remote, sizeof(f.remote), remote);
	found = backend_find_user(b, how, user, &f);
	strlcpy(a->why, found == FOUND_AWAY ? f.why : f.generation,
	    sizeof(a->why));
	a->code = found == FOUND_AWAY ? WORK_UNAVAILABLE : WORK_UNKNOWN;
	if (found != FOUND_AWAY && user.len > 0)
		a->code = backend_ask(b, how, &f, password, a);
	/* What cannot be told of users cannot be told of others either. */
	if (found == FOUND_NONE && a->code != WORK_UNAVAILABLE &&
	    (how != WORK_SALT || a->code == WORK_YES))
		a->code = WORK_UNKNOWN;
	else if (a->code == WORK_YES) {
		strlcpy(a->user, f.user, sizeof(a->user));
		a->quota = f.quota;
	} else if (found != FOUND_AWAY && (a->code == WORK_UNAVAILABLE ||
	    a->code == WORK_EXPIRED || a->code == WORK_LOCKED))
		strlcpy(a->why, f.why, sizeof(a->why));
	explicit_bzero(&f, sizeof(f));
}

const char *
backend_gone(struct backend *b, int64_t *changed)
{
	return b->lookup_kind == NULL || b->lookup_kind->gone == NULL ? NULL :
	    b->lookup_kind->gone(b->lookup, changed);
}

const char *
backend_wants(struct backend *b)
{
	if (b->token_kind != NULL)
		return b->token_kind->wants == NULL ? NULL :
		    b->token_kind->wants(b->token);
	return b->lookup_kind == NULL || b->lookup_kind->wants == NULL ?
	    NULL : b->lookup_kind->wants(b->lookup);
}

bool
backend_given(struct backend *b, struct str secret)
{
	if (b->token_kind != NULL)
		return b->token_kind->given != NULL &&
		    b->token_kind->given(b->token, secret);
	return b->lookup_kind != NULL && b->lookup_kind->given != NULL &&
	    b->lookup_kind->given(b->lookup, secret);
}

void
backend_tick(struct backend *b)
{
	if (b->token != NULL)
		b->token_kind->tick(b->token);
}
