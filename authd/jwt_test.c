/* Signatures of RFC 7515, Appendix A.2 and A.3, key sets (RFC 7517), and what
 * is neither. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "authd/jwt.h"
#include "authd/test/token_rig.h"
#include "common/json.h"
#include "common/log.h"
#include "common/test.h"

static const char	 keys_text[] =
	    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd"
	    "_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d"
	    "4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzj"
	    "b_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBE"
	    "Ma2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGh"
	    "yxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4"
	    "FRWyuXpoQ\",\"e\":\"AQAB\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3"
	    "D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_t"
	    "ue659LNpXW6pCyStikYjKIWI5a0\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\""
	    "x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";
static const char	 rs256[] =
	    "eyJhbGciOiJSUzI1NiJ9."
	    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l"
	    "eGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGr"
	    "huB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
	    "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZL"
	    "grnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9"
	    "383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvW"
	    "h6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igc"
	    "N_IoypGlUPQGe77Rw";
static const char	 es256[] =
	    "eyJhbGciOiJFUzI1NiJ9."
	    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l"
	    "eGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyK"
	    "AM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1"
	    "Q";

static void
check_rfc(void)
{
	static const char *const tokens[] = { rs256, es256 };
	struct jwks	*keys;
	struct jwt	*t = malloc(sizeof(*t));
	struct str	 v;
	const char	*why = NULL;
	char		 text[200] = "", copy[1024];
	size_t		 i;
	int64_t		 exp;

	CHECK((keys = jwks_parse(STR(keys_text), text, sizeof(text))) != NULL);
	CHECK_ROW(text[0] == '\0' && t != NULL, "%s", text);
	if (keys == NULL || t == NULL)
		return;
	CHECK(keys->n == 3);
	for (i = 0; i < nitems(tokens); i++) {
		CHECK(jwt_parse(t, str_from(tokens[i])) == NULL);
		CHECK(jwt_verify(t, keys, &why) == JWT_OK);
		CHECK(json_member(t->claims, "exp", &v) && json_int(v, &exp) &&
		    exp == 1300819380);
		CHECK(claims_are_of(t->claims, "joe"));
		/* joe's claims are another's */
		strlcpy(copy, tokens[i], sizeof(copy));
		copy[30]++;
		CHECK(jwt_parse(t, str_from(copy)) != NULL ||
		    jwt_verify(t, keys, &why) == JWT_NO_KEY);
	}
	jwks_free(keys);
	free(t);
}

#define X32	"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y32	"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
/* Of a point whose coordinates both begin with a zero octet. */
#define X31	"IGJPfbKUggwxohsQom6OGQU9gUdHpveg6JFr4imZtQ"
#define Y31	"6ify-PohEdnbc4_NnOfpJ7pRLyD-nwxapAmcG9hQAg"
#define EC	"\"kty\":\"EC\",\"crv\":\"P-256\","
#define ED	"\"kty\":\"OKP\",\"crv\":\"Ed25519\","
#define XY	"\"x\":\"" X32 "\",\"y\":\"" Y32 "\""

static void
check_sets(void)
{
	static const struct {
		const char	*key;
		unsigned	 algs;		/* 0: of no use */
	} rows[] = {
		{ "{" EC XY "}", JWK_ES256 },
		{ "{" EC XY ",\"alg\":\"ES256\",\"use\":\"sig\","
		  "\"key_ops\":[\"verify\"]}", JWK_ES256 },
		{ "{" EC XY ",\"alg\":\"ECDH-ES\"}", 0 },
		{ "{" EC XY ",\"alg\":\"RS256\"}", 0 },
		{ "{" EC XY ",\"alg\":\"none\"}", 0 },
		{ "{" EC XY ",\"alg\":1}", 0 },
		{ "{" EC XY ",\"use\":\"enc\"}", 0 },
		{ "{" EC XY ",\"key_ops\":[\"sign\"]}", 0 },
		{ "{" EC XY ",\"key_ops\":\"verify\"}", 0 },
		{ "{" EC XY ",\"kid\":1}", 0 },
		{ "{\"kty\":\"EC\",\"crv\":\"P-384\"," XY "}", 0 },
		{ "{\"kty\":\"EC\"," XY "}", 0 },
		{ "{\"crv\":\"P-256\"," XY "}", 0 },
		/* without the zeros before them, which glewlwyd leaves out */
		{ "{" EC "\"x\":\"" X31 "\",\"y\":\"" Y31 "\"}",
		  JWK_ES256 },
		/* off the curve, too short, nothing */
		{ "{" EC "\"x\":\"" Y32 "\",\"y\":\"" X32 "\"}", 0 },
		{ "{" EC "\"x\":\"" X32 "\",\"y\":\"AAAA\"}", 0 },
		{ "{" EC "\"x\":\"" X32 "\",\"y\":\"\"}", 0 },
		{ "{" EC "\"x\":\"" X32 "\"}", 0 },
		{ "{" EC "\"x\":\"" X32 "=\",\"y\":\"" Y32 "\"}", 0 },
		{ "{" ED "\"x\":\"" X32 "\"}", JWK_EDDSA },
		{ "{" ED "\"x\":\"" X32 "\",\"alg\":\"Ed25519\"}",
		  JWK_EDDSA },
		{ "{" ED "\"x\":\"AAAA\"}", 0 },
		{ "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X32
		  "\"}", 0 },
		/* RSA: of 256 bits, and without its parts */
		{ "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" X32
		  "\"}", 0 },
		{ "{\"kty\":\"RSA\",\"e\":\"AQAB\"}", 0 },
		{ "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}", 0 },
		{ "{}", 0 }, { "1", 0 }, { "\"RSA\"", 0 }, { "null", 0 },
		{ "[]", 0 }
	};
	static const char *const bad[] = { "", "{}", "[]", "{\"keys\":[",
	    "{\"keys\":{}}", "{\"keys\":null}", "{\"keys\":[]}",
	    "{\"keys\":[{\"kty\":1,\"kty\":2}]}", "null" };
	struct jwks	*k;
	char		 text[1024], why[128];
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		snprintf(text, sizeof(text), "{\"keys\":[%s]}", rows[i].key);
		k = jwks_parse(str_from(text), why, sizeof(why));
		CHECK_ROW((k != NULL) == (rows[i].algs != 0), "row %zu: %s",
		    i, why);
		if (k != NULL)
			CHECK_ROW(k->n == 1 && k->v[0].algs == rows[i].algs,
			    "row %zu", i);
		jwks_free(k);
		/* what is of no use is passed over */
		snprintf(text, sizeof(text), "{\"keys\":[%s,{" ED
		    "\"kid\":\"last\",\"x\":\"" X32 "\"}]}",
		    rows[i].key);
		k = jwks_parse(str_from(text), why, sizeof(why));
		CHECK_ROW(k != NULL && k->n == 1u + (rows[i].algs != 0) &&
		    strcmp(k->v[k->n - 1].kid, "last") == 0, "row %zu", i);
		jwks_free(k);
	}
	for (i = 0; i < nitems(bad); i++)
		CHECK_ROW(jwks_parse(str_from(bad[i]), why, sizeof(why)) ==
		    NULL, "%s", bad[i]);
}

static void
check_bounds(void)
{
	static char	 text[JWKS_MAX + 100];
	struct jwks	*k;
	char		 why[128];
	size_t		 i, n;

	for (n = JWKS_KEYS; n <= JWKS_KEYS + 1; n++) {
		strlcpy(text, "{\"keys\":[", sizeof(text));
		for (i = 0; i < n; i++)
			strlcat(text, i > 0 ? ",{" ED "\"x\":\"" X32 "\"}" :
			    "{" ED "\"x\":\"" X32 "\"}", sizeof(text));
		strlcat(text, "]}", sizeof(text));
		k = jwks_parse(str_from(text), why, sizeof(why));
		CHECK((k != NULL) == (n <= JWKS_KEYS));
		jwks_free(k);
	}
	strlcpy(text, "{\"keys\":[{" ED "\"x\":\"" X32 "\"}]",
	    sizeof(text));
	n = strlen(text);
	memset(text + n, ' ', JWKS_MAX - n);
	text[JWKS_MAX - 1] = '}';
	k = jwks_parse((struct str){ text, JWKS_MAX }, why, sizeof(why));
	CHECK(k != NULL);
	jwks_free(k);
	text[JWKS_MAX - 1] = ' ';
	text[JWKS_MAX] = '}';
	CHECK(jwks_parse((struct str){ text, JWKS_MAX + 1 }, why,
	    sizeof(why)) == NULL);
}

static void
check_form(void)
{
	static const struct { const char *text; bool is; } rows[] = {
		{ "eyJ.eyJ.x", true }, { "e..", true },
		{ "eyJ.a.b.c.d", true }, { "eyJ.a", false },
		{ "eyJ.a.b.c", false }, { "ya29.a.b", false }, { "", false },
		{ "..", false }, { "opaque", false }
	};
	size_t	i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(jwt_is(str_from(rows[i].text)) == rows[i].is, "%s",
		    rows[i].text);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	check_rfc();
	check_sets();
	check_bounds();
	check_form();
	return TEST_END();
}
