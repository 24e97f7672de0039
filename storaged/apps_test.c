/* The bucket's app passwords: what is believed, and what a change becomes. */
#include "common/compat.h"

#include <sys/stat.h>

#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/appline.h"
#include "common/log.h"
#include "common/msg_setup.h"
#include "common/test.h"
#include "storaged/apps.h"
#include "storaged/bucket/blob.h"
#include "storaged/format/appsobj.h"
#include "storaged/format/object.h"
#include "storaged/test/store_slice.h"

#define POLL_MS	20

static struct event_base	*base;
static char			 dir[] = "/tmp/pail-apps.XXXXXX", file[200];
static char			 text[4096];	/* what paild was told last */
static uint64_t			 serial;
static unsigned			 told;
static bool			 refuse;	/* paild cannot write it */
static char			 answer[400];
static uint32_t			 last_id;
static unsigned			 mute;		/* so often it says nothing */
static const char		*crossing;	/* a change that comes before
						   its answer */

static void
on_done(const char *said, void *arg)
{
	CHECK(arg == answer);
	strlcpy(answer, said, sizeof(answer));
}

static void
on_give(evutil_socket_t fd, short what, void *arg)
{
	struct setup_give	g = { .outcome = refuse ? SETUP_GIVE_FAILED :
				    SETUP_GIVE_FOUND, .why = STR("no room") };

	(void)fd;
	(void)what;
	(void)arg;
	if (crossing != NULL) {
		answer[0] = '\0';
		CHECK(apps_change("app-add", crossing, on_done, answer));
	}
	apps_told(last_id + 1, &g);	/* nobody's: nothing */
	apps_told(last_id, &g);
	CHECK(crossing == NULL || answer[0] == '\0');
	crossing = NULL;
}

static void
tell(uint32_t id, uint64_t n, int fd)
{
	const struct timeval	now = { 0, 0 };
	ssize_t			len = pread(fd, text, sizeof(text) - 1, 0);

	CHECK(len >= 0);
	text[len] = '\0';
	close(fd);
	serial = n;
	told++;
	last_id = id;
	if (mute > 0)
		mute--;
	else
		event_base_once(base, -1, EV_TIMEOUT, on_give, NULL, &now);
}

static void
turn(unsigned ms)
{
	const struct timeval	tv = { 0, (suseconds_t)ms * 1000 };

	event_base_loopexit(base, &tv);
	event_base_dispatch(base);
}

/* Until there is an answer, or paild was told so often. */
static bool
until(const unsigned *n, unsigned want)
{
	unsigned	i;

	for (i = 0; i < TEST_PATIENCE_MS / 5; i++) {
		if (n != NULL ? *n >= want : answer[0] != '\0')
			return true;
		turn(5);
	}
	return false;
}

static const char *
change(const char *what, const char *arg)
{
	answer[0] = '\0';
	CHECK(apps_change(what, arg, on_done, answer));
	CHECK_ROW(until(NULL, 0), "%s %s", what, arg);
	return answer;
}

static const char *
line(const char *user, const char *id, const char *name)
{
	static char		s[APP_LINE_MAX];
	struct app_password	p = { .scopes = APP_SCOPE_imap, .created =
				    1795928400 };
	struct buf		b = BUF_INIT;

	strlcpy(p.user, user, sizeof(p.user));
	strlcpy(p.id, id, sizeof(p.id));
	strlcpy(p.name, name, sizeof(p.name));
	app_line_print(&p, &b);
	snprintf(s, sizeof(s), "%.*s", (int)b.len - 1, (char *)b.data);
	buf_free(&b);
	return s;
}

/* Another node's, or what nobody should have written. */
static void
put(uint64_t n, const char *s, bool damaged)
{
	struct appsobj	 o = { .serial = n, .text = str_from(s) };
	struct buf	 b = BUF_INIT;
	char		 tmp[220];
	FILE		*f;

	CHECK(appsobj_encode(&o, &b) == 0);
	if (damaged)
		b.data[b.len - 1] ^= 1;
	snprintf(tmp, sizeof(tmp), "%s.new", file);
	CHECK((f = fopen(tmp, "w")) != NULL);
	CHECK(fwrite(b.data, 1, b.len, f) == b.len);
	fclose(f);
	CHECK(rename(tmp, file) == 0);
	buf_free(&b);
}

static void
test_changes(void)
{
	char	one[APP_LINE_MAX];

	turn(3 * POLL_MS);
	CHECK(told == 0);		/* nobody has any: nothing is said */
	CHECK(!apps_change("dump", "ann", on_done, answer));
	CHECK(strcmp(change("app-revoke", "ann:"), "done 0") == 0);
	strlcpy(one, line("ann", "00000001", "phone"), sizeof(one));
	CHECK_ROW(strcmp(change("app-add", one), "done") == 0, "%s", answer);
	CHECK(told == 1 && serial == 1 && strncmp(text, one, strlen(one)) ==
	    0);
	/* Once more, as after an answer that was lost. */
	CHECK(strcmp(change("app-add", one), "done") == 0 && serial == 1);
	CHECK(strncmp(change("app-add", line("ann", "00000002", "phone")),
	    "error: ann already has", 22) == 0);
	CHECK(strcmp(change("app-add", line("bob", "00000003", "pad")),
	    "done") == 0 && serial == 2);
	CHECK(strncmp(change("app-revoke", "ann:pad"), "error: ann has no", 17)
	    == 0);
	CHECK(strncmp(change("app-revoke", "ann"), "error: that is", 14) == 0);
	CHECK(strncmp(change("app-add", "ann:x"), "error: that is", 14) == 0);
	CHECK(strcmp(change("app-revoke", "ann:00000001"), "done 1") == 0);
	CHECK(serial == 3 && strstr(text, "ann") == NULL &&
	    strstr(text, "bob") != NULL);
	CHECK(apps_idle());
}

static void
test_others(void)
{
	unsigned	was = told;

	turn(3 * POLL_MS);
	CHECK(told == was);		/* it is the same */
	put(4, "zoe:whatever\n", false);
	CHECK(until(&told, was + 1) && serial == 4 && strcmp(text,
	    "zoe:whatever\n") == 0);
	/* What paild cannot write is said again, until it can. */
	refuse = true;
	put(5, "", false);
	CHECK(until(&told, was + 3) && serial == 5);
	CHECK(strncmp(change("app-add", line("bob", "00000004", "pad")),
	    "error: the change is in the bucket, but", 39) == 0);
	refuse = false;
	was = told;
	CHECK(until(&told, was + 1) && serial == 6);
}

/* Nothing is done before it is in the bucket, and what is done stays so when
 * paild's answer is lost. */
static void
test_answers(void)
{
	unsigned	was = told;

	crossing = line("bob", "00000006", "desk");
	put(7, "", false);
	CHECK(until(&told, was + 1) && until(NULL, 0));
	CHECK_ROW(strcmp(answer, "done") == 0 && serial == 8 &&
	    strstr(text, "desk") != NULL, "%s", answer);
	mute = 1;
	CHECK_ROW(strcmp(change("app-revoke", "bob:desk"), "done 1") == 0,
	    "%s", answer);
	CHECK(mute == 0 && serial == 9);
}

static void
test_suspects(void)
{
	unsigned	was;

	turn(3 * POLL_MS);
	was = told;
	put(8, "", false);		/* older */
	CHECK(strstr(change("app-revoke", "bob:"), "has serial 8") != NULL);
	put(10, "", true);
	CHECK(strstr(change("app-revoke", "bob:"), "damaged") != NULL);
	CHECK(unlink(file) == 0);
	CHECK(strstr(change("app-add", line("max", "00000005", "x")),
	    "missing") != NULL);
	turn(3 * POLL_MS);
	CHECK(told == was && access(file, F_OK) == -1);
	put(10, "", false);
	CHECK(until(&told, was + 1) && serial == 10 && text[0] == '\0');
	/* The last serial there is. */
	put(APPSOBJ_SERIAL_MAX, "", false);
	CHECK(until(&told, was + 2) && serial == APPSOBJ_SERIAL_MAX);
	CHECK(strstr(change("app-add", line("max", "00000005", "x")),
	    "highest serial") != NULL);
	CHECK(strcmp(change("app-revoke", "max:"), "done 0") == 0);
	apps_stop();
	CHECK(strncmp(change("app-revoke", "bob:"), "error: ", 7) == 0);
}

int
main(void)
{
	char			 path[128], cmd[128], why[200];
	struct apps_conf	 c = { .spool = dir, .timeout_ms = 2000,
				    .poll_ms = POLL_MS, .tell = tell };
	struct slice		*conf;

	log_init("apps_test");
	log_set_level(LOG_LEVEL_ERROR);
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/store", dir);
	snprintf(file, sizeof(file), "%s/app-passwords", path);
	c.base = base = event_base_new();
	conf = store_slice("store.path", path, NULL);
	c.blob = blob_open(base, conf, why, sizeof(why));
	CHECK(c.blob != NULL);
	CHECK(strncmp((apps_change("app-add", "", on_done, answer), answer),
	    "error: not serving", 18) == 0);
	apps_start(&c);
	test_changes();
	test_others();
	test_answers();
	test_suspects();
	blob_close(c.blob);
	slice_free(conf);
	event_base_free(base);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
	return TEST_END();
}
