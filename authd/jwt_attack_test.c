/*
 * Tokens that are not what they seem (RFC 8725 and what has been seen of
 * libraries): none is right, and none costs the provider a question that a good
 * one would not.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "authd/jwt.h"
#include "authd/test/token_rig.h"
#include "common/log.h"
#include "common/test.h"

#define ISS	"\"iss\":\"" RIG_ISSUER "\","
#define AUD	"\"aud\":\"pail\","
#define TIME	"\"exp\":1800003600,"
#define ANN	"\"preferred_username\":\"ann\","
#define SCOPE	"\"scope\":\"mail\""
#define GOOD	"{" ISS AUD TIME ANN SCOPE "}"
#define RSA_KEY	"{\"alg\":\"RS256\",\"kid\":\"rsa\"}"
#define H(alg, more)	"{\"alg\":\"" alg "\"," more "\"kid\":\"rsa\"}"

/* Each is signed right, unless the row says another way. */
static const struct row {
	const char	*what;
	enum rig_sign	 how;
	enum rig_key	 key;
	const char	*header, *claims;
	bool		 right;
} rows[] = {
	/* what is right, to know that the others fail for their reason */
	{ "RS256", RIG_RS256, RIG_RSA, RSA_KEY, GOOD, true },
	{ "PS256", RIG_PS256, RIG_RSA, H("PS256", ""), GOOD, true },
	{ "ES256", RIG_ES256, RIG_EC, "{\"alg\":\"ES256\",\"kid\":\"ec\"}",
	  GOOD, true },
	{ "EdDSA", RIG_EDDSA, RIG_ED, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}",
	  GOOD, true },
	{ "Ed25519", RIG_EDDSA, RIG_ED, "{\"alg\":\"Ed25519\",\"kid\":\"ed\"}",
	  GOOD, true },
	{ "no kid", RIG_ES256, RIG_EC, "{\"alg\":\"ES256\"}", GOOD, true },
	{ "typ JWT", RIG_RS256, RIG_RSA, H("RS256", "\"typ\":\"JWT\","), GOOD,
	  true },
	{ "typ at+jwt", RIG_RS256, RIG_RSA, H("RS256",
	  "\"typ\":\"at+JWT\","), GOOD, true },
	{ "aud in an array", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS
	  "\"aud\":[\"a\",\"pail\"]," TIME ANN SCOPE "}", true },
	{ "scope in an array", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME
	  ANN "\"scope\":[\"x\",\"mail\"]}", true },
	{ "scp", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME ANN
	  "\"scp\":\"x mail\"}", true },
	{ "within the leeway", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  "\"exp\":1799999971,\"nbf\":1800000030,\"iat\":1800000030," ANN SCOPE
	  "}", true },
	/* no signature */
	{ "none", RIG_UNSIGNED, RIG_RSA, H("none", ""), GOOD, false },
	{ "None", RIG_UNSIGNED, RIG_RSA, H("None", ""), GOOD, false },
	{ "NONE", RIG_UNSIGNED, RIG_RSA, H("NONE", ""), GOOD, false },
	{ "nOnE", RIG_UNSIGNED, RIG_RSA, H("nOnE", ""), GOOD, false },
	{ "none with a signature", RIG_RS256, RIG_RSA, H("none", ""), GOOD,
	  false },
	{ "none\\u0000", RIG_UNSIGNED, RIG_RSA, H("none\\u0000", ""), GOOD,
	  false },
	{ "an empty alg", RIG_RS256, RIG_RSA, H("", ""), GOOD, false },
	{ "no alg", RIG_RS256, RIG_RSA, "{\"kid\":\"rsa\"}", GOOD, false },
	{ "alg null", RIG_RS256, RIG_RSA, "{\"alg\":null,\"kid\":\"rsa\"}",
	  GOOD, false },
	{ "alg in an array", RIG_RS256, RIG_RSA,
	  "{\"alg\":[\"RS256\"],\"kid\":\"rsa\"}", GOOD, false },
	{ "nothing behind the dot", RIG_UNSIGNED, RIG_RSA, RSA_KEY, GOOD,
	  false },
	/* another algorithm than the key's */
	{ "HS256 with the public key as PEM", RIG_HS256, RIG_RSA,
	  H("HS256", ""), GOOD, false },
	{ "HS256 with it as DER", RIG_HS256_DER, RIG_RSA, H("HS256", ""), GOOD,
	  false },
	{ "the same, called RS256", RIG_HS256, RIG_RSA, RSA_KEY, GOOD, false },
	{ "HS256 with the set's symmetric key", RIG_HS256, RIG_RSA,
	  "{\"alg\":\"HS256\",\"kid\":\"oct\"}", GOOD, false },
	{ "HS256 with the EC key", RIG_HS256, RIG_EC,
	  "{\"alg\":\"HS256\",\"kid\":\"ec\"}", GOOD, false },
	{ "RS256 called PS256", RIG_RS256, RIG_RSA, H("PS256", ""), GOOD,
	  false },
	{ "PS256 called RS256", RIG_PS256, RIG_RSA, RSA_KEY, GOOD, false },
	{ "PS256 with another salt", RIG_PS_SALT, RIG_RSA, H("PS256", ""),
	  GOOD, false },
	{ "SHA-1 called RS256", RIG_RS1, RIG_RSA, RSA_KEY, GOOD, false },
	{ "RS1", RIG_RS1, RIG_RSA, H("RS1", ""), GOOD, false },
	{ "RS384", RIG_RS256, RIG_RSA, H("RS384", ""), GOOD, false },
	{ "rs256", RIG_RS256, RIG_RSA, H("rs256", ""), GOOD, false },
	{ "RS256 of the EC key", RIG_RS256, RIG_RSA,
	  "{\"alg\":\"RS256\",\"kid\":\"ec\"}", GOOD, false },
	{ "ES256 of the RSA key", RIG_ES256, RIG_EC, H("ES256", ""), GOOD,
	  false },
	{ "EdDSA of the EC key", RIG_ES256, RIG_EC,
	  "{\"alg\":\"EdDSA\",\"kid\":\"ec\"}", GOOD, false },
	{ "ES256 of the Ed25519 key", RIG_EDDSA, RIG_ED,
	  "{\"alg\":\"ES256\",\"kid\":\"ed\"}", GOOD, false },
	{ "ES256K", RIG_ES256, RIG_EC, "{\"alg\":\"ES256K\",\"kid\":\"ec\"}",
	  GOOD, false },
	{ "ES256 in DER", RIG_DER, RIG_EC,
	  "{\"alg\":\"ES256\",\"kid\":\"ec\"}", GOOD, false },
	/* another key */
	{ "a stranger's key", RIG_RS256, RIG_STRANGER, RSA_KEY, GOOD, false },
	{ "another kid", RIG_RS256, RIG_RSA,
	  "{\"alg\":\"RS256\",\"kid\":\"ed\"}", GOOD, false },
	{ "an unknown kid", RIG_RS256, RIG_RSA,
	  "{\"alg\":\"RS256\",\"kid\":\"nobody\"}", GOOD, false },
	{ "a kid that is a path", RIG_HS256, RIG_RSA,
	  "{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}", GOOD, false },
	{ "a kid that is a query", RIG_RS256, RIG_STRANGER,
	  "{\"alg\":\"RS256\",\"kid\":\"x' UNION SELECT 'rsa\"}", GOOD,
	  false },
	{ "a kid that is a number", RIG_RS256, RIG_RSA,
	  "{\"alg\":\"RS256\",\"kid\":1}", GOOD, false },
	{ "an empty kid", RIG_RS256, RIG_RSA,
	  "{\"alg\":\"RS256\",\"kid\":\"\"}", GOOD, false },
	{ "two kids", RIG_RS256, RIG_RSA,
	  "{\"alg\":\"RS256\",\"kid\":\"ed\",\"kid\":\"rsa\"}", GOOD, false },
	{ "two algs", RIG_RS256, RIG_RSA,
	  "{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"rsa\"}", GOOD,
	  false },
	{ "two algs, one escaped", RIG_RS256, RIG_RSA,
	  "{\"\\u0061lg\":\"none\",\"alg\":\"RS256\",\"kid\":\"rsa\"}", GOOD,
	  false },
	{ "jku", RIG_RS256, RIG_STRANGER, H("RS256",
	  "\"jku\":\"https://evil.example/keys\","), GOOD, false },
	{ "x5u", RIG_RS256, RIG_STRANGER, H("RS256",
	  "\"x5u\":\"https://evil.example/cert\","), GOOD, false },
	{ "x5c", RIG_RS256, RIG_STRANGER, H("RS256",
	  "\"x5c\":[\"MIIB\"],"), GOOD, false },
	{ "jwk", RIG_RS256, RIG_STRANGER, H("RS256",
	  "\"jwk\":{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"},"), GOOD,
	  false },
	/* headers that mean more than we understand */
	{ "crit", RIG_RS256, RIG_RSA, H("RS256", "\"crit\":[\"exp\"],"), GOOD,
	  false },
	{ "crit, empty", RIG_RS256, RIG_RSA, H("RS256", "\"crit\":[],"), GOOD,
	  false },
	{ "b64", RIG_RS256, RIG_RSA, H("RS256", "\"b64\":false,"), GOOD,
	  false },
	{ "zip", RIG_RS256, RIG_RSA, H("RS256", "\"zip\":\"DEF\","), GOOD,
	  false },
	{ "nested", RIG_RS256, RIG_RSA, H("RS256", "\"cty\":\"JWT\","), GOOD,
	  false },
	{ "typ dpop+jwt", RIG_RS256, RIG_RSA, H("RS256",
	  "\"typ\":\"dpop+jwt\","), GOOD, false },
	{ "typ logout+jwt", RIG_RS256, RIG_RSA, H("RS256",
	  "\"typ\":\"logout+jwt\","), GOOD, false },
	{ "a header that is an array", RIG_RS256, RIG_RSA,
	  "[\"alg\",\"RS256\"]", GOOD, false },
	{ "bytes behind the header", RIG_RS256, RIG_RSA, RSA_KEY "{}", GOOD,
	  false },
	/* claims */
	{ "expired", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  "\"exp\":1799999970," ANN SCOPE "}", false },
	{ "no exp", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD ANN SCOPE "}",
	  false },
	{ "exp a text", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  "\"exp\":\"1800003600\"," ANN SCOPE "}", false },
	{ "exp null", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  "\"exp\":null," ANN SCOPE "}", false },
	{ "exp negative", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  "\"exp\":-1," ANN SCOPE "}", false },
	{ "exp with an exponent", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  "\"exp\":1e99," ANN SCOPE "}", false },
	{ "exp beyond all integers", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  "\"exp\":99999999999999999999999," ANN SCOPE "}", false },
	{ "not yet", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME
	  "\"nbf\":1800000031," ANN SCOPE "}", false },
	{ "nbf a text", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME
	  "\"nbf\":\"0\"," ANN SCOPE "}", false },
	{ "of the future", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME
	  "\"iat\":1800000031," ANN SCOPE "}", false },
	{ "another audience", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS
	  "\"aud\":\"paiL\"," TIME ANN SCOPE "}", false },
	{ "an audience that begins so", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS
	  "\"aud\":\"pail2\"," TIME ANN SCOPE "}", false },
	{ "no audience", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS TIME ANN SCOPE
	  "}", false },
	{ "no audience but azp", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS
	  "\"azp\":\"pail\",\"client_id\":\"pail\"," TIME ANN SCOPE "}",
	  false },
	{ "audiences, none ours", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS
	  "\"aud\":[\"a\",[\"pail\"],{\"pail\":1}]," TIME ANN SCOPE "}",
	  false },
	{ "audience in an object", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS
	  "\"aud\":{\"pail\":\"pail\"}," TIME ANN SCOPE "}", false },
	{ "another issuer", RIG_RS256, RIG_RSA, RSA_KEY, "{\"iss\":\""
	  RIG_ISSUER "/\"," AUD TIME ANN SCOPE "}", false },
	{ "an issuer that begins so", RIG_RS256, RIG_RSA, RSA_KEY,
	  "{\"iss\":\"" RIG_ISSUER ".evil.example\"," AUD TIME ANN SCOPE "}",
	  false },
	{ "issuers", RIG_RS256, RIG_RSA, RSA_KEY, "{\"iss\":[\"" RIG_ISSUER
	  "\"]," AUD TIME ANN SCOPE "}", false },
	{ "no issuer", RIG_RS256, RIG_RSA, RSA_KEY, "{" AUD TIME ANN SCOPE
	  "}", false },
	{ "two audiences", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS
	  "\"aud\":\"other\"," AUD TIME ANN SCOPE "}", false },
	{ "two names", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME
	  "\"preferred_username\":\"bob\"," ANN SCOPE "}", false },
	{ "two names, one escaped", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  TIME "\"preferred\\u005fusername\":\"bob\"," ANN SCOPE "}", false },
	{ "no name", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME
	  "\"sub\":\"ann\"," SCOPE "}", false },
	{ "an empty name", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME
	  "\"preferred_username\":\"\"," SCOPE "}", false },
	{ "a name with NUL", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME
	  "\"preferred_username\":\"ann\\u0000bob\"," SCOPE "}", false },
	{ "a name with a line's end", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  TIME "\"preferred_username\":\"ann\\nbob\"," SCOPE "}", false },
	{ "a name that is no UTF-8", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  TIME "\"preferred_username\":\"ann\xff\"," SCOPE "}", false },
	{ "a name that is a number", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  TIME "\"preferred_username\":7," SCOPE "}", false },
	{ "names", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME
	  "\"preferred_username\":[\"ann\"]," SCOPE "}", false },
	{ "a scope that begins so", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD
	  TIME ANN "\"scope\":\"mailbox xmail mail.read MAIL\"}", false },
	{ "no scope", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME ANN
	  "\"scope\":\"\"}", false },
	{ "a scope in an object", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME
	  ANN "\"scope\":{\"mail\":true}}", false },
	{ "claims that are an array", RIG_RS256, RIG_RSA, RSA_KEY,
	  "[" GOOD "]", false },
	{ "a token as claims", RIG_RS256, RIG_RSA, RSA_KEY,
	  "\"eyJhbGciOiJub25lIn0.e30.\"", false },
	{ "bytes behind the claims", RIG_RS256, RIG_RSA, RSA_KEY, GOOD GOOD,
	  false },
	{ "claims cut", RIG_RS256, RIG_RSA, RSA_KEY, "{" ISS AUD TIME ANN
	  SCOPE, false }
};

static enum work_result_code
try(struct oidc *o, const char *token)
{
	char	user[USER_ID_MAX + 1], why[200];
	enum work_result_code code;

	code = oidc_check(o, str_from(token), user, why, sizeof(why));
	CHECK((code == WORK_YES) == (strcmp(user, "ann") == 0));
	CHECK((code == WORK_YES) == (why[0] == '\0'));
	return code;
}

static void
check_rows(void)
{
	struct oidc	*o = rig_oidc(false);
	char		*token;
	size_t		 i, refused = 0;

	for (i = 0; i < nitems(rows); i++) {
		token = rig_token(rows[i].how, rows[i].key, rows[i].header,
		    rows[i].claims);
		CHECK_ROW((try(o, token) == WORK_YES) == rows[i].right, "%s",
		    rows[i].what);
		refused += !rows[i].right;
		free(token);
	}
	CHECK(refused >= 40);
	/* the set once, and once more for a kid that it has not */
	CHECK(rig_asked_keys <= 2 && rig_asked_find == 1);
	oidc_free(o);
}

/* What is done to the text of a good token. */
static void
check_text(void)
{
	static const struct { const char *what, *head, *tail; } text[] = {
		{ "a dot behind it", "", "." }, { "a part behind it", "",
		    ".e30" }, { "padding", "", "=" }, { "a space behind it",
		    "", " " }, { "a line's end", "", "\n" },
		{ "a space before it", " ", "" }, { "a dot before it", ".",
		    "" }, { "twice", "", "A" }, { "two more parts", "",
		    ".e30.e30" }
	};
	struct oidc	*o = rig_oidc(false);
	char		*good = rig_token(RIG_RS256, RIG_RSA, RSA_KEY, GOOD);
	char		*ec = rig_token(RIG_ES256, RIG_EC,
			    "{\"alg\":\"ES256\",\"kid\":\"ec\"}", GOOD);
	char		 copy[JWT_MAX + 4096], *dot;
	size_t		 i, n = strlen(good);

	CHECK(try(o, good) == WORK_YES && try(o, ec) == WORK_YES);
	for (i = 0; i < nitems(text); i++) {
		snprintf(copy, sizeof(copy), "%s%s%s", text[i].head, good,
		    text[i].tail);
		CHECK_ROW(try(o, copy) != WORK_YES, "%s", text[i].what);
	}
	/* each prefix; each character another one, of the alphabet or none */
	for (i = 0; i < n; i++) {
		memcpy(copy, good, i);
		copy[i] = '\0';
		CHECK_ROW(try(o, copy) != WORK_YES, "%zu bytes", i);
	}
	for (i = 0; i < n; i++) {
		strlcpy(copy, good, sizeof(copy));
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		CHECK_ROW(try(o, copy) != WORK_YES, "byte %zu", i);
		copy[i] = "+/=\x80\x01 ~"[i % 7];
		CHECK_ROW(try(o, copy) != WORK_YES, "byte %zu", i);
	}
	/* signatures of other lengths, and of zeros */
	dot = strrchr(good, '.');
	for (i = 1; i < 700; i += i < 8 ? 1 : 31) {
		memset(copy, 'A', sizeof(copy));
		memcpy(copy, good, (size_t)(dot - good) + 1);
		copy[(size_t)(dot - good) + 1 + i] = '\0';
		CHECK_ROW(try(o, copy) != WORK_YES, "RSA, %zu of A", i);
	}
	dot = strrchr(ec, '.');
	for (i = 1; i < 120; i++) {
		memset(copy, 'A', sizeof(copy));
		memcpy(copy, ec, (size_t)(dot - ec) + 1);
		copy[(size_t)(dot - ec) + 1 + i] = '\0';
		CHECK_ROW(try(o, copy) != WORK_YES, "EC, %zu of A", i);
	}
	/* the right one, and an octet of zeros */
	snprintf(copy, sizeof(copy), "%sA", ec);
	CHECK(try(o, copy) != WORK_YES);
	/* r, or s, zero: "psychic signatures" */
	for (i = 0; i < 2; i++) {
		strlcpy(copy, ec, sizeof(copy));
		memset(copy + (dot - ec) + 1 + (i == 0 ? 0 : 44), 'A', 42);
		CHECK(try(o, copy) != WORK_YES);
	}
	free(good);
	free(ec);
	oidc_free(o);
}

/* As long as it may be, and a byte more. */
static void
check_long(void)
{
	struct oidc	*o = rig_oidc(false);
	static char	 claims[JWT_MAX];
	char		*token;
	size_t		 pad, long_ones = 0, right = 0;

	for (pad = 5300; pad < 6000; pad += 50) {
		snprintf(claims, sizeof(claims), "{\"x\":\"%*s\"," ISS AUD TIME
		    ANN SCOPE "}", (int)pad, "");
		token = rig_token(RIG_ES256, RIG_EC,
		    "{\"alg\":\"ES256\",\"kid\":\"ec\"}", claims);
		long_ones += strlen(token) > JWT_MAX;
		right += try(o, token) == WORK_YES;
		CHECK((try(o, token) == WORK_YES) ==
		    (strlen(token) <= JWT_MAX));
		free(token);
	}
	CHECK(long_ones > 0 && right > 0);
	oidc_free(o);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	rig_init();
	check_rows();
	check_text();
	check_long();
	return TEST_END();
}
