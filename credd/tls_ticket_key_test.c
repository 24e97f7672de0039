/* The keys of tickets: each certificate's and time's own, and always so. */
#include "common/compat.h"

#include "common/test.h"
#include "common/test/tls_fake.h"
#include "credd/tls_ticket_key.h"

static struct tls_key *
key_of(const char *cert, const char *pem)
{
	char		 why[256];
	struct tls_key	*k = tls_key_new(str_from(cert), str_from(pem), why,
			    sizeof(why));

	CHECK_ROW(k != NULL, "%s", why);
	return k;
}

int
main(void)
{
	static const char *const types[] = { "RSA", "P-256", "ED25519" };
	static char	 cert[TLS_FAKE_PEM], pem[TLS_FAKE_PEM];
	uint8_t		 key[nitems(types)][4][TLS_TICKET_LEN];
	struct tls_fake	 want = { NULL, "x", NULL, -60, 86400 };
	struct tls_key	*k, *again;
	size_t		 i, j;

	for (i = 0; i < nitems(types); i++) {
		want.type = types[i];
		tls_fake_make(&want, cert, pem);
		k = key_of(cert, pem);
		again = key_of(cert, pem);
		for (j = 0; j < 3; j++)
			CHECK(tls_ticket_key(k, 80000 + j, key[i][j]) == 0);
		CHECK(tls_ticket_key(again, 80000, key[i][3]) == 0);
		CHECK(memcmp(key[i][0], key[i][3], TLS_TICKET_LEN) == 0);
		/* also by their names, which a ticket shows */
		CHECK(memcmp(key[i][0], key[i][1], TLS_TICKET_NAME) != 0);
		CHECK(memcmp(key[i][1], key[i][2], TLS_TICKET_NAME) != 0);
		CHECK(i == 0 || memcmp(key[i][0], key[i - 1][0],
		    TLS_TICKET_NAME) != 0);
		tls_key_free(k);
		tls_key_free(again);
	}
	return TEST_END();
}
