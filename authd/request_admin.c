/*
 * The login of an administrator, which admind asks for.  It opens no session:
 * what it proves is told to paild, whose token is handed on.  Must never ask
 * for one for who is neither in `admins` nor has shown an app password of scope
 * admin (check.c).
 */
#include "common/compat.h"

#include "authd/authd.h"
#include "authd/live.h"
#include "authd/request_impl.h"
#include "common/clock.h"
#include "common/msg_admin.h"
#include "common/peer.h"

bool
login_is_admin(const struct login *l)
{
	return l->channel->kind == PROC_ADMIND;
}

void
login_admin(struct login *l, const char *granted, bool app)
{
	struct authd	*a = l->channel->authd;

	strlcpy(l->granted, granted, sizeof(l->granted));
	login_enter(l, LOGIN_PAILD);
	if (a->admin == NULL || login_arm(l, LOGIN_TOKEN_MS) == -1) {
		login_no(l, AUTH_UNAVAILABLE, "paild cannot be asked");
		return;
	}
	if (++a->wanted == 0)
		a->wanted = 1;
	l->wanted = a->wanted;
	a->admin->began(l->wanted, app, l->remote, l->granted);
}

void
login_admin_given(struct login *l, const struct setup_give *g)
{
	struct channel		*c = l->channel;
	struct auth_admin	 yes = { str_from(l->granted), g->data };
	struct live_user	*u;

	if (g->outcome != SETUP_GIVE_FOUND || g->data.len != ADMIN_TOKEN) {
		login_no(l, AUTH_UNAVAILABLE, "paild gives no token");
		return;
	}
	u = live_hold(c->authd->live, l->user, l->granted, clock_ms());
	if (l->looked)
		live_known(u, true);
	admins_hold(&c->authd->admins, u);
	c->authd->counts.ok++;
	login_log(l, "ok", "");
	(void)peer_send_struct(c->peer, IMSG_AUTH_ADMIN, l->id, &yes, -1);
	login_free(l);
}
