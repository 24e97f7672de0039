/* See authority.h.  An address is no name: nobody can have it point here. */
#include "common/compat.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "admind/authority.h"

/* Splits "host:port", "host" or "[::1]:port"; *port is -1 without one. */
static bool
split(struct str said, struct str *host, int *port)
{
	const char	*end = said.len == 0 ? NULL : said.p[0] == '[' ?
			    memchr(said.p, ']', said.len) :
			    memchr(said.p, ':', said.len);
	size_t		 i, n;

	*port = -1;
	if (end != NULL && *end == ']')
		end++;
	else if (said.len > 0 && said.p[0] == '[')
		return false;
	n = end != NULL ? (size_t)(end - said.p) : said.len;
	*host = (struct str){ said.p, n };
	if (n == said.len)
		return n > 0;
	/* A colon, and one to five digits. */
	if (n == 0 || said.p[n] != ':' || said.len - n < 2 || said.len - n > 6)
		return false;
	for (*port = 0, i = n + 1; i < said.len; i++) {
		if (said.p[i] < '0' || said.p[i] > '9')
			return false;
		*port = *port * 10 + (said.p[i] - '0');
	}
	return true;
}

static bool
is_loopback(const char *name)
{
	struct in_addr	 in;
	struct in6_addr	 in6;

	if (strcasecmp(name, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, name, &in) == 1)
		return ntohl(in.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, name, &in6) == 1 &&
	    IN6_IS_ADDR_LOOPBACK(&in6);
}

bool
authority_ok(struct str said, unsigned int port, X509 *cert,
    const struct authority_hosts *hosts)
{
	char		 name[AUTHORITY_NAME];
	struct str	 host;
	size_t		 i;
	int		 n;

	if (!split(said, &host, &n))
		return false;
	if (host.p[0] == '[')
		host = (struct str){ host.p + 1, host.len - 2 };
	if (host.len == 0 || host.p[0] == '.' || host.len >= sizeof(name) ||
	    memchr(host.p, '\0', host.len) != NULL)
		return false;
	memcpy(name, host.p, host.len);
	name[host.len] = '\0';
	for (i = 0; i < hosts->n; i++)
		if (strcasecmp(name, hosts->v[i]) == 0)
			return true;
	if (n != -1 && port != 0 && (unsigned int)n != port)
		return false;
	return is_loopback(name) || (cert != NULL &&
	    (X509_check_host(cert, name, host.len, 0, NULL) == 1 ||
	    X509_check_ip_asc(cert, name, 0) == 1));
}
