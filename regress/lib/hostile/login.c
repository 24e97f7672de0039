/* Logins and sessions by hand (peer.h). */
#include "common/compat.h"

#include <string.h>

#include "common/clock.h"
#include "regress/lib/hostile/peer.h"

uint32_t
login_send(int auth, const char *mech, const void *initial, size_t len)
{
	struct auth_start	s = { str_from(mech), true,
				    { initial, len }, true,
				    str_from(remote), 1, STR(""),
				    STR(""), STR(""), STR("") };

	if (++next_id == 0)
		next_id = 1;
	if (struct_put(auth, IMSG_AUTH_START, next_id, &auth_start_wire, &s,
	    -1) == -1)
		return 0;
	return next_id;
}

size_t
plain(char *dst, const char *authzid, const char *user, const char *password)
{
	size_t	n = 0;

	memcpy(dst, authzid, strlen(authzid) + 1);
	n += strlen(authzid) + 1;
	memcpy(dst + n, user, strlen(user) + 1);
	n += strlen(user) + 1;
	memcpy(dst + n, password, strlen(password));
	return n + strlen(password);
}

int
login_wait(int auth, uint32_t id, int *code, int ms)
{
	static struct frame	f;
	struct auth_no		no;
	uint64_t			end = clock_ms() + ms;

	*code = -1;
	while (clock_ms() < end &&
	    frame_get(auth, &f, (int)(end - clock_ms())) == 1) {
		if (f.id == id && f.type == IMSG_AUTH_OK && f.fd != -1)
			return f.fd;
		frame_drop(&f);
		if (f.id == id && f.type == IMSG_AUTH_NO &&
		    wire_decode(&auth_no_wire, &no, f.data, f.len,
		    NULL) == 0) {
			*code = no.code;
			return -1;
		}
	}
	return -1;
}

int
login(int auth, const char *user, const char *password)
{
	char		msg[1024];
	uint32_t	id;
	int		code;

	id = login_send(auth, "PLAIN", msg, plain(msg, "", user, password));
	/* Thousands of guesses may be in front of it. */
	return id == 0 ? -1 : login_wait(auth, id, &code, 3 * PATIENCE);
}

bool
session_begin(int fd)
{
	static struct frame	f;

	if (hello_put(fd, MSG_CHANNEL_MBOX) == -1)
		return false;
	while (frame_get(fd, &f, PATIENCE) == 1) {
		frame_drop(&f);
		if (f.type == IMSG_SESSION_READY)
			return true;
		if (f.type == IMSG_SESSION_END)
			return false;
	}
	return false;
}

int
session_list(int fd, const char *needle, bool *seen)
{
	static struct frame	f;
	struct mbox_list	l = { STR(""), false, false };
	uint32_t		id = ++next_id;

	*seen = false;
	if (struct_put(fd, IMSG_MBOX_LIST, id, &mbox_list_wire, &l,
	    -1) == -1)
		return -1;
	while (frame_get(fd, &f, PATIENCE) == 1) {
		frame_drop(&f);
		if (f.type == IMSG_REPLY_DATA && needle[0] != '\0' &&
		    memmem(f.data, f.len, needle, strlen(needle)) != NULL)
			*seen = true;
		if (f.id == id && f.type == IMSG_REPLY_OK)
			return 1;
		if (f.id == id && f.type == IMSG_REPLY_NO)
			return 0;
	}
	return -1;
}
