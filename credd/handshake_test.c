/*
 * TLS handshakes whose private key is in another process: each kind of key,
 * each version, several names; and a credd that ends, hangs and comes back.
 *
 * usage: handshake_test [bench]	see test/sign_bench.h
 */
#include "common/compat.h"

#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>

#include <event2/event.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/sign_client.h"
#include "common/sign_provider.h"
#include "common/test.h"
#include "common/test/capture.h"
#include "credd/test/sign_bench.h"
#include "credd/test/sign_rig.h"

static struct sign_rig	rig;

static const char *const types[] = { "RSA", "P-256", "P-384", "P-521",
    "ED25519" };

/* The common name of a certificate, which is freed. */
static bool
is_named(X509 *x, const char *name)
{
	char	cn[64] = "";

	if (x != NULL)
		X509_NAME_get_text_by_NID(X509_get_subject_name(x),
		    NID_commonName, cn, sizeof(cn));
	X509_free(x);
	return strcmp(cn, name) == 0;
}

static void
add(const char *type, const char *name, const char *san)
{
	struct tls_fake	want = { type, name, san, -3600, 3600 };

	sign_rig_add(&rig, &want);
}

static void
test_types(void)
{
	static const int	versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	X509			*x;
	size_t			 i, v;

	for (i = 0; i < nitems(types); i++) {
		sign_rig_init(&rig);
		add(types[i], types[i], NULL);
		sign_rig_start(&rig);
		for (v = 0; v < nitems(versions); v++) {
			x = NULL;
			CHECK_ROW(sign_rig_shake(rig.server, versions[v],
			    NULL, &x) && is_named(x, types[i]), "%s %x",
			    types[i], versions[v]);
		}
		sign_rig_end(&rig);
	}
}

static void
test_names(void)
{
	static const struct {
		const char	*host, *name;
	} t[] = {
		{ NULL, "first" }, { "unknown.example.org", "first" },
		{ "imap.example.org", "second" },
		{ "IMAP.Example.ORG", "second" },
		{ "a.wild.example.org", "third" },
		{ "b.wild.example.org", "third" },
		{ "a.b.wild.example.org", "first" },
		{ "wild.example.org", "first" },
		{ "first.example.org", "first" },
		/* of both: the one that is written first */
		{ "both.example.org", "second" }
	};
	X509	*x;
	size_t	 i;

	sign_rig_init(&rig);
	add("P-256", "first", "DNS:first.example.org");
	add("RSA", "second", "DNS:Imap.example.org,DNS:both.example.org");
	add("ED25519", "third", "DNS:*.wild.example.org,DNS:both.example.org");
	sign_rig_start(&rig);
	for (i = 0; i < nitems(t); i++) {
		x = NULL;
		CHECK_ROW(sign_rig_shake(rig.server, TLS1_3_VERSION,
		    t[i].host, &x) && is_named(x, t[i].name), "%s",
		    t[i].host != NULL ? t[i].host : "-");
		x = NULL;
		CHECK_ROW(sign_rig_shake(rig.server, TLS1_2_VERSION,
		    t[i].host, &x) && is_named(x, t[i].name), "%s",
		    t[i].host != NULL ? t[i].host : "-");
	}
	sign_rig_end(&rig);
}

static bool
shakes(void)
{
	return sign_rig_shake(rig.server, TLS1_3_VERSION, NULL, NULL);
}

static void
pump(void)
{
	int	i;

	for (i = 0; i < 20; i++)
		event_base_loop(rig.base, EVLOOP_NONBLOCK);
}

/* It is killed: no handshake, and why; the next one signs again. */
static void
test_killed(void)
{
	SSL_CTX		*old;
	const char	*said;

	sign_rig_init(&rig);
	add("P-256", "x", NULL);
	sign_rig_start(&rig);
	CHECK(shakes());
	sign_rig_kill(&rig);
	capture();
	CHECK(!shakes());
	pump();
	CHECK(!shakes());
	said = captured();
	CHECK(strstr(said, "credd has ended") != NULL &&
	    strstr(said, "credd is not there") != NULL);
	old = rig.server;
	SSL_CTX_up_ref(old);
	sign_rig_start(&rig);
	CHECK(shakes());
	/* a client that began with the older one's */
	CHECK(sign_rig_shake(old, TLS1_3_VERSION, NULL, NULL));
	SSL_CTX_free(old);
	sign_rig_end(&rig);
}

/* It hangs: one handshake waits, no other; when it goes on, so do they. */
static void
test_hangs(void)
{
	uint64_t	 began, took, until;
	const char	*said;
	int		 i;

	sign_rig_init(&rig);
	add("P-256", "x", NULL);
	sign_rig_start(&rig);
	kill(rig.pid[0], SIGSTOP);
	waitpid(rig.pid[0], NULL, WUNTRACED);
	capture();
	began = clock_ms();
	CHECK(!shakes());
	took = clock_ms() - began;
	CHECK_ROW(took >= SIGN_CLIENT_MS, "%llu", (unsigned long long)took);
	began = clock_ms();
	for (i = 0; i < 20; i++)
		CHECK(!shakes());
	/* not that long each */
	took = clock_ms() - began;
	CHECK_ROW(took < 10 * SIGN_CLIENT_MS, "%llu",
	    (unsigned long long)took);
	said = captured();
	CHECK(strstr(said, "has not answered within 1000 ms") != NULL &&
	    strstr(said, "credd does not answer") != NULL);
	kill(rig.pid[0], SIGCONT);
	until = clock_ms() + TEST_PATIENCE_MS;
	log_set_level(LOG_LEVEL_ERROR);
	while (!shakes() && clock_ms() < until)
		event_base_loop(rig.base, EVLOOP_ONCE);
	log_set_level(LOG_LEVEL_INFO);
	CHECK(clock_ms() < until && shakes());
	sign_rig_end(&rig);
}

/* The key of the provider can sign whole messages, and nothing else. */
static void
test_nothing_else(void)
{
	EVP_PKEY	*k;
	EVP_PKEY_CTX	*ctx;
	uint8_t		 out[1024], hash[32] = { 1 };
	size_t		 i, len;
	unsigned char	*der;

	for (i = 0; i < nitems(types); i++) {
		sign_rig_init(&rig);
		add(types[i], "x", NULL);
		sign_rig_start(&rig);
		k = SSL_CTX_get0_privatekey(rig.server);
		CHECK(k != NULL);
		ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k, NULL);
		CHECK(ctx != NULL);
		len = sizeof(out);
		CHECK_ROW(EVP_PKEY_sign_init(ctx) != 1 || EVP_PKEY_sign(ctx,
		    out, &len, hash, sizeof(hash)) != 1, "%s", types[i]);
		len = sizeof(out);
		CHECK_ROW(EVP_PKEY_decrypt_init(ctx) != 1 ||
		    EVP_PKEY_decrypt(ctx, out, &len, out, 256) != 1, "%s",
		    types[i]);
		CHECK_ROW(EVP_PKEY_derive_init(ctx) != 1 ||
		    EVP_PKEY_derive_set_peer(ctx, k) != 1, "%s", types[i]);
		EVP_PKEY_CTX_free(ctx);
		der = NULL;
		CHECK_ROW(i2d_PrivateKey(k, &der) <= 0, "%s", types[i]);
		OPENSSL_free(der);
		len = sizeof(out);
		CHECK_ROW(EVP_PKEY_get_raw_private_key(k, out, &len) != 1,
		    "%s", types[i]);
		sign_rig_end(&rig);
	}
}

/* By a ticket each time, which TLS 1.3 only has here; also without credd. */
static void
test_resumed(void)
{
	SSL_SESSION	*session = NULL;

	sign_rig_init(&rig);
	add("P-256", "x", NULL);
	sign_rig_start(&rig);
	CHECK(sign_rig_resume(rig.server, TLS1_3_VERSION, &session));
	CHECK(sign_rig_resume(rig.server, TLS1_3_VERSION, &session));
	sign_rig_kill(&rig);
	CHECK(sign_rig_resume(rig.server, TLS1_3_VERSION, &session));
	SSL_SESSION_free(session);
	sign_rig_end(&rig);
}

/* At least 0.8 of the handshakes that there would be with the key inside: one
 * run tells, and more of them when the machine has much else to do. */
static void
test_cost(void)
{
#ifndef PAIL_ASAN
	static const char *const	kinds[] = { "RSA", "P-256",
					    "ED25519" };
	struct sign_bench_best		best;
	double				ratio;
	size_t				i;
	int				tries;

	for (i = 0; i < nitems(kinds); i++) {
		best = (struct sign_bench_best){ { 0, 0 } };
		ratio = 0;
		for (tries = 0; tries < 20 && ratio < 0.8; tries++)
			ratio = sign_bench_ratio(kinds[i], &best);
		CHECK_ROW(ratio >= 0.8, "%s: %.2f", kinds[i], ratio);
	}
#endif
}

int
main(int argc, char *argv[])
{
	log_init("test");
	if (argc == 2 && strcmp(argv[1], "bench") == 0) {
		sign_bench();
		return 0;
	}
	test_types();
	test_names();
	test_killed();
	test_hangs();
	test_nothing_else();
	test_resumed();
	test_cost();
	return TEST_END();
}
