/*
 * The users' file with hashes made here: names, hashes, changes of the
 * file, and what is refused.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <crypt.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "authd/backend.h"
#include "authd/hash.h"
#include "common/argon2id.h"
#include "common/log.h"
#include "common/msg_setup.h"
#include "common/scram.h"
#include "common/test.h"
#include "common/wire.h"

static char	 dir[64], path[96];
static struct backend *state;

/* A cheap hash of a kind. */
static const char *
hashed(const char *prefix, unsigned long cost, const char *password)
{
	static char	 out[8][CRYPT_OUTPUT_SIZE];
	static int	 turn;
	struct crypt_data *data = calloc(1, sizeof(*data));
	char		 salt[CRYPT_GENSALT_OUTPUT_SIZE];
	char		*dst = out[turn++ % 8];

	CHECK(crypt_gensalt_rn(prefix, cost, NULL, 0, salt,
	    sizeof(salt)) != NULL);
	strlcpy(dst, crypt_rn(password, salt, data, sizeof(*data)),
	    CRYPT_OUTPUT_SIZE);
	free(data);
	return dst;
}

static void
write_file(const char *text, size_t len)
{
	char	tmp[128];
	FILE	*f;

	snprintf(tmp, sizeof(tmp), "%s.new", path);
	f = fopen(tmp, "w");
	CHECK(f != NULL && fwrite(text, 1, len, f) == len);
	fclose(f);
	CHECK(rename(tmp, path) == 0);
}

static void
open_backend(void)
{
	struct setup_pair	 pairs[] = {
		{ STR("auth.0.path"), str_from(path) },
		{ STR("auth.0.type"), STR("file") },
		{ STR("auth.1.type"), STR("file") },
	};
	struct setup_conf	 conf = { { pairs, nitems(pairs) } };
	struct slice		*s;
	struct buf		 b = BUF_INIT;
	char			 why[128];

	CHECK(wire_encode(&setup_conf_wire, &conf, &b) == 0);
	s = slice_new(b.data, b.len);
	CHECK(s != NULL);
	CHECK(backend_open(s, 1, why, sizeof(why)) == NULL);
	CHECK(strstr(why, "path") != NULL);
	state = backend_open(s, 0, why, sizeof(why));
	CHECK(state != NULL);
	slice_free(s);
	buf_free(&b);
}

static struct backend_answer
ask(const char *user, const char *password)
{
	struct backend_answer	a;

	backend_check(state, WORK_PASSWORD, str_from(user),
	    str_from(password), STR(""), &a);
	return a;
}

static void
check_kinds(void)
{
	static const struct {
		const char	*prefix;
		unsigned long	 cost;
		bool		 good;
	} kinds[] = {
		{ "$y$", 1, true }, { "$2b$", 4, true }, { "$6$", 1000, true },
		{ "$gy$", 1, true }, { "$7$", 6, true }, { "$5$", 1000, true },
		{ "$1$", 0, false }, { "", 0, false }, { "$sha1$", 0, false },
		{ "$md5", 0, false }, { "_", 0, false }, { "$3$", 0, false }
	};
	struct buf	b;
	char		name[16];
	size_t		i;

	buf_init(&b, 0);
	buf_puts(&b, "# users\n\n");
	for (i = 0; i < nitems(kinds); i++)
		buf_printf(&b, "u%zu:%s\n", i, hashed(kinds[i].prefix,
		    kinds[i].cost, "secret"));
	write_file((const char *)b.data, b.len);
	buf_free(&b);
	for (i = 0; i < nitems(kinds); i++) {
		struct backend_answer	a;

		snprintf(name, sizeof(name), "u%zu", i);
		a = ask(name, "secret");
		CHECK_ROW(a.code == (kinds[i].good ? WORK_YES : WORK_UNKNOWN),
		    "%s: %d", kinds[i].prefix, a.code);
		CHECK_ROW(!kinds[i].good || strcmp(a.user, name) == 0, "%s",
		    kinds[i].prefix);
		CHECK(a.why[0] != '\0');
		a = ask(name, "Secret");
		CHECK_ROW(a.code == (kinds[i].good ? WORK_NO : WORK_UNKNOWN),
		    "%s: %d", kinds[i].prefix, a.code);
		CHECK(a.user[0] == '\0');
	}
}

/* What is not seen in an editor makes no other user. */
static void
check_unseen(void)
{
	const char	*h = hashed("$6$", 1000, "pw");
	struct buf	 b;

	buf_init(&b, 0);
	buf_printf(&b, "\xef\xbb\xbf" "first:%s\n space:%s\ntail :%s\n"
	    "hash:%s \nnbsp\xc2\xa0:%s\nlast:%s\n", h, h, h, h, h, h);
	write_file((const char *)b.data, b.len);
	CHECK(ask("first", "pw").code == WORK_YES);
	CHECK(ask("\xef\xbb\xbf" "first", "pw").code == WORK_UNKNOWN);
	CHECK(ask(" space", "pw").code == WORK_UNKNOWN);
	CHECK(ask("space", "pw").code == WORK_UNKNOWN);
	CHECK(ask("tail ", "pw").code == WORK_UNKNOWN);
	CHECK(ask("hash", "pw").code == WORK_UNKNOWN);
	CHECK(ask("nbsp\xc2\xa0", "pw").code == WORK_UNKNOWN);
	CHECK(ask("last", "pw").code == WORK_YES);
	buf_free(&b);
}

static void
check_lines(void)
{
	const char	*h = hashed("$6$", 1000, "pw");
	struct buf	 b;
	size_t		 i;
	static const struct {
		const char		*user;
		enum work_result_code	 want;
	} rows[] = {
		{ "ann", WORK_YES }, { "ANN", WORK_YES },
		{ "bob@example.org", WORK_YES }, { "crlf", WORK_YES },
		{ "last", WORK_YES }, { "twice", WORK_YES },
		{ "#ann", WORK_UNKNOWN }, { "", WORK_UNKNOWN },
		{ "nocolon", WORK_UNKNOWN }, { "nohash", WORK_UNKNOWN },
		{ "extra", WORK_UNKNOWN }, { "a\nb", WORK_UNKNOWN },
		{ "nul", WORK_UNKNOWN }, { "star", WORK_NO },
		{ "bang", WORK_NO },
		{ "plain", WORK_UNKNOWN }
	};

	buf_init(&b, 0);
	buf_printf(&b, "#ann:%s\nAnn:%s\nnocolon\n:%s\nnohash:\n", h, h, h);
	buf_printf(&b, "extra:%s:1000\ncrlf:%s\r\n", h, h);
	buf_printf(&b, "twice:%s\ntwice:%s\n", h,
	    hashed("$6$", 1000, "other"));
	/* a user, but no password is hers, nor anybody's */
	buf_printf(&b, "star:*\nbang:!%s\n", h);
	buf_puts(&b, "plain:pw\nn");
	buf_put(&b, "\0", 1);
	buf_printf(&b, "ul:%s\n\xff\xfe:%s\n", h, h);
	buf_printf(&b, "Bob@example.org:%s\nlast:%s", h, h);
	write_file((const char *)b.data, b.len);
	buf_free(&b);
	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(ask(rows[i].user, "pw").code == rows[i].want,
		    "%s: %d", rows[i].user, ask(rows[i].user, "pw").code);
	CHECK(strcmp(ask("ANN", "pw").user, "ann") == 0);
	CHECK(ask("star", "other").code == WORK_NO);
	CHECK(ask("star", "*").code == WORK_NO);
	CHECK(ask("twice", "other").code == WORK_NO);
	CHECK(ask("plain", "plain").code == WORK_UNKNOWN);
}

static void
check_changes(void)
{
	struct backend_answer	a, c;
	char			text[512];

	snprintf(text, sizeof(text), "ann:%s\n", hashed("$6$", 1000, "one"));
	write_file(text, strlen(text));
	a = ask("ann", "one");
	CHECK(a.code == WORK_YES);
	c = ask("", "");		/* only the generation */
	CHECK(c.code == WORK_UNKNOWN && strcmp(a.why, c.why) == 0);
	snprintf(text, sizeof(text), "ann:%s\n", hashed("$6$", 1000, "two"));
	write_file(text, strlen(text));
	CHECK(ask("ann", "one").code == WORK_NO);
	c = ask("ann", "two");
	CHECK(c.code == WORK_YES && strcmp(a.why, c.why) != 0);
	/* gone: nobody is told the old */
	CHECK(unlink(path) == 0);
	a = ask("ann", "two");
	CHECK(a.code == WORK_UNAVAILABLE && strstr(a.why, path) != NULL);
	CHECK(mkdir(path, 0700) == 0);
	CHECK(ask("ann", "two").code == WORK_UNAVAILABLE);
	CHECK(rmdir(path) == 0);
	CHECK(mkfifo(path, 0600) == 0);
	CHECK(ask("ann", "two").code == WORK_UNAVAILABLE);
	CHECK(unlink(path) == 0);
	write_file("", 0);
	CHECK(ask("ann", "two").code == WORK_UNKNOWN);
}

static void
check_passwords(void)
{
	static char	big[HASH_PASSWORD_MAX + 2];
	char		text[512];

	memset(big, 'p', HASH_PASSWORD_MAX + 1);
	snprintf(text, sizeof(text), "ann:%s\n", hashed("$6$", 1000, "pw"));
	write_file(text, strlen(text));
	CHECK(ask("ann", big).code == WORK_NO);
	CHECK(ask("bob", big).code == WORK_UNKNOWN);
	CHECK(ask("ann", "").code == WORK_NO);
	CHECK(hash_check((struct str){ "pw\0x", 4 },
	    hashed("$6$", 1000, "pw")) == 0);
	CHECK(hash_check(STR("pw"), hashed("$6$", 1000, "pw")) == 1);
	big[HASH_PASSWORD_MAX] = '\0';
	snprintf(text, sizeof(text), "ann:%s\n", hashed("$6$", 1000, big));
	write_file(text, strlen(text));
	CHECK(ask("ann", big).code == WORK_YES);
	big[HASH_PASSWORD_MAX - 1] = '\0';
	CHECK(ask("ann", big).code == WORK_NO);
}

/* Of the processor: what else runs on the machine is not asked for. */
static double
seconds(const char *user)
{
	struct timespec	begun, done;
	double		best = 1e9, t;
	int		i;

	for (i = 0; i < 3; i++) {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
		(void)ask(user, "wrong");
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &done);
		t = (double)(done.tv_sec - begun.tv_sec) +
		    (double)(done.tv_nsec - begun.tv_nsec) / 1e9;
		best = t < best ? t : best;
	}
	return best;
}

/* An unknown user takes the time of a wrong password: it is hashed too. */
static void
check_time(void)
{
	char		 text[512], made[2][256];
	const char	*hash[3];
	double		 known, unknown, invalid;
	size_t		 i;

	CHECK(argon2id_make(STR("pw"), made[0], sizeof(made[0])) == 0);
	CHECK(scram_make(STR("pw"), made[1], sizeof(made[1])) == 0);
	hash[0] = hashed("$6$", 50000, "pw");
	hash[1] = made[0];
	hash[2] = made[1];
	for (i = 0; i < nitems(hash); i++) {
		snprintf(text, sizeof(text), "ann:%s\n", hash[i]);
		write_file(text, strlen(text));
		known = seconds("ann");
		unknown = seconds("bob");
		invalid = seconds("\xff");
		CHECK(unknown > known / 3 && unknown < known * 3);
		CHECK(invalid > known / 3 && invalid < known * 3);
	}
}

/* What is not of crypt(3), beside what is. */
static void
check_others(void)
{
	static const struct {
		const char		*user, *password;
		enum work_result_code	 want;
	} rows[] = {
		{ "argon", "pw", WORK_YES }, { "argon", "Pw", WORK_NO },
		{ "argon", "", WORK_NO },
		{ "scram", "pencil", WORK_YES }, { "scram", "Pencil", WORK_NO },
		{ "crypt", "pw", WORK_YES }, { "crypt", "pencil", WORK_NO },
		{ "cut", "pencil", WORK_UNKNOWN },
		{ "costly", "pw", WORK_UNKNOWN },
	};
	char		made[256], longest[HASH_PASSWORD_MAX + 2];
	struct buf	b;
	size_t		i;

	CHECK(argon2id_make(STR("pw"), made, sizeof(made)) == 0);
	buf_init(&b, 0);
	buf_printf(&b, "argon:%s\ncrypt:%s\n", made,
	    hashed("$2b$", 4, "pw"));
	buf_puts(&b, "scram:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
	    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
	    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\n"
	    "cut:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
	    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=\n"
	    "costly:$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$"
	    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc\n");
	write_file((const char *)b.data, b.len);
	buf_free(&b);
	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(ask(rows[i].user, rows[i].password).code ==
		    rows[i].want, "row %zu", i);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	CHECK(ask("argon", longest).code == WORK_NO);
	CHECK(ask("scram", longest).code == WORK_NO);
}

#define SALTED	20	/* users with keys */
#define NAMES	200

/* Users with keys whose salts tell them apart; the turned-th is another.  Each
 * of them has an alias, or none. */
static void
write_salted(size_t turned, bool aliases)
{
	struct buf	b;
	size_t		i;

	buf_init(&b, 0);
	for (i = 0; i < SALTED; i++) {
		buf_printf(&b, "user%zu:SCRAM-SHA-256$4096:QUFBQUFBQUFB%c%sA$"
		    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
		    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=", i,
		    (char)('A' + i), i == turned ? "zA" : "AA");
		if (aliases)
			buf_printf(&b, " aliases=alias%zu", i);
		buf_puts(&b, "\n");
	}
	write_file((const char *)b.data, b.len);
	buf_free(&b);
}

static struct backend_answer
salt(size_t i)
{
	struct backend_answer	a;
	char			name[32];

	snprintf(name, sizeof(name), "nobody%zu", i);
	backend_check(state, WORK_SALT, str_from(name), STR(""), STR(""), &a);
	CHECK(a.code == WORK_NO && a.len > 0);
	return a;
}

/* Whoever changes his password, few unknown names get another salt, or all
 * that change at once would be those that are unknown. */
static void
check_salts(void)
{
	static struct backend_answer	was[NAMES];
	struct backend_answer		a;
	size_t				i, turned, moved, all = 0;

	write_salted(SALTED, false);
	for (i = 0; i < NAMES; i++)
		was[i] = salt(i);
	/* An alias is no more to look like. */
	write_salted(SALTED, true);
	for (i = 0; i < NAMES; i++) {
		a = salt(i);
		CHECK_ROW(memcmp(a.data, was[i].data, a.len) == 0, "%zu", i);
	}
	for (turned = 0; turned < SALTED; turned++) {
		write_salted(turned, false);
		for (i = moved = 0; i < NAMES; i++) {
			a = salt(i);
			moved += memcmp(a.data, was[i].data, a.len) != 0;
		}
		CHECK_ROW(moved < NAMES / 2, "user %zu: %zu", turned, moved);
		all += moved;
	}
	CHECK_ROW(all > NAMES, "%zu", all);
	/* nobody has keys to look like */
	write_file("ann:$6$salt$x\n", 14);
	backend_check(state, WORK_SALT, STR("ann"), STR(""), STR(""), &a);
	CHECK(a.code == WORK_UNKNOWN && a.len > 0);
	backend_check(state, WORK_SALT, STR("bob"), STR(""), STR(""), &a);
	CHECK(a.code == WORK_UNKNOWN && a.len > 0);
}

/* Who is this?  Without a password, and in the user id's spelling. */
static void
check_name(void)
{
	struct backend_answer	 a;

	write_file("ann:$6$rounds=1000$salt$x\n", 26);
	backend_check(state, WORK_NAME, STR("Ann"), STR(""), STR(""), &a);
	CHECK(a.code == WORK_YES && strcmp(a.user, "ann") == 0);
	CHECK(a.why[0] != '\0' && a.len == 0);
	backend_check(state, WORK_NAME, STR("bob"), STR(""), STR(""), &a);
	CHECK(a.code == WORK_UNKNOWN && a.user[0] == '\0');
	/* who is locked gets mail, and logs in in no way; a ! alone says that
	 * another database verifies him */
	write_file("ann:!$6$rounds=1000$salt$x\nbob:!\n", 34);
	backend_check(state, WORK_NAME, STR("ann"), STR(""), STR(""), &a);
	CHECK(a.code == WORK_YES && strcmp(a.user, "ann") == 0);
	backend_check(state, WORK_MAY, STR("ann"), STR(""), STR(""), &a);
	CHECK(a.code == WORK_LOCKED && strcmp(a.why, "the user is locked") ==
	    0);
	backend_check(state, WORK_MAY, STR("bob"), STR(""), STR(""), &a);
	CHECK(a.code == WORK_YES && strcmp(a.user, "bob") == 0);
	backend_check(state, WORK_MAY, STR("eve"), STR(""), STR(""), &a);
	CHECK(a.code == WORK_UNKNOWN);
	/* the empty name asks for the generation */
	backend_check(state, WORK_NAME, STR(""), STR(""), STR(""), &a);
	CHECK(a.code == WORK_UNKNOWN && a.why[0] != '\0');
}

/* A name that is somebody's alias is that user: with his password, and for
 * mail; what the line says of his quota. */
static void
check_aliases(void)
{
	static const struct {
		const char		*name, *user;
		enum quota_told		 told;
		uint64_t		 bytes, messages;
	} rows[] = {
		{ "ann", "ann", QUOTA_OWN, 10240, 7 },
		{ "Ann@Example.org", "ann", QUOTA_OWN, 10240, 7 },
		{ "info@example.org", "ann", QUOTA_OWN, 10240, 7 },
		/* bob is a user, whoever has him as an alias */
		{ "bob", "bob", QUOTA_DEFAULT, 0, 0 },
		/* of two who have one, the first */
		{ "sales@example.org", "bob", QUOTA_DEFAULT, 0, 0 },
		{ "j\xc3\xb6rg@example.org", "bob", QUOTA_DEFAULT, 0, 0 },
		{ "cyd", "cyd", QUOTA_DEFAULT, 0, 0 },	/* a wrong quota */
		{ "c@example.org", "cyd", QUOTA_DEFAULT, 0, 0 },
		{ "dan", "dan", QUOTA_OWN, 0, 0 },	/* no limit */
		{ "last@example.org", "dan", QUOTA_OWN, 0, 0 },
		{ "bad@example.org", NULL, QUOTA_UNASKED, 0, 0 },
		{ "aliases=ann@example.org", NULL, QUOTA_UNASKED, 0, 0 },
		{ "", NULL, QUOTA_UNASKED, 0, 0 }
	};
	const char		*h = hashed("$6$", 1000, "pw");
	struct backend_answer	 a;
	struct buf		 b;
	size_t			 i;

	buf_init(&b, 0);
	buf_printf(&b, "ann:%s aliases=ann@example.org,Info@Example.ORG,bob "
	    "quota=10K:7\n", h);
	buf_printf(&b, "bob:%s aliases=sales@example.org,bob,"
	    "jo\xcc\x88rg@example.org\r\n", hashed("$6$", 1000, "other"));
	buf_printf(&b, "cyd:* quota=much aliases=c@example.org,"
	    "sales@example.org\n");
	buf_printf(&b, "eve:$9$x aliases=bad@example.org\n");
	buf_printf(&b, "dan:%s quota= aliases=last@example.org", h);
	write_file((const char *)b.data, b.len);
	buf_free(&b);
	for (i = 0; i < nitems(rows); i++) {
		backend_check(state, WORK_NAME, str_from(rows[i].name),
		    STR(""), STR(""), &a);
		CHECK_ROW(a.code == (rows[i].user != NULL ? WORK_YES :
		    WORK_UNKNOWN), "%s: %d", rows[i].name, a.code);
		CHECK_ROW(rows[i].user == NULL ? a.user[0] == '\0' :
		    strcmp(a.user, rows[i].user) == 0, "%s: %s", rows[i].name,
		    a.user);
		CHECK_ROW(a.quota.told == rows[i].told &&
		    a.quota.bytes == rows[i].bytes &&
		    a.quota.messages == rows[i].messages, "%s: %d",
		    rows[i].name, a.quota.told);
	}
	a = ask("info@example.org", "pw");
	CHECK(a.code == WORK_YES && strcmp(a.user, "ann") == 0);
	CHECK(a.quota.told == QUOTA_OWN && a.quota.messages == 7);
	CHECK(ask("bob", "pw").code == WORK_NO);
	a = ask("sales@example.org", "other");
	CHECK(a.code == WORK_YES && strcmp(a.user, "bob") == 0);
	a = ask("info@example.org", "wrong");
	CHECK(a.code == WORK_NO && a.quota.told == QUOTA_UNASKED);
	/* barred, but mail comes */
	CHECK(ask("c@example.org", "*").code == WORK_NO);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	strlcpy(dir, "/tmp/backend_file_test.XXXXXX", sizeof(dir));
	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/users", dir);
	open_backend();
	CHECK(ask("ann", "pw").code == WORK_UNAVAILABLE);
	check_kinds();
	check_salts();
	check_lines();
	check_unseen();
	check_changes();
	check_passwords();
	check_others();
	check_name();
	check_aliases();
	check_time();
	backend_close(state);
	backend_close(NULL);
	unlink(path);
	rmdir(dir);
	CHECK(backend_find("file") == &backend_file);
	CHECK(backend_find("sql") == NULL);
	return TEST_END();
}
