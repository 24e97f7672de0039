/* See desk_fake.h. */
#include "common/compat.h"

#include <string.h>

#include "admind/test/desk_fake.h"
#include "common/test.h"

struct desk	 fake_asks[FAKE_ASKS];
unsigned int	 fake_n;
bool		 fake_full;

static struct desk *
add(const char *remote, desk_cb *cb, void *arg)
{
	struct desk	*d;

	if (fake_full || fake_n == FAKE_ASKS)
		return NULL;
	d = &fake_asks[fake_n++];
	*d = (struct desk){ .live = true, .cb = cb, .arg = arg };
	(void)strlcpy(d->remote, remote, sizeof(d->remote));
	return d;
}

static struct desk *
login(struct str user, struct str password, const char *remote, bool tls,
    desk_cb *cb, void *arg)
{
	struct desk	*d = add(remote, cb, arg);

	(void)tls;
	if (d == NULL)
		return NULL;
	d->login = true;
	str_copy(d->args, sizeof(d->args), user);
	str_copy(d->secret, sizeof(d->secret), password);
	return d;
}

static struct desk *
act(const char *token, const struct str *args, size_t nargs,
    struct str secret, const char *remote, desk_cb *cb, void *arg)
{
	struct desk	*d = add(remote, cb, arg);
	char		 word[256];
	size_t		 i;

	if (d == NULL)
		return NULL;
	(void)strlcpy(d->token, token, sizeof(d->token));
	for (i = 0; i < nargs; i++) {
		str_copy(word, sizeof(word), args[i]);
		if (i > 0)
			(void)strlcat(d->args, " ", sizeof(d->args));
		(void)strlcat(d->args, word, sizeof(d->args));
	}
	str_copy(d->secret, sizeof(d->secret), secret);
	return d;
}

static void
forget(struct desk *d)
{
	if (d != NULL)
		d->live = false;
}

const struct web_desk	 fake_desk = { login, act, forget };

unsigned int
fake_live(void)
{
	unsigned int	 i, n = 0;

	for (i = 0; i < fake_n; i++)
		n += fake_asks[i].live;
	return n;
}

void
fake_reset(void)
{
	CHECK_ROW(fake_live() == 0, "%u", fake_live());
	fake_n = 0;
	fake_full = false;
}

void
fake_tell(unsigned int i, enum desk_code code, const char *text)
{
	struct desk_answer	 a = { .code = code, .text = STR(""),
				    .json = STR("") };

	CHECK_ROW(i < fake_n && fake_asks[i].live, "%u", i);
	if (i >= fake_n || !fake_asks[i].live)
		return;
	fake_asks[i].live = false;
	if (code == DESK_OK || code == DESK_ERROR)
		(void)strlcpy(a.user, "ann", sizeof(a.user));
	if (code == DESK_OK) {
		a.json = str_from(text);
		if (fake_asks[i].login)
			(void)strlcpy(a.token, FAKE_TOKEN, sizeof(a.token));
	} else
		a.text = str_from(text);
	fake_asks[i].cb(&a, fake_asks[i].arg);
}

void
fake_tell_all(enum desk_code code, const char *text)
{
	unsigned int	 i, n = fake_n;

	for (i = 0; i < n; i++)
		if (fake_asks[i].live)
			fake_tell(i, code, text);
}
