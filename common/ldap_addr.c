/* The addresses of directories, in one form.  RFC 4516, RFC 3986. */
#include "common/compat.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/hex.h"
#include "common/ldap_addr.h"

static const struct {
	const char	*name;
	uint16_t	 port;
} schemes[] = {
	[LDAP_SCHEME_LDAP] = { "ldap", 389 },
	[LDAP_SCHEME_LDAPS] = { "ldaps", 636 },
	[LDAP_SCHEME_LDAPI] = { "ldapi", 0 }
};

static int __attribute__((format(printf, 3, 4)))
wrong(char *why, size_t size, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return -1;
}

/* "%2Frun%2Fslapd%2Fldapi", or the path as it is. */
static int
addr_path(const char *s, struct ldap_addr *a, char *why, size_t size)
{
	size_t	n = 0;
	int	c;

	for (; *s != '\0'; s++) {
		c = (unsigned char)*s;
		if (c == '%') {
			if (hex_digit(s[1]) == -1 || hex_digit(s[2]) == -1)
				return wrong(why, size, "after %% come two "
				    "hex digits");
			c = hex_digit(s[1]) << 4 | hex_digit(s[2]);
			s += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return wrong(why, size, "a control character");
		if (n == LDAP_ADDR_PATH_MAX)
			return wrong(why, size, "the socket's path is longer "
			    "than %d bytes", LDAP_ADDR_PATH_MAX);
		a->path[n++] = (char)c;
	}
	if (a->path[0] != '/' || n == 1)
		return wrong(why, size, "needs the socket's path, such as "
		    "ldapi:///run/slapd/ldapi");
	return 0;
}

static int
addr_port(const char *s, struct ldap_addr *a, char *why, size_t size)
{
	const char	*p;
	unsigned long	 v = 0;

	for (p = s; isdigit((unsigned char)*p) && v <= 65535; p++)
		v = v * 10 + (unsigned long)(*p - '0');
	if (p == s || *p != '\0' || v < 1 || v > 65535)
		return wrong(why, size, "\"%.20s\" is not a port: must be 1 to "
		    "65535", s);
	a->port = (uint16_t)v;
	return 0;
}

/* HOST, HOST:PORT, [ADDRESS], [ADDRESS]:PORT, and perhaps a slash. */
static int
addr_host(const char *s, struct ldap_addr *a, char *why, size_t size)
{
	struct in6_addr	 v6;
	char		 text[LDAP_ADDR_HOST_MAX + 16], *host = text, *end;
	const char	*p;
	size_t		 n = strlen(s);

	if (n > 0 && s[n - 1] == '/')
		n--;
	if (n >= sizeof(text))
		return wrong(why, size, "too long");
	memcpy(text, s, n);
	text[n] = '\0';
	if (strpbrk(text, "/?") != NULL)
		return wrong(why, size, "may contain only a scheme, a host and "
		    "a port (base, scope and filter are separate keys)");
	if (strchr(text, '@') != NULL)
		return wrong(why, size, "may not contain a user (service-dn is "
		    "a separate key)");
	if (*host == '[') {
		if ((end = strchr(++host, ']')) == NULL ||
		    (end[1] != '\0' && end[1] != ':'))
			return wrong(why, size, "the brackets of an IPv6 "
			    "address do not match");
		*end++ = '\0';
		if (inet_pton(AF_INET6, host, &v6) != 1)
			return wrong(why, size, "\"%.50s\" is not an IPv6 "
			    "address", host);
	} else if (strchr(host, ':') != strrchr(host, ':'))
		return wrong(why, size, "an IPv6 address must be in brackets, "
		    "such as ldaps://[2001:db8::1]");
	else
		end = host + strcspn(host, ":");
	if (*end == ':') {
		*end++ = '\0';
		if (addr_port(end, a, why, size) == -1)
			return -1;
	}
	if (*host == '\0')
		return wrong(why, size, "has no host");
	for (p = host; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("-._:", *p) == NULL)
			return wrong(why, size, "'%c' is not allowed in a host "
			    "name", isprint((unsigned char)*p) ? *p : '?');
	if (strlcpy(a->host, host, sizeof(a->host)) >= sizeof(a->host))
		return wrong(why, size, "too long");
	return 0;
}

int
ldap_addr_parse(const char *url, struct ldap_addr *a, char *why, size_t size)
{
	const char	*rest = strstr(url, "://");
	size_t		 i, n;

	memset(a, 0, sizeof(*a));
	if (rest == NULL)
		return wrong(why, size, "has no scheme (did you mean "
		    "\"ldaps://%.60s\"?)", url);
	n = (size_t)(rest - url);
	rest += 3;
	for (i = 0; i < nitems(schemes); i++)
		if (strlen(schemes[i].name) == n &&
		    strncmp(schemes[i].name, url, n) == 0)
			break;
	if (i == nitems(schemes))
		return wrong(why, size, "must begin with ldap://, ldaps:// or "
		    "ldapi://");
	a->scheme = (enum ldap_scheme)i;
	a->port = schemes[i].port;
	return a->scheme == LDAP_SCHEME_LDAPI ? addr_path(rest, a, why, size) :
	    addr_host(rest, a, why, size);
}

void
ldap_addr_url(const struct ldap_addr *a, char *dst, size_t size)
{
	static const char	 digits[] = "0123456789ABCDEF";
	const char		*p;
	size_t			 n;

	if (a->scheme != LDAP_SCHEME_LDAPI) {
		snprintf(dst, size, strchr(a->host, ':') != NULL ?
		    "%s://[%s]:%u" : "%s://%s:%u", schemes[a->scheme].name,
		    a->host, a->port);
		return;
	}
	n = strlcpy(dst, "ldapi://", size);
	for (p = a->path; *p != '\0' && n + 4 <= size; p++)
		if (isalnum((unsigned char)*p) || strchr("-._", *p) != NULL)
			dst[n++] = *p;
		else {
			dst[n++] = '%';
			dst[n++] = digits[(unsigned char)*p >> 4];
			dst[n++] = digits[(unsigned char)*p & 15];
		}
	dst[n < size ? n : size - 1] = '\0';
}

bool
ldap_addr_named(const struct ldap_addr *a)
{
	struct in_addr	v4;

	return a->scheme != LDAP_SCHEME_LDAPI && strchr(a->host, ':') == NULL &&
	    inet_pton(AF_INET, a->host, &v4) != 1;
}
