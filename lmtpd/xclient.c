/*
 * XCLIENT, from networks that are trusted: what it says replaces what we saw,
 * in the log and in Received.  It opens no doors: who may deliver is decided by
 * who may connect.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <inttypes.h>
#include <strings.h>

#include "common/log.h"
#include "lmtpd/client.h"
#include "lmtpd/path.h"
#include "lmtpd/xclient.h"

/* What was told as not known. */
static bool
is_unknown(const char *value)
{
	return strcasecmp(value, "[UNAVAILABLE]") == 0 ||
	    strcasecmp(value, "[TEMPUNAVAIL]") == 0;
}

/* "192.0.2.1" or "IPV6:2001:db8::1" */
static int
take_address(char *dst, size_t size, const char *value)
{
	struct in6_addr	 v6;
	struct in_addr	 v4;

	if (is_unknown(value))
		return strlcpy(dst, "unknown", size) < size ? 0 : -1;
	if (strncasecmp(value, "IPV6:", 5) == 0 &&
	    inet_pton(AF_INET6, value + 5, &v6) == 1)
		return inet_ntop(AF_INET6, &v6, dst, (socklen_t)size) !=
		    NULL ? 0 : -1;
	if (inet_pton(AF_INET, value, &v4) == 1)
		return strlcpy(dst, value, size) < size ? 0 : -1;
	return -1;
}

/* 0, or -1: the value is none. */
static int
take(const char *name, const char *value, char *remote, size_t rsize,
    char *helo, size_t hsize)
{
	static const char *const others[] = { "NAME", "PORT", "PROTO",
	    "LOGIN", "DESTADDR", "DESTPORT" };
	size_t	 i;

	if (strcasecmp(name, "ADDR") == 0)
		return take_address(remote, rsize, value);
	if (strcasecmp(name, "HELO") == 0)
		return strlcpy(helo, is_unknown(value) ? "" : value, hsize) <
		    hsize ? 0 : -1;
	/* What we have no use for. */
	for (i = 0; i < nitems(others); i++)
		if (strcasecmp(name, others[i]) == 0)
			return 0;
	return -1;
}

bool
xclient(struct client *c, char *args)
{
	char	 remote[sizeof(c->remote)], helo[sizeof(c->helo)] = "";
	char	*name, *value;
	int	 r;

	if (!c->trusted) {
		client_say(c, 550, "5.7.0", "XCLIENT is not for you");
		return false;
	}
	if (c->txn.open) {
		client_say(c, 503, "5.5.1", "A transaction is under way");
		return false;
	}
	strlcpy(remote, c->remote, sizeof(remote));
	if (*args == '\0') {
		client_say(c, 501, "5.5.4", "XCLIENT name=value ...");
		return false;
	}
	while ((r = path_param(&args, &name, &value)) == 1)
		if (value == NULL || path_xtext(value) == -1 ||
		    take(name, value, remote, sizeof(remote), helo,
		    sizeof(helo)) == -1) {
			client_say(c, 501, "5.5.4", "XCLIENT %s: no such "
			    "attribute or value", name);
			return false;
		}
	if (r == -1) {
		client_say(c, 501, "5.5.4", "XCLIENT name=value ...");
		return false;
	}
	log_debug("session=%016" PRIx64 " xclient remote=%s was=%s", c->session,
	    remote, c->remote);
	strlcpy(c->remote, remote, sizeof(c->remote));
	client_helo(c, helo);
	c->helo_kept = helo[0] != '\0';
	c->greeted = false;
	return true;
}
