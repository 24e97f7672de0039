/*
 * SASL (RFC 4422): the table of mechanisms.  Must never look at what a
 * credential is worth, and never log one.
 */
#include "common/compat.h"

#include "authd/sasl.h"
#include "common/user.h"

#define SASL_STEPS_MAX	8	/* more than any mechanism of ours takes */

static const struct sasl_mech *const sasl_mechs[] = {
	&sasl_plain,
	&sasl_login,
	&sasl_scram,
	&sasl_scram_plus,
	&sasl_oauthbearer,
	&sasl_xoauth2,
	&sasl_preauth,
	&sasl_external
};

const struct sasl_mech *
sasl_find(struct str name)
{
	size_t	i;

	for (i = 0; i < nitems(sasl_mechs); i++)
		if (str_eq(name, str_from(sasl_mechs[i]->name)))
			return sasl_mechs[i];
	return NULL;
}

void
sasl_begin(struct sasl *s, const struct sasl_mech *mech)
{
	memset(s, 0, sizeof(*s));
	s->mech = mech;
}

const char *
sasl_word(const struct sasl_mech *mech)
{
	return mech == &sasl_scram_plus ? sasl_scram.name : mech->name;
}

bool
sasl_can_bind(const struct sasl *s)
{
	return s->binding.nexporter > 0 || s->binding.nendpoint > 0;
}

enum sasl_next
sasl_step(struct sasl *s, bool present, struct str in, struct str *challenge)
{
	*challenge = STR("");
	if (s->steps++ >= SASL_STEPS_MAX)
		return SASL_BAD;
	return s->mech->step(s, present, in, challenge);
}

void
sasl_end(struct sasl *s)
{
	if (s->login != NULL)
		freezero(s->login, strlen(s->login) + 1);
	if (s->password != NULL)
		freezero(s->password, s->password_len + 1);
	freezero(s->memory, s->memory_size);
	explicit_bzero(&s->binding, sizeof(s->binding));
	s->login = s->password = NULL;
	s->memory = NULL;
	s->password_len = s->memory_size = 0;
}

bool
sasl_same_user(struct str one, struct str other)
{
	char	a[USER_ID_MAX + 1], b[USER_ID_MAX + 1];

	if (str_eq(one, other))
		return true;
	if (user_normalize(one, a, sizeof(a)) == -1 ||
	    user_normalize(other, b, sizeof(b)) == -1)
		return false;
	return strcmp(a, b) == 0;
}

int
sasl_keep(char **slot, struct str bytes, size_t max)
{
	char	*copy;

	if (*slot != NULL || bytes.len == 0 || bytes.len > max ||
	    memchr(bytes.p, '\0', bytes.len) != NULL)
		return -1;
	if ((copy = malloc(bytes.len + 1)) == NULL)
		return -1;
	memcpy(copy, bytes.p, bytes.len);
	copy[bytes.len] = '\0';
	*slot = copy;
	return 0;
}
