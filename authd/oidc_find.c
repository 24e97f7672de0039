/*
 * Where a provider's endpoints are: given, or found in its discovery document
 * (OpenID Connect Discovery 1.0, section 4).  Must never follow it to where
 * this process may not go: another scheme, or a port that nobody has named.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "authd/oidc_impl.h"
#include "common/json.h"

#define WELL_KNOWN	"/.well-known/openid-configuration"

/* Nobody else on the way reads what goes to this host. */
static bool
is_here(const char *host)
{
	static const char	 name[] = ".localhost";
	size_t			 n = strlen(host);

	return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0 ||
	    strcasecmp(host, name + 1) == 0 || (n >= sizeof(name) &&
	    strcasecmp(host + n - (sizeof(name) - 1), name) == 0);
}

bool
oidc_url(const char *url, char *host, size_t size, uint16_t *port)
{
	const char	*p, *end, *errstr = NULL, *s;
	char		 digits[8] = "";
	bool		 tls = strncmp(url, "https://", 8) == 0;
	size_t		 n;

	if (!tls && strncmp(url, "http://", 7) != 0)
		return false;
	for (s = url; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s > '~' ||
		    strchr("\"'<>\\^`{|}", *s) != NULL)
			return false;
	p = url + (tls ? 8 : 7);
	end = *p == '[' ? strchr(p, ']') : p + strcspn(p, ":/?#");
	if (end == NULL)
		return false;
	if (*p == '[')
		p++;
	n = (size_t)(end - p);
	if (n == 0 || n >= size || memchr(p, '@', n) != NULL)
		return false;
	memcpy(host, p, n);
	host[n] = '\0';
	end += *end == ']';
	if (*end == ':') {
		n = strspn(++end, "0123456789");
		if (n == 0 || n >= sizeof(digits))
			return false;
		memcpy(digits, end, n);
		end += n;
	}
	if (strchr("/?#", *end) == NULL)	/* or the end */
		return false;
	*port = digits[0] != '\0' ? (uint16_t)strtonum(digits, 1, 65535,
	    &errstr) : tls ? 443 : 80;
	return errstr == NULL && (tls || is_here(host));
}

/* Is it a port that the configuration has named? */
static bool
port_named(const struct oidc *o, uint16_t port)
{
	const char	*const urls[] = { o->rules.issuer, o->given_jwks,
			    o->given_introspection };
	char		 host[256];
	uint16_t	 named;
	size_t		 i;

	for (i = 0; i < nitems(urls); i++)
		if (oidc_url(urls[i], host, sizeof(host), &named) &&
		    named == port)
			return true;
	return false;
}

/* A URL of the document; "" if it has none.  -1 with why. */
static int
find_url(const struct oidc *o, struct str doc, const char *name,
    const char *key, char dst[OIDC_URL_MAX], char *why, size_t size)
{
	struct str	v;
	char		host[256];
	uint16_t	port;

	*dst = '\0';
	if (!json_member(doc, name, &v))
		return 0;
	if (json_text(v, dst, OIDC_URL_MAX) == -1 ||
	    !oidc_url(dst, host, sizeof(host), &port)) {
		*dst = '\0';
		snprintf(why, size, "discovery: %s is not https", name);
		return -1;
	}
	if (port_named(o, port))
		return 0;
	*dst = '\0';
	snprintf(why, size, "discovery: %s has port %u, which is not the "
	    "issuer's: set %s", name, port, key);
	return -1;
}

static int
discover(struct oidc *o, char *why, size_t size)
{
	struct oidc_answer	a;
	struct oidc_ask		q = { .url = NULL };
	char			url[OIDC_URL_MAX + sizeof(WELL_KNOWN)];
	size_t			n = strlen(o->rules.issuer);
	struct str		doc, v;
	int			r = -1;

	if (n > 0 && o->rules.issuer[n - 1] == '/')
		n--;
	snprintf(url, sizeof(url), "%.*s%s", (int)n, o->rules.issuer,
	    WELL_KNOWN);
	q.url = url;
	if (oidc_get(o, &q, &a, why, size) == -1)
		return -1;
	doc = (struct str){ a.body, a.len };
	/* Section 4.3: exactly, or it may be another's. */
	if (!json_member(doc, "issuer", &v) ||
	    !json_is_text(v, o->rules.issuer))
		snprintf(why, size, "discovery: its issuer is another one "
		    "than %s", o->rules.issuer);
	else if ((o->given_jwks[0] != '\0' || find_url(o, doc, "jwks_uri",
	    "jwks-url", o->jwks_url, why, size) == 0) &&
	    (o->given_introspection[0] != '\0' || o->client_id[0] == '\0' ||
	    find_url(o, doc, "introspection_endpoint", "introspection-url",
	    o->introspection_url, why, size) == 0)) {
		o->found = o->io.clock(o->io.arg);
		r = 0;
	}
	o->io.done(o->io.arg, &a);
	return r;
}

int
oidc_find(struct oidc *o, char *why, size_t size)
{
	if (o->given_jwks[0] != '\0')
		strlcpy(o->jwks_url, o->given_jwks, sizeof(o->jwks_url));
	if (o->given_introspection[0] != '\0')
		strlcpy(o->introspection_url, o->given_introspection,
		    sizeof(o->introspection_url));
	if (o->given_jwks[0] != '\0' && (o->client_id[0] == '\0' ||
	    o->given_introspection[0] != '\0'))
		return 0;		/* nothing is left to find */
	if (o->found != 0 && o->io.clock(o->io.arg) - o->found < OIDC_FOUND_MS)
		return 0;
	return discover(o, why, size);
}
