/*
 * Certificates of clients.  imapd has seen in the handshake that the client has
 * the key; that a CA of ours has issued the certificate, and to whom, is looked
 * at again here: a taken-over imapd can name only users whose certificate it
 * has seen.
 */
#include "common/compat.h"

#include <stdio.h>

#include "authd/backend.h"
#include "common/client_cert.h"
#include "common/log.h"
#include "common/log_limit.h"

struct cert_state {
	X509_STORE	*store;		/* NULL: paild could not read it */
	char		 rule[16];
};

static void
cert_close(void *state)
{
	struct cert_state	*c = state;

	X509_STORE_free(c->store);
	free(c);
}

static void *
cert_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	const char		*rule = slice_at(conf, "auth.%u.name", index);
	const char		*pem = slice_str(conf, "clients.ca");
	struct cert_state	*c;
	char			 text[128];

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	strlcpy(c->rule, rule != NULL ? rule : "", sizeof(c->rule));
	if (pem[0] != '\0' && (c->store = client_cert_store(str_from(pem),
	    text, sizeof(text))) == NULL) {
		snprintf(why, size, "auth.%u.ca-file: %s", index, text);
		free(c);
		return NULL;
	}
	return c;
}

static enum work_result_code
cert_verify(void *state, struct found *f, struct str said, char *why,
    size_t size)
{
	static struct log_limit	 limit = LOG_LIMIT("a certificate");
	struct cert_state	*c = state;
	const char		*nul = said.len == 0 ? NULL :
				    memchr(said.p, '\0', said.len);
	char			 name[USER_ID_MAX + 1];
	char			 text[128] = "it is for another name";
	struct str		 chain;
	X509			*x;
	bool			 ok;

	if (c->store == NULL) {
		strlcpy(why, "the CA certificates could not be read", size);
		return WORK_UNAVAILABLE;
	}
	if (f->user[0] == '\0' || nul == NULL)
		return WORK_UNKNOWN;
	chain = (struct str){ nul + 1, said.len - (size_t)(nul - said.p) -
	    1 };
	x = client_cert_verify(c->store, chain, text, sizeof(text));
	ok = x != NULL && client_cert_name(x, c->rule, name, sizeof(name),
	    text, sizeof(text)) == 0 && strcmp(name, said.p) == 0;
	X509_free(x);
	if (ok)
		return WORK_YES;
	/* imapd has verified it a moment ago. */
	if (log_limit(&limit))
		log_warnx("cmd=check result=no why=\"a certificate that imapd "
		    "has accepted: %s\"", text);
	return WORK_NO;
}

static const struct verifier_kind verifier_certificate = {
	.open = cert_open, .verify = cert_verify, .close = cert_close,
	.how = WORK_CERTIFICATE
};

const struct backend_kind backend_certificate = {
	.type = "certificate", .verifier = &verifier_certificate
};
