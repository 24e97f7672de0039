/*
 * Values that name a place: listeners, URLs, buckets and prefixes.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <strings.h>

#include "common/network.h"
#include "paild/conf_near.h"
#include "paild/conf_parse.h"
#include "paild/conf_type.h"

static const struct listen_scheme {
	const char	*name;
	const char	*port;		/* by default */
} listen_schemes[] = {
	{ "imap", "143" }, { "imaps", "993" }, { "lmtp", "24" },
	{ "http", "9143" }, { "https", "9143" }
};
#define SCHEMES	"imap imaps lmtp http https"

/* Those of a path. */
static const char *const unix_schemes[] = { "lmtp+unix:", "http+unix:" };

size_t
conf_unix(const char *value)
{
	size_t	 i, n;

	for (i = 0; i < nitems(unix_schemes); i++) {
		n = strlen(unix_schemes[i]);
		if (strncmp(value, unix_schemes[i], n) == 0)
			return n;
	}
	return 0;
}

static bool
is_address(const char *host)
{
	struct in_addr	 v4;
	struct in6_addr	 v6;

	return strcmp(host, "*") == 0 || inet_pton(AF_INET, host, &v4) == 1 ||
	    inet_pton(AF_INET6, host, &v6) == 1;
}

/* HOST[:PORT] or [IPV6][:PORT]; port "" when absent.  false: malformed. */
static bool
split_host(const char *s, char *host, size_t hsize, char *port, size_t psize)
{
	const char	*end;
	size_t		 n;

	if (*s == '[') {
		if ((end = strchr(++s, ']')) == NULL)
			return false;
		n = (size_t)(end - s);
		end++;
	} else {
		end = s + strcspn(s, ":");
		n = (size_t)(end - s);
	}
	if (n == 0 || n >= hsize)
		return false;
	memcpy(host, s, n);
	host[n] = '\0';
	*port = '\0';
	if (*end == '\0')
		return true;
	if (*end++ != ':' || *end == '\0' ||
	    strlcpy(port, end, psize) >= psize)
		return false;
	return true;
}

static bool
is_port(const char *s)
{
	const char	*errstr;

	if (!isdigit((unsigned char)*s))
		return false;
	strtonum(s, 1, 65535, &errstr);
	return errstr == NULL;
}

/* lmtp+unix:/PATH; scheme has so many bytes of it. */
static int
parse_listen_unix(struct parse *p, size_t scheme)
{
	const char	*path = p->s + scheme;
	int		 len = (int)scheme;
	size_t		 n = strlen(path);

	if (conf_check_printable(p) == -1)
		return -1;
	if (strncmp(path, "//", 2) == 0 && path[2] != '/')
		return conf_wrong(p, "%s: a path has one slash (did you mean "
		    "\"%.*s/%.60s\"?)", p->shown, len, p->s, path + 2);
	path += strncmp(path, "//", 2) == 0 ? 2 : 0;
	if (path[0] != '/' || path[1] == '\0' || path[strlen(path) - 1] == '/')
		return conf_wrong(p, "%s: must be %.*s/PATH, the absolute "
		    "path of a socket", p->shown, len, p->s);
	if (n > p->key->max)
		return conf_wrong(p, "%s: the path has %zu bytes, and that of "
		    "a socket at most %llu", p->shown, n,
		    (unsigned long long)p->key->max);
	return buf_printf(p->out, "%.*s%s", len, p->s, path);
}

/* The scheme of n bytes, NULL after conf_wrong(). */
static const struct listen_scheme *
scheme_of(struct parse *p, size_t n)
{
	char	 near[8], word[16];
	size_t	 i;

	for (i = 0; i < nitems(listen_schemes); i++)
		if (strlen(listen_schemes[i].name) == n &&
		    strncmp(p->s, listen_schemes[i].name, n) == 0)
			return &listen_schemes[i];
	snprintf(word, sizeof(word), "%.*s", n < 15 ? (int)n : 15, p->s);
	if (conf_word_nearest(word, SCHEMES, near,
	    sizeof(near)) != NULL)
		(void)conf_wrong(p, "%s: unknown scheme (did you mean "
		    "\"%s://\"?)", p->shown, near);
	else
		(void)conf_wrong(p, "%s: unknown scheme: must be imap://, "
		    "imaps://, lmtp://, http://, https://, lmtp+unix:/PATH or "
		    "http+unix:/PATH", p->shown);
	return NULL;
}

/* "http+unx:/PATH" */
static int
unknown_unix(struct parse *p)
{
	char	 near[16], word[16];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(p->s, ":"), p->s);
	if (strncmp(word, "imap", 4) == 0)
		return conf_wrong(p, "%s: IMAP is not served at a Unix "
		    "socket", p->shown);
	if (conf_word_nearest(word, "lmtp+unix http+unix", near,
	    sizeof(near)) != NULL)
		return conf_wrong(p, "%s: unknown scheme (did you mean "
		    "\"%s:\"?)", p->shown, near);
	return conf_wrong(p, "%s: unknown scheme: must be lmtp+unix:/PATH or "
	    "http+unix:/PATH", p->shown);
}

int
conf_parse_listen(struct parse *p)
{
	const struct listen_scheme *ls;
	const char	*rest, *scheme;
	char		 host[64], port[32];

	if (conf_unix(p->s) != 0)
		return parse_listen_unix(p, conf_unix(p->s));
	if ((rest = strstr(p->s, "://")) == NULL && *p->s != '/' &&
	    strstr(p->s, ":/") != NULL)
		return unknown_unix(p);
	if (rest == NULL)
		return conf_wrong(p, "%s has no scheme (did you mean "
		    "\"%s%.40s\"?)", p->shown, *p->s == '/' ?
		    "lmtp+unix:" : "imap://", p->s);
	if ((ls = scheme_of(p, (size_t)(rest - p->s))) == NULL)
		return -1;
	scheme = ls->name;
	rest += 3;
	if (*rest != '[' && strchr(rest, ':') != NULL &&
	    strchr(strchr(rest, ':') + 1, ':') != NULL)
		return conf_wrong(p, "%s: an IPv6 address must be in brackets, "
		    "such as %s://[::1]:143", p->shown, scheme);
	if (!split_host(rest, host, sizeof(host), port, sizeof(port)))
		return conf_wrong(p, "%s: must be %s://ADDRESS:PORT", p->shown,
		    scheme);
	if (strcmp(host, "localhost") == 0)
		return conf_wrong(p, "%s: expected an address, not a name (did "
		    "you mean \"127.0.0.1\"?)", p->shown);
	if (!is_address(host))
		return conf_wrong(p, "%s: \"%s\" is not an address: use one "
		    "such as 192.0.2.1, [2001:db8::1] or *", p->shown, host);
	if (*port == '\0')
		strlcpy(port, ls->port, sizeof(port));
	if (!is_port(port))
		return conf_wrong(p, "%s: \"%s\" is not a port: must be 1 "
		    "to 65535",
		    p->shown, port);
	if (strchr(host, ':') != NULL)
		return buf_printf(p->out, "%s://[%s]:%s", scheme, host, port);
	return buf_printf(p->out, "%s://%s:%s", scheme, host, port);
}

int
conf_listen_split(const char *value, char *protocol, size_t psize, char *host,
    size_t hsize, char *port, size_t portsize)
{
	const char	*rest = strstr(value, "://");

	if (rest == NULL || (size_t)(rest - value) >= psize)
		return -1;
	memcpy(protocol, value, (size_t)(rest - value));
	protocol[rest - value] = '\0';
	return split_host(rest + 3, host, hsize, port, portsize) ? 0 : -1;
}

/* libcurl's would be 1080 for http, too, which the sandbox, going by the
 * scheme, does not let storaged reach. */
static const char *
proxy_port(const char *url)
{
	return strncmp(url, "https:", 6) == 0 ? "443" :
	    strncmp(url, "http:", 5) == 0 ? "80" : "1080";
}

static int
parse_url(struct parse *p, bool proxy)
{
	const char	*rest = NULL, *s;
	char		 host[256], port[32];
	size_t		 n;

	if (conf_check_length(p) == -1 || conf_check_printable(p) == -1)
		return -1;
	if (strstr(p->s, "://") == NULL)
		return conf_wrong(p, "%s has no scheme (did you mean "
		    "\"https://%.60s\"?)", p->shown, p->s);
	if (strncmp(p->s, "http://", 7) == 0)
		rest = p->s + 7;
	else if (strncmp(p->s, "https://", 8) == 0)
		rest = p->s + 8;
	else if (proxy && strncmp(p->s, "socks5h://", 10) == 0)
		rest = p->s + 10;
	if (rest == NULL)
		return conf_wrong(p, "%s: must begin with http://%s https://%s",
		    p->shown, proxy ? "," : " or",
		    proxy ? " or socks5h://" : "");
	if (strchr(rest, '@') != NULL)
		return conf_wrong(p, "the URL must not contain a user or "
		    "password%s", proxy ? "" :
		    ": use access-key and secret-key");
	n = strlen(rest);
	if (n > 0 && rest[n - 1] == '/')
		n--;
	for (s = rest; s < rest + n; s++)
		if (strchr("/?#", *s) != NULL)
			return conf_wrong(p, "%s: may contain only a scheme, "
			    "a host and a port (bucket and key-prefix are "
			    "separate keys)", p->shown);
		else if (!isalnum((unsigned char)*s) &&
		    strchr("-.:[]_", *s) == NULL)
			return conf_wrong(p,
			    "%s: '%c' is not allowed in a host name",
			    p->shown, *s);
	if (n >= sizeof(host))
		return conf_wrong(p, "%s is too long", p->shown);
	if (!split_host(rest, host, sizeof(host), port, sizeof(port)))
		return conf_wrong(p, "%s has no host", p->shown);
	port[strcspn(port, "/")] = '\0';
	if (*port != '\0' && !is_port(port))
		return conf_wrong(p, "%s: \"%s\" is not a port: must be 1 "
		    "to 65535",
		    p->shown, port);
	return buf_put(p->out, p->s, (size_t)(rest - p->s) + n) == -1 ? -1 :
	    proxy && *port == '\0' ? buf_printf(p->out, "%s%s",
	    rest[n - 1] == ':' ? "" : ":", proxy_port(p->s)) : 0;
}

int
conf_parse_url(struct parse *p)
{
	return parse_url(p, false);
}

int
conf_parse_proxy(struct parse *p)
{
	return parse_url(p, true);
}

/* Is it this host, whatever a name server says? */
static bool
is_this_host(const char *host)
{
	size_t	n = strlen(host);

	return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0 ||
	    strcasecmp(host, "localhost") == 0 ||
	    (n > 10 && strcasecmp(host + n - 10, ".localhost") == 0);
}

/* A page of the web, with its path: what authd/oidc_find.c asks, too. */
int
conf_parse_web(struct parse *p)
{
	char		 host[256], port[32], place[300];
	const char	*rest, *s;
	bool		 tls;
	size_t		 n;

	if (conf_check_length(p) == -1 || conf_check_printable(p) == -1)
		return -1;
	if (strstr(p->s, "://") == NULL)
		return conf_wrong(p, "%s has no scheme (did you mean "
		    "\"https://%.60s\"?)", p->shown, p->s);
	tls = strncmp(p->s, "https://", 8) == 0;
	if (!tls && strncmp(p->s, "http://", 7) != 0)
		return conf_wrong(p, "%s: must begin with https://", p->shown);
	rest = p->s + (tls ? 8 : 7);
	for (s = rest; *s != '\0'; s++)
		if (*s == '?' || *s == '#' || *s == '@')
			return conf_wrong(p, "%s: may contain only a scheme, a "
			    "host, a port and a path", p->shown);
		else if (!isalnum((unsigned char)*s) &&
		    strchr("-._~/:%[]!$&()*+,;=", *s) == NULL)
			return conf_wrong(p, "%s: '%c' is not allowed in a URL",
			    p->shown, *s);
	n = strcspn(rest, "/");
	if (n >= sizeof(place))
		return conf_wrong(p, "%s is too long", p->shown);
	memcpy(place, rest, n);
	place[n] = '\0';
	if (!split_host(place, host, sizeof(host), port, sizeof(port)))
		return conf_wrong(p, "%s has no host", p->shown);
	if (*port != '\0' && !is_port(port))
		return conf_wrong(p, "%s: \"%s\" is not a port: must be 1 "
		    "to 65535", p->shown, port);
	if (!tls && !is_this_host(host))
		return conf_wrong(p, "%s: must begin with https:// (http:// is "
		    "for a provider on this host only)", p->shown);
	return buf_puts(p->out, p->s);
}

int
conf_parse_network(struct parse *p)
{
	struct network	 n;
	const char	*why;

	if (network_parse(&n, p->s, &why) == -1)
		return conf_wrong(p, "%s: %s", p->shown, why);
	return buf_puts(p->out, p->s);
}

int
conf_parse_bucket(struct parse *p)
{
	const char	*s;

	if (conf_check_length(p) == -1)
		return -1;
	for (s = p->s; *s != '\0'; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s)
		    && *s != '-' && *s != '.')
			return conf_wrong(p, "%s: a bucket name contains only "
			    "lower-case letters, digits, '-' and '.'",
			    p->shown);
	if (!isalnum((unsigned char)p->s[0]) ||
	    !isalnum((unsigned char)s[-1]) || strstr(p->s, "..") != NULL)
		return conf_wrong(p, "%s: a bucket name begins and ends with a "
		    "letter or digit, and does not contain \"..\"", p->shown);
	return buf_puts(p->out, p->s);
}

/* "Name: value"; none that is ours, or libcurl's, to write. */
int
conf_parse_header(struct parse *p)
{
	static const char	 ours[] = "host authorization date "
				    "content-length content-md5 content-type "
				    "connection transfer-encoding expect range "
				    "te upgrade accept-encoding cookie";
	static const char *const begin[] = { "x-amz-", "if-", "proxy-" };
	const char	*colon = strchr(p->s, ':'), *s;
	char		 name[64];
	size_t		 i, n;

	if (conf_check_length(p) == -1)
		return -1;
	n = colon != NULL ? (size_t)(colon - p->s) : 0;
	if (n == 0 || colon[1] != ' ' || colon[2] == '\0' ||
	    colon[2] == ' ' || colon[strlen(colon) - 1] == ' ')
		return conf_wrong(p, "%s: must be of the form \"Name: "
		    "value\"", p->shown);
	for (s = p->s; *s != '\0'; s++)
		if (s < colon ? !isalnum((unsigned char)*s) && *s != '-' :
		    (unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			return conf_wrong(p, "%s: a header is ASCII, and its "
			    "name letters, digits and -", p->shown);
	if (n >= sizeof(name))
		return conf_wrong(p, "%s: the name is too long", p->shown);
	for (i = 0; i < n; i++)
		name[i] = (char)tolower((unsigned char)p->s[i]);
	name[n] = '\0';
	for (i = 0; i < nitems(begin); i++)
		if (strncmp(name, begin[i], strlen(begin[i])) == 0 &&
		    strncmp(name, "x-amz-meta-", 11) != 0)
			break;
	if (i < nitems(begin) || conf_word_in(name, ours))
		return conf_wrong(p, "%s: this header is written by Pail "
		    "itself", p->shown);
	return buf_puts(p->out, p->s);
}

int
conf_parse_prefix(struct parse *p)
{
	const char	*s;
	size_t		 n = strlen(p->s);

	if (n == 0)
		return 0;
	if (conf_check_length(p) == -1)
		return -1;
	if (p->s[0] == '/' || p->s[n - 1] == '/')
		return conf_wrong(p, "%s: must not begin or end with '/'",
		    p->shown);
	if (strstr(p->s, "//") != NULL || strncmp(p->s, ".", 1) == 0 ||
	    strstr(p->s, "/.") != NULL)
		return conf_wrong(p, "%s: no component may be empty or "
		    "begin with '.'",
		    p->shown);
	for (s = p->s; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("/-_.@+=",
		    *s) == NULL)
			return conf_wrong(p, "%s: only letters, digits and / - "
			    "_ . @ + = are allowed", p->shown);
	return buf_puts(p->out, p->s);
}
