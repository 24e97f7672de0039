/*
 * A taken-over imapd (hostile/hostile.h says how it is run): number 0 tries to
 * get at more than its live sessions, number 1 logs in, lists and logs out. The
 * attacker dies twice on the way, to be given a new channel.
 */
#include "common/compat.h"

#include <string.h>
#include <unistd.h>

#include "common/msg.h"
#include "common/proc_kind.h"
#include "regress/lib/hostile/hostile.h"
#include "regress/lib/hostile/peer.h"

int	 auth = -1, sign = -1;

static void
begin(void)
{
	auth = channel_of(PROC_AUTHD);
	sign = channel_of(PROC_CREDD);
}

static int
new_session(void)
{
	return login(auth, conf.user, conf.password);
}

bool
still_serves(void)
{
	int	fd = session();
	bool	seen, ok;

	ok = fd != -1 && session_list(fd, conf.victim_box, &seen) == 1 &&
	    !seen;
	if (fd != -1)
		close(fd);
	return ok;
}

static bool
attack(int phase)
{
	struct grant_session	g = { .user = str_from(conf.victim),
				    .login = str_from(conf.victim),
				    .rights = GRANT_ALL, .session = 1,
				    .kind = PROC_IMAPD };
	uint8_t			noise[4096];
	int			sv[2];

	if (phase == 0) {
		result(still_serves(), "an imapd's ordinary login and LIST");
		try_logins();
		try_token();
		try_names();
		try_wrong_types();
		try_garbage();
		try_starving();
		try_signatures();
		/* A forged grant, on the channel to authd. */
		if (pair_take(sv)) {
			(void)struct_put(auth, IMSG_GRANT_SESSION, 1,
			    &grant_session_wire, &g, sv[1]);
			close(sv[1]);
			result(is_cut(auth, PATIENCE) && is_cut(sv[0], 2000),
			    "a forged grant, with a descriptor, to authd");
			close(sv[0]);
		}
	} else if (phase == 1) {
		result(still_serves(), "a new imapd after the forged grant");
		try_signatures();
		try_sign_garbage();
		try_login_floods();
		memset(noise, 0xa5, sizeof(noise));
		(void)raw_put(auth, noise, sizeof(noise), -1, PATIENCE);
		result(is_cut(auth, PATIENCE), "garbage to authd");
	} else {
		result(still_serves(), "a new imapd after the floods");
		head_put(noise, 12000, IMSG_AUTH_START, 0, 1);
		(void)raw_put(auth, noise, 12, -1, 1000);
	}
	return phase >= 2;
}

/* The victim, through another imapd. */
static bool
round_of(void)
{
	int	fd = login(auth, conf.victim, conf.victim_password);
	bool	seen = false, ok;

	ok = fd != -1 && session_begin(fd) &&
	    session_list(fd, conf.victim_box, &seen) == 1 && seen;
	if (fd != -1)
		close(fd);
	return ok;
}

const struct hostile	 hostile = {
	.name = "imapd",
	.kind = PROC_IMAPD,
	.channels = {
		[PROC_AUTHD] = MSG_CHANNEL_AUTH,
		[PROC_CREDD] = MSG_CHANNEL_SIGN
	},
	.begin = begin,
	.attack = attack,
	.round = round_of,
	.session = new_session
};

int
main(void)
{
	hostile_run();
}
