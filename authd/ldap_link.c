/*
 * A connection to one server, by libldap, with TLS as it was configured.  Must
 * never return one whose certificate was not checked, where there is one, nor
 * say that a server does not respond when something else is wrong.  ldap(3).
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "authd/ldap_link.h"
#include "authd/ldap_op.h"
#include "common/clock.h"

#define LINK_PROBE_MS	200
#define LINK_READ_S	2	/* within a message; then the time is checked */
#define LINK_BYTES_MAX	(1024 * 1024)	/* of a message */

/* The text that the server, or the TLS library, has left with ld. */
static void
diagnostic(LDAP *ld, char *dst, size_t size)
{
	char	*text = NULL;

	dst[0] = '\0';
	if (ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text) ==
	    LDAP_OPT_SUCCESS && text != NULL)
		strlcpy(dst, text, size);
	ldap_memfree(text);
}

/* error: errno after the call, which means something if it is a socket's. */
/* Where libldap says no more than that there is no server: what connect(2)
 * says, or NULL if it succeeds. */
static const char *
link_refused(const struct ldap_addr *a)
{
	struct addrinfo	 hints, *found;
	struct pollfd	 p = { .events = POLLOUT };
	socklen_t	 len = sizeof(int);
	char		 port[8];
	int		 error = 0;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	snprintf(port, sizeof(port), "%u", a->port);
	if (a->scheme == LDAP_SCHEME_LDAPI ||
	    getaddrinfo(a->host, port, &hints, &found) != 0)
		return NULL;
	p.fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (p.fd == -1 || connect(p.fd, found->ai_addr,
	    found->ai_addrlen) == -1)
		error = errno;
	if (error == EINPROGRESS && poll(&p, 1, LINK_PROBE_MS) <= 0)
		error = ETIMEDOUT;
	else if (error == EINPROGRESS && getsockopt(p.fd, SOL_SOCKET,
	    SO_ERROR, &error, &len) == -1)
		error = errno;
	if (p.fd != -1)
		close(p.fd);
	freeaddrinfo(found);
	return error == 0 ? NULL : strerror(error);
}

/* GnuTLS has no word for a certificate that was not accepted. */
static const char *
link_words(const char *text)
{
	return strstr(text, "(unknown error code)") == NULL ? text :
	    "TLS: the server's certificate cannot be verified";
}

void
ldap_link_why(LDAP *ld, const struct ldap_addr *a, int rc, char *why,
    size_t size)
{
	char		 url[LDAP_ADDR_URL_MAX], text[200];
	const char	*more;

	ldap_addr_url(a, url, sizeof(url));
	diagnostic(ld, text, sizeof(text));
	more = link_words(text);
	snprintf(why, size, "%s: %s%s%s", url, ldap_err2string(rc),
	    more[0] != '\0' ? ": " : "", more);
}

/* The same of one that could not be made. */
static void
link_failed(LDAP *ld, const struct ldap_addr *a, int rc, char *why,
    size_t size)
{
	const char	*refused;
	char		 text[8];

	ldap_link_why(ld, a, rc, why, size);
	diagnostic(ld, text, sizeof(text));
	if (text[0] == '\0' && rc == LDAP_SERVER_DOWN &&
	    (refused = link_refused(a)) != NULL) {
		strlcat(why, ": ", size);
		strlcat(why, refused, size);
	}
}

void
ldap_link_close(LDAP *ld)
{
	if (ld != NULL)
		(void)ldap_unbind_ext(ld, NULL, NULL);
}

/* The TLS context of one connection, with the CA file as it is now. */
static int
link_context(LDAP *ld, const struct ldap_conf *c, char *why, size_t size)
{
	const char	*ca = ldap_conf_ca_file(c);
	char		*package = NULL;
	int		 demand = LDAP_OPT_X_TLS_DEMAND, client = 0, rc;
	int		 least = c->tls13 ? LDAP_OPT_X_TLS_PROTOCOL_TLS1_3 :
			    LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	bool		 gnutls;

	if (ca[0] == '\0' || access(ca, R_OK) == -1) {
		snprintf(why, size, "ca-file: %s: %s", ca[0] != '\0' ? ca :
		    "the system has none", ca[0] != '\0' ? strerror(errno) :
		    "set one");
		return -1;
	}
	(void)ldap_get_option(NULL, LDAP_OPT_X_TLS_PACKAGE, &package);
	gnutls = package != NULL && strcmp(package, "GnuTLS") == 0;
	ldap_memfree(package);
	/* GnuTLS's has versions only in its priority string. */
	if (ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, ca) != 0 ||
	    (gnutls ? ldap_set_option(ld, LDAP_OPT_X_TLS_CIPHER_SUITE,
	    c->tls13 ? "NORMAL:-VERS-ALL:+VERS-TLS1.3" :
	    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2") :
	    ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least)) != 0) {
		snprintf(why, size, "libldap cannot be told how to use TLS");
		return -1;
	}
	rc = ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client);
	if (rc != LDAP_OPT_SUCCESS) {
		snprintf(why, size, "ca-file: %s: no certificates can be read "
		    "from it", ca);
		return -1;
	}
	return 0;
}

/* Is what was agreed upon as new as it has to be?  A library that did not heed
 * the limit would be noticed here. */
static bool
link_version(LDAP *ld, const struct ldap_conf *c)
{
	char	*version = NULL;
	bool	 good;

	(void)ldap_get_option(ld, LDAP_OPT_X_TLS_VERSION, &version);
	good = version != NULL && (strstr(version, "1.3") != NULL ||
	    (!c->tls13 && strstr(version, "1.2") != NULL));
	ldap_memfree(version);
	return good;
}

static int
link_options(LDAP *ld, int64_t by)
{
	struct timeval	tv = ldap_op_left(by);

	if (ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &tv) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_TIMEOUT, &tv) != 0)
		return -1;
	return 0;
}

static LDAP *
link_handle(const struct ldap_addr *a)
{
	char		 url[LDAP_ADDR_URL_MAX];
	LDAP		*ld = NULL;
	Sockbuf		*sb = NULL;
	ber_len_t	 most = LINK_BYTES_MAX;
	int		 version = LDAP_VERSION3;

	ldap_addr_url(a, url, sizeof(url));
	if (ldap_initialize(&ld, url) != LDAP_SUCCESS)
		return NULL;
	if (ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_RESTART, LDAP_OPT_ON) != 0 ||
	    ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) != 0 || sb == NULL ||
	    ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most) != 1) {
		ldap_link_close(ld);
		return NULL;
	}
	return ld;
}

/* libldap says only that it cannot reach the server. */
static int
link_resolve(const struct ldap_addr *a, char *why, size_t size)
{
	struct addrinfo	 hints, *found;
	int		 error;

	if (!ldap_addr_named(a))
		return 0;
	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	if ((error = getaddrinfo(a->host, NULL, &hints, &found)) == 0) {
		freeaddrinfo(found);
		return 0;
	}
	snprintf(why, size, "%s: %s", a->host, error == EAI_SYSTEM ?
	    strerror(errno) : gai_strerror(error));
	return -1;
}

static void
link_socket(LDAP *ld)
{
	struct timeval	tv = { LINK_READ_S, 0 };
	int		fd = -1;

	/* One that stops within a message. */
	if (ldap_get_option(ld, LDAP_OPT_DESC, &fd) == 0 && fd != -1) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
		    sizeof(tv));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv,
		    sizeof(tv));
	}
}

/* Connected, and with TLS if there is to be some. */
static int
link_connect(LDAP *ld, const struct ldap_conf *c, const struct ldap_addr *a,
    int64_t by, char *why, size_t size)
{
	bool	start = a->scheme == LDAP_SCHEME_LDAP && c->start_tls;
	bool	tls = start || a->scheme == LDAP_SCHEME_LDAPS;
	int	rc;

	if (link_resolve(a, why, size) == -1 ||
	    (tls && link_context(ld, c, why, size) == -1))
		return -1;
	if (link_options(ld, by) == -1)
		rc = LDAP_LOCAL_ERROR;
	else
		rc = ldap_connect(ld);
	if (rc == LDAP_SUCCESS && start && (rc = link_options(ld, by)) ==
	    LDAP_SUCCESS)
		rc = ldap_start_tls_s(ld, NULL, NULL);
	if (rc != LDAP_SUCCESS) {
		link_failed(ld, a, rc, why, size);
		return -1;
	}
	if (tls && (ldap_tls_inplace(ld) != 1 || !link_version(ld, c))) {
		snprintf(why, size, "%s: no TLS, or older than %s", a->host,
		    c->tls13 ? "1.3" : "1.2");
		return -1;
	}
	link_socket(ld);
	return 0;
}

LDAP *
ldap_link_open(const struct ldap_conf *c, size_t server, int64_t until,
    char *why, size_t size)
{
	const struct ldap_addr	*a = &c->server[server];
	int64_t			 by = (int64_t)clock_ms() + c->connect_ms;
	LDAP			*ld;

	if ((ld = link_handle(a)) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	if (link_connect(ld, c, a, by < until ? by : until, why, size) == -1) {
		ldap_link_close(ld);
		return NULL;
	}
	return ld;
}

int
ldap_link_try(const struct ldap_conf *c, char *why, size_t size)
{
	LDAP	*ld;
	int	 r = 0;

	/* Neither ldap.conf nor a user's file says what we do. */
	(void)setenv("LDAPNOINIT", "1", 1);
	/* A DNS server that is away must not take all of a login's time. */
	(void)setenv("RES_OPTIONS", "timeout:2 attempts:2", 0);
	if ((ld = link_handle(&c->server[0])) == NULL) {
		snprintf(why, size, "out of memory");
		return -1;
	}
	if (ldap_conf_tls(c))
		r = link_context(ld, c, why, size);
	ldap_link_close(ld);
	return r;
}
