/* Users: search, pages, sizes of those that are shown, and a new one. */
#include "common/compat.h"

#include <stdio.h>

#include "admind/web/test/page_rig.h"
#include "common/test.h"

#define ANN	"{\"name\":\"ann\",\"aliases\":[\"a@example.org\",\"a2\"]," \
	"\"quota\":{\"bytes\":10240,\"messages\":null}}"
#define BOB	"{\"name\":\"bob\",\"aliases\":[],\"quota\":null," \
	"\"locked\":true}"
#define USED	"{\"users\":[{\"user\":\"bob\",\"error\":\"no user bob\"}," \
	"{\"user\":\"ann\",\"bytes\":1536,\"bytes_quota\":10240," \
	"\"messages\":1200,\"messages_quota\":null,\"used_percent\":15}]}"

static void
test_list(void)
{
	page_get(&page_users, "");
	CHECK(page_asks() == 1 && page_asked(0, "user list"));
	page_ok(0, "{\"users\":[" ANN "," BOB "]}");
	page_then();
	CHECK(page_asks() == 2 && page_asked(1, "quota ann bob"));
	page_ok(1, USED);
	page_show();
	CHECK(page_has("<a href=\"/admin/user?name=ann\">ann</a></th><td>"
	    "a@example.org, a2</td><td class=\"num\">1.5 KiB of 10.0 KiB</td>"
	    "<td class=\"num\">1,200</td><td class=\"num\"><span "
	    "class=\"ok\">15 %</span></td><td><span class=\"ok\">active"));
	/* What is not known of one is left out; the rest is there. */
	CHECK(page_has(">bob</a></th><td></td><td class=\"num\">\xe2\x80\x93"
	    "</td><td class=\"num\">\xe2\x80\x93</td><td class=\"num\">"
	    "\xe2\x80\x93</td><td><span class=\"warn\">locked"));
	CHECK(page_has("<span>2 users</span>"));
	CHECK(page_count("rel=\"next\"") == 0 && page_count("rel=\"prev\"") ==
	    0);
	/* Sizes are not there in time. */
	page_get(&page_users, "");
	page_ok(0, "{\"users\":[" ANN "]}");
	page_then();
	page_no(1, DESK_AWAY, "");
	page_show();
	CHECK(page_has(">ann</a>") && page_has("<span>1 user</span>"));
}

static void
test_search(void)
{
	static const struct { const char *q; bool ann, bob; } t[] = {
		{ "q=", true, true }, { "q=AN", true, false },
		{ "q=EXAMPLE", true, false }, { "q=b", false, true },
		{ "q=bobb", false, false }, { "q=aliases", false, false }, { "q=%22%3E%3Cscript%3E", false,
		    false }
	};
	size_t	 i;

	for (i = 0; i < nitems(t); i++) {
		page_get(&page_users, t[i].q);
		page_ok(0, "{\"users\":[" ANN "," BOB "]}");
		page_then();
		CHECK_ROW(page_asks() == (t[i].ann || t[i].bob ? 2u : 1u),
		    "%s", t[i].q);
		page_show();
		CHECK_ROW(page_count(">ann</a>") == t[i].ann &&
		    page_count(">bob</a>") == t[i].bob, "%s", t[i].q);
	}
	CHECK(page_has("value=\"&quot;&gt;&lt;script&gt;\""));
	/* Which JSON writes in another way. */
	page_get(&page_users, "q=%22%26%C3%A9");
	page_ok(0, "{\"users\":[{\"name\":\"a\\\"&\\u00e9\"},"
	    "{\"name\":\"b\",\"aliases\":[\"x\\\"&\\u00e9\"]},"
	    "{\"name\":\"c\"}]}");
	page_then();
	page_show();
	CHECK(page_has("<span>2 users</span>") &&
	    page_count("scope=\"row\"") == 2);
	page_get(&page_users, "q=name");
	page_ok(0, "{\"users\":[" ANN "]}");
	page_then();
	page_show();
	CHECK(page_has("<span>0 users</span>"));
}

/* So many users, named u000 and so on. */
static const char *
many(size_t n)
{
	static char	 text[400000];
	size_t		 i, len = 0;

	len += (size_t)snprintf(text, sizeof(text), "{\"users\":[");
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s{\"name\":\"u%03zu\",\"aliases\":[]}", i > 0 ? "," : "",
		    i);
	snprintf(text + len, sizeof(text) - len, "]}");
	return text;
}

static void
test_pages(void)
{
	static const struct { const char *q, *first, *said; } t[] = {
		{ "", ">u000</a>", "100 users, page 1 of 3" },
		{ "page=0", ">u000</a>", "page 1 of 3" },
		{ "page=2", ">u045</a>", "page 2 of 3" },
		{ "page=3", ">u090</a>", "page 3 of 3" },
		{ "page=4", ">u090</a>", "page 3 of 3" },
		{ "page=999999999", ">u090</a>", "page 3 of 3" },
		{ "page=-1", ">u000</a>", "page 1 of 3" },
		{ "page=9999999999", ">u000</a>", "page 1 of 3" },
		{ "page=x", ">u000</a>", "page 1 of 3" },
		{ "page=2&page=3", ">u000</a>", "page 1 of 3" }
	};
	size_t	 i;

	for (i = 0; i < nitems(t); i++) {
		page_get(&page_users, t[i].q);
		page_ok(0, many(100));
		page_then();
		page_show();
		CHECK(page_has(t[i].first) && page_has(t[i].said));
		CHECK(page_count("scope=\"row\"") <= 45);
	}
	page_get(&page_users, "q=u0%26&page=2");
	page_ok(0, many(100));
	page_show();
	page_get(&page_users, "q=u0&page=2");
	page_ok(0, many(100));
	page_then();
	/* Fifteen at a time: what one command may name. */
	CHECK(page_asks() == 4 && page_asked(1, "quota u045 u046 u047 u048 "
	    "u049 u050 u051 u052 u053 u054 u055 u056 u057 u058 u059"));
	page_show();
	CHECK(page_has("href=\"/admin/users?q=u0&amp;page=1\" rel=\"prev\""));
	CHECK(page_has("href=\"/admin/users?q=u0&amp;page=3\" rel=\"next\""));
	CHECK(page_count("scope=\"row\"") == 45);
}

static void
test_add(void)
{
	const char	*why;

	CHECK(page_post(&page_users, "action=add&name=carl&password=s%20cret&"
	    "again=s%20cret&quota=&alias=") == NULL);
	CHECK(page_asks() == 1 && page_asked(0, "user add carl|s cret"));
	CHECK(page_post(&page_users, "action=add&name=carl&password=x&again=x&"
	    "quota=10G&alias=c%40example.org") == NULL);
	CHECK(page_asked(0, "user add --quota 10G --alias c@example.org "
	    "carl|x"));
	why = page_post(&page_users, "action=add&name=%3Cb%3E&password=x&"
	    "again=y&quota=1&alias=z");
	CHECK(why != NULL && strstr(why, "not the same") != NULL);
	CHECK(page_asks() == 0);
	/* What was typed is still there, but for the passwords. */
	page_users.plan(&page_web);
	page_ok(0, "{\"users\":[]}");
	page_show();
	CHECK(page_has("name=\"name\" type=\"text\" autocomplete=\"off\" "
	    "spellcheck=\"false\" autocapitalize=\"none\" "
	    "value=\"&lt;b&gt;\" required"));
	CHECK(page_count("value=\"x\"") == 0 && page_count("value=\"y\"") ==
	    0);
	why = page_post(&page_users, "action=add&name=a&password=&again=");
	CHECK(why != NULL && strstr(why, "empty") != NULL);
	CHECK(page_post(&page_users, "action=add&name=a") != NULL);
}

static void
test_hostile(void)
{
	static const char *const	 answers[] = { "{}", "", "[]",
	    "{\"users\":{}}", "{\"users\":[3,{},[],null,\"x\"]}",
	    "{\"users\":[{\"name\":",
	    "{\"users\":[{\"name\":\"\",\"aliases\":{\"a\":3}}]}" };
	size_t				 i;

	for (i = 0; i < nitems(answers); i++) {
		page_get(&page_users, "");
		page_ok(0, answers[i]);
		page_then();
		page_show();
	}
	page_get(&page_users, "");
	page_ok(0, "{\"users\":[{\"name\":\"" PAGE_EVIL "\",\"aliases\":[\""
	    PAGE_EVIL "\",\"" PAGE_EVIL_PLAIN "\"]},{\"name\":\""
	    PAGE_EVIL_PLAIN "\"}]}");
	page_then();
	page_ok(1, "{\"users\":[{\"user\":\"" PAGE_EVIL_PLAIN "\",\"bytes\":"
	    "-3,\"bytes_quota\":\"" PAGE_EVIL "\",\"messages\":1e9,"
	    "\"used_percent\":-7}]}");
	page_show();
	CHECK(page_has("&lt;script&gt;") && page_has("name=%3Cb%3E%22%27%26%E2"
	    "%80%AE\">&lt;b&gt;&quot;&#39;&amp;\\u{202e}</a>"));
	page_get(&page_users, "");
	page_no(0, DESK_ERROR, "the configuration has no auth entry of type "
	    "file");
	page_then();
	CHECK(page_asks() == 1);
	page_show();
	CHECK(page_has("no auth entry of type file") &&
	    page_count("<form") == 0);
}

int
main(void)
{
	test_list();
	test_search();
	test_pages();
	test_add();
	test_hostile();
	page_end();
	return TEST_END();
}
