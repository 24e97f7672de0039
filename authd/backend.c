/*
 * The table of backends, and how a lookup and a verifier make one.  Must never
 * say yes for a name that the lookup does not know.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>

#include "authd/backend.h"
#include "common/b64.h"

struct backend {
	const struct backend_kind	*kind;
	void				*lookup;
	void				*verifier;
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

struct backend *
backend_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	const char	*type = slice_at(conf, "auth.%u.type", index);
	struct backend	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	if (type == NULL || (b->kind = backend_find(type)) == NULL) {
		snprintf(why, size, "auth.%u.type: unknown type", index);
		free(b);
		return NULL;
	}
	b->lookup = b->kind->lookup->open(conf, index, why, size);
	if (b->lookup != NULL && b->kind->verifier->open != NULL) {
		b->verifier = b->kind->verifier->open(conf, index, why, size);
		if (b->verifier == NULL) {
			b->kind->lookup->close(b->lookup);
			b->lookup = NULL;
		}
	}
	if (b->lookup == NULL) {
		free(b);
		return NULL;
	}
	return b;
}

void
backend_close(struct backend *b)
{
	if (b == NULL)
		return;
	if (b->verifier != NULL)
		b->kind->verifier->close(b->verifier);
	b->kind->lookup->close(b->lookup);
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

/* As much as there is room for. */
static void
backend_copy(char *dst, size_t size, struct str s)
{
	size_t	n = s.len < size - 1 ? s.len : size - 1;

	if (n > 0)
		memcpy(dst, s.p, n);
	dst[n] = '\0';
}

void
backend_check(struct backend *b, enum work_how how, struct str user,
    struct str password, struct str remote, struct backend_answer *a)
{
	struct found	 f;
	enum found_code	 found;

	memset(a, 0, sizeof(*a));
	memset(&f, 0, sizeof(f));
	backend_copy(f.name, sizeof(f.name), user);
	backend_copy(f.remote, sizeof(f.remote), remote);
	found = b->kind->lookup->find(b->lookup, user,
	    how == WORK_SALT || how == WORK_PROOF, &f);
	strlcpy(a->why, found == FOUND_AWAY ? f.why : f.generation,
	    sizeof(a->why));
	a->code = found == FOUND_AWAY ? WORK_UNAVAILABLE : WORK_UNKNOWN;
	if (found != FOUND_AWAY && user.len > 0)
		switch (how) {
		case WORK_PASSWORD:
			a->code = b->kind->verifier->verify(b->verifier, &f,
			    password, f.why, sizeof(f.why));
			break;
		case WORK_SALT:
			a->code = backend_salt(&f, a);
			break;
		case WORK_PROOF:
			a->code = backend_proof(&f, password, a);
			break;
		case WORK_NAME:
			a->code = f.unproved ? WORK_UNAVAILABLE : WORK_YES;
			if (f.unproved)
				strlcpy(f.why, "a name cannot be looked up "
				    "without its password", sizeof(f.why));
			break;
		case WORK_HOWS:
			break;
		}
	if (found == FOUND_NONE && (how != WORK_SALT || a->code == WORK_YES))
		a->code = WORK_UNKNOWN;
	else if (a->code == WORK_YES)
		strlcpy(a->user, f.user, sizeof(a->user));
	else if (found != FOUND_AWAY && (a->code == WORK_UNAVAILABLE ||
	    a->code == WORK_EXPIRED || a->code == WORK_LOCKED))
		strlcpy(a->why, f.why, sizeof(a->why));
	explicit_bzero(&f, sizeof(f));
}

const char *
backend_gone(struct backend *b, int64_t *changed)
{
	return b->kind->lookup->gone == NULL ? NULL :
	    b->kind->lookup->gone(b->lookup, changed);
}

const char *
backend_wants(struct backend *b)
{
	return b->kind->lookup->wants == NULL ? NULL :
	    b->kind->lookup->wants(b->lookup);
}

bool
backend_given(struct backend *b, struct str secret)
{
	return b->kind->lookup->given != NULL &&
	    b->kind->lookup->given(b->lookup, secret);
}
