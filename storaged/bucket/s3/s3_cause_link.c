/*
 * Why no answer came (s3_cause.h): what libcurl and OpenSSL say, in terms of
 * the configuration.  The words are those of libcurl 7.68 to 8.x; one that is
 * not known here is told as it is.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "storaged/bucket/s3/s3_cause.h"

/* %e: the endpoint. */
static const struct link_row {
	const char	*word;		/* in libcurl's text */
	const char	*text;
	bool		 lasting;	/* does not pass by itself */
} rows[] = {
	{ "certificate has expired", "the certificate of %e has expired: renew "
	    "it on the server", true },
	{ "certificate is not yet valid", "the certificate of %e is not valid "
	    "yet: set the clock of this host, or of the one that issued it",
	    true },
	{ "subject name matches", "the certificate of %e is for another name: "
	    "write one of its names in store.endpoint", true },
	{ "does not match target host name", "the certificate of %e is for "
	    "another name: write one of its names in store.endpoint", true },
	{ "IP address mismatch", "the certificate of %e is for another name: "
	    "write one of its names in store.endpoint", true },
	{ "self-signed certificate", "the certificate of %e is signed by a CA "
	    "that this host does not know: set store.tls-ca-file", true },
	{ "self signed certificate", "the certificate of %e is signed by a CA "
	    "that this host does not know: set store.tls-ca-file", true },
	{ "local issuer certificate", "the certificate of %e is signed by a CA "
	    "that this host does not know: set store.tls-ca-file", true },
	{ "wrong version number", "%e does not speak TLS: store.endpoint must "
	    "begin with http://, or name the TLS port", true },
	{ "packet length too long", "%e does not speak TLS: store.endpoint "
	    "must begin with http://, or name the TLS port", true },
	{ "http request", "%e does not speak TLS: store.endpoint must begin "
	    "with http://, or name the TLS port", true },
	{ "HTTP/0.9", "%e does not speak HTTP: is the port in store.endpoint "
	    "right, or does it want https://?", true },
	{ "Empty reply", "%e closes the connection without a response: is the "
	    "port in store.endpoint right, or does it want https://?", false },
	{ "response 407", "the proxy asks for a user name and a password: let "
	    "this host pass without, or list the endpoint in store.no-proxy",
	    true },
	{ "code 407", "the proxy asks for a user name and a password: let this "
	    "host pass without, or list the endpoint in store.no-proxy",
	    true },
	{ "CONNECT tunnel failed", "the proxy does not connect to %e: allow it "
	    "there, or list the endpoint in store.no-proxy", false },
	{ "from proxy after CONNECT", "the proxy does not connect to %e: allow "
	    "it there, or list the endpoint in store.no-proxy", false },
	{ "resolve proxy", "the name of the proxy does not resolve "
	    "(store.proxy)", false },
	{ "resolve host", "the name of %e does not resolve: check "
	    "store.endpoint, store.region and this host's DNS", false },
	{ "Connection refused", "nothing listens at %e: check the port in "
	    "store.endpoint, and whether the server runs", false },
	{ "t connect to server", "no connection to %e: check the port in "
	    "store.endpoint, whether the server runs, and firewalls", false },
	{ "No route to host", "%e cannot be reached: check routes and "
	    "firewalls", false },
	{ "Network is unreachable", "%e cannot be reached: check routes and "
	    "firewalls", false },
	{ "timed out", "%e does not answer in time: check store.endpoint, "
	    "routes and firewalls", false },
	{ "timeout", "%e does not answer in time: check store.endpoint, "
	    "routes and firewalls", false },
};

bool
s3_cause_link(const char *why, const char *endpoint, char *dst, size_t size)
{
	const char *text, *at;
	size_t i;

	dst[0] = '\0';
	for (i = 0; i < nitems(rows); i++) {
		if (strstr(why, rows[i].word) == NULL)
			continue;
		text = rows[i].text;
		if ((at = strstr(text, "%e")) == NULL)
			strlcpy(dst, text, size);
		else
			snprintf(dst, size, "%.*s%s%s", (int)(at - text), text,
			    endpoint, at + 2);
		return rows[i].lasting;
	}
	return false;
}
