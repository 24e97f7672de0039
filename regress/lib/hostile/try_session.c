/* Sessions: what a user's own session is not for. */
#include "common/compat.h"

#include <sys/socket.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/proc_kind.h"
#include "regress/lib/hostile/hostile.h"
#include "regress/lib/hostile/peer.h"

int
session(void)
{
	int	fd = hostile.session();

	if (fd == -1)
		return -1;
	if (!session_begin(fd)) {
		close(fd);
		return -1;
	}
	return fd;
}

void
try_names(void)
{
	static const char *const forms[] = {
		"%s", "../%s/INBOX", "/%s/INBOX", "user/%s/INBOX",
		"#user/%s", "~%s/INBOX", "%s/head"
	};
	static struct frame	f;
	struct mbox_select	sel = { .readonly = true };
	char			name[256];
	size_t			i;
	int			fd = session();
	bool			seen;

	result(fd != -1 && session_list(fd, conf.victim_box, &seen) == 1 &&
	    !seen, "the victim's mailboxes in a LIST");
	for (i = 0; i <= nitems(forms) && fd != -1; i++) {
		if (i == nitems(forms))
			strlcpy(name, conf.victim_box, sizeof(name));
		else {
			const char	*at = strstr(forms[i], "%s");

			snprintf(name, sizeof(name), "%.*s%s%s",
			    (int)(at - forms[i]), forms[i], conf.victim,
			    at + 2);
		}
		sel.name = str_from(name);
		(void)struct_put(fd, IMSG_MBOX_SELECT, ++next_id,
		    &mbox_select_wire, &sel, -1);
		while (frame_get(fd, &f, PATIENCE) == 1 && f.id != next_id)
			frame_drop(&f);
		result(f.id == next_id && f.type == IMSG_REPLY_NO,
		    "SELECT %s", name);
	}
	close(fd);
}

/* Messages of other channels, on a session's. */
void
try_wrong_types(void)
{
	static const struct { uint32_t type; bool fd; } rows[] = {
		{ IMSG_GRANT_SESSION, true }, { IMSG_GRANT_REVOKE, false },
		{ IMSG_CRED_KEY, false }, { IMSG_SETUP_PEER, true },
		{ IMSG_CTL_REPORT, true }, { IMSG_AUTH_OK, true },
		{ IMSG_AUTH_ADMIN, false }, { IMSG_AUTH_LEAVE, false },
		{ IMSG_ADMIN_DO, true }, { IMSG_SESSION_READY, false },
		{ IMSG_REPLY_OK, false },
		{ IMSG_MBOX_LIST, true }, { 9999, false }
	};
	struct grant_session	g = { .user = str_from(conf.victim),
				    .login = str_from(conf.victim),
				    .rights = GRANT_ALL, .session = 1,
				    .kind = hostile.kind };
	size_t			i;
	int			fd, sv[2];

	for (i = 0; i < nitems(rows); i++) {
		if ((fd = session()) == -1 ||
		    !pair_take(sv)) {
			result(false, "a session for message %u",
			    rows[i].type);
			return;
		}
		(void)struct_put(fd, rows[i].type, ++next_id,
		    &grant_session_wire, &g, rows[i].fd ? sv[1] : -1);
		close(sv[1]);
		result(is_cut(fd, PATIENCE), "message %u on a session's "
		    "channel%s", rows[i].type,
		    rows[i].fd ? ", with a descriptor" : "");
		/* the descriptor was not made a session of the victim's */
		if (rows[i].fd)
			result(is_cut(sv[0], 2000), "a descriptor passed "
			    "with message %u", rows[i].type);
		close(sv[0]);
		close(fd);
	}
}

void
try_garbage(void)
{
	uint8_t		noise[8192];
	uint32_t	seed = 7;
	size_t		i;
	int		fd, round, cut = 0;

	for (round = 0; round < 40; round++) {
		if ((fd = hostile.session()) == -1)
			break;
		if (round % 2 && !session_begin(fd))
			break;
		for (i = 0; i < sizeof(noise); i++) {
			seed = seed * 1103515245 + 12345;
			noise[i] = (uint8_t)(seed >> 16);
		}
		/* a known message, with noise as its content */
		if (round % 2)
			for (i = 0; i + 272 <= sizeof(noise); i += 272)
				head_put(noise + i, 256, 60 +
				    (uint32_t)(round / 2) % 22, 0,
				    (uint32_t)i + 1);
		(void)raw_put(fd, noise, sizeof(noise), -1, 2000);
		cut += is_cut(fd, 5000);
		close(fd);
	}
	result(round == 40, "40 sessions of garbage (%d cut)", cut);
	result(still_serves(), "storaged after garbage");
}

/* Sessions that ask and never read, or begin and never end. */
void
try_starving(void)
{
	struct mbox_list	l = { STR(""), true, true };
	struct append_open	o = { STR("INBOX"), false };
	uint8_t			h[16], data[MSG_DATA_MAX];
	int			fd[24], i, j, n = 0;

	memset(data, 'x', sizeof(data));
	for (i = 0; i < (int)nitems(fd); i++) {
		if ((fd[i] = session()) == -1)
			break;
		n++;
		switch (i % 4) {
		case 0:			/* streams that are never read */
			for (j = 0; j < 2000; j++)
				if (struct_put(fd[i], IMSG_MBOX_LIST,
				    ++next_id, &mbox_list_wire, &l, -1) == -1)
					break;
			break;
		case 1:			/* APPENDs without an end */
			for (j = 0; j < 500; j++)
				if (struct_put(fd[i], IMSG_APPEND_OPEN,
				    ++next_id, &append_open_wire, &o,
				    -1) == -1)
					break;
			break;
		case 2:			/* data beyond any credit */
			(void)struct_put(fd[i], IMSG_APPEND_OPEN, ++next_id,
			    &append_open_wire, &o, -1);
			for (j = 0; j < 200; j++)
				if (frame_put(fd[i], IMSG_APPEND_DATA,
				    next_id, data, sizeof(data), -1) == -1)
					break;
			break;
		case 3:			/* half a frame */
			head_put(h, 1000, IMSG_MBOX_LIST, 0, 1);
			(void)raw_put(fd[i], h, 9, -1, 1000);
			break;
		}
	}
	result(n > 0, "%d sessions that starve", n);
	result(still_serves(), "storaged while they hang");
	while (n-- > 0)
		close(fd[n]);
	result(still_serves(), "storaged after they ended");
}
