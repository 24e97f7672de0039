/* The line of the log that each login gets.  Must never hold a secret. */
#include "common/compat.h"

#include <inttypes.h>

#include "authd/metrics.h"
#include "authd/request_impl.h"
#include "common/clock.h"
#include "common/log.h"

#define LOGIN_LINES	200	/* log lines a second, of one imapd */

/* A flood from imapd is not one of the log, nor hides who got in. */
static bool
login_muted(struct channel *c, bool ok)
{
	int64_t	now = clock_ms();

	if (c->log_began == 0 || now - c->log_began >= 1000) {
		if (c->log_muted > 0)
			log_warnx("imapd=%" PRIu32 " muted=%u why=\"too many "
			    "logins to log each\"", c->index, c->log_muted);
		c->log_began = now;
		c->log_lines[0] = c->log_lines[1] = c->log_muted = 0;
	}
	if (c->log_lines[ok]++ < LOGIN_LINES)
		return false;
	c->log_muted++;
	return true;
}

void
login_log(const struct login *l, const char *result, const char *why)
{
	char	user[2 * USER_ID_MAX + 8], remote[144], text[280],
		app[2 * APP_NAME_MAX + 8];

	metrics_login(l, result);
	if (login_muted(l->channel, strcmp(result, "ok") == 0))
		return;
	log_info("login=%" PRIu32 ".%" PRIu32 " session=%016" PRIx64 " user=%s "
	    "mech=%s remote=%s tls=%s cached=%s ms=%" PRId64
	    "%s%s%s result=%s%s%s%s", l->channel->index, l->id, l->session,
	    log_word(user, sizeof(user), l->user),
	    l->sasl.mech == NULL ? "-" : l->sasl.mech->name,
	    log_word(remote, sizeof(remote), l->remote),
	    l->tls ? "yes" : "no", l->cached ? "yes" : "no",
	    clock_ms() - l->began, login_is_admin(l) ? " service=admin" : "",
	    l->app[0] != '\0' ? " app=" : "",
	    l->app[0] != '\0' ? log_word(app, sizeof(app), l->app) : "",
	    result, *why != '\0' ? " why=\"" : "",
	    log_quote(text, sizeof(text), why, strlen(why)),
	    *why != '\0' ? "\"" : "");
}
