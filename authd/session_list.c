/*
 * Who is logged in.  An ID is what the log calls the login.  Must never hold
 * more than SESSION_LIST_MAX rows, however many there are.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "authd/session_list.h"
#include "common/json_write.h"
#include "common/log.h"
#include "common/user.h"

struct row {
	uint32_t			 scope, id;
	const struct session_what	*what;
};

struct list {
	const char	*user;		/* NULL: all */
	struct row	 rows[SESSION_LIST_MAX];	/* the newest first */
	size_t		 n, total;
};

static bool
list_add(uint32_t scope, uint32_t id, const struct session_what *w, void *arg)
{
	struct list	*l = arg;
	size_t		 i;

	if (l->user != NULL && strcmp(l->user, w->user) != 0)
		return true;
	l->total++;
	if (l->n == SESSION_LIST_MAX &&
	    l->rows[l->n - 1].what->since >= w->since)
		return true;
	if (l->n < SESSION_LIST_MAX)
		l->n++;
	for (i = l->n - 1; i > 0 &&
	    l->rows[i - 1].what->since < w->since; i--)
		l->rows[i] = l->rows[i - 1];
	l->rows[i] = (struct row){ scope, id, w };
	return true;
}

static void
json_row(const struct row *r, struct buf *out)
{
	const struct session_what	*w = r->what;
	char				 text[32];

	json_add_object(out, NULL);
	snprintf(text, sizeof(text), "%" PRIu32 ".%" PRIu32, r->scope, r->id);
	json_add_text(out, "id", text);
	json_add_text(out, "user", w->user);
	json_add_text(out, "login", w->login);
	json_add_text(out, "remote", w->remote);
	json_add_text(out, "service", "imap");
	json_add_text(out, "mechanism", w->mech);
	json_add_text(out, "backend", w->backend);
	json_add_text(out, "app", w->app[0] != '\0' ? w->app : NULL);
	json_add_bool(out, "tls", w->tls);
	json_add_time(out, "since", w->since);
	snprintf(text, sizeof(text), "%016" PRIx64, w->session);
	json_add_text(out, "session", text);
	json_end_object(out);
}

static void
print_row(const struct row *r, struct buf *out)
{
	const struct session_what	*w = r->what;
	char				 user[2 * USER_ID_MAX + 8], remote[144],
					 app[144], since[32];
	time_t				 t = (time_t)w->since;
	struct tm			 tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(since, sizeof(since),
	    "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strlcpy(since, "-", sizeof(since));
	buf_printf(out, "%" PRIu32 ".%" PRIu32 " %s from %s since %s, %s by "
	    "%s%s%s\n", r->scope, r->id, log_word(user, sizeof(user),
	    w->user), log_word(remote, sizeof(remote), w->remote), since,
	    w->mech, w->backend, w->app[0] != '\0' ? ": " : "",
	    w->app[0] != '\0' ? log_word(app, sizeof(app), w->app) : "");
}

void
session_list(const struct sessions *s, const char *user, bool json,
    struct buf *out)
{
	static struct list	l;
	size_t			i;

	memset(&l, 0, sizeof(l));
	l.user = user;
	sessions_each(s, list_add, &l);
	if (json) {
		json_add_object(out, NULL);
		json_add_array(out, "sessions");
	}
	for (i = 0; i < l.n && out->len < SESSION_LIST_ROOM; i++)
		(json ? json_row : print_row)(&l.rows[i], out);
	if (json) {
		json_end_array(out);
		json_add_number(out, "total", l.total);
		json_end_object(out);
		buf_puts(out, "\n");
	} else if (l.total > i)
		buf_printf(out, "and %zu older ones\n", l.total - i);
	else if (l.n == 0)
		buf_puts(out, "no sessions\n");
}

int
session_id(const char *text, uint32_t *scope, uint32_t *id)
{
	uint64_t	n[2] = { 0, 0 };
	int		i = 0;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text == '.' && i == 0 && text[1] != '\0')
			i = 1;
		else if (*text < '0' || *text > '9' ||
		    (n[i] = n[i] * 10 + (uint64_t)(*text - '0')) > UINT32_MAX)
			return -1;
	}
	*scope = (uint32_t)n[0];
	*id = (uint32_t)n[1];
	return i == 1 ? 0 : -1;
}
