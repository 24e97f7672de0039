/* lmtpd's slice of the configuration: keys, and the TLS context. */
#include "common/compat.h"

#include <stdio.h>
#include <unistd.h>

#include "common/listen.h"
#include "common/log.h"
#include "common/network.h"
#include "common/nofile.h"
#include "common/proxy.h"
#include "common/slice.h"
#include "lmtpd/conf.h"

#define NETWORKS_MAX	64

struct lmtpd_conf conf;

static struct network	 networks[NETWORKS_MAX];	/* of XCLIENT */
static size_t		 nnetworks;

static const struct {
	const char		*word;
	enum lmtpd_detail	 value;
} detail_words[] = {
	{ "ignore",	DETAIL_IGNORE },
	{ "folder",	DETAIL_FOLDER },
	{ "create",	DETAIL_CREATE },
};

void
conf_host(struct lmtpd_conf *c)
{
	char	*p;

	if (gethostname(c->hostname, sizeof(c->hostname)) == -1)
		c->hostname[0] = '\0';
	c->hostname[sizeof(c->hostname) - 1] = '\0';
	/* It stands in lines where a client could be misled. */
	for (p = c->hostname; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '-' || *p == '.'))
			*p = '-';
	if (c->hostname[0] == '\0')
		strlcpy(c->hostname, "localhost", sizeof(c->hostname));
}

static int
read_detail(struct lmtpd_conf *c, const char *word)
{
	size_t	 i;

	for (i = 0; i < nitems(detail_words); i++)
		if (strcmp(word, detail_words[i].word) == 0) {
			c->detail = detail_words[i].value;
			return 0;
		}
	return -1;
}

/* "Name: value" */
static int
read_junk(struct lmtpd_conf *c, const char *rule)
{
	const char	*colon = strstr(rule, ": ");
	size_t		 n;

	c->junk_name[0] = c->junk_value[0] = '\0';
	if (rule[0] == '\0')
		return 0;
	if (colon == NULL || (n = (size_t)(colon - rule)) >=
	    sizeof(c->junk_name))
		return -1;
	memcpy(c->junk_name, rule, n);
	c->junk_name[n] = '\0';
	return strlcpy(c->junk_value, colon + 2, sizeof(c->junk_value)) <
	    sizeof(c->junk_value) ? 0 : -1;
}

static int
read_networks(const struct slice *s, char *why, size_t size)
{
	struct network	 n[NETWORKS_MAX];
	const char	*text, *bad;
	size_t		 i;

	for (i = 0; (text = slice_at(s, "lmtp.xclient-networks.%zu", i)) !=
	    NULL; i++)
		if (i == NETWORKS_MAX || network_parse(&n[i], text,
		    &bad) == -1) {
			snprintf(why, size, "lmtp.xclient-networks.%zu: %s",
			    i, i == NETWORKS_MAX ? "too many" : bad);
			return -1;
		}
	memcpy(networks, n, i * sizeof(n[0]));
	nnetworks = i;
	return 0;
}

static int
invalid(const char *key, const struct slice *s, char *why, size_t size)
{
	snprintf(why, size, "invalid %s: %s", key, slice_str(s, key));
	return -1;
}

int
conf_read(struct lmtpd_conf *c, const struct slice *s, char *why, size_t size)
{
	struct lmtpd_conf	 n = *c;

	n.max_size = slice_num(s, "append-limit");
	n.max_recipients = (unsigned int)slice_num(s, "lmtp.max-recipients");
	n.max_clients = (unsigned int)slice_num(s, "lmtp.max-connections");
	n.idle_timeout = (unsigned int)slice_num(s, "lmtp.idle-timeout");
	n.timeout = (unsigned int)slice_num(s, "lmtp.timeout");
	n.nul_replace = strcmp(slice_str(s, "append-nul"), "replace") == 0;
	n.bare_refuse = strcmp(slice_str(s, "lmtp.bare-newlines"),
	    "refuse") == 0;
	if (read_detail(&n, slice_str(s, "lmtp.detail")) == -1)
		return invalid("lmtp.detail", s, why, size);
	if (read_junk(&n, slice_str(s, "lmtp.junk-header")) == -1)
		return invalid("lmtp.junk-header", s, why, size);
	if (tls_limits_read(&n.limits, s, why, size) == -1 ||
	    proxy_conf(s, why, size) == -1 ||
	    read_networks(s, why, size) == -1)
		return -1;
	if (n.tls != NULL && tls_context_limit(n.tls, n.limits.only_13,
	    n.limits.suites, why, size) == -1)
		return -1;
	*c = n;
	return 0;
}

void
conf_tls(SSL_CTX *ctx)
{
	tls_context_replace(&conf.tls, ctx, &conf.limits);
}

void
conf_fit(struct lmtpd_conf *c, uint64_t room)
{
	/* Half of them are for the recipients' channels. */
	c->max_clients = (unsigned int)nofile_fit("lmtp.max-connections",
	    c->max_clients, 2, room);
}

bool
conf_xclient(const struct listen_from *from)
{
	size_t	 i;

	for (i = 0; i < nnetworks; i++)
		if (network_has(&networks[i],
		    (const struct sockaddr *)&from->ss, from->len))
			return true;
	return false;
}
