/* Profiles as people have them, and files that are wrong.  The rules are those
 * that AWS's own tools are tested with. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/test.h"
#include "credd/profile.h"

static struct profile_plan	*plan;
static char			 why[512];

static enum profile_outcome
ask(const char *credentials, const char *config, const char *name, bool named)
{
	struct profile_files	f = { { "/c", str_from(credentials) },
				    { "/f", str_from(config) } };

	profile_free(plan);
	plan = NULL;
	why[0] = '\0';
	return profile_resolve(&f, name, named, &plan, why, sizeof(why));
}

/* Keys of profile x (K: with a secret key s), or the reason. */
#define K " = A\naws_secret_access_key = s\n"
static void
check_keys(void)
{
	static const struct {
		const char	*credentials, *config;
		const char	*access, *token;	/* NULL: none */
		const char	*why;
	} rows[] = {
		{ "[x]\naws_access_key_id" K, "", "A", "", NULL },
		{ "[x]\naws_access_key_id=A\naws_secret_access_key=s\n"
		  "aws_session_token=t", "", "A", "t", NULL },
		{ "", "[profile x]\naws_access_key_id" K, "A", "", NULL },
		{ "", "[profile 'x']\naws_access_key_id" K, "A", "", NULL },
		{ "", "[profile \"x\" ]\naws_access_key_id" K, "A", "", NULL },
		{ "", "[profile\t x\t]\nAWS_Access_Key_ID" K, "A", "", NULL },
		{ "\xef\xbb\xbf[x]\r\naws_access_key_id" K, "", "A", "",
		  NULL },
		/* comments, and a value with what looks like one */
		{ "# a\n[x] ; b\n; c\naws_access_key_id = A # d\n"
		  "aws_secret_access_key = s;e\n", "", "A", "", NULL },
		/* a block of its own, and a name that is not ours */
		{ "", "[profile x]\ns3 =\n  max_queue_size = 1\n\n"
		  "  aws_access_key_id = no\naws_access_key_id" K, "A", "",
		  NULL },
		{ "", "[profile x]\nin valid = 1\ncli_pager=\n"
		  "aws_access_key_id" K, "A", "", NULL },
		{ "", "[profile x]\nother = 1\n 2\naws_access_key_id" K, "A",
		  "", NULL },
		/* twice: one section, and the last value */
		{ "[x]\naws_access_key_id = no\n[y]\n[x]\naws_access_key_id"
		  K, "", "A", "", NULL },
		{ "[x]\naws_access_key_id = A\n[y]\naws_access_key_id = no\n"
		  "[x]\naws_secret_access_key = s", "", "A", "", NULL },
		/* the credentials file goes first, with all of its keys */
		{ "[x]\naws_access_key_id" K, "[profile x]\n"
		  "aws_access_key_id = no\naws_secret_access_key = no\n"
		  "aws_session_token = no", "A", "", NULL },
		{ "[x]\naws_access_key_id" K,
		  "[x]\naws_session_token = no", "A", "", NULL },
		/* keys that a tool has put beside sso_* are taken */
		{ "[x]\naws_access_key_id" K, "[profile x]\nsso_session = y",
		  "A", "", NULL },
		{ "[x]\naws_access_key_id = A", "", NULL, NULL,
		  "/c:2: aws_access_key_id: aws_secret_access_key is "
		  "missing" },
		{ "[x]\n\naws_secret_access_key = s", "", NULL, NULL,
		  "/c:3: aws_secret_access_key: aws_access_key_id is "
		  "missing" },
		{ "[x]\naws_access_key_id=\x01\naws_secret_access_key=s", "",
		  NULL, NULL, "/c:2: aws_access_key_id: too long, or with "
		  "control characters" },
		{ "[x]\naws_access_key_id = A\n B\naws_secret_access_key=s",
		  "", NULL, NULL, "/c:3: a value that goes on in a second "
		  "line" },
		{ "[x]\nregion = r", "", NULL, NULL, "profile x of /c and /f "
		  "has no credentials" },
		{ "", "", NULL, NULL, "no profile x in /c or /f" },
		{ "[profile x]\naws_access_key_id" K, "", NULL, NULL,
		  "no profile x in /c or /f" },
		{ "[X]\naws_access_key_id" K, "", NULL, NULL,
		  "no profile x in /c or /f" },
		{ "", "\n[x]\naws_access_key_id" K, NULL, NULL,
		  "/f:2: must be [profile x] in this file" },
		/* what is wrong anywhere in a file */
		{ "[x]\naws_access_key_id" K "[y\n", "", NULL, NULL,
		  "/c:4: a section must end with \"]\"" },
		{ "a = b\n[x]\naws_access_key_id" K, "", NULL, NULL,
		  "/c:1: a line before the first section" },
		{ " b\n[x]\naws_access_key_id" K, "", NULL, NULL,
		  "/c:1: a line before the first section" },
		{ "[x]\n b\naws_access_key_id" K, "", NULL, NULL,
		  "/c:2: an indented line that continues nothing" },
		{ "[x]\na = b\n[x]\n c\n", "", NULL, NULL,
		  "/c:4: an indented line that continues nothing" },
		{ "[x]\naws_access_key_id" K, "[y]\nhello\n", NULL, NULL,
		  "/f:2: neither a section nor \"name = value\"" },
		{ "[x]\naws_access_key_id" K, "[y]\ns3=\n  hello\n", NULL,
		  NULL, "/f:3: an indented line must be \"name = value\"" },
		{ "[x]\naws_access_key_id" K, "[y]\ns3=\n  = hello\n", NULL,
		  NULL, "/f:3: an indented line must be \"name = value\"" },
		{ "[x]\naws_access_key_id" K "= b\n", "", NULL, NULL,
		  "/c:4: no name before \"=\"" }
	};
	enum profile_outcome	o;
	size_t			i;

	for (i = 0; i < nitems(rows); i++) {
		o = ask(rows[i].credentials, rows[i].config, "x", true);
		CHECK_ROW(o == (rows[i].access != NULL ? PROFILE_FOUND :
		    PROFILE_FAILED) && (plan != NULL) == (o == PROFILE_FOUND),
		    "row %zu: %s", i, why);
		if (rows[i].why != NULL)
			CHECK_ROW(strcmp(why, rows[i].why) == 0, "row %zu: %s",
			    i, why);
		if (plan == NULL)
			continue;
		CHECK_ROW(plan->base == PROFILE_KEYS && plan->nroles == 0 &&
		    strcmp(plan->keys->access_key, rows[i].access) == 0 &&
		    plan->keys->secret[0] == 's' &&
		    strcmp(plan->keys->token, rows[i].token) == 0, "row %zu",
		    i);
	}
}

/* "[profile default]" hides "[default]", and only in the config file. */
static void
check_default(void)
{
	CHECK(ask("", "[profile default]\naws_access_key_id" K "[default]\n"
	    "aws_access_key_id = no\nregion = no", "default", false) ==
	    PROFILE_FOUND && strcmp(plan->keys->access_key, "A") == 0 &&
	    plan->region[0] == '\0');
	CHECK(ask("", "[default]\naws_access_key_id = no\nregion = no\n"
	    "[profile default]\naws_access_key_id" K, "default", false) ==
	    PROFILE_FOUND && strcmp(plan->keys->access_key, "A") == 0 &&
	    plan->region[0] == '\0');
	CHECK(ask("[default]\naws_access_key_id" K, "[default]\nregion = r",
	    "default", false) == PROFILE_FOUND &&
	    strcmp(plan->region, "r") == 0);
	/* nobody has asked for it */
	CHECK(ask("", "", "default", false) == PROFILE_NONE && plan == NULL);
	CHECK(ask("", "[default]\nregion = r", "default", false) ==
	    PROFILE_NONE);
	CHECK(ask("", "[default]\nrole_arn = r", "default", false) ==
	    PROFILE_FAILED);
}

static void
check_others(void)
{
	static const struct { const char *config, *why; } rows[] = {
		{ "sso_session = y", "/f:2: sso_session: profile x needs a "
		  "person to sign in with a browser, which a server does not "
		  "have: use a role (role_arn), access keys, or "
		  "credential_process" },
		{ "sso_start_url = y", "/f:2: sso_start_url: profile x " },
		{ "sso_account_id = 1\nsso_start_url = y\n"
		  "credential_process = p", "/f:3: sso_start_url: " },
		{ "login_session = y", "/f:2: login_session: profile x " },
		{ "web_identity_token_file = /t", "/f:2: web_identity_token_"
		  "file: role_arn is missing" },
		{ "credential_source = Elsewhere", "/f:2: credential_source: "
		  "must be Environment, Ec2" },
		{ "role_arn = r", "/f:2: role_arn: source_profile, "
		  "credential_source or web_identity_token_file is missing" },
		{ "role_arn = r\nmfa_serial = m\nsource_profile = b",
		  "/f:3: mfa_serial: a code" },
		{ "role_arn = r\nsource_profile = b\n"
		  "credential_source = Environment", "/f:4: credential_source: "
		  "source_profile is set, too: only one of them can be" },
		{ "role_arn = r\nsource_profile = b\nduration_seconds = 899",
		  "/f:4: duration_seconds: must be 900 to 43200" },
		{ "role_arn = r\nsource_profile = b\nduration_seconds = 1h",
		  "/f:4: duration_seconds: must be 900 to 43200" },
		{ "role_arn = r\nsource_profile = x", "/f:3: source_profile: "
		  "it names its own profile, which has no keys" },
		{ "role_arn = r\nsource_profile = b\n[profile b]\n"
		  "role_arn = s\nsource_profile = x", "/f:6: source_profile: "
		  "profiles that lead in a circle" },
		{ "role_arn = r\nsource_profile = none", "no profile none in "
		  "/c or /f" },
		{ "role_arn = r\nsource_profile = b\n[profile b]\nregion=r",
		  "profile b of /c and /f has no credentials" }
	};
	char			text[512];
	size_t			i;

	for (i = 0; i < nitems(rows); i++) {
		snprintf(text, sizeof(text), "[profile x]\n%s",
		    rows[i].config);
		CHECK_ROW(ask("", text, "x", true) == PROFILE_FAILED &&
		    strncmp(why, rows[i].why, strlen(rows[i].why)) == 0,
		    "row %zu: %s", i, why);
	}
	CHECK(ask("", "[profile x]\ncredential_process = /p \"a b\" # c\n",
	    "x", true) == PROFILE_FOUND && plan->base == PROFILE_PROCESS &&
	    strcmp(plan->command, "/p \"a b\"") == 0);
	CHECK(ask("", "[profile x]\ncredential_source = EcsContainer\n",
	    "x", true) == PROFILE_FOUND && plan->base == PROFILE_SOURCE &&
	    strcmp(plan->source, "container") == 0 && plan->nroles == 0);
	CHECK(ask("", "[profile x]\nrole_arn = r\nrole_session_name = n\n"
	    "web_identity_token_file = /t t", "x", true) == PROFILE_FOUND &&
	    plan->base == PROFILE_WEB && plan->nroles == 1 &&
	    strcmp(plan->token_file, "/t t") == 0 &&
	    strcmp(plan->roles[0].session_name, "n") == 0);
}

static void
check_chain(void)
{
	char	text[2048], line[128];
	int	n, i;

	CHECK(ask("[base]\naws_access_key_id" K, "[profile x]\nregion = r1\n"
	    "role_arn = arn:1\nsource_profile = y\nexternal_id = e\n"
	    "duration_seconds = 900\n[profile y]\nregion = r2\n"
	    "role_arn = arn:2\nrole_session_name = n\nsource_profile = base",
	    "x", true) == PROFILE_FOUND && plan->base == PROFILE_KEYS &&
	    plan->nroles == 2);
	if (plan != NULL)
		CHECK(strcmp(plan->region, "r1") == 0 &&
		    strcmp(plan->roles[0].arn, "arn:1") == 0 &&
		    strcmp(plan->roles[0].external_id, "e") == 0 &&
		    plan->roles[0].duration == 900 &&
		    strcmp(plan->roles[1].arn, "arn:2") == 0 &&
		    strcmp(plan->roles[1].session_name, "n") == 0 &&
		    plan->roles[1].duration == 0 &&
		    strcmp(plan->keys->access_key, "A") == 0);
	/* a role with the keys of its own profile */
	CHECK(ask("", "[profile x]\nrole_arn = r\nsource_profile = x\n"
	    "aws_access_key_id" K, "x", true) == PROFILE_FOUND &&
	    plan->nroles == 1 && plan->base == PROFILE_KEYS);
	CHECK(ask("", "[profile x]\nrole_arn = r\n"
	    "credential_source = Ec2InstanceMetadata", "x", true) ==
	    PROFILE_FOUND && strcmp(plan->source, "imds") == 0);
	for (n = 1; n <= PROFILE_ROLES_MAX + 3; n++) {
		text[0] = '\0';
		for (i = 0; i < n; i++) {
			snprintf(line, sizeof(line), "[profile p%d]\nrole_arn "
			    "= r\nsource_profile = p%d\n", i, i + 1);
			strlcat(text, line, sizeof(text));
		}
		snprintf(line, sizeof(line), "[profile p%d]\n"
		    "aws_access_key_id" K, n);
		strlcat(text, line, sizeof(text));
		CHECK_ROW((ask("", text, "p0", true) == PROFILE_FOUND) ==
		    (n <= PROFILE_ROLES_MAX), "%d roles: %s", n, why);
		if (plan == NULL)
			CHECK_ROW(strstr(why, "too many roles") != NULL, "%s",
			    why);
	}
}

/* Lengths of names and values. */
static void
check_lengths(void)
{
	static char	text[70000], name[PROFILE_NAME_MAX + 2];

	memset(name, 'n', sizeof(name) - 1);
	snprintf(text, sizeof(text), "[%s]\naws_access_key_id" K, name);
	CHECK(ask(text, "", name, true) == PROFILE_FAILED &&
	    strstr(why, "too long") != NULL);
	name[PROFILE_NAME_MAX] = '\0';
	snprintf(text, sizeof(text), "[%s]\naws_access_key_id" K, name);
	CHECK(ask(text, "", name, true) == PROFILE_FOUND);
	snprintf(text, sizeof(text), "[x]\naws_secret_access_key = s\n"
	    "aws_access_key_id = %0*d", CRED_ACCESS_MAX, 1);
	CHECK(ask(text, "", "x", true) == PROFILE_FOUND);
	snprintf(text, sizeof(text), "[x]\naws_secret_access_key = s\n"
	    "aws_access_key_id = %0*d", CRED_ACCESS_MAX + 1, 1);
	CHECK(ask(text, "", "x", true) == PROFILE_FAILED && plan == NULL);
	snprintf(text, sizeof(text), "[x]\na = %065000d\n", 1);
	CHECK(ask(text, "", "x", true) == PROFILE_FAILED &&
	    strcmp(why, "/c:2: the line is too long") == 0);
}

int
main(void)
{
	check_keys();
	check_default();
	check_others();
	check_chain();
	check_lengths();
	profile_free(plan);
	return TEST_END();
}
