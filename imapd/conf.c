/* imapd's slice of the configuration: keys, and the TLS context. */
#include "imapd/conf.h"

#include <stdio.h>
#include <string.h>

#include "common/compat.h"
#include "common/auth_kind.h"
#include "common/log.h"
#include "common/nofile.h"
#include "common/networks.h"
#include "common/proxy.h"
#include "common/slice.h"
#include "imapd/cert.h"

struct imapd_conf conf;

static const struct {
	const char		*word;
	enum plaintext_login	 value;
} plaintext_words[] = {
	{ "never",	PLAINTEXT_NEVER },
	{ "loopback",	PLAINTEXT_LOOPBACK },
	{ "always",	PLAINTEXT_ALWAYS },
};

static const struct {
	const char		*key;
	size_t			 off;
} numbers[] = {
	{ "imap.login-timeout", offsetof(struct imapd_conf, login_timeout) },
	{ "imap.idle-timeout", offsetof(struct imapd_conf, idle_timeout) },
	{ "imap.write-timeout", offsetof(struct imapd_conf, write_timeout) },
	{ "imap.literal-timeout",
	    offsetof(struct imapd_conf, literal_timeout) },
	{ "imap.still-here", offsetof(struct imapd_conf, still_here) },
	{ "imap.max-connections", offsetof(struct imapd_conf, max_clients) },
	{ "imap.max-unauthenticated",
	    offsetof(struct imapd_conf, max_strangers) },
	{ "imap.max-unauthenticated-per-address",
	    offsetof(struct imapd_conf, max_per_address) },
};

static void
read_numbers(struct imapd_conf *c, const struct slice *s)
{
	unsigned int	 v;
	size_t		 i;

	for (i = 0; i < nitems(numbers); i++) {
		v = (unsigned int)slice_num(s, numbers[i].key);
		memcpy((char *)c + numbers[i].off, &v, sizeof(v));
	}
	c->max_unsent = slice_num(s, "imap.max-unsent");
	c->append_limit = slice_num(s, "append-limit");
}

/* Of sasl-mechanisms those that can work for some user: the others are neither
 * shown nor taken. */
static int
read_mechanisms(struct imapd_conf *c, const struct slice *s)
{
	unsigned	 takes = auth_takes(s);
	char		 list[sizeof(c->mechanisms)];
	char		*word, *rest = list;

	c->mechanisms[0] = '\0';
	if (slice_words(s, "sasl-mechanisms", list, sizeof(list)) == -1)
		return -1;
	while ((word = strsep(&rest, " ,")) != NULL)
		if (auth_mechanism_works(str_from(word), takes)) {
			if (c->mechanisms[0] != '\0')
				strlcat(c->mechanisms, " ",
				    sizeof(c->mechanisms));
			strlcat(c->mechanisms, word, sizeof(c->mechanisms));
		}
	return 0;
}

static int
read_words(struct imapd_conf *c, const struct slice *s, char *why,
    size_t size)
{
	const char	*word = slice_str(s, "plaintext-login");
	size_t		 i;

	if (read_mechanisms(c, s) == -1) {
		snprintf(why, size, "sasl-mechanisms: too many mechanisms");
		return -1;
	}
	for (i = 0; i < nitems(plaintext_words); i++)
		if (strcmp(word, plaintext_words[i].word) == 0)
			break;
	if (i == nitems(plaintext_words)) {
		snprintf(why, size, "invalid plaintext-login: %s", word);
		return -1;
	}
	c->plaintext = plaintext_words[i].value;
	if (tls_limits_read(&c->limits, s, why, size) == -1)
		return -1;
	word = slice_str(s, "append-nul");
	c->nul_replace = strcmp(word, "replace") == 0;
	if (!c->nul_replace && strcmp(word, "refuse") != 0) {
		snprintf(why, size, "invalid append-nul: %s", word);
		return -1;
	}
	return 0;
}

int
conf_read(struct imapd_conf *c, const struct slice *s, char *why, size_t size)
{
	struct imapd_conf	 n;
	struct networks		 proxies;

	memset(&n, 0, sizeof(n));
	read_numbers(&n, s);
	if (read_words(&n, s, why, size) == -1 ||
	    networks_read(&proxies, s, "proxy-protocol", why, size) == -1)
		return -1;
	n.tls = c->tls;			/* credd's to replace */
	/* What is refused changes nothing: these are the last that may be. */
	if (tls_limits_change(n.tls, &c->limits, &n.limits, why, size) == -1)
		return -1;
	if (cert_conf(s, n.tls, why, size) == -1) {
		tls_limits_back(n.tls, &c->limits);
		return -1;
	}
	proxy_use(&proxies);
	*c = n;
	return 0;
}

void
conf_tls(SSL_CTX *ctx)
{
	tls_context_replace(&conf.tls, ctx, &conf.limits);
	cert_apply(ctx);
}

void
conf_fit(struct imapd_conf *c, uint64_t room)
{
	unsigned int	 n;

	n = (unsigned int)nofile_fit("imap.max-connections", c->max_clients,
	    2, room);
	if (n == c->max_clients)
		return;
	c->max_clients = n;
	c->max_strangers = (unsigned int)nofile_fit("imap.max-unauthenticated",
	    c->max_strangers, 4, room);
}
