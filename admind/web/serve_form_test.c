/* Forms to the admin page: which are believed, and what comes of them. */
#include "common/compat.h"

#include <string.h>

#include "admind/test/desk_fake.h"
#include "admind/test/serve_rig.h"
#include "admind/web/form.h"
#include "common/test.h"

static void
test_foreign(void)
{
	static const struct {
		const char	*origin, *site;
		bool		 good;
	} rows[] = {
		{ "", "", true }, { "https://h:1", "", true },
		{ "HTTPS://H:1", "same-origin", true },
		{ "", "same-origin", true }, { "http://h:1", "", false },
		{ "https://h", "", false }, { "https://h:1.evil", "", false },
		{ "https://evil", "same-origin", false },
		{ "null", "", false }, { "https://", "", false },
		{ "", "same-site", false }, { "", "cross-site", false },
		{ "", "none", false }
	};
	char		 form[256];
	struct head	 h;
	size_t		 i;

	snprintf(form, sizeof(form), "csrf=%s&action=lock&name=b", csrf);
	for (i = 0; i < nitems(rows); i++) {
		h = serve_rig_head(HEAD_POST, "/admin/user", SESSION, form);
		h.origin = str_from(rows[i].origin);
		h.fetch_site = str_from(rows[i].site);
		serve_rig_send(&h, form, true);
		CHECK_ROW(fake_n == rows[i].good, "%zu", i);
		if (rows[i].good)
			fake_tell(0, DESK_OK, "{}");
		CHECK_ROW(status == (rows[i].good ? 303 : 403), "%zu: %d", i,
		    status);
	}
	h = serve_rig_head(HEAD_POST, "/admin/user", SESSION, form);
	h.length = false;
	serve_rig_send(&h, "", true);
	is(411, NULL);
	h = serve_rig_head(HEAD_POST, "/admin/user", SESSION, form);
	h.type = STR("text/plain");
	serve_rig_send(&h, form, true);
	is(415, NULL);
	h.type = STR(FORM_TYPE " ; charset=UTF-8");
	serve_rig_send(&h, form, true);
	CHECK(fake_n == 1);
	fake_tell(0, DESK_OK, "{}");
}

/* A page on another port of this host has our cookies sent, too. */
static void
test_embedded(void)
{
	static const struct {
		const char	*site, *dest;
		bool		 good;
	} rows[] = {
		{ "", "", true }, { "none", "document", true },
		{ "same-origin", "document", true },
		{ "same-origin", "empty", true }, { "none", "", true },
		{ "same-site", "document", true },
		{ "cross-site", "document", true },
		{ "same-site", "image", false },
		{ "same-site", "iframe", false }, { "same-site", "", false },
		{ "cross-site", "empty", false }
	};
	struct head	 h;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		h = serve_rig_head(HEAD_GET, "/admin/user?name=b", SESSION,
		    NULL);
		h.fetch_site = str_from(rows[i].site);
		h.fetch_dest = str_from(rows[i].dest);
		serve_rig_send(&h, "", true);
		CHECK_ROW(fake_n == rows[i].good, "%zu", i);
		if (rows[i].good)
			fake_tell(0, DESK_OK, "{}");
		CHECK_ROW(status == (rows[i].good ? 200 : 403), "%zu: %d", i,
		    status);
	}
}

static void
test_csrf(void)
{
	static const char *const	 forms[] = {
		"action=lock&name=b", "csrf=&action=lock&name=b",
		"csrf=" FAKE_TOKEN "&action=lock&name=b"
	};
	char				 form[512];
	size_t				 i;

	for (i = 0; i < nitems(forms); i++) {
		ask(HEAD_POST, "/admin/user", SESSION, forms[i]);
		is(403, NULL);
		CHECK(fake_n == 0);
	}
	/* There twice; of another session; with a digit more. */
	snprintf(form, sizeof(form), "csrf=%s&csrf=%s&action=lock&name=b",
	    csrf, csrf);
	ask(HEAD_POST, "/admin/user", SESSION, form);
	is(403, NULL);
	ask(HEAD_POST, "/admin/user", "__Host-pail=" GUARD, strchr(form, '&') + 1);
	is(403, NULL);
	snprintf(form, sizeof(form), "csrf=%s0&action=lock&name=b", csrf);
	ask(HEAD_POST, "/admin/user", SESSION, form);
	is(403, NULL);
	snprintf(form, sizeof(form), "/admin/user?csrf=%s&action=lock&name=b",
	    csrf);
	ask(HEAD_POST, form, SESSION, "action=lock&name=b");
	is(403, NULL);
	/* And not by GET. */
	ask(HEAD_GET, form, SESSION, NULL);
	CHECK(fake_n == 1 && strcmp(fake_asks[0].args, "throttle-list") == 0);
	fake_tell(0, DESK_OK, "{}");
	ask(HEAD_POST, "/admin/logout", SESSION, "x=y");
	is(403, NULL);
	ask(HEAD_POST, "/admin/user", NULL, "action=lock&name=b");
	is(303, "/admin/login?back=%2Fadmin%2Fuser%3Fname%3Db");
}

static void
test_actions(void)
{
	post("/admin/user?name=x", "action=lock&name=a%26b&password=p");
	CHECK_ROW(fake_n == 1 && strcmp(fake_asks[0].args,
	    "user lock a&b") == 0 && strcmp(fake_asks[0].secret, "p") == 0,
	    "%s", fake_asks[0].args);
	fake_tell(0, DESK_OK, "{}");
	is(303, "/admin/user?name=a%26b&done=lock");
	ask(HEAD_GET, "/admin/user?name=a%26b&done=lock", SESSION, NULL);
	fake_tell(0, DESK_OK, "{}");
	CHECK(strstr(body, "role=\"status\">The user is locked.</p>") != NULL);
	CHECK(strstr(body, "<h1>User a&amp;b</h1>") != NULL);
	ask(HEAD_GET, "/admin/user?done=%3Cb%3E", SESSION, NULL);
	fake_tell(0, DESK_OK, "{}");
	CHECK(strstr(body, "role=\"status\"") == NULL);
	/* To another page, which says it. */
	post("/admin/user", "action=del&name=a&sure=yes");
	fake_tell(0, DESK_OK, "{}");
	is(303, "/admin?done=del");
	ask(HEAD_GET, "/admin?done=del", SESSION, NULL);
	fake_tell_all(DESK_OK, "{}");
	fake_tell_all(DESK_OK, "{}");
	CHECK(strstr(body, ">The user is deleted.</p>") != NULL);
	/* What is shown once. */
	post("/admin/user", "action=app-add&name=a");
	fake_tell(0, DESK_OK, "{\"secret\":\"s<e\"}");
	is(200, NULL);
	CHECK(strstr(body, "s&lt;e") != NULL);
}

static void
test_failures(void)
{
	char	 name[2048];

	post("/admin/user", "action=nothing&name=a");
	is(400, NULL);
	post("/admin/user", "name=a");
	is(400, NULL);
	post("/admin/user", "action=del&name=a");
	is(400, NULL);
	post("/admin/user", "action=del&name=a&sure=1&sure=2");
	is(400, NULL);
	CHECK(fake_n == 0);
	/* The page is told anew, with the reason. */
	post("/admin/user", "action=lock&name=%3Cbad%3E");
	CHECK(fake_n == 1 && status == 0);
	fake_tell(0, DESK_OK, "{}");
	is(400, NULL);
	CHECK_ROW(strstr(body, "role=\"alert\" id=\"why\">&lt;bad&gt; is no "
	    "name</p>") != NULL && strstr(body,
	    "aria-describedby=\"why\"") != NULL, "%s", body);
	post("/admin/user", "action=lock&name=a");
	fake_tell(0, DESK_ERROR, "there is no <a>");
	CHECK(fake_n == 2 && status == 0);
	fake_tell(1, DESK_OK, "{}");
	is(400, NULL);
	CHECK(strstr(body, "there is no &lt;a&gt;") != NULL);
	/* What would end a line is not sent, nor what is too long. */
	post("/admin/user", "action=lock&name=a%0Ab");
	CHECK(strcmp(fake_asks[0].args, "throttle-list") == 0);
	fake_tell(0, DESK_OK, "{}");
	CHECK(strstr(body, ">Control characters are not allowed.<") != NULL);
	post("/admin/user", "action=lock&name=a&password=b%0D");
	CHECK(strcmp(fake_asks[0].args, "throttle-list") == 0);
	/* And it proves no session. */
	fake_tell(0, DESK_AWAY, "");
	is(503, NULL);
	snprintf(name, sizeof(name), "action=lock&name=%01025d", 0);
	post("/admin/user", name);
	fake_tell(0, DESK_OK, "{}");
	is(400, NULL);
	CHECK(strstr(body, ">This is too long.<") != NULL);
	post("/admin/user", "action=lock&name=a");
	fake_tell(0, DESK_AWAY, "");
	fake_tell(1, DESK_OK, "{}");
	is(400, NULL);
	CHECK(strstr(body, "check whether it was done") != NULL);
	post("/admin/user", "action=lock&name=a");
	fake_tell(0, DESK_SESSION, "");
	is(303, "/admin/login?back=%2Fadmin%2Fuser%3Fname%3Da&gone=1");
}

int
main(void)
{
	serve_rig_begin();
	test_foreign();
	test_embedded();
	test_csrf();
	test_actions();
	test_failures();
	fake_reset();
	return TEST_END();
}
