/* What we can do, as it depends on who asks (RFC 3501 section 6.1.1). */
#include "imapd/capability.h"

#include <string.h>

#include "common/tls_binding.h"
#include "common/user.h"
#include "imapd/cert.h"
#include "imapd/client.h"
#include "imapd/conf.h"

#define SCRAM		"SCRAM-SHA-256"

static const char always[] = "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE";
static const char inside[] = " IDLE NAMESPACE UIDPLUS MOVE UNSELECT CHILDREN"
    " SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS ESEARCH"
    " SEARCHRES WITHIN MULTIAPPEND";

/* The next word of a list with spaces, *len 0 at its end. */
static const char *
next_word(const char *p, size_t *len)
{
	p += strspn(p, " ,");
	*len = strcspn(p, " ,");
	return p;
}

/* Has its connection what SCRAM can be bound to? */
static bool
can_bind(const struct client *c)
{
	uint8_t	exporter[TLS_BINDING_EXPORTER];
	uint8_t	endpoint[TLS_BINDING_ENDPOINT];

	return c->io.state == TLS_IO_ON &&
	    (tls_binding_exporter(c->io.ssl, exporter) > 0 ||
	    tls_binding_endpoint(c->io.ssl, endpoint) > 0);
}

/* Who has a certificate of ours needs no password. */
static bool
has_external(const struct client *c)
{
	char	name[USER_ID_MAX + 1];

	return cert_name(c->io.ssl, name, sizeof(name));
}

bool
capability_mechanism(const struct client *c, struct str name)
{
	const char	*p = conf.mechanisms;
	size_t		 len;

	if (str_caseeq(name, STR(SCRAM "-PLUS"))) {
		if (!can_bind(c))
			return false;
		name = STR(SCRAM);
	}
	if (str_caseeq(name, STR("EXTERNAL")))
		return has_external(c);
	for (;;) {
		p = next_word(p, &len);
		if (len == 0)
			return false;
		if (str_caseeq(name, (struct str){ p, len }))
			return true;
		p += len;
	}
}

void
capability_print(const struct client *c, struct buf *b)
{
	const char	*p;
	size_t		 len;

	(void)buf_puts(b, always);
	if (c->state == CLIENT_STRANGER) {
		if (client_can_starttls(c))
			(void)buf_puts(b, " STARTTLS");
		if (!client_may_login(c)) {
			(void)buf_puts(b, " LOGINDISABLED");
			return;
		}
		for (p = conf.mechanisms;; p += len) {
			p = next_word(p, &len);
			if (len == 0)
				break;
			if (str_eq((struct str){ p, len }, STR(SCRAM)) &&
			    can_bind(c))
				(void)buf_puts(b, " AUTH=" SCRAM "-PLUS");
			(void)buf_printf(b, " AUTH=%.*s", (int)len, p);
		}
		if (has_external(c))
			(void)buf_puts(b, " AUTH=EXTERNAL");
		if (!capability_mechanism(c, STR("PLAIN")))
			(void)buf_puts(b, " LOGINDISABLED");
		return;
	}
	(void)buf_puts(b, inside);
	(void)buf_printf(b, " APPENDLIMIT=%llu",
	    (unsigned long long)c->append_limit);
}

void
capability_greet(struct client *c)
{
	struct buf	 b = BUF_INIT;

	(void)buf_printf(&b, "* %s [CAPABILITY ",
	    c->via == VIA_PREAUTH ? "PREAUTH" : "OK");
	capability_print(c, &b);
	(void)buf_puts(&b, "] Pail is ready\r\n");
	client_put(c, b.data, b.len);
	buf_free(&b);
}
