/* imapd's slice of the configuration: keys, defaults, and the TLS context. */
#include "imapd/conf.h"

#include <stdio.h>
#include <string.h>

#include "common/compat.h"
#include "common/slice.h"
#include "imapd/tls.h"

#define MECHANISMS		"PLAIN LOGIN"
#define DEFAULT_APPEND_LIMIT	((uint64_t)64 * 1024 * 1024)
#define APPEND_LIMIT_MOST	((uint64_t)4 * 1024 * 1024 * 1024 - 1)

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
	const char	*key;
	size_t		 off;
	unsigned int	 fallback;
	unsigned int	 least;
	unsigned int	 most;
} numbers[] = {
	{ "imap.login-timeout", offsetof(struct imapd_conf, login_timeout),
	    180, 5, 86400 },
	{ "imap.idle-timeout", offsetof(struct imapd_conf, idle_timeout),
	    1860, 1800, 604800 },	/* RFC 3501, section 5.4 */
	{ "imap.write-timeout", offsetof(struct imapd_conf, write_timeout),
	    600, 10, 86400 },
	{ "imap.still-here", offsetof(struct imapd_conf, still_here),
	    120, 1, 1740 },
	{ "imap.max-connections", offsetof(struct imapd_conf, max_clients),
	    20000, 1, 1000000 },
	{ "imap.max-unauthenticated",
	    offsetof(struct imapd_conf, max_strangers), 1000, 1, 1000000 },
	{ "imap.max-unauthenticated-per-address",
	    offsetof(struct imapd_conf, max_per_address), 100, 1, 1000000 },
};

static int
read_numbers(struct imapd_conf *c, const struct slice *s, char *why,
    size_t size)
{
	uint64_t	 v;
	size_t		 i;

	for (i = 0; i < nitems(numbers); i++) {
		v = numbers[i].fallback;
		if (s != NULL)
			v = slice_num(s, numbers[i].key, v);
		if (v < numbers[i].least || v > numbers[i].most) {
			snprintf(why, size, "%s: %llu is not from %u to %u",
			    numbers[i].key, (unsigned long long)v,
			    numbers[i].least, numbers[i].most);
			return -1;
		}
		memcpy((char *)c + numbers[i].off,
		    &(unsigned int){ (unsigned int)v }, sizeof(unsigned int));
	}
	c->append_limit = DEFAULT_APPEND_LIMIT;
	if (s != NULL)
		c->append_limit = slice_num(s, "append-limit",
		    c->append_limit);
	if (c->append_limit == 0 || c->append_limit > APPEND_LIMIT_MOST) {
		snprintf(why, size, "append-limit: not from 1 to 4 GiB");
		return -1;
	}
	return 0;
}

static int
read_words(struct imapd_conf *c, const struct slice *s, char *why,
    size_t size)
{
	const char	*word = "loopback";
	size_t		 i;

	strlcpy(c->mechanisms, MECHANISMS, sizeof(c->mechanisms));
	if (s != NULL) {
		word = slice_str(s, "plaintext-login", word);
		if (slice_words(s, "sasl-mechanisms", MECHANISMS,
		    c->mechanisms, sizeof(c->mechanisms)) == -1) {
			snprintf(why, size, "sasl-mechanisms: too many");
			return -1;
		}
	}
	for (i = 0; i < nitems(plaintext_words); i++)
		if (strcmp(word, plaintext_words[i].word) == 0)
			break;
	if (i == nitems(plaintext_words)) {
		snprintf(why, size, "plaintext-login: %s?", word);
		return -1;
	}
	c->plaintext = plaintext_words[i].value;
	return 0;
}

int
conf_read(struct imapd_conf *c, const struct slice *s, char *why, size_t size)
{
	struct imapd_conf	 n;
	const char		*cert = "", *key = "";

	memset(&n, 0, sizeof(n));
	if (read_numbers(&n, s, why, size) == -1 ||
	    read_words(&n, s, why, size) == -1)
		return -1;
	if (s != NULL) {
		cert = slice_str(s, "tls.certificate", "");
		key = slice_str(s, "tls.private-key", "");
	}
	if (*cert != '\0' &&
	    (n.tls = tls_context(cert, key, why, size)) == NULL)
		return -1;
	/* connections hold a reference to the context that they began with */
	tls_context_free(c->tls);
	*c = n;
	return 0;
}
