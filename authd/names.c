/*
 * Login names.  Must never make one name of two that were two users without a
 * rule that the administrator has written.
 */
#include "common/compat.h"

#include <stdio.h>

#include "authd/names.h"
#include "common/precis.h"

/* Names of a list, normalized. */
static int
names_list(char list[NAMES_MAX][USER_ID_MAX + 1], size_t *n,
    const struct slice *s, const char *key, char *why, size_t size)
{
	const char	*v;
	char		 path[64];

	for (*n = 0;; (*n)++) {
		snprintf(path, sizeof(path), "%s.%zu", key, *n);
		if ((v = slice_at(s, "%s", path)) == NULL)
			return 0;
		if (*n == NAMES_MAX || user_normalize(str_from(v), list[*n],
		    sizeof(list[0])) == -1) {
			snprintf(why, size, "%s: not a name, or too many",
			    path);
			return -1;
		}
	}
}

/* A character, or the word for none. */
static char
names_char(const struct slice *s, const char *key)
{
	const char	*v = slice_str(s, key);

	return v[0] != '\0' && v[1] == '\0' ? v[0] : '\0';
}

int
names_read(struct names *n, const struct slice *s, char *why, size_t size)
{
	const char	*v = slice_str(s, "login-names.default-domain");

	memset(n, 0, sizeof(*n));
	n->precis = strcmp(slice_str(s, "login-names.unicode"), "precis") == 0;
	n->detail = names_char(s, "login-names.detail-separator");
	n->separator = names_char(s, "login-names.master-separator");
	if (v[0] != '\0' && user_normalize(str_from(v), n->domain,
	    sizeof(n->domain)) == -1) {
		snprintf(why, size, "login-names.default-domain: not a name");
		return -1;
	}
	if (names_list(n->strip, &n->nstrip, s, "login-names.strip-domains",
	    why, size) == -1)
		return -1;
	if (names_list(n->master, &n->nmaster, s, "login-names.master-users",
	    why, size) == -1)
		return -1;
	return names_list(n->admin, &n->nadmin, s, "admins", why, size);
}

bool
names_admin(const struct names *n, const char *user)
{
	size_t	i;

	for (i = 0; i < n->nadmin; i++)
		if (strcmp(n->admin[i], user) == 0)
			return true;
	return false;
}

/* The domain goes if it is one of those. */
static void
names_strip(const struct names *n, char *name)
{
	char	*at = strrchr(name, '@');
	size_t	 i;

	if (at == NULL || at == name)
		return;
	for (i = 0; i < n->nstrip; i++)
		if (strcmp(at + 1, n->strip[i]) == 0) {
			*at = '\0';
			return;
		}
}

/* "ann+lists@example.org" is ann@example.org; "+lists" is no detail. */
static void
names_cut(const struct names *n, char *name)
{
	char	*at = strrchr(name, '@'), *end, *cut;

	end = at != NULL ? at : name + strlen(name);
	cut = n->detail == '\0' ? NULL : memchr(name, n->detail,
	    (size_t)(end - name));
	if (cut != NULL && cut != name)
		memmove(cut, end, strlen(end) + 1);
}

static int
names_apply(const struct names *n, struct str login, bool cut, char *dst,
    size_t size)
{
	char	name[USER_ID_MAX + 1], mapped[2 * USER_ID_MAX + 2];

	if (n->precis) {
		if (precis_username(login, name, sizeof(name)) == -1)
			return -1;
	} else if (user_normalize(login, name, sizeof(name)) == -1)
		return -1;
	names_strip(n, name);
	if (cut)
		names_cut(n, name);
	if (n->domain[0] != '\0' && strchr(name, '@') == NULL)
		snprintf(mapped, sizeof(mapped), "%s@%s", name, n->domain);
	else
		strlcpy(mapped, name, sizeof(mapped));
	return user_normalize(str_from(mapped), dst, size);
}

int
names_map(const struct names *n, struct str login, char *dst, size_t size)
{
	return names_apply(n, login, true, dst, size);
}

int
names_map_whole(const struct names *n, struct str name, char *dst,
    size_t size)
{
	return names_apply(n, name, false, dst, size);
}

bool
names_master(const struct names *n, struct str login, struct str *user,
    char master[USER_ID_MAX + 1])
{
	size_t	at = login.len, i;

	if (n->nmaster == 0)
		return false;
	while (at > 0 && login.p[at - 1] != n->separator)
		at--;
	if (at < 2)
		return false;
	*user = (struct str){ login.p, at - 1 };
	if (names_map(n, (struct str){ login.p + at, login.len - at }, master,
	    USER_ID_MAX + 1) == -1)
		return false;
	for (i = 0; i < n->nmaster; i++)
		if (strcmp(n->master[i], master) == 0)
			return true;
	return false;
}
