/* Recipients: authd tells the user's name, the detail and the storaged, and
 * that one is none; thousands of questions keep nobody out. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/msg_auth.h"
#include "common/proc_kind.h"
#include "regress/lib/hostile/deliver.h"
#include "regress/lib/hostile/hostile.h"

static void
try_address(const void *address, size_t len, const char *user,
    const char *detail)
{
	struct rcpt_said	said;
	int			fd = rcpt_wait(rcpt_send(address, len), &said,
				    PATIENCE);

	if (user != NULL)
		result(fd != -1 && strcmp(said.user, user) == 0 &&
		    strcmp(said.detail, detail) == 0 && said.storaged == 0,
		    "recipient %.*s: %s, %s", (int)len, (const char *)address,
		    said.user, said.detail);
	else
		result(fd == -1 && said.code == RCPT_UNKNOWN &&
		    said.user[0] == '\0', "an address of %zu bytes is "
		    "nobody's (code %d)", len, said.code);
	if (fd != -1)
		close(fd);
}

void
try_recipients(void)
{
#define ADDRESS(s)	{ s, sizeof(s) - 1 }
	static const struct { const char *p; size_t len; } nobody[] = {
		ADDRESS(""), ADDRESS("@"), ADDRESS(".."),
		ADDRESS("nobody" DOMAIN), ADDRESS("*" DOMAIN),
		ADDRESS("/" DOMAIN), ADDRESS("a\r\nb" DOMAIN),
		ADDRESS("\xff\xfe" DOMAIN), ADDRESS("+" DOMAIN),
		ADDRESS("../store" DOMAIN)
	};
#undef ADDRESS
	char	address[RCPT_ADDRESS_MAX];
	size_t	i, n;

	n = (size_t)snprintf(address, sizeof(address), "%s" DOMAIN,
	    conf.victim);
	try_address(address, n, conf.victim, "");
	n = (size_t)snprintf(address, sizeof(address), "%s+some" DOMAIN,
	    conf.user);
	try_address(address, n, conf.user, "some");
	for (i = 0; i < nitems(nobody); i++)
		try_address(nobody[i].p, nobody[i].len, NULL, NULL);
	memset(address, 'a', sizeof(address));
	try_address(address, sizeof(address), NULL, NULL);
}

/* By the thousand, and nothing is read. */
void
try_recipient_flood(void)
{
	static struct frame	f;
	char			address[256];
	int			i, sent = 0, granted = 0;

	put_ms = 1000;
	for (i = 0; i < 20000; i++) {
		if (i % 2)
			snprintf(address, sizeof(address), "%s" DOMAIN,
			    conf.victim);
		else
			snprintf(address, sizeof(address), "nobody%d" DOMAIN,
			    i);
		if (rcpt_send(address, strlen(address)) == 0)
			break;
		sent++;
	}
	put_ms = PATIENCE;
	result(sent < 20000, "%d recipients asked for, then authd does not "
	    "read", sent);
	/* Some of the answers, no more: the channel ends in the middle. */
	for (i = 0; i < 50 && frame_get(auth, &f, PATIENCE) == 1; i++) {
		granted += f.fd != -1;
		frame_drop(&f);
	}
	result(granted > 0, "%d of 50 were granted", granted);
	auth = channel_next(PROC_AUTHD, PATIENCE);
	result(still_serves(), "authd after the flood");
}

void
try_recipient_garbage(void)
{
	struct grant_session	g = { .user = str_from(conf.victim),
				    .login = str_from(conf.victim),
				    .rights = GRANT_ALL, .session = 1,
				    .kind = PROC_LMTPD };
	struct rcpt_open	open = { STR("x"), STR(""), 1 };
	uint8_t			noise[4096];
	int			sv[2];

	(void)struct_put(auth, IMSG_RCPT_OPEN, 0, &rcpt_open_wire, &open, -1);
	result(is_cut(auth, PATIENCE), "recipient number 0");
	auth = channel_next(PROC_AUTHD, PATIENCE);
	/* A grant of its own, with all rights. */
	if (!pair_take(sv))
		return;
	(void)struct_put(auth, IMSG_GRANT_SESSION, 1, &grant_session_wire,
	    &g, sv[1]);
	close(sv[1]);
	result(is_cut(auth, PATIENCE) && is_cut(sv[0], 2000),
	    "a forged grant, with a descriptor, to authd");
	close(sv[0]);
	auth = channel_next(PROC_AUTHD, PATIENCE);
	/* A login, which is no lmtpd's. */
	(void)login_send(auth, "PLAIN", noise, plain((char *)noise, "",
	    conf.victim, conf.victim_password));
	result(is_cut(auth, PATIENCE), "a login, with the password");
	auth = channel_next(PROC_AUTHD, PATIENCE);
	result(still_serves(), "authd after all that");
}
