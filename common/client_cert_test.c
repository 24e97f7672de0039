/* Whom a certificate names, and who may have issued it. */
#include "common/compat.h"

#include "common/client_cert.h"
#include "common/test.h"
#include "common/test/cert_fake.h"

#define NAME_SIZE	24

static const struct row {
	struct cert_fake	 want;
	const char		*rule;
	const char		*name;		/* NULL: none, and why */
	const char		*why;
} rows[] = {
	{ { .emails = { STR("Ann@example.org") } }, "email",
	  "Ann@example.org", NULL },
	{ { .emails = { STR("Ann@example.org") }, .twice = true }, "email",
	  NULL, "not a name" },
	{ { .emails = { STR("a@b.c"), STR("d@e.f") } }, "email", NULL,
	  "more than one" },
	{ { .emails = { STR("a@b.c"), STR("a@b.c") } }, "email", NULL,
	  "more than one" },
	{ { .cns = { STR("ann") } }, "email", NULL, "no email" },
	{ { .emails = { STR("ann\0@evil.example") } }, "email", NULL,
	  "not a name" },
	{ { .emails = { STR("") } }, "email", NULL, "not a name" },
	{ { .emails = { STR("23-bytes-are-just-right") } }, "email",
	  "23-bytes-are-just-right", NULL },
	{ { .emails = { STR("24-bytes-are-one-more-!!") } }, "email", NULL,
	  "not a name" },
	{ { .cns = { STR("ann") }, .uids = { STR("a17") } }, "cn", "ann",
	  NULL },
	{ { .cns = { STR("ann") }, .uids = { STR("a17") } }, "uid", "a17",
	  NULL },
	{ { .cns = { STR("J\xc3\xbcrgen") } }, "cn", "J\xc3\xbcrgen", NULL },
	{ { .cns = { STR("\xff") } }, "cn", NULL, "not a name" },
	{ { .cns = { STR("ann"), STR("eve") } }, "cn", NULL,
	  "more than one" },
	{ { .cns = { STR("ann\0eve") } }, "cn", NULL, "not a name" },
	{ { .emails = { STR("a@b.c") } }, "cn", NULL, "no cn" },
	{ { .cns = { STR("ann") } }, "uid", NULL, "no uid" },
	{ { .cns = { STR("ann") } }, "dn", NULL, "not a name" },
};

static void
check_names(void)
{
	struct cert_fake_pair	p;
	char			name[NAME_SIZE], why[64];
	size_t			i;
	int			r;

	for (i = 0; i < nitems(rows); i++) {
		p = cert_fake_make(&rows[i].want, NULL);
		why[0] = '\0';
		r = client_cert_name(p.x, rows[i].rule, name, sizeof(name),
		    why, sizeof(why));
		if (rows[i].name != NULL)
			CHECK_ROW(r == 0 && strcmp(name, rows[i].name) == 0,
			    "row %zu: %s", i, why);
		else
			CHECK_ROW(r == -1 && name[0] == '\0' && strstr(why,
			    rows[i].why) != NULL, "row %zu: %s", i, why);
		cert_fake_free(&p);
	}
}

/* "", or why it is refused. */
static const char *
verified(X509_STORE *store, const struct cert_fake_pair *const *chain,
    size_t n)
{
	static char	why[128];
	struct buf	der = BUF_INIT;
	X509		*x;
	size_t		i;

	for (i = 0; i < n; i++)
		cert_fake_der(chain[i], &der);
	why[0] = '\0';
	x = client_cert_verify(store, (struct str){ (char *)der.data,
	    der.len }, why, sizeof(why));
	if (x != NULL)
		CHECK(X509_cmp(x, chain[0]->x) == 0 && why[0] == '\0');
	X509_free(x);
	buf_free(&der);
	return why;
}

static X509_STORE *
store_of(struct buf *pem)
{
	char		 why[128] = "";
	X509_STORE	*s = client_cert_store((struct str){
			    (char *)pem->data, pem->len }, why, sizeof(why));

	CHECK_ROW(s != NULL, "%s", why);
	return s;
}

static void
check_chains(void)
{
	const struct cert_fake	 of_ca = { .cns = { STR("ca") }, .ca = true };
	const struct cert_fake	 of_sub = { .cns = { STR("sub") },
				    .ca = true };
	struct cert_fake	 of_ann = { .cns = { STR("ann") } };
	struct cert_fake_pair	 ca = cert_fake_make(&of_ca, NULL);
	struct cert_fake_pair	 same = cert_fake_make(&of_ca, NULL);
	struct cert_fake_pair	 sub = cert_fake_make(&of_sub, &ca);
	struct cert_fake_pair	 p[6];
	const struct cert_fake_pair *chain[8];
	STACK_OF(X509_NAME)	*names;
	struct buf		 pem = BUF_INIT;
	X509_STORE		*store;
	size_t			 i;

	cert_fake_pem(&ca, &pem);
	store = store_of(&pem);
	names = client_cert_names(store);
	CHECK(sk_X509_NAME_num(names) == 1);
	sk_X509_NAME_pop_free(names, X509_NAME_free);
	p[0] = cert_fake_make(&of_ann, &ca);
	p[1] = cert_fake_make(&of_ann, &same);	/* by one of its name */
	p[2] = cert_fake_make(&of_ann, &sub);
	of_ann.usage = "serverAuth";
	p[3] = cert_fake_make(&of_ann, &ca);
	of_ann.usage = "clientAuth";
	of_ann.from = -7200;
	of_ann.until = -60;
	p[4] = cert_fake_make(&of_ann, &ca);
	of_ann.from = 60;
	of_ann.until = 3600;
	p[5] = cert_fake_make(&of_ann, &ca);
	chain[0] = &p[0];
	CHECK(verified(store, chain, 1)[0] == '\0');
	CHECK(strstr(verified(store, chain, 0), "no X.509") != NULL);
	chain[0] = &p[1];
	CHECK(strstr(verified(store, chain, 1), "signature") != NULL);
	chain[0] = &p[2];
	CHECK(strstr(verified(store, chain, 1), "issuer") != NULL);
	chain[1] = &sub;
	CHECK(verified(store, chain, 2)[0] == '\0');
	for (i = 2; i < nitems(chain); i++)
		chain[i] = &ca;
	CHECK(verified(store, chain, CLIENT_CERT_CERTS)[0] == '\0');
	CHECK(strstr(verified(store, chain, CLIENT_CERT_CERTS + 1),
	    "no X.509") != NULL);
	chain[0] = &p[3];
	CHECK(strstr(verified(store, chain, 1), "purpose") != NULL);
	chain[0] = &p[4];
	CHECK(strstr(verified(store, chain, 1), "expired") != NULL);
	chain[0] = &p[5];
	CHECK(strstr(verified(store, chain, 1), "not yet valid") != NULL);
	X509_STORE_free(store);
	/* with CRLs */
	cert_fake_crl(&ca, &p[0], &pem);
	store = store_of(&pem);
	chain[0] = &p[0];
	CHECK(strstr(verified(store, chain, 1), "revoked") != NULL);
	chain[0] = &p[2];
	chain[1] = &sub;
	CHECK(strstr(verified(store, chain, 2), "CRL") != NULL);
	cert_fake_crl(&sub, NULL, &pem);
	X509_STORE_free(store);
	store = store_of(&pem);
	CHECK(verified(store, chain, 2)[0] == '\0');
	X509_STORE_free(store);
	/* an intermediate CA alone is trusted, too */
	buf_reset(&pem);
	cert_fake_pem(&sub, &pem);
	store = store_of(&pem);
	CHECK(verified(store, chain, 1)[0] == '\0');
	X509_STORE_free(store);
	buf_free(&pem);
	for (i = 0; i < nitems(p); i++)
		cert_fake_free(&p[i]);
	cert_fake_free(&ca);
	cert_fake_free(&same);
	cert_fake_free(&sub);
}

static void
check_bad(void)
{
	static const char *const texts[] = { "", "no PEM",
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n" };
	const struct cert_fake	 of_ca = { .cns = { STR("ca") }, .ca = true };
	struct cert_fake_pair	 ca = cert_fake_make(&of_ca, NULL);
	struct buf		 b = BUF_INIT;
	X509_STORE		*store;
	char			 why[128];
	size_t			 i;

	for (i = 0; i < nitems(texts); i++)
		CHECK_ROW(client_cert_store(str_from(texts[i]), why,
		    sizeof(why)) == NULL, "%zu", i);
	cert_fake_crl(&ca, NULL, &b);
	CHECK(client_cert_store((struct str){ (char *)b.data, b.len }, why,
	    sizeof(why)) == NULL);
	CHECK(strstr(why, "no certificate") != NULL);
	buf_reset(&b);
	cert_fake_pem(&ca, &b);
	store = store_of(&b);
	/* each prefix of a certificate is none */
	buf_reset(&b);
	cert_fake_der(&ca, &b);
	for (i = 0; i < b.len; i++)
		CHECK_ROW(client_cert_verify(store, (struct str){
		    (char *)b.data, i }, why, sizeof(why)) == NULL, "%zu", i);
	/* and one with something behind it neither */
	(void)buf_put_u8(&b, 0);
	CHECK(client_cert_verify(store, (struct str){ (char *)b.data, b.len },
	    why, sizeof(why)) == NULL);
	X509_STORE_free(store);
	cert_fake_free(&ca);
	buf_free(&b);
}

int
main(void)
{
	check_names();
	check_chains();
	check_bad();
	return TEST_END();
}
