/* An STS's XML (sts_answer.h): only what stands where it belongs counts. */
#include "common/compat.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/xml.h"
#include "credd/sts_answer.h"

#define HIDE_MIN	12	/* bytes that are no coincidence */

/* The elements that matter, by their way from the root. */
enum part { NOWHERE, ROOT, RESULT, KEYS, USER };

struct answer {
	const char		*action;
	enum part		 at[XML_DEPTH_MAX + 1];	/* by depth */
	struct cred_secret	*s;
	bool			 who;		/* GetCallerIdentity */
	bool			 keys, user, twice;
	const char		*longer;	/* a value that does not fit */
};

static bool
is_action(const struct answer *a, const char *name, const char *end)
{
	size_t	n = strlen(a->action);

	return strncmp(name, a->action, n) == 0 && strcmp(name + n, end) == 0;
}

static int
answer_start(const char *name, int depth, void *arg)
{
	struct answer	*a = arg;
	enum part	 above = depth > 1 ? a->at[depth - 1] : NOWHERE;

	a->at[depth] = NOWHERE;
	if (depth == 1 && is_action(a, name, "Response"))
		a->at[depth] = ROOT;
	else if (above == ROOT && is_action(a, name, "Result"))
		a->at[depth] = RESULT;
	else if (above == RESULT && strcmp(name, "Credentials") == 0) {
		a->twice = a->twice || a->keys;
		a->keys = true;
		a->at[depth] = KEYS;
	} else if (above == RESULT && strcmp(name, "AssumedRoleUser") == 0) {
		a->twice = a->twice || a->user;
		a->user = true;
		a->at[depth] = USER;
	}
	return a->twice ? -1 : 0;
}

/* A value, which is there once. */
static int
answer_put(struct answer *a, const char *name, char *dst, size_t size,
    const char *text, size_t len)
{
	if (len >= size)
		a->longer = name;
	a->twice = a->twice || dst[0] != '\0';
	return a->twice || cred_put(dst, size, text, len) == -1 ? -1 : 0;
}

static int
answer_end(const char *name, int depth, const char *text, size_t len,
    void *arg)
{
	struct answer		*a = arg;
	struct cred_secret	*s = a->s;
	enum part		 above = depth > 1 ? a->at[depth - 1] :
				    NOWHERE;

	/* Of whom the keys are given to, or of who asks. */
	if ((above == USER || (a->who && above == RESULT)) &&
	    strcmp(name, "Arn") == 0)
		return len == 0 ? 0 : answer_put(a, "Arn",
		    s->identity, sizeof(s->identity), text, len);
	if (above != KEYS)
		return 0;
	if (strcmp(name, "AccessKeyId") == 0)
		return answer_put(a, "AccessKeyId", s->access_key,
		    sizeof(s->access_key), text, len);
	if (strcmp(name, "SecretAccessKey") == 0)
		return answer_put(a, "SecretAccessKey", s->secret,
		    sizeof(s->secret), text, len);
	if (strcmp(name, "SessionToken") == 0)
		return answer_put(a, "SessionToken", s->token,
		    sizeof(s->token), text, len);
	if (strcmp(name, "Expiration") == 0) {
		a->twice = a->twice || s->expires != 0;
		s->expires = json_time(text);
		return a->twice || s->expires <= 0 ? -1 : 0;
	}
	return 0;
}

/* -1 with the reason: it is not the answer to this action. */
static int
answer_parse(struct answer *a, const void *body, size_t len, char *why,
    size_t size)
{
	static const struct xml_ops	ops = { answer_start, answer_end };

	if ((a->s = cred_secret_new()) == NULL)
		snprintf(why, size, "out of memory");
	else if (xml_parse(body, len, &ops, a) == 0)
		return 0;
	else if (a->longer != NULL)
		snprintf(why, size, "the answer's %s is longer than any that "
		    "Pail can use", a->longer);
	else
		snprintf(why, size, "the answer is not a valid %sResponse",
		    a->action);
	return -1;
}

int
sts_answer_who(const void *body, size_t len, char *dst, size_t size,
    char *why, size_t why_size)
{
	struct answer	a = { .action = "GetCallerIdentity", .who = true };
	int		r = answer_parse(&a, body, len, why, why_size);

	dst[0] = '\0';
	if (r == 0 && a.s->identity[0] == '\0') {
		snprintf(why, why_size, "the answer lacks Arn");
		r = -1;
	}
	if (r == 0)
		strlcpy(dst, a.s->identity, size);
	cred_secret_free(a.s);
	return r;
}

struct cred_secret *
sts_answer_set(const void *body, size_t len, const char *action, int64_t now,
    char *why, size_t size)
{
	struct answer	a = { .action = action };

	if (answer_parse(&a, body, len, why, size) == -1)
		;
	else if (a.s->access_key[0] == '\0' || a.s->secret[0] == '\0' ||
	    a.s->token[0] == '\0' || a.s->expires == 0)
		snprintf(why, size, "the answer lacks AccessKeyId, "
		    "SecretAccessKey, SessionToken or Expiration");
	else if (a.s->expires <= now)
		snprintf(why, size, "the answer has credentials that have "
		    "expired already (is the clock right?)");
	else
		return a.s;
	cred_secret_free(a.s);
	return NULL;
}

/* -- errors -- */

struct refusal {
	bool	root;		/* it is an ErrorResponse */
	bool	list;		/* within its Errors: not AWS's way, others' */
	int	error;		/* the depth of the Error; 0: not within */
	char	code[64];
	char	message[300];
};

/* Printable ASCII, cut; white space is one space. */
static void
words(char *dst, size_t size, const char *s)
{
	size_t	n = 0;

	for (; *s != '\0' && n + 1 < size; s++)
		if (*s > ' ' && *s < 0x7f)
			dst[n++] = *s;
		else if (n > 0 && dst[n - 1] != ' ')
			dst[n++] = ' ';
	while (n > 0 && dst[n - 1] == ' ')
		n--;
	dst[n] = '\0';
}

static int
refusal_start(const char *name, int depth, void *arg)
{
	struct refusal	*r = arg;

	if (depth == 1)
		r->root = strcmp(name, "ErrorResponse") == 0;
	if (depth == 2)
		r->list = strcmp(name, "Errors") == 0;
	if (r->root && strcmp(name, "Error") == 0 &&
	    (depth == 2 || (depth == 3 && r->list)))
		r->error = depth;
	return 0;
}

static int
refusal_end(const char *name, int depth, const char *text, size_t len,
    void *arg)
{
	struct refusal	*r = arg;

	(void)len;
	if (depth == r->error)
		r->error = 0;
	if (r->error == 0 || depth != r->error + 1)
		return 0;
	if (strcmp(name, "Code") == 0)
		words(r->code, sizeof(r->code), text);
	else if (strcmp(name, "Message") == 0)
		words(r->message, sizeof(r->message), text);
	return 0;
}

void
sts_answer_error(int status, const void *body, size_t len, char *why,
    size_t size)
{
	static const struct xml_ops	ops = { refusal_start, refusal_end };
	struct refusal			r = { .error = 0 };

	if (xml_parse(body, len, &ops, &r) == -1 || r.code[0] == '\0')
		snprintf(why, size, "status %d", status);
	else
		snprintf(why, size, "%s (status %d)%s%s", r.code, status,
		    r.message[0] != '\0' ? ": " : "", r.message);
}

void
sts_answer_hide(char *text, const char *secret)
{
	size_t	n = strlen(secret), len = strlen(text), i, k;
	size_t	least = n < HIDE_MIN ? n : HIDE_MIN, hidden = 0;

	if (n == 0)
		return;
	for (i = 0; i + least <= len; i++) {
		if (memmem(secret, n, text + i, least) == NULL)
			continue;
		/* What was hidden before is no longer there to be found. */
		for (k = 0; i + least + k < len && memmem(secret, n,
		    text + i, least + k + 1) != NULL; k++)
			;
		hidden = least + k;
		memset(text + i, '*', hidden);
		i += hidden - 1;
	}
}
