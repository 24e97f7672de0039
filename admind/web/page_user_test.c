/* One user: what there is, each action, and asking again before deleting. */
#include "common/compat.h"

#include "admind/web/test/page_rig.h"
#include "common/test.h"

#define USERS	"{\"users\":[{\"name\":\"bob\",\"aliases\":[]},"	\
	"{\"name\":\"ann\",\"aliases\":[\"a@example.org\",\"<i>\"],"	\
	"\"quota\":{\"bytes\":10240,\"messages\":null}}]}"
#define LOCKED	"{\"users\":[{\"name\":\"ann\",\"aliases\":[],\"quota\":null," \
	"\"locked\":true}]}"
#define QUOTA	"{\"users\":[{\"user\":\"ann\",\"bytes\":1536,"		\
	"\"bytes_quota\":10240,\"messages\":1200,\"messages_quota\":null," \
	"\"used_percent\":15}]}"
#define APPS	"{\"app_passwords\":[{\"user\":\"ann\",\"id\":\"0a1b\","	\
	"\"name\":\"my <phone>\",\"scope\":\"imap\","			\
	"\"created\":\"2026-11-01T00:00:00Z\",\"expires\":null,"	\
	"\"last_use\":\"2026-11-28\",\"expired\":false},{\"id\":\"77\","	\
	"\"name\":\"old\",\"expires\":\"2026-11-02T00:00:00Z\","	\
	"\"expired\":true}]}"
#define SESSIONS "{\"sessions\":[{},{}],\"total\":1234}"

static void
open_ann(const char *users)
{
	page_get(&page_user, "name=ann");
	CHECK(page_asks() == 4 && page_asked(0, "user list") &&
	    page_asked(1, "quota ann") && page_asked(2,
	    "app-password list ann") && page_asked(3, "sessions ann"));
	page_ok(0, users);
	page_ok(1, QUOTA);
	page_ok(2, APPS);
	page_ok(3, SESSIONS);
	page_show();
}

static void
test_show(void)
{
	open_ann(USERS);
	CHECK(str_eq(page_web.subject, STR("ann")));
	CHECK(page_has("<dt>State</dt><dd><span class=\"ok\">active</span>"));
	CHECK(page_has("<dt>Mail</dt><dd>1.5 KiB of 10.0 KiB (15 %)</dd>"));
	CHECK(page_has("<dt>Messages</dt><dd>1,200, no quota</dd>"));
	CHECK(page_has("<dd>10.0 KiB, any number of messages</dd>"));
	CHECK(page_has("href=\"/admin/sessions?name=ann\">1,234</a>"));
	CHECK(page_has("name=\"no-alias\" value=\"a@example.org\" "
	    "aria-label=\"Remove the alias a@example.org\">"));
	CHECK(page_has("value=\"&lt;i&gt;\""));
	CHECK(page_has("my &lt;phone&gt;</th><td>0a1b</td><td>imap</td><td>"
	    "<time datetime=\"2026-11-01T00:00:00Z\">"));
	CHECK(page_has("<td>never</td><td>2026-11-28</td>"));
	CHECK(page_has("<span class=\"bad\">expired</span> <time"));
	CHECK(page_has("aria-label=\"Revoke the app password old\""));
	CHECK(page_has("value=\"lock\"") && page_count("value=\"unlock\"") ==
	    0);
	CHECK(page_has("href=\"/admin/user?name=ann&amp;ask=del\""));
	/* Nothing is deleted from here. */
	CHECK(page_count("value=\"del\"") == 0);
	open_ann(LOCKED);
	CHECK(page_has("<span class=\"warn\">locked</span>"));
	CHECK(page_has("value=\"unlock\"") && page_count("value=\"lock\"") ==
	    0);
	CHECK(page_has("none; the default applies"));
}

/* Of a directory: not ours to change. */
static void
test_unlisted(void)
{
	open_ann("{\"users\":[]}");
	CHECK(page_has("not in the password file") && page_has(">0a1b<"));
	CHECK(page_count("value=\"passwd\"") == 0 &&
	    page_count("value=\"lock\"") == 0 && page_count("ask=del") == 0);
	/* Nobody. */
	page_get(&page_user, "");
	CHECK(page_asks() == 0);
	page_show();
	CHECK(page_has("There is no such user."));
	page_get(&page_user, "name=a&name=b");
	page_show();
	CHECK(page_has("There is no such user."));
}

static void
test_delete(void)
{
	page_get(&page_user, "name=a%22%3E&ask=del");
	page_show();
	CHECK(page_has("<strong>a&quot;&gt;</strong>") &&
	    page_has("value=\"del\"") && page_has("Keep the user"));
	CHECK(page_has("<input type=\"hidden\" name=\"name\" "
	    "value=\"a&quot;&gt;\">"));
	CHECK(page_post(&page_user, "action=del&name=ann") == NULL);
	CHECK(page_asks() == 1 && page_asked(0, "user del ann"));
	/* Then there is no such page: all users are shown. */
	CHECK(strcmp(page_web.action->to, "/admin/users") == 0);
}

static void
test_actions(void)
{
	static const struct { const char *form, *command; } t[] = {
		{ "action=lock&name=ann", "user lock ann" },
		{ "action=unlock&name=ann", "user unlock ann" },
		{ "action=passwd&name=ann&password=p%26q&again=p%26q",
		  "user passwd ann|p&q" },
		{ "action=passwd&name=ann&password=p&again=q", NULL },
		{ "action=passwd&name=ann&password=&again=", NULL },
		{ "action=passwd&name=ann&password=p", NULL },
		{ "action=passwd&name=ann&name=bob&password=p&again=p", NULL },
		{ "action=set&name=ann&quota=1G", "user set --quota 1G ann" },
		{ "action=set&name=ann&alias=b", "user set --alias b ann" },
		{ "action=set&name=ann&no-alias=b",
		  "user set --no-alias b ann" },
		{ "action=set&name=ann&quota=1G&alias=b&no-alias=c",
		  "user set --quota 1G --alias b --no-alias c ann" },
		{ "action=set&name=ann&quota=", NULL },
		{ "action=set&name=ann", NULL },
		{ "action=app-add&name=ann&app=phone&scope=imap&expires=90d",
		  "app-password add --scope imap --expires 90d ann phone" },
		{ "action=app-add&name=ann&app=&scope=&expires=",
		  "app-password add ann app" },
		{ "action=app-revoke&name=ann&id=0a1b",
		  "app-password revoke ann 0a1b" },
		/* Without an ID, pailctl would revoke them all. */
		{ "action=app-revoke&name=ann&id=", NULL },
		{ "action=app-revoke&name=ann", NULL },
		{ "action=lock", NULL },
		{ "action=nonsense&name=ann", NULL },
		{ "name=ann", NULL }
	};
	const char	*why;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		why = page_post(&page_user, t[i].form);
		CHECK_ROW((why == NULL) == (t[i].command != NULL) &&
		    page_asks() == (t[i].command != NULL), "%s", t[i].form);
		if (t[i].command != NULL)
			CHECK(page_asked(0, t[i].command));
		else
			CHECK_ROW(why[0] != '\0', "%s", t[i].form);
	}
}

/* Shown once: in the answer itself. */
static void
test_app_password(void)
{
	CHECK(page_post(&page_user, "action=app-add&name=a%26b&app=x&"
	    "scope=imap&expires=") == NULL);
	page_ok(0, "{\"user\":\"ann\",\"id\":\"1\",\"name\":\"x<y\","
	    "\"scope\":\"imap\",\"created\":null,\"expires\":null,"
	    "\"password\":\"abcd-efgh-ijkl\"}");
	page_show_done();
	CHECK(page_has("<code class=\"secret\">abcd-efgh-ijkl</code>"));
	CHECK(page_has("x&lt;y") && page_has("<dd>never</dd>") &&
	    page_has("href=\"/admin/user?name=a%26b\">Back"));
	CHECK(page_post(&page_user, "action=app-add&name=ann") == NULL);
	page_no(0, DESK_ERROR, "a user can have 100");
	page_show_done();
	CHECK(page_has("a user can have 100") && page_count("secret") == 0);
}

static void
test_hostile(void)
{
	static const char *const	 answers[] = { "{}", "", "[",
					    "{\"users\":3,\"app_passwords\":{},"
					    "\"sessions\":null}",
					    "{\"users\":[{}],"
					    "\"app_passwords\":[{},1],"
					    "\"sessions\":[[]]}",
					    "{\"users\":[{\"name\":\"ann\","
					    "\"aliases\":[1,{}],\"quota\":7},"
					    "{\"error\":\"" PAGE_EVIL "\"}]}",
					    "{\"users\":[{\"error\":\""
					    PAGE_EVIL "\",\"name\":\"ann\","
					    "\"aliases\":[\"" PAGE_EVIL "\",\""
					    PAGE_EVIL_PLAIN "\"]}],"
					    "\"app_passwords\":[{\"id\":\""
					    PAGE_EVIL_PLAIN "\",\"name\":\""
					    PAGE_EVIL_PLAIN "\",\"scope\":\""
					    PAGE_EVIL "\",\"created\":\""
					    PAGE_EVIL "\",\"expired\":true,"
					    "\"last_use\":\"" PAGE_EVIL
					    "\"}]}" };
	size_t				 i;
	unsigned int			 k;

	for (i = 0; i < nitems(answers); i++) {
		page_get(&page_user, "name=ann");
		for (k = 0; k < 4; k++)
			page_ok(k, answers[i]);
		page_show();
	}
	CHECK(page_has("&lt;script&gt;alert(1)"));
	page_get(&page_user, "name=ann");
	for (k = 0; k < 4; k++)
		page_no(k, k % 2 ? DESK_ERROR : DESK_AWAY, "<b>why</b>");
	page_show();
	CHECK(page_has("&lt;b&gt;why") && page_has("<dd>unknown</dd>"));
	CHECK(page_count("value=\"passwd\"") == 0);
}

int
main(void)
{
	test_show();
	test_unlisted();
	test_delete();
	test_actions();
	test_app_password();
	test_hostile();
	page_end();
	return TEST_END();
}
