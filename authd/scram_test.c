/* SCRAM through authd and a real worker: who logs in, and that nothing tells
 * a name without keys from one with them. */
#include "common/compat.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "authd/test/authd_fakes.h"
#include "authd/worker.h"
#include "common/b64.h"
#include "common/scram.h"
#include "common/test/slice_make.h"

#define NONCE	"rOprNGfwEbeRWgbNEkqO"

static struct fake	 imapd, store;
static struct worker	*worker;
static char		 path[64], other_path[64];
static uint32_t		 id;
static void		(*between)(void);	/* the salt and the proof */

static void
hmac(const uint8_t *key, const char *text, uint8_t out[32])
{
	unsigned int	len = 32;

	CHECK(HMAC(EVP_sha256(), key, 32, (const unsigned char *)text,
	    strlen(text), out, &len) != NULL);
}

/* The proof and the server's signature, as a client makes them. */
static void
prove(const char *password, const char *salt64, uint32_t iterations,
    const char *message, char proof64[64], char signature64[64])
{
	uint8_t		salt[64], salted[32], key[32], stored[32], mac[32];
	ssize_t		n = b64_decode(str_from(salt64), true, salt,
			    sizeof(salt));
	size_t		i;

	CHECK(n > 0 && PKCS5_PBKDF2_HMAC(password, (int)strlen(password),
	    salt, (int)n, (int)iterations, EVP_sha256(), 32, salted) == 1);
	hmac(salted, "Client Key", key);
	SHA256(key, 32, stored);
	hmac(stored, message, mac);
	for (i = 0; i < 32; i++)
		key[i] ^= mac[i];
	CHECK(b64_encode(key, 32, true, proof64, 64) == 0);
	hmac(salted, "Server Key", key);
	hmac(key, message, mac);
	CHECK(b64_encode(mac, 32, true, signature64, 64) == 0);
}

static const struct kept *
await(size_t n)
{
	int	i;

	for (i = 0; i < 1000 && imapd.n == n; i++)
		pump();
	return last(&imapd);
}

/* The first two messages: salt and iterations in text. */
static bool
ask(const char *user, char text[256], char nonce[128])
{
	char		first[128];
	const char	*comma;
	size_t		n = imapd.n;
	const struct kept *k;

	snprintf(first, sizeof(first), "n,,n=%s,r=" NONCE, user);
	start(&imapd, ++id, "SCRAM-SHA-256", str_from(first), true);
	k = await(n);
	if (k->type != IMSG_AUTH_CHALLENGE ||
	    strncmp(k->user, "r=" NONCE, 22) != 0 ||
	    (comma = strchr(k->user, ',')) == NULL)
		return false;
	snprintf(nonce, 128, "%.*s", (int)(comma - k->user - 2), k->user + 2);
	strlcpy(text, comma + 1, 256);
	return strncmp(text, "s=", 2) == 0;
}

/* The whole: as AUTH_NO's code, or -1. */
static int
try(const char *user, const char *password, bool revoke)
{
	char		text[256], nonce[128], final[512], proof[64], sig[64],
			all[1024], salt[128];
	const struct kept *k;
	uint32_t	iterations;
	size_t		n;

	if (!ask(user, text, nonce))
		return last(&imapd)->type == IMSG_AUTH_NO ?
		    last(&imapd)->code : -2;
	if (between != NULL)
		between();
	CHECK(sscanf(text, "s=%100[^,],i=%u", salt, &iterations) == 2);
	snprintf(all, sizeof(all), "n=%s,r=" NONCE ",r=%s,%s,c=biws,r=%s",
	    user, nonce, text, nonce);
	prove(password, salt, iterations, all, proof, sig);
	snprintf(final, sizeof(final), "c=biws,r=%s,p=%s", nonce, proof);
	n = imapd.n;
	step(&imapd, id, final);
	k = await(n);
	if (k->type == IMSG_AUTH_NO)
		return k->code;
	CHECK(k->type == IMSG_AUTH_CHALLENGE && k->id == id);
	/* the server proves that it has the keys, too */
	CHECK(strncmp(k->user, "v=", 2) == 0 && strcmp(k->user + 2, sig) == 0);
	CHECK(store.n == 0 || last(&store)->fd == -2);
	n = imapd.n;
	if (revoke)
		authd_revoke(authd, "user");
	step(&imapd, id, "");
	k = await(n);
	if (k->type == IMSG_AUTH_NO)
		return k->code;
	CHECK(granted(&imapd, id, user));
	return -1;
}

static void
check_logins(void)
{
	size_t	n;

	CHECK(try("user", "pencil", false) == -1);
	CHECK(try("user", "pencil", false) == -1);
	CHECK(try("user", "Pencil", false) == AUTH_FAILED);
	CHECK(try("made", "secret", false) == -1);
	CHECK(try("made", "pencil", false) == AUTH_FAILED);
	/* of another kind, and unknown: the same */
	CHECK(try("other", "secret", false) == AUTH_FAILED);
	CHECK(try("nobody", "secret", false) == AUTH_FAILED);
	/* of the second file; the first knows nothing of it */
	CHECK(try("second", "secret", false) == -1);
	CHECK(try("second", "pencil", false) == AUTH_FAILED);
	/* revoked between the proof and the grant */
	CHECK(try("user", "pencil", true) == AUTH_UNAVAILABLE);
	/* the last message is an empty one, and one is enough */
	n = store.n;
	start(&imapd, ++id, "SCRAM-SHA-256", STR("n,,n=user,r=x"), true);
	await(imapd.n);
	step(&imapd, id, "");
	await(imapd.n);
	CHECK(refused(&imapd, id, AUTH_PROTOCOL) && store.n == n);
	/* keys serve for PLAIN as well */
	login(&imapd, ++id, "user", "pencil");
	await(imapd.n);
	CHECK(granted(&imapd, id, "user"));
}

/* Ten of those without keys look as those with them, and each time alike. */
static void
check_looks(void)
{
	static const char *const names[] = { "user", "made", "other",
	    "nobody", "nobody2", "Nobody", "root" };
	char	text[nitems(names)][256], again[256], nonce[2][128];
	size_t	i, k;

	for (i = 0; i < nitems(names); i++) {
		CHECK(ask(names[i], text[i], nonce[0]));
		CHECK(ask(names[i], again, nonce[1]));
		CHECK_ROW(strcmp(text[i], again) == 0, "%s: %s %s", names[i],
		    text[i], again);
		CHECK(strcmp(nonce[0], nonce[1]) != 0);
		CHECK(strcspn(text[i], ",") == 2 + 24);
		CHECK(strcmp(strchr(text[i], ','), ",i=4096") == 0);
		for (k = 0; k < i; k++)
			CHECK_ROW((strcmp(text[i], text[k]) == 0) ==
			    (k == 3 && i == 5), "%s %s", names[i], names[k]);
	}
}

static void	write_users(void);

/* A file of which salt and proof are asked comes back between. */
static void
check_away(void)
{
	CHECK(unlink(path) == 0);
	CHECK(try("user", "pencil", false) == AUTH_UNAVAILABLE);
	CHECK(try("second", "secret", false) == -1);
	CHECK(try("second", "pencil", false) == AUTH_UNAVAILABLE);
	between = write_users;
	CHECK(try("user", "pencil", false) == AUTH_UNAVAILABLE);
	CHECK(unlink(path) == 0);
	CHECK(try("nobody", "pencil", false) == AUTH_UNAVAILABLE);
	between = NULL;
	CHECK(try("user", "pencil", false) == -1);
	CHECK(try("user", "Pencil", false) == AUTH_FAILED);
}

/* One user with keys of so many iterations, or none. */
static void
write_one(const char *name, const char *iterations)
{
	FILE	*f = fopen(name, "w");

	CHECK(f != NULL);
	if (iterations != NULL)
		fprintf(f, "u%s:SCRAM-SHA-256$%s:W22ZaJ0SNY7soEsUEjb6gQ==$"
		    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
		    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\n",
		    iterations, iterations);
	CHECK(fclose(f) == 0);
}

/* How many of 40 unknown names are told 5000 iterations; each is told the same
 * again, and nothing but 4096 else. */
static size_t
ask_many(void)
{
	char	name[16], text[256], again[256], nonce[128];
	size_t	i, n = 0;

	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "nobody%zu", i);
		CHECK(ask(name, text, nonce) && ask(name, again, nonce));
		CHECK(strcmp(text, again) == 0);
		n += strcmp(strchr(text, ','), ",i=5000") == 0;
		CHECK_ROW(strcmp(strchr(text, ','), ",i=5000") == 0 ||
		    strcmp(strchr(text, ','), ",i=4096") == 0, "%s", text);
	}
	return n;
}

/* No backend's users stand out because unknown names look like another's. */
static void
check_backends(void)
{
	size_t	n;

	write_one(path, NULL);
	write_one(other_path, "5000");
	CHECK(ask_many() == 40);
	write_one(path, "5000");
	write_one(other_path, NULL);
	CHECK(ask_many() == 40);
	write_one(other_path, "4096");
	n = ask_many();
	CHECK_ROW(n > 0 && n < 40, "%zu", n);
}

static void
write_users(void)
{
	struct scram_keys	k = { .iterations = 4096, .saltlen = 16,
				    .salt = "0123456789abcdef" };
	char			stored[64], server[64], salt[64];
	FILE			*f = fopen(path, "w");

	CHECK(f != NULL && scram_derive(&k, STR("secret")) == 0);
	CHECK(b64_encode(k.salt, 16, true, salt, sizeof(salt)) == 0);
	CHECK(b64_encode(k.stored, 32, true, stored, sizeof(stored)) == 0);
	CHECK(b64_encode(k.server, 32, true, server, sizeof(server)) == 0);
	fprintf(f, "user:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
	    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
	    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\n"
	    "made:SCRAM-SHA-256$4096:%s$%s:%s\n"
	    "other:$6$rounds=1000$saltsalt$x\n", salt, stored, server);
	CHECK(fclose(f) == 0);
	CHECK((f = fopen(other_path, "w")) != NULL);
	fprintf(f, "second:SCRAM-SHA-256$4096:%s$%s:%s\n", salt, stored,
	    server);
	CHECK(fclose(f) == 0);
}

int
main(void)
{
	char		dir[] = "/tmp/scram_test.XXXXXX", why[128];
	struct slice	*s;
	int		sv[2];

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/users", dir);
	snprintf(other_path, sizeof(other_path), "%s/other", dir);
	write_users();
	remote = "127.0.0.1";
	authd_begin(1, 2, 60000);
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&store, PROC_STORAGED, 0);
	store.close_fds = true;
	s = slice_make(NULL, "auth.0.type", "file", "auth.0.path", path,
	    "auth.1.type", "file", "auth.1.path", other_path,
	    "index", "0", "pools.0.type", "file", "pools.0.entry",
	    "4294967295", "pools.0.workers", "2", "pools.0.timeout", "30000",
	    NULL);
	CHECK((worker = worker_new(s, why, sizeof(why))) != NULL);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	worker_authd(worker, base, sv[0]);
	authd_peer(authd, PROC_AUTHWORKER, 0, sv[1]);
	check_logins();
	check_looks();
	check_away();
	check_backends();
	slice_free(s);
	worker_free(worker);
	pump();
	fake_leave(&imapd);
	fake_leave(&store);
	authd_end();
	unlink(path);
	unlink(other_path);
	rmdir(dir);
	return TEST_END();
}
