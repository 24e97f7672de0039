/* The configuration as it is now; a reload replaces it for what comes next. */
#include "common/compat.h"

#include <stdio.h>

#include "admind/conf.h"
#include "common/client_cert.h"
#include "common/networks.h"
#include "common/proxy.h"
#include "common/slice.h"

struct admind_conf conf;

static int
read_cas(struct admind_conf *n, const struct slice *s, char *why, size_t size)
{
	const char	*pem = slice_str(s, "metrics.ca");
	char		 text[128] = "out of memory";

	n->store = NULL;
	n->names = NULL;
	if (pem[0] == '\0')
		return 0;
	if ((n->store = client_cert_store(str_from(pem), text,
	    sizeof(text))) == NULL ||
	    (n->names = client_cert_names(n->store)) == NULL) {
		X509_STORE_free(n->store);
		snprintf(why, size, "metrics-ca-file: %s", text);
		return -1;
	}
	return 0;
}

static void
read_hosts(struct authority_hosts *h, const struct slice *s)
{
	const char	*v;

	for (h->n = 0; h->n < AUTHORITY_HOSTS && (v = slice_at(s,
	    "http-hosts.%zu", h->n)) != NULL; h->n++)
		(void)strlcpy(h->v[h->n], v, sizeof(h->v[0]));
}

static void
apply(void)
{
	if (conf.tls != NULL)
		tls_context_clients(conf.tls, conf.store, conf.names);
}

int
conf_read(const struct slice *s, char *why, size_t size)
{
	struct admind_conf	 n = conf;
	struct networks		 proxies;
	const char		*hash = slice_str(s, "metrics.token");

	n.ready_within = (uint32_t)slice_num(s, "ready-within");
	read_hosts(&n.hosts, s);
	n.admin_page = slice_bool(s, "admin-page");
	n.guarded = slice_bool(s, "metrics.guarded");
	n.has_token = hash[0] != '\0';
	if (n.has_token && token_read(hash, n.token) == -1) {
		snprintf(why, size, "metrics-token: no hash");
		return -1;
	}
	/* What is refused changes nothing: TLS is the last that may be. */
	if (tls_limits_read(&n.limits, s, why, size) == -1 ||
	    networks_read(&proxies, s, "proxy-protocol", why, size) == -1 ||
	    read_cas(&n, s, why, size) == -1)
		return -1;
	if (tls_limits_change(n.tls, &conf.limits, &n.limits, why,
	    size) == -1) {
		X509_STORE_free(n.store);
		sk_X509_NAME_pop_free(n.names, X509_NAME_free);
		return -1;
	}
	proxy_use(&proxies);
	X509_STORE_free(conf.store);
	sk_X509_NAME_pop_free(conf.names, X509_NAME_free);
	conf = n;
	apply();
	return 0;
}

void
conf_tls(SSL_CTX *ctx)
{
	tls_context_replace(&conf.tls, ctx, &conf.limits);
	apply();
}
