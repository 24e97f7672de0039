/* SCRAM's keys and proofs: the exchange of RFC 7677, and what is not one. */
#include "common/compat.h"

#include "common/b64.h"
#include "common/scram.h"
#include "common/test.h"

#define KEYS	"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"			\
		"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"			\
		"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
#define NONCE	"rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define MESSAGE	"n=user,r=rOprNGfwEbeRWgbNEkqO,r=" NONCE			\
		",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=" NONCE

static void
check_rfc(void)
{
	struct scram_keys	k, d;
	char			text[64];
	uint8_t			proof[SCRAM_KEY], sig[SCRAM_KEY];
	size_t			i;
	int			bit;

	CHECK(scram_parse(&k, STR(KEYS)) == 0 && k.iterations == 4096 &&
	    k.saltlen == 16);
	d = k;
	memset(d.stored, 0, sizeof(d.stored));
	memset(d.server, 0, sizeof(d.server));
	CHECK(scram_derive(&d, STR("pencil")) == 0);
	CHECK(memcmp(d.stored, k.stored, SCRAM_KEY) == 0 &&
	    memcmp(d.server, k.server, SCRAM_KEY) == 0);
	CHECK(b64_decode(STR("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
	    true, proof, sizeof(proof)) == SCRAM_KEY);
	CHECK(scram_prove(&k, STR(MESSAGE), proof, sig));
	CHECK(b64_encode(sig, SCRAM_KEY, true, text, sizeof(text)) == 0);
	CHECK(strcmp(text, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=") ==
	    0);
	CHECK(!scram_prove(&k, STR(MESSAGE "x"), proof, sig));
	for (i = 0; i < SCRAM_KEY; i++)
		for (bit = 1; bit < 256; bit <<= 1) {
			proof[i] ^= (uint8_t)bit;
			CHECK(!scram_prove(&k, STR(MESSAGE), proof, sig));
			proof[i] ^= (uint8_t)bit;
		}
	k.stored[5] ^= 1;
	CHECK(!scram_prove(&k, STR(MESSAGE), proof, sig));
	CHECK(scram_check(STR("pencil"), KEYS) == 1);
	CHECK(scram_check(STR("Pencil"), KEYS) == 0);
	CHECK(scram_check(STR(""), KEYS) == 0);
	CHECK(scram_check(STR("pencil"), "SCRAM-SHA-256$4096") == -1);
}

static void
check_text(void)
{
	static const char *const bad[] = {
		"", "SCRAM-SHA-256$", "SCRAM-SHA-1$4096:QUFBQUFBQUE=$a:b",
		"SCRAM-SHA-256$4095:W22ZaJ0SNY7soEsUEjb6gQ==$"
		"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
		"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
		"SCRAM-SHA-256$04096:W22ZaJ0SNY7soEsUEjb6gQ==$"
		"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
		"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
		"SCRAM-SHA-256$99999999:W22ZaJ0SNY7soEsUEjb6gQ==$"
		"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
		"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
		"SCRAM-SHA-256$4294971392:W22ZaJ0SNY7soEsUEjb6gQ==$"
		"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
		"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
		"SCRAM-SHA-256$4096:QUFB$"
		"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
		"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
		KEYS "=", KEYS ":"
	};
	char			text[SCRAM_TEXT_MAX], other[SCRAM_TEXT_MAX];
	struct scram_keys	k;
	size_t			i;

	for (i = 0; i < nitems(bad); i++)
		CHECK_ROW(scram_parse(&k, str_from(bad[i])) == -1, "row %zu",
		    i);
	for (i = 0; i < strlen(KEYS); i++)
		CHECK_ROW(scram_parse(&k, (struct str){ KEYS, i }) == -1,
		    "%zu octets", i);
	CHECK(strncmp(KEYS, "SCRAM-SHA-256$4096:", scram_setting(KEYS)) == 0 &&
	    scram_setting(KEYS) == 19);
	CHECK(scram_make(STR("secret"), text, sizeof(text)) == 0);
	CHECK(scram_make(STR("secret"), other, sizeof(other)) == 0);
	CHECK(strcmp(text, other) != 0);
	CHECK(scram_check(STR("secret"), text) == 1);
	CHECK(scram_check(STR("secret"), other) == 1);
	CHECK(scram_check(STR("Secret"), text) == 0);
	CHECK(scram_make(STR("secret"), text, strlen(text)) == -1);
}

int
main(void)
{
	check_rfc();
	check_text();
	return TEST_END();
}
