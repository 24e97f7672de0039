/*
 * Metrics tell who guesses passwords, and how fast: a listener that others than
 * this host can reach needs a token or certificates.  admind is told a hash of
 * the token: it could be taken over by whoever it talks to.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/hex.h"
#include "common/sum.h"
#include "paild/conf_cert.h"
#include "paild/conf_http.h"
#include "paild/conf_type.h"

static bool
is_open(const char *url)
{
	char	 scheme[8], host[64], port[32];

	return conf_unix(url) == 0 && conf_listen_split(url, scheme,
	    sizeof(scheme), host, sizeof(host), port, sizeof(port)) == 0 &&
	    !conf_loopback(host);
}

static void
check_listener(struct conf *c, const struct conf_item *l, bool token, bool ca)
{
	bool	 tls = strncmp(l->value, "https:", 6) == 0;

	if (!is_open(l->value) || (tls && ca))
		return;
	if (!token)
		conf_error(c, l->at, "%s: %s can be reached from other hosts: "
		    "it needs \"metrics-token\"%s", l->path, l->value,
		    tls ? " or \"metrics-ca-file\"" :
		    ca ? ", since \"metrics-ca-file\" is for https://" : "");
	else if (!tls)
		conf_warning(c, l->at, "%s: the token is sent in the clear to "
		    "%s (did you mean \"https://\"?)", l->path, l->value);
}

void
conf_http(struct conf *c)
{
	const struct conf_item	*token = conf_written(c, "metrics-token");
	const struct conf_item	*ca = conf_written(c, "metrics-ca-file");
	const struct conf_item	*page = conf_written(c, "admin-page");
	const struct conf_item	*l;
	bool			 https = false, here = false;
	size_t			 i;

	for (i = 0; i < c->n; i++) {
		l = &c->items[i];
		if (l->bad || strncmp(l->path, "listen.", 7) != 0 ||
		    strncmp(l->value, "http", 4) != 0)
			continue;
		https = https || l->value[4] == 's';
		here = here || (conf_unix(l->value) == 0 &&
		    !is_open(l->value));
		check_listener(c, l, token != NULL, ca != NULL);
	}
	if (ca != NULL && !ca->bad && !c->no_secrets)
		conf_cert_file(c, ca, "CERTIFICATE");
	if (ca != NULL && !https)
		conf_error(c, ca->name_at, "metrics-ca-file: certificates are "
		    "shown in TLS: \"listen\" has no https://");
	if (page != NULL && !page->bad && strcmp(page->value, "true") == 0 &&
	    !https && !here)
		conf_error(c, page->name_at, "admin-page: \"listen\" has no "
		    "https://, nor http:// of the loopback, to serve it on");
}

int
conf_http_tell(const struct conf *c, char hash[CONF_HTTP_HASH],
    struct buf *pem, char *why, size_t size)
{
	const struct conf_item	*token = conf_item(c, "metrics-token");
	const char		*ca = conf_str(c, "metrics-ca-file");
	uint8_t			 sum[32];
	int			 r = 0;

	hash[0] = '\0';
	if (token != NULL && token->len != 0) {
		sum_of(token->value, token->len, sum);
		hex_print(sum, sizeof(sum), hash);
	}
	if (ca != NULL && (r = conf_cert_add(ca, pem, why, size)) == -1)
		buf_reset(pem);
	return buf_put_u8(pem, '\0') == -1 ? -1 : r;
}
