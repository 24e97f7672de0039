/* Logins: only who has the password gets a session, and thousands of others
 * keep nobody out. */
#include "common/compat.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "regress/lib/hostile/hostile.h"
#include "regress/lib/hostile/peer.h"

static void
try_no_login(const char *what, const char *mech, const void *initial,
    size_t len)
{
	uint32_t	id = login_send(auth, mech, initial, len);
	int		code, fd;

	fd = login_wait(auth, id, &code, 40000);
	result(fd == -1 && code != -1, "login of the victim by %s (code %d)",
	    what, code);
	if (fd != -1)
		close(fd);
}

void
try_logins(void)
{
	char			msg[1024], token[33];
	struct auth_bytes	step = { str_from(conf.victim) };
	int			fd, code, i;

	try_no_login("another's password", "PLAIN", msg,
	    plain(msg, "", conf.victim, conf.password));
	try_no_login("an authorization identity", "PLAIN", msg,
	    plain(msg, conf.victim, conf.user, conf.password));
	try_no_login("no password", "PLAIN", msg,
	    plain(msg, "", conf.victim, ""));
	try_no_login("EXTERNAL", "EXTERNAL", conf.victim,
	    strlen(conf.victim));
	try_no_login("the name as a token", "PREAUTH", conf.victim,
	    strlen(conf.victim));
	for (i = 0; i < 3; i++) {
		snprintf(token, sizeof(token), "%032d", i);
		try_no_login("a guessed token", "PREAUTH", token, 32);
	}
	/* An id whose login has succeeded is spent. */
	fd = login(auth, conf.user, conf.password);
	result(fd != -1, "its own user's login");
	close(fd);
	(void)struct_put(auth, IMSG_AUTH_STEP, next_id, &auth_bytes_wire,
	    &step, -1);
	fd = login_wait(auth, next_id, &code, 500);
	result(fd == -1 && code == -1, "a step to a login that is over");
}

/*
 * Mail is delivered to the victim through us: what paild's token gives is a
 * session that may only append.
 */
void
try_token(void)
{
	struct append_open	 open = { STR("INBOX"), false };
	struct pollfd		 pfd = { .fd = tokens[0], .events = POLLIN };
	struct frame		 f;
	char			 token[256];
	uint32_t		 id;
	ssize_t			 m, n = 0;
	bool			 seen;
	int			 fd, code;

	/* The newest of those that came: each is a message of its own. */
	if (poll(&pfd, 1, 30000) == 1)
		while ((m = read(tokens[0], token, sizeof(token))) > 0)
			n = m;
	if (n == 0) {
		result(false, "no delivery to the victim came");
		return;
	}
	id = login_send(auth, "PREAUTH", token, (size_t)n);
	fd = login_wait(auth, id, &code, PATIENCE);
	result(fd != -1 && session_begin(fd), "a login by a delivery's token");
	result(session_list(fd, conf.victim_box, &seen) == 0 && !seen,
	    "LIST of the victim in a session that may only append");
	(void)struct_put(fd, IMSG_APPEND_OPEN, ++next_id, &append_open_wire,
	    &open, -1);
	result(frame_get(fd, &f, PATIENCE) == 1 &&
	    f.type == IMSG_DATA_CREDIT, "APPEND to the victim there");
	close(fd);
	id = login_send(auth, "PREAUTH", token, (size_t)n);
	fd = login_wait(auth, id, &code, 10000);
	result(fd == -1, "the same token once more");
}

/* What authd has answered so far is read and dropped. */
static void
drain_auth(void)
{
	static struct frame	f;

	while (frame_get(auth, &f, 0) == 1)
		frame_drop(&f);
}

/* Logins by the thousand. */
void
try_login_floods(void)
{
	static int		fds[300];
	struct auth_bytes	step = { STR("x") };
	char			msg[1024], user[32], own[64];
	uint32_t		id;
	int			i, sent = 0, n = 0;

	/* In the victim's name, and from the victim's address. */
	strlcpy(own, remote, sizeof(own));
	strlcpy(remote, "198.51.100.2", sizeof(remote));
	for (i = 0; i < 3000; i++) {
		snprintf(user, sizeof(user), "nobody%d", i);
		sent += login_send(auth, "PLAIN", msg, plain(msg, "",
		    i % 3 ? user : conf.victim, "guess")) != 0;
		if (i % 50 == 0)
			drain_auth();
	}
	for (i = 0; i < 3000; i++) {
		id = login_send(auth, "LOGIN", "", 0);
		sent += id != 0;
		(void)frame_put(auth, IMSG_AUTH_CANCEL, id, NULL, 0, -1);
		(void)struct_put(auth, IMSG_AUTH_STEP, id + 100000,
		    &auth_bytes_wire, &step, -1);
		if (i % 50 == 0)
			drain_auth();
	}
	result(sent == 6000, "%d logins at once, authd still listens", sent);
	strlcpy(remote, own, sizeof(remote));
	for (i = 0; i < 300; i++) {
		fds[i] = login(auth, conf.user, conf.password);
		if (fds[i] == -1)
			break;
		n++;
	}
	result(n > 0, "%d sessions of one user, never used", n);
	while (n-- > 0)
		close(fds[n]);
	result(still_serves(), "authd and storaged after the flood");
}
