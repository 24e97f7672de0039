/*
 * Directories in the configuration: mistakes with their place and message, and
 * what a worker is told.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/slice.h"
#include "common/test.h"
#include "paild/conf.h"
#include "paild/conf_slice.h"
#include "paild/test/conf_files.h"

#define E	L S "auth: [{type: ldap, "
#define F	L S "auth: [{type: file, path: users, "
#define DN	"bind-dn: 'uid=%u,dc=x'"
#define H	"url: ['ldaps://h']"

/* The place and the beginning of the one message; "": none. */
static const struct { const char *text, *error; } rows[] = {
	{ E H ", " DN "}]\n", "" },
	{ E H ", base: dc=x}]\n", "" },
	{ E H ", base: dc=x, service-dn: cn=p, service-password: s, scope: one, "
	  "filter: '(mail=%u)', attributes: {id: uid, aliases: mail}}]\n", "" },
	{ E H ", base: dc=x, service-dn: cn=p, service-password: {file: secret}, "
	  "timeout: 12s, group-filter: (member=%D)}]\n", "" },
	{ E "url: ['ldap://h'], start-tls: true, tls-minimum: 1.3, " DN "}]\n", "" },
	{ E "url: ['ldapi:///run/slapd/ldapi', 'ldaps://h'], " DN "}]\n", "" },
	{ E "url: ['ldap://127.0.0.1'], allow-plaintext: true, " DN "}]\n", "" },
	{ E H ", ca-file: cert.pem, " DN "}, {type: file, path: users}]\n", "" },
	{ E DN "}]\n", "3:15: auth.0 needs \"url\" with \"type: ldap\"" },
	{ E H "}]\n", "3:15: auth.0 needs \"bind-dn\" (the DN of a user) or \"base\"" },
	{ E "url: 'ldaps://h', " DN "}]\n", "3:26: auth.0.url is a single value, expected a list (did you mean [ldaps://h]?)" },
	{ E "url: [h], " DN "}]\n", "3:27: auth.0.url.0: \"h\": has no scheme (did you mean \"ldaps://h\"?)" },
	{ E "url: ['http://h'], " DN "}]\n", "3:27: auth.0.url.0: \"http://h\": must begin with ldap://" },
	{ E "url: ['ldaps://h/dc=x'], " DN "}]\n", "3:27: auth.0.url.0: \"ldaps://h/dc=x\": may contain only" },
	{ E "url: ['ldaps://h', 'ldaps://h:636/'], " DN "}]\n", "3:40: auth.0.url.1: the same server as auth.0.url.0" },
	{ E "url: ['ldap://h'], " DN "}]\n", "3:27: auth.0.url.0: ldap://h:389 does not use TLS: passwords could be read in transit" },
	{ E "url: ['ldap://127.0.0.1'], " DN "}]\n", "3:27: auth.0.url.0: ldap://127.0.0.1:389 does not use TLS" },
	{ E "url: ['ldap://h'], allow-plaintext: true, " DN "}]\n", "3:57: warning: auth.0.allow-plaintext: passwords can be read in transit to ldap://h:389" },
	{ E "url: ['ldap://h'], start-tls: true, allow-plaintext: true, " DN "}]\n", "3:57: auth.0.allow-plaintext cannot be used with auth.0.start-tls" },
	{ E H ", start-tls: true, " DN "}]\n", "3:41: auth.0.start-tls is of use only for ldap://" },
	{ E H ", allow-plaintext: true, " DN "}]\n", "3:41: auth.0.allow-plaintext is of use only for ldap://" },
	{ E "url: ['ldapi:///s'], ca-file: cert.pem, " DN "}]\n", "3:42: auth.0.ca-file cannot be used: no URL of it uses TLS" },
	{ E "url: ['ldapi:///s'], tls-minimum: 1.3, " DN "}]\n", "3:42: auth.0.tls-minimum cannot be used: no URL of it uses TLS" },
	{ E H ", ca-file: secret, " DN "}]\n", "3:50: auth.0.ca-file: @/secret contains no certificate" },
	{ E H ", ca-file: none, " DN "}]\n", "3:50: auth.0.ca-file: @/none: No such file" },
	{ E H ", tls-minimum: 1.1, " DN "}]\n", "3:54: auth.0.tls-minimum: \"1.1\" is not a valid value (did you mean" },
	{ E H ", " DN ", base: dc=x}]\n", "3:65: auth.0.base cannot be used with auth.0.bind-dn: users are either" },
	{ E H ", " DN ", filter: (uid=%u)}]\n", "3:65: auth.0.filter cannot be used with auth.0.bind-dn" },
	{ E H ", " DN ", attributes: {aliases: mail}}]\n", "3:78: auth.0.attributes.aliases cannot be used with auth.0.bind-dn" },
	{ E H ", base: dc=x, service-dn: cn=p}]\n", "3:53: auth.0.service-dn needs \"service-password\"" },
	{ E H ", base: dc=x, service-password: p}]\n", "3:53: auth.0.service-password needs \"service-dn\"" },
	{ E H ", bind-dn: 'uid=ann,dc=x'}]\n", "3:50: auth.0.bind-dn: \"uid=ann,dc=x\": needs %u or %n, or all users would be one" },
	{ E H ", bind-dn: 'uid=%s'}]\n", "3:50: auth.0.bind-dn: \"uid=%s\": after % comes u" },
	{ E H ", bind-dn: 'uid=%u,x=%D'}]\n", "3:50: auth.0.bind-dn: \"uid=%u,x=%D\": %D can only be in group-filter" },
	{ E H ", base: dc=x, filter: uid=%u}]\n", "3:61: auth.0.filter: \"uid=%u\": a filter begins with a parenthesis" },
	{ E H ", base: dc=x, filter: (uid=%D)}]\n", "3:61: auth.0.filter: \"(uid=%D)\": %D can only be" },
	{ E H ", base: dc=x, filter: '((uid=%u)'}]\n", "3:61: auth.0.filter: \"((uid=%u)\": the parentheses do not match" },
	{ E H ", base: dc=x, scope: subtree}]\n", "3:60: auth.0.scope: \"subtree\" is not a valid value: must be base, one or sub" },
	{ E H ", " DN ", group-filter: (member=%D)}]\n", "3:65: auth.0.group-filter needs \"group-base\" with \"bind-dn\"" },
	{ E H ", base: dc=x, group-base: dc=y}]\n", "3:53: auth.0.group-base needs \"group-filter\"" },
	{ E H ", " DN ", timeout: 2s}]\n", "3:74: auth.0.connect-timeout is longer than auth.0.timeout" },
	{ E H ", " DN ", timeout: 30s}]\n", "3:74: auth.0.timeout: \"30s\" is out of range: must be 1s to 12s" },
	{ E H ", " DN ", path: users}]\n", "3:65: auth.0.path cannot be used with \"type: ldap\": it belongs to \"type: file\"" },
	{ L S "auth: [{type: file, path: users, lookup: ldap, url: ['ldaps://h'], " DN "}]\n", "3:68: auth.0.bind-dn cannot be used with \"lookup: ldap\": without the password" },
	{ L S "auth: [{type: file, path: users, lookup: ldap, url: ['ldaps://h'], base: dc=x}]\n", "" },
	{ L S "auth: [{type: file, path: users, url: ['ldaps://h']}]\n", "3:34: auth.0.url cannot be used with \"type: file\": it belongs to \"type: ldap\"" },
	{ E H ", " DN ", attributes: {uid: uid}}]\n", "3:78: unknown key \"uid\" in auth.0.attributes (did you mean \"id\"?)" },
	{ E H ", " DN ", attributes: {quota: mailQuota}}]\n", "" },
	{ E H ", " DN ", attributes: {quotas: mailQuota}}]\n", "3:78: unknown key \"quotas\" in auth.0.attributes (did you mean \"quota\"?)" },
	{ F "lookup: ldap, " H ", base: dc=x}]\n", "" },
	{ F "lookup: ldap, " H ", " DN "}]\n", "3:68: auth.0.bind-dn cannot be used with \"lookup: ldap\"" },
	{ F "lookup: ldap, " H "}]\n", "3:15: auth.0 needs \"bind-dn\" (the DN of a user) or \"base\"" },
	{ F "lookup: ldap, base: dc=x}]\n", "3:42: auth.0 needs \"url\" with \"lookup: ldap\"" },
	{ E H ", " DN ", lookup: file, path: users}]\n", "" },
	{ E H ", " DN ", lookup: system, minimum-uid: 500}]\n", "" },
	{ E H ", " DN "}]\nsasl-mechanisms: [PLAIN, SCRAM-SHA-256]\n", "4:26: sasl-mechanisms.1: nobody can use SCRAM-SHA-256" },
	{ E H ", " DN "}, {type: file, path: users}]\nsasl-mechanisms: [SCRAM-SHA-256]\n", "" },
};

static void
test_mistakes(void)
{
	struct conf	*c;
	char		 got[1200], text[1024], *hit;
	size_t		 i, n;

	for (i = 0; i < nitems(rows); i++) {
		c = conf_load_text("paild/test/t.yaml", rows[i].text,
		    strlen(rows[i].text), false);
		*got = '\0';
		n = strlen(rows[i].error);
		if (c->nerrors > 0) {
			strlcpy(text, c->errors[0].text, sizeof(text));
			if ((hit = strstr(text, c->base)) != NULL) {
				*hit = '@';
				memmove(hit + 1, hit + strlen(c->base),
				    strlen(hit + strlen(c->base)) + 1);
			}
			snprintf(got, sizeof(got), "%u:%u: %s%s",
			    c->errors[0].at.line, c->errors[0].at.column,
			    c->errors[0].warning ? "warning: " : "", text);
		}
		CHECK_ROW(c->nerrors == (n > 0) && strncmp(got, rows[i].error,
		    n) == 0, "row %zu (%zu errors):\n%sgot: %s\nnot: %s", i,
		    c->nerrors, rows[i].text, got, rows[i].error);
		conf_free(c);
	}
}

/* A worker is told all, and only it. */
static void
test_slices(void)
{
	static const char	 text[] = E H ", base: dc=x, service-dn: cn=p, "
	    "service-password: sesame, attributes: {id: uid}}]\n";
	struct conf		*c;
	struct slice		*s;
	struct buf		 b;
	const char		*v;
	int			 kind;

	c = conf_load_text("paild/test/t.yaml", text, strlen(text), false);
	CHECK(conf_ok(c));
	for (kind = PROC_PAILD + 1; kind < PROC_KINDS; kind++) {
		buf_init(&b, 1024 * 1024);
		CHECK(conf_slice(c, (enum proc_kind)kind, NULL, 0, &b) == 0);
		CHECK((memmem(b.data, b.len, "sesame", 6) != NULL) ==
		    (kind == PROC_AUTHWORKER));
		CHECK((s = slice_new(b.data, b.len)) != NULL);
		v = slice_at(s, "auth.0.url.0");
		CHECK((v != NULL) == (kind == PROC_AUTHWORKER));
		if (v != NULL) {
			CHECK(strcmp(v, "ldaps://h:636") == 0);
			CHECK(strcmp(slice_str(s, "auth.0.filter"),
			    "(uid=%u)") == 0);
			CHECK(strcmp(slice_str(s, "auth.0.attributes.id"),
			    "uid") == 0);
			CHECK(strcmp(slice_str(s, "auth.0.attributes.aliases"),
			    "") == 0);
			CHECK(slice_num(s, "auth.0.timeout") == 10);
			CHECK(slice_at(s, "auth.0.url.1") == NULL);
		}
		slice_free(s);
		buf_freezero(&b);
	}
	conf_free(c);
}

int
main(void)
{
	conf_files_copy();
	test_mistakes();
	test_slices();
	conf_files_remove();
	return TEST_END();
}
