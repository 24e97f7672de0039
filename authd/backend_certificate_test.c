/* Certificates: which backend is asked, and what a worker of it takes. */
#include "common/compat.h"

#include "authd/backend.h"
#include "authd/test/authd_whole.h"
#include "common/client_cert.h"
#include "common/test/cert_fake.h"
#include "common/test/slice_make.h"

/* A password file and certificates: work is the one's worker, work2 the
 * other's. */
static void
two_begin(void)
{
	struct authd_conf	conf = {
		.mechanisms = " PLAIN EXTERNAL ", .cache_ttl_ms = 300000,
		.backends = 2, .storaged = 1, .answer_ms = 1, .guesses = 30,
		.logins = 1000, .logins_address = 1000, .tallies = 16384,
		.pools = { 2, { { "file", AUTH_ALL, 1, 30000, "" },
		    { "certificate", 0, 1, 30000, "" } } },
		.backend = { { 0, "file" }, { 1, "certificate" } },
		.scram = 1, .certificates = 2
	};

	authd_begin_as(&conf);
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&work, PROC_AUTHWORKER, 0);
	fake_join(&work2, PROC_AUTHWORKER, 1);
	fake_join(&stores[0], PROC_STORAGED, 0);
	pump();
}

static void
two_end(void)
{
	if (stores[0].n > 0)
		close(last(&stores[0])->fd);
	fake_leave(&imapd);
	fake_leave(&work);
	fake_leave(&work2);
	fake_leave(&stores[0]);
	authd_end();
}

static void
external(uint32_t id, const char *authzid, const char *name,
    const char *chain)
{
	struct auth_start	s = { .mechanism = STR("EXTERNAL"),
				    .has_initial = true,
				    .initial = str_from(authzid), .tls = true,
				    .remote = str_from(remote), .session = 7,
				    .subject = str_from(name),
				    .certificate = str_from(chain) };

	CHECK(peer_send_struct(imapd.p, IMSG_AUTH_START, id, &s, -1) == 0);
	pump();
}

/* No password is put to certificates, and no certificate to passwords. */
static void
check_who_is_asked(void)
{
	struct kept	*k;

	two_begin();
	external(1, "", "pw", "der");	/* what the fake says yes to */
	CHECK(granted(&imapd, 1, "pw") && work.n == 0 && work2.n == 1);
	k = last(&work2);
	CHECK(k->how == WORK_CERTIFICATE && k->backend == 1 &&
	    strcmp(k->user, "pw") == 0 && strcmp(k->password, "pw") == 0);
	/* nothing of it is cached: not for another certificate, nor as a
	 * password */
	CHECK(cache_entries(authd->cache) == 0);
	work.hold = true;
	login(&imapd, 2, "pw", "pw");
	pump();
	CHECK(work.n == 1 && last(&work)->how == WORK_PASSWORD);
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	CHECK(refused(&imapd, 2, AUTH_FAILED) && work2.n == 1);
	two_end();
	two_begin();
	external(3, "", "ann", "no");
	CHECK(refused(&imapd, 3, AUTH_FAILED) && work2.n == 1 && work.n == 0);
	external(4, "eve", "ann", "pw");
	CHECK(refused(&imapd, 4, AUTH_FAILED) && work2.n == 1);
	external(5, "", "", "pw");
	CHECK(refused(&imapd, 5, AUTH_FAILED) && work2.n == 1);
	external(6, "", "ann", "");
	CHECK(refused(&imapd, 6, AUTH_FAILED) && work2.n == 1);
	external(7, "", "\xff", "pw");
	CHECK(refused(&imapd, 7, AUTH_FAILED) && work2.n == 1);
	external(8, "", "away", "pw");
	CHECK(refused(&imapd, 8, AUTH_UNAVAILABLE) && work.n == 0);
	two_end();
	/* where there are none, there is no such mechanism */
	authd_begin(1, 1, 300000);
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&work, PROC_AUTHWORKER, 0);
	external(1, "", "ann", "pw");
	CHECK(refused(&imapd, 1, AUTH_MECHANISM) && work.n == 0);
	fake_leave(&imapd);
	fake_leave(&work);
	authd_end();
}

static const char	*said = "Ann@b.c";	/* by imapd */

static enum work_result_code
asked(struct backend *b, enum work_how how, const char *user,
    const struct cert_fake_pair *p)
{
	struct backend_answer	a;
	struct buf		der = BUF_INIT;

	if (p != NULL) {
		(void)buf_put(&der, said, strlen(said) + 1);
		cert_fake_der(p, &der);
	}
	backend_check(b, how, str_from(user), (struct str){ der.data != NULL ?
	    (char *)der.data : "", der.len }, STR("192.0.2.1"), &a);
	buf_free(&der);
	CHECK((a.code == WORK_YES) == (a.user[0] != '\0'));
	if (a.code == WORK_YES)
		CHECK(strcmp(a.user, user) == 0);
	return a.code;
}

/* imapd's word alone does not do. */
static void
check_worker(void)
{
	const struct cert_fake	 of_ca = { .cns = { STR("ca") }, .ca = true };
	const struct cert_fake	 of_ann = { .emails = { STR("Ann@b.c") },
				    .cns = { STR("eve") } };
	struct cert_fake_pair	 ca = cert_fake_make(&of_ca, NULL);
	struct cert_fake_pair	 other = cert_fake_make(&of_ca, NULL);
	struct cert_fake_pair	 ann = cert_fake_make(&of_ann, &ca);
	struct cert_fake_pair	 forged = cert_fake_make(&of_ann, &other);
	struct buf		 pem = BUF_INIT;
	const char		*keys[][2] = { { "auth.0.type",
				    "certificate" }, { "auth.0.lookup", "" },
				    { "auth.0.name", "email" },
				    { "clients.ca", NULL }, { NULL, NULL } };
	struct backend		*b;
	struct slice		*s;
	char			 why[256];

	cert_fake_pem(&ca, &pem);
	(void)buf_put_u8(&pem, '\0');
	keys[3][1] = (char *)pem.data;
	s = slice_make((const char *const (*)[2])keys, NULL);
	CHECK((b = backend_open(s, 0, why, sizeof(why))) != NULL);
	CHECK(asked(b, WORK_CERTIFICATE, "ann@b.c", &ann) == WORK_YES);
	/* authd may have made another name of it */
	CHECK(asked(b, WORK_CERTIFICATE, "ann", &ann) == WORK_YES);
	said = "eve";
	CHECK(asked(b, WORK_CERTIFICATE, "eve", &ann) == WORK_NO);
	said = "ann@b.c";
	CHECK(asked(b, WORK_CERTIFICATE, "ann@b.c", &ann) == WORK_NO);
	said = "Ann@b.c";
	CHECK(asked(b, WORK_CERTIFICATE, "ann@b.c", &forged) == WORK_NO);
	CHECK(asked(b, WORK_CERTIFICATE, "ann@b.c", &ca) == WORK_NO);
	CHECK(asked(b, WORK_CERTIFICATE, "ann@b.c", NULL) == WORK_UNKNOWN);
	CHECK(asked(b, WORK_PASSWORD, "ann@b.c", &ann) == WORK_NO);
	CHECK(asked(b, WORK_NAME, "ann@b.c", &ann) == WORK_UNKNOWN);
	CHECK(asked(b, WORK_PROOF, "ann@b.c", &ann) == WORK_NO);
	CHECK(asked(b, WORK_SALT, "ann@b.c", NULL) != WORK_YES);
	backend_close(b);
	slice_free(s);
	/* paild could not read it: nobody is refused for that */
	keys[3][1] = "";
	s = slice_make((const char *const (*)[2])keys, NULL);
	CHECK((b = backend_open(s, 0, why, sizeof(why))) != NULL);
	CHECK(asked(b, WORK_CERTIFICATE, "ann@b.c", &ann) ==
	    WORK_UNAVAILABLE);
	backend_close(b);
	slice_free(s);
	keys[3][1] = "junk";
	s = slice_make((const char *const (*)[2])keys, NULL);
	CHECK(backend_open(s, 0, why, sizeof(why)) == NULL &&
	    strstr(why, "auth.0.ca-file") != NULL);
	slice_free(s);
	cert_fake_free(&ca);
	cert_fake_free(&other);
	cert_fake_free(&ann);
	cert_fake_free(&forged);
	buf_free(&pem);
}

int
main(void)
{
	check_who_is_asked();
	check_worker();
	return TEST_END();
}
