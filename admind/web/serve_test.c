/*
 * Requests to the admin page: who gets in, where a login leads, and what is
 * never shown.
 */
#include "common/compat.h"

#include <string.h>

#include "admind/test/desk_fake.h"
#include "admind/test/serve_rig.h"
#include "admind/web/crowd.h"
#include "admind/web/serve.h"
#include "common/test.h"

static void
test_paths(void)
{
	static const struct {
		enum head_method method;
		const char	*url;
		int		 status;
	} rows[] = {
		{ HEAD_GET, "/admin/", 404 },
		{ HEAD_GET, "/admin/..", 404 },
		{ HEAD_GET, "/admin/../metrics", 404 },
		{ HEAD_GET, "/admin/%75ser", 404 },
		{ HEAD_GET, "/admin//user", 404 },
		{ HEAD_GET, "/admin/User", 404 },
		{ HEAD_POST, "/admin/nothing", 404 },
		{ HEAD_OTHER, "/admin", 405 },
		{ HEAD_OTHER, "/admin/login", 405 },
		{ HEAD_GET, "/admin/logout", 405 },
		{ HEAD_POST, "/admin/style.css", 405 },
		{ HEAD_GET, "/admin/style.css", 200 },
		{ HEAD_HEAD, "/admin/login", 200 },
		{ HEAD_GET, "/admin/login?a=%", 400 },
		{ HEAD_GET, "/admin?name=%00", 400 },
		{ HEAD_POST, "/admin/login", 415 }
	};
	size_t	 i;

	for (i = 0; i < nitems(rows); i++) {
		ask(rows[i].method, rows[i].url, SESSION, NULL);
		CHECK_ROW(status == rows[i].status, "%zu: %d", i, status);
		CHECK_ROW(fake_n == 0, "%zu", i);
		CHECK_ROW(rows[i].status == 200 || strstr(body,
		    "<!DOCTYPE html>") != NULL, "%zu", i);
	}
	CHECK(serve_is_path(STR("/admin")) && serve_is_path(STR("/admin/x")));
	CHECK(!serve_is_path(STR("/admi")) && !serve_is_path(STR("/adminx")) &&
	    !serve_is_path(STR("/metrics")));
}

static void
test_headers(void)
{
	static const char *const	 want[] = {
		"Content-Security-Policy: default-src 'none'; style-src "
		    "'self'; form-action 'self'; base-uri 'none'; "
		    "frame-ancestors 'none'\r\n",
		"X-Frame-Options: DENY\r\n", "Referrer-Policy: same-origin\r\n",
		"Cross-Origin-Opener-Policy: same-origin\r\n",
		"Cross-Origin-Resource-Policy: same-origin\r\n",
		"Permissions-Policy: "
	};
	static const char *const	 urls[] = { "/admin/login", "/admin",
					    "/admin/none", "/admin/user" };
	size_t				 i, k;

	for (i = 0; i < nitems(urls); i++) {
		ask(HEAD_GET, urls[i], i == 3 ? SESSION : NULL, NULL);
		fake_tell_all(DESK_OK, "{}");
		for (k = 0; k < nitems(want); k++)
			CHECK_ROW(strstr(fields, want[k]) != NULL, "%s: %s",
			    urls[i], fields);
	}
}

static void
test_who(void)
{
	static const char *const	 cookies[] = { NULL, "",
		"__Host-pail=", "__Host-pail=x", "pail=" FAKE_TOKEN,
		"__Host-pail2=" FAKE_TOKEN, "x__Host-pail=" FAKE_TOKEN,
		SESSION "0", "__host-pail=" FAKE_TOKEN,
		"__Host-pail=\"" FAKE_TOKEN "\"" };
	size_t				 i;

	for (i = 0; i < nitems(cookies); i++) {
		ask(HEAD_GET, "/admin", cookies[i], NULL);
		is(303, "/admin/login");
		CHECK_ROW(fake_n == 0, "%zu", i);
	}
	ask(HEAD_GET, "/admin", "a=b; " SESSION "; c", NULL);
	CHECK(fake_n == 2 && strcmp(fake_asks[0].token, FAKE_TOKEN) == 0);
	CHECK(strcmp(fake_asks[0].remote, "192.0.2.1") == 0);
	fake_tell_all(DESK_OK, "{\"a\":\"<i>\"}");
	CHECK(fake_n == 3 && strcmp(fake_asks[2].args, "quota bob") == 0);
	fake_tell(2, DESK_ERROR, "no <b>");
	is(200, NULL);
	CHECK_ROW(strstr(body, "&lt;i&gt;&lt;i&gt;<p class=\"missing\">"
	    "no &lt;b&gt;</p>") != NULL, "%s", body);
	CHECK(strstr(body, ">ann<") != NULL && strstr(body, "9.9") != NULL &&
	    strstr(body, " on node&amp;1") != NULL);
	CHECK(strstr(body, " aria-current=\"page\">Overview<") != NULL);
	/* Two: one was set by somebody else. */
	ask(HEAD_GET, "/admin", SESSION "; " SESSION, NULL);
	is(400, NULL);
	CHECK(strstr(fields, "Max-Age=0") != NULL);
}

/* A page comes back after the login; no other address does. */
static void
test_back(void)
{
	static const struct {
		const char	*said, *to;
	} rows[] = {
		{ "%2Fadmin%2Fuser%3Fname%3Da%2520b%26x%3Dy",
		  "/admin/user?name=a%20b" },
		{ "/admin/user", "/admin/user" }, { "", "/admin" },
		{ "//evil.example/admin", "/admin" },
		{ "https://evil.example/", "/admin" },
		{ "/admin/user%0d%0aX:y", "/admin" },
		{ "/admin/user?name=a%0d%0aSet-Cookie:b", "/admin/user?name="
		  "a%0D%0ASet-Cookie%3Ab" },
		{ "/admin/user?name=a%26name=b", "/admin/user" },
		{ "/admin/logout", "/admin" }, { "javascript:x", "/admin" },
		{ "/metrics", "/admin" }
	};
	char	 form[512];
	size_t	 i;

	for (i = 0; i < nitems(rows); i++) {
		snprintf(form, sizeof(form), "csrf=" GUARD "&user=ann&"
		    "password=pw&back=%s", rows[i].said);
		ask(HEAD_POST, "/admin/login", "__Host-pail-login=" GUARD, form);
		CHECK_ROW(fake_n == 1, "%zu: %s", i, body);
		fake_tell(0, DESK_OK, "");
		is(303, rows[i].to);
	}
	ask(HEAD_GET, "/admin/user?name=a%20b&done=lock", NULL, NULL);
	is(303, "/admin/login?back=%2Fadmin%2Fuser%3Fname%3Da%2520b");
	ask(HEAD_GET, "/admin/user?name=b", SESSION, NULL);
	fake_tell(0, DESK_SESSION, "");
	is(303, "/admin/login?back=%2Fadmin%2Fuser%3Fname%3Db&gone=1");
	CHECK(strstr(fields, "Set-Cookie: __Host-pail=; ") != NULL);
	ask(HEAD_GET, "/admin/login?gone=1&back=%22%3E%3Cscript%3E", NULL,
	    NULL);
	CHECK(strstr(body, "Your session has ended.") != NULL &&
	    strstr(body, "<script") == NULL);
}

static void
test_login(void)
{
	ask(HEAD_GET, "/admin/login", NULL, NULL);
	is(200, NULL);
	CHECK_ROW(strstr(fields, "Set-Cookie: __Host-pail-login=") != NULL &&
	    strstr(fields, "; Path=/; Secure; HttpOnly; SameSite=Strict\r\n") !=
	    NULL, "%s", fields);
	CHECK(strstr(body, "9.9") == NULL && strstr(body, "<nav") == NULL);
	/* One that is there stays, for other tabs. */
	ask(HEAD_GET, "/admin/login", "__Host-pail-login=" GUARD, NULL);
	CHECK(strstr(fields, "Set-Cookie") == NULL && strstr(body,
	    "name=\"csrf\" value=\"" GUARD "\"") != NULL);
	/* Not repeated, or not there: somebody else's form. */
	ask(HEAD_POST, "/admin/login", NULL, "csrf=" GUARD "&user=a&password=b");
	is(403, NULL);
	ask(HEAD_POST, "/admin/login", "__Host-pail-login=" GUARD,
	    "csrf=" FAKE_TOKEN "&user=a&password=b");
	is(403, NULL);
	CHECK(fake_n == 0 && strstr(body, " value=\"a\"") != NULL);
	ask(HEAD_POST, "/admin/login", "__Host-pail-login=" GUARD "; "
	    "__Host-pail-login=" GUARD, "csrf=" GUARD "&user=a&password=b");
	is(403, NULL);
	ask(HEAD_POST, "/admin/login", "__Host-pail-login=" GUARD,
	    "csrf=" GUARD "&user=&password=b");
	is(400, NULL);
	CHECK(fake_n == 0);
	ask(HEAD_POST, "/admin/login", "__Host-pail-login=" GUARD,
	    "csrf=" GUARD "&user=%22%3Ea&password=p%26w+");
	CHECK(status == 0 && fake_n == 1 && fake_asks[0].login &&
	    strcmp(fake_asks[0].args, "\">a") == 0 &&
	    strcmp(fake_asks[0].secret, "p&w ") == 0);
	fake_tell(0, DESK_ERROR, "no");
	is(403, NULL);
	CHECK(strstr(body, " value=\"&quot;&gt;a\"") != NULL &&
	    strstr(body, "p&amp;w") == NULL);
	CHECK(strstr(body, "id=\"why\">The user name or the password is "
	    "wrong") != NULL && strstr(fields, "Set-Cookie") == NULL);
	/* A new token with each login, whatever the browser had before. */
	ask(HEAD_POST, "/admin/login", SESSION "; __Host-pail-login=" GUARD,
	    "csrf=" GUARD "&user=a&password=b");
	fake_tell(0, DESK_OK, "");
	is(303, "/admin");
	CHECK_ROW(strstr(fields, "Set-Cookie: __Host-pail=" FAKE_TOKEN
	    "; Path=/; Secure; HttpOnly; SameSite=Strict\r\n") != NULL &&
	    strstr(fields, "Set-Cookie: __Host-pail-login=; Path=/; Secure; "
	    "HttpOnly; SameSite=Strict; Max-Age=0\r\n") != NULL, "%s", fields);
	ask(HEAD_POST, "/admin/login", "__Host-pail-login=" GUARD,
	    "csrf=" GUARD "&user=a&password=b");
	fake_tell(0, DESK_AWAY, "");
	is(503, NULL);
}

/* In the clear on the loopback: other names, without Secure. */
static void
test_clear(void)
{
	struct head	 h = serve_rig_head(HEAD_GET, "/admin/login", NULL, NULL);

	serve_rig_send(&h, NULL, false);
	CHECK_ROW(strstr(fields, "Set-Cookie: pail-login=") != NULL &&
	    strstr(fields, "Secure") == NULL, "%s", fields);
	h = serve_rig_head(HEAD_GET, "/admin", SESSION, NULL);
	serve_rig_send(&h, NULL, false);
	is(303, "/admin/login");
	h = serve_rig_head(HEAD_GET, "/admin/user", "pail=" FAKE_TOKEN, NULL);
	serve_rig_send(&h, NULL, false);
	CHECK(fake_n == 1);
	fake_tell(0, DESK_OK, "{}");
	is(200, NULL);
}

/* A token that nobody has taken shows nothing. */
static void
test_unproved(void)
{
	ask(HEAD_GET, "/admin", SESSION, NULL);
	fake_tell_all(DESK_AWAY, "");
	is(503, NULL);
	CHECK(strstr(body, "class=\"missing\"") == NULL && strstr(body,
	    "<nav") == NULL && strstr(body, "9.9") == NULL);
	/* The desk is full; then, the page asks in vain. */
	refuses = true;
	ask(HEAD_GET, "/admin/user", SESSION, NULL);
	refuses = false;
	is(503, NULL);
}

static void
on_oldest(const struct answer *a, void *arg)
{
	*(int *)arg = a->status;
}

/* Who tries passwords waits in a short queue, whose oldest makes room. */
static void
test_crowd(void)
{
	static const char	 form[] = "csrf=" GUARD "&user=a&password=b";
	struct head		 h = serve_rig_head(HEAD_POST, "/admin/login",
				    "__Host-pail-login=" GUARD, form);
	int			 oldest = 0;
	struct serve_request	 r = { .head = &h, .body = str_from(form),
				    .remote = "192.0.2.1", .version = "",
				    .tls = true, .answer = on_oldest,
				    .arg = &oldest };
	struct web		*w[5];
	bool			 answered;
	size_t			 i;

	fake_reset();
	w[0] = serve_begin(&r, &answered);
	CHECK(w[0] != NULL);
	for (i = 1; i < nitems(w); i++) {
		fake_n = 0;	/* they wait */
		ask(HEAD_POST, "/admin/login", "__Host-pail-login=" GUARD,
		    "csrf=" GUARD "&user=a&password=b");
		w[i] = waiting;
		CHECK_ROW(status == (i < 4 ? 0 : 503), "%zu: %d", i, status);
	}
	CHECK(oldest == 0);
	crowd_sure_ms = 0;
	fake_n = 0;
	ask(HEAD_POST, "/admin/login", "__Host-pail-login=" GUARD, form);
	CHECK(oldest == 503 && status == 0 && waiting != NULL);
	w[0] = waiting;
	for (i = 0; i < 4; i++)
		serve_forget(w[i]);
	fake_reset();
	ask(HEAD_POST, "/admin/login", "__Host-pail-login=" GUARD, form);
	CHECK(fake_n == 1);
	fake_tell(0, DESK_ERROR, "");
	is(403, NULL);
}

static void
test_ends(void)
{
	ask(HEAD_GET, "/admin", SESSION, NULL);
	CHECK(waiting != NULL && fake_live() == 2);
	serve_forget(waiting);
	CHECK(fake_live() == 0 && status == 0);
	ask(HEAD_GET, "/admin", SESSION, NULL);
	fake_tell(0, DESK_OK, "{}");
	serve_late(waiting);
	is(504, NULL);
	CHECK(fake_live() == 0);
	ask(HEAD_POST, "/admin/login", "__Host-pail-login=" GUARD,
	    "csrf=" GUARD "&user=a&password=b");
	serve_late(waiting);
	is(504, NULL);
	CHECK(fake_live() == 0);
	post("/admin/logout", "x=y");
	CHECK(fake_n == 1 && strcmp(fake_asks[0].args, "logout") == 0);
	fake_tell(0, DESK_AWAY, "");
	is(303, "/admin/login?done=logout");
	CHECK(strstr(fields, "Set-Cookie: __Host-pail=; Path=/; Secure; "
	    "HttpOnly; SameSite=Strict; Max-Age=0\r\n") != NULL);
	ask(HEAD_GET, "/admin/login?done=logout", NULL, NULL);
	CHECK(strstr(body, "You are logged out.") != NULL);
}

static void
test_content(void)
{
	static const struct {
		enum head_method method;
		const char	*url;
		size_t		 most;
	} rows[] = {
		{ HEAD_POST, "/admin/login", 4096 }, { HEAD_POST, "/admin", FORM_MAX },
		{ HEAD_POST, "/admin/user", FORM_MAX }, { HEAD_POST, "/admin/x", 0 },
		{ HEAD_POST, "/admin/logout", FORM_MAX },
		{ HEAD_POST, "/admin/style.css", 0 }, { HEAD_GET, "/admin", 0 }
	};
	struct head	 h;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		h = serve_rig_head(rows[i].method, rows[i].url, NULL, NULL);
		CHECK_ROW(serve_content(&h) == rows[i].most, "%zu", i);
	}
}

int
main(void)
{
	serve_rig_begin();
	test_paths();
	test_headers();
	test_who();
	test_back();
	test_login();
	test_clear();
	test_unproved();
	test_crowd();
	test_ends();
	test_content();
	fake_reset();
	return TEST_END();
}
