/*
 * A listener's own TLS settings are set in each of its connections rather than
 * in contexts: those are one for each certificate, and shared by all listeners.
 */
#include "common/compat.h"

#include <stdio.h>

#include <openssl/ssl.h>

#include "common/mem.h"
#include "common/slice.h"
#include "common/tls_context.h"
#include "common/tls_rule.h"

#define URL_MAX	512

/* Of "client-certificates"; ASIS: it was left out. */
enum clients { CLIENTS_ASIS, CLIENTS_NONE, CLIENTS_REQUEST, CLIENTS_REQUIRE };
static const char *const words[] = { "", "none", "request", "require" };

struct tls_rule {
	unsigned int		 refs;
	char			 url[URL_MAX];
	struct tls_limits	 limits;
	enum clients		 clients;
};

struct tls_rules {
	struct tls_rule	**v;
	size_t		  n;
};

static struct tls_rules	*used;		/* NULL: none yet */

struct tls_rule *
tls_rule_ref(struct tls_rule *r)
{
	if (r != NULL)
		r->refs++;
	return r;
}

void
tls_rule_unref(struct tls_rule *r)
{
	if (r != NULL && --r->refs == 0)
		free(r);
}

void
tls_rules_free(struct tls_rules *r)
{
	size_t	i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n; i++)
		tls_rule_unref(r->v[i]);
	free(r->v);
	free(r);
}

/* The value of a key of entry i: "" if it was left out. */
static const char *
own(const struct slice *s, unsigned int i, const char *key)
{
	const char	*value = slice_at(s, "listen.%u.%s", i, key);

	return value != NULL ? value : "";
}

/* NULL with why empty: entry i is but a URL. */
static struct tls_rule *
read_one(const struct slice *s, unsigned int i, const struct tls_limits *all,
    char *why, size_t size)
{
	const char	*version = own(s, i, "tls-min-version");
	const char	*clients = own(s, i, "client-certificates");
	const char	*suites = own(s, i, "tls-ciphers.0");
	struct tls_rule	*r;
	char		 key[40];
	size_t		 w;

	why[0] = '\0';
	if (*version == '\0' && *clients == '\0' && *suites == '\0')
		return NULL;
	r = mem_new(1, sizeof(*r));
	r->refs = 1;
	r->limits = *all;
	strlcpy(r->url, slice_at(s, "listen.%u", i), sizeof(r->url));
	if (*version != '\0')
		r->limits.only_13 = strcmp(version, "TLSv1.3") == 0;
	snprintf(key, sizeof(key), "listen.%u.tls-ciphers", i);
	if (*suites != '\0' && slice_words(s, key, r->limits.suites,
	    sizeof(r->limits.suites)) == -1)
		snprintf(why, size, "%s: too many suites", key);
	for (w = 0; w < nitems(words) && strcmp(clients, words[w]) != 0; w++)
		;
	if (w == nitems(words))
		snprintf(why, size, "invalid listen.%u.client-certificates: "
		    "%s", i, clients);
	r->clients = (enum clients)w;
	if (why[0] == '\0')
		return r;
	tls_rule_unref(r);
	return NULL;
}

struct tls_rules *
tls_rules_read(const struct slice *s, char *why, size_t size)
{
	struct tls_rules	*rules = mem_new(1, sizeof(*rules));
	struct tls_limits	 all;
	struct tls_rule		*r;
	unsigned int		 i;

	if (tls_limits_read(&all, s, why, size) == -1)
		goto fail;
	for (i = 0; slice_at(s, "listen.%u", i) != NULL; i++) {
		if ((r = read_one(s, i, &all, why, size)) != NULL) {
			rules->v = mem_grow(rules->v, rules->n + 1,
			    sizeof(*rules->v));
			rules->v[rules->n++] = r;
		} else if (why[0] != '\0')
			goto fail;
	}
	return rules;
 fail:
	tls_rules_free(rules);
	return NULL;
}

void
tls_rules_use(struct tls_rules *r)
{
	tls_rules_free(used);
	used = r;
}

struct tls_rule *
tls_rule_of(const char *url)
{
	size_t	i;

	for (i = 0; used != NULL && i < used->n; i++)
		if (strcmp(used->v[i]->url, url) == 0)
			return used->v[i];
	return NULL;
}

int
tls_rule_apply(const struct tls_rule *r, SSL *ssl)
{
	if (r == NULL)
		return 0;
	if (tls_limits_apply(&r->limits, ssl) == -1)
		return -1;
	if (r->clients == CLIENTS_NONE)
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	else if (r->clients == CLIENTS_REQUIRE)
		SSL_set_verify(ssl, SSL_VERIFY_PEER |
		    SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	/* A session of another listener may have seen another certificate, or
	 * none: nothing is resumed here, not even by a ticket from there. */
	if (r->clients == CLIENTS_NONE || r->clients == CLIENTS_REQUIRE) {
		SSL_set_options(ssl, SSL_OP_NO_TICKET);
		return SSL_set_num_tickets(ssl, 0) == 1 ? 0 : -1;
	}
	return 0;
}
