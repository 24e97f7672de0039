/*
 * Any bytes as a SASL exchange: the first byte chooses the mechanism, whether
 * there is an initial response, and with SCRAM whether it is -PLUS; 0x0a ends
 * a message.
 */
#include "common/compat.h"

#include "authd/sasl.h"
#include "common/fuzz.h"

static void
fuzz_sasl(const uint8_t *in, size_t len)
{
	static const char *const names[] = { "PLAIN", "LOGIN", "PREAUTH",
	    "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2" };
	enum sasl_next		 n = SASL_MORE;
	struct sasl		 s;
	struct str		 ch;
	const uint8_t		*p = in, *end = in + len, *nl;

	if (len == 0)
		return;
	sasl_begin(&s, *p % nitems(names) == 3 && (*p & 0x40) ?
	    &sasl_scram_plus : sasl_find(str_from(names[*p %
	    nitems(names)])));
	s.binding.nexporter = sizeof(s.binding.exporter);
	if (*p++ & 0x80)
		n = sasl_step(&s, false, STR(""), &ch);
	while (n == SASL_MORE && p < end) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		n = sasl_step(&s, true, (struct str){ (const char *)p,
		    (size_t)(nl - p) }, &ch);
		p = nl < end ? nl + 1 : end;
		if (n == SASL_ASK) {
			FUZZ_CHECK(s.login != NULL && s.login[0] != '\0');
			n = sasl_scram_salt(&s, STR("s=c2FsdHNhbHQ=,i=4096"),
			    &ch) == 0 ? SASL_MORE : SASL_BAD;
		}
	}
	if (n == SASL_DONE) {
		FUZZ_CHECK(s.password != NULL && s.password_len > 0);
		FUZZ_CHECK(s.password_len <= (s.mech->proof == SASL_BEARER ?
		    SASL_BEARER_MAX : SASL_PASSWORD_MAX));
		FUZZ_CHECK(s.mech->proof == SASL_PROOF ||
		    strlen(s.password) == s.password_len);
		FUZZ_CHECK(s.mech->proof == SASL_TOKEN ||
		    s.mech == &sasl_oauthbearer ||
		    (s.login != NULL && s.login[0] != '\0'));
	}
	sasl_end(&s);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_sasl);
}
