/* lmtpd's slice of the configuration: keys, and the TLS context. */
#include "common/compat.h"

#include <stdio.h>

#include "common/listen.h"
#include "common/log.h"
#include "common/networks.h"
#include "common/nofile.h"
#include "common/proxy.h"
#include "common/slice.h"
#include "lmtpd/conf.h"

struct lmtpd_conf conf;

static struct networks	 xclients;

static const struct {
	const char		*word;
	enum lmtpd_detail	 value;
} detail_words[] = {
	{ "ignore",	DETAIL_IGNORE },
	{ "folder",	DETAIL_FOLDER },
	{ "create",	DETAIL_CREATE },
};

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
invalid(const char *key, const struct slice *s, char *why, size_t size)
{
	snprintf(why, size, "invalid %s: %s", key, slice_str(s, key));
	return -1;
}

int
conf_read(struct lmtpd_conf *c, const struct slice *s, char *why, size_t size)
{
	struct lmtpd_conf	 n = *c;
	struct networks		 proxies, from;

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
	/* What is refused changes nothing: TLS is the last that may be. */
	if (tls_limits_read(&n.limits, s, why, size) == -1 ||
	    networks_read(&proxies, s, "proxy-protocol", why, size) == -1 ||
	    networks_read(&from, s, "lmtp.xclient-networks", why, size) ==
	    -1 || tls_limits_change(n.tls, &c->limits, &n.limits, why,
	    size) == -1)
		return -1;
	proxy_use(&proxies);
	xclients = from;
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
	return networks_have(&xclients, (const struct sockaddr *)&from->ss,
	    from->len);
}
