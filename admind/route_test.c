/*
 * The admin page over a connection: where it is, and the content of a POST,
 * which may come in any pieces, but only so much of it and in time.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "admind/conf.h"
#include "admind/conn.h"
#include "admind/test/admin_rig.h"
#include "admind/test/desk_fake.h"
#include "admind/web/serve.h"
#include "common/test.h"

#define LOGIN	"POST /admin/login HTTP/1.1\r\nHost: localhost\r\n"	\
		"Content-Type: " FORM_TYPE "\r\n"			\
		"Cookie: pail-login=" FAKE_TOKEN "\r\n"
#define FORM	"csrf=" FAKE_TOKEN "&user=ann&password=p"
#define GET(p)	"GET " p " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static void
show(struct web *w, struct buf *html)
{
	(void)w;
	html_raw(html, "here it is");
}

static const struct web_page		 page = { .path = "/admin",
					    .title = "T", .show = show };
static const struct web_page *const	 pages[] = { &page, NULL };

/* "Content-Length", and the form. */
static const char *
login(const char *form)
{
	static char	 text[8192];

	snprintf(text, sizeof(text), LOGIN "Content-Length: %zu\r\n\r\n%s",
	    strlen(form), form);
	return text;
}

/* The loop turns until the desk was asked so often. */
static void
await(unsigned int n)
{
	int	 i;

	for (i = 0; i < 3000 && fake_n < n; i++)
		event_base_loop(rig_base, EVLOOP_ONCE);
	CHECK_ROW(fake_n == n, "%u", fake_n);
}

/* Whose request it is that the desk was asked for. */
static struct conn *
conn_of(const struct web *w)
{
	return w->arg;
}

static void
test_where(void)
{
	const char	*said;
	int		 fd;

	rig_loopback = true;
	fd = rig_connect(false);
	CHECK(strstr(rig_hear(fd, GET("/admin/login"), "</html>\n"),
	    "HTTP/1.1 200 OK\r\n") != NULL);
	/* Off; from elsewhere in the clear; by a Unix socket: it is not. */
	conf.admin_page = false;
	CHECK(strstr(rig_hear(fd, GET("/admin/login"), "page\n"),
	    " 404 ") != NULL);
	conf.admin_page = true;
	close(fd);
	fd = rig_connect(true);
	CHECK(strstr(rig_hear(fd, GET("/admin/login"), "page\n"),
	    " 404 ") != NULL);
	close(fd);
	rig_loopback = false;
	fd = rig_connect(false);
	CHECK(strstr(rig_hear(fd, GET("/admin/login"), "page\n"),
	    " 404 ") != NULL);
	CHECK(strstr(rig_hear(fd, login(FORM), ""), " 413 ") != NULL);
	close(fd);
	rig_loopback = true;
	/* Whoever holds the token of metrics, or not, it is another door. */
	conf.guarded = conf.has_token = true;
	fd = rig_connect(false);
	CHECK(strstr(rig_hear(fd, GET("/admin/login"), "</html>\n"),
	    " 200 ") != NULL);
	/* But a name that was made to point here is not answered. */
	CHECK(strstr(rig_hear(fd, "GET /admin/login HTTP/1.1\r\n"
	    "Host: evil.example\r\n\r\n", "list it)\n"), " 421 ") != NULL);
	conf.guarded = conf.has_token = false;
	said = rig_hear(fd, "POST /admin/login HTTP/1.1\r\n"
	    "Host: evil.example\r\nContent-Length: 5000\r\n\r\n", "");
	CHECK_ROW(strstr(said, " 413 ") != NULL && strstr(said, "node") ==
	    NULL, "%s", said);
	close(fd);
	CHECK(fake_n == 0);
}

/* Cut anywhere, and with the next request behind it. */
static void
test_pieces(void)
{
	char	 raw[8192];
	size_t	 cut, len, body;
	int	 fd = rig_connect(false), i;

	snprintf(raw, sizeof(raw), "%s" GET("/admin/none"), login(FORM));
	len = strlen(raw);
	body = (size_t)(strstr(raw, "\r\n\r\n") - raw);
	for (cut = body; cut < body + 4 + sizeof(FORM);
	    cut += cut < body + sizeof(FORM) - 3 ? 3 : 1) {
		fake_reset();
		CHECK(send(fd, raw, cut, MSG_NOSIGNAL) == (ssize_t)cut);
		for (i = 0; i < 3; i++)
			event_base_loop(rig_base, EVLOOP_ONCE);
		CHECK_ROW(fake_n == (cut >= body + 4 + sizeof(FORM) - 1),
		    "%zu", cut);
		CHECK(send(fd, raw + cut, len - cut, MSG_NOSIGNAL) ==
		    (ssize_t)(len - cut));
		await(1);
		CHECK(strcmp(fake_asks[0].secret, "p") == 0 && strcmp(
		    fake_asks[0].remote, "192.0.2.1") == 0);
		fake_tell(0, DESK_OK, "");
		CHECK(strstr(rig_hear(fd, "", "</html>\n"),
		    "HTTP/1.1 303 See Other\r\n") != NULL);
	}
	close(fd);
}

static void
test_limits(void)
{
	static const struct {
		const char	*head;
		int		 status;
	} rows[] = {
		{ LOGIN "Content-Length: 4097\r\n\r\n", 413 },
		{ LOGIN "Content-Length: 99999999999999999999\r\n\r\n", 413 },
		{ LOGIN "Content-Length: -1\r\n\r\n", 400 },
		{ LOGIN "Content-Length: +1\r\n\r\n", 400 },
		{ LOGIN "Content-Length: 1, 1\r\n\r\n", 400 },
		{ LOGIN "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
		  400 },
		{ LOGIN "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501 },
		{ LOGIN "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"
		  "\r\nx", 400 },
		{ LOGIN "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n",
		  417 },
		{ LOGIN "Cookie: a\r\nContent-Length: 1\r\n\r\nx", 400 },
		{ LOGIN "Content-Type: a\r\nContent-Length: 1\r\n\r\nx", 400 },
		{ "POST /admin/none HTTP/1.1\r\nHost: localhost\r\n"
		  "Content-Length: 1\r\n\r\nx", 413 },
		{ "GET /admin HTTP/1.1\r\nHost: localhost\r\n"
		  "Content-Length: 1\r\n\r\nx", 413 },
		{ "POST /metrics HTTP/1.1\r\nHost: localhost\r\n"
		  "Content-Length: 1\r\n\r\nx", 413 }
	};
	char		 want[32];
	const char	*said;
	size_t		 i;
	int		 fd;

	fake_reset();
	for (i = 0; i < nitems(rows); i++) {
		fd = rig_connect(false);
		snprintf(want, sizeof(want), "HTTP/1.1 %d ", rows[i].status);
		said = rig_hear(fd, rows[i].head, "");
		CHECK_ROW(strncmp(said, want, strlen(want)) == 0 &&
		    strstr(said, "Connection: close\r\n") != NULL, "%zu: %s",
		    i, said);
		close(fd);
	}
	/* A page says it, too; here, and where there is no page. */
	for (i = 0; i < 2; i++) {
		fd = rig_connect(false);
		CHECK(strstr(rig_hear(fd, i == 0 ? LOGIN
		    "Content-Length: 4097\r\n\r\n" :
		    "POST /admin/none HTTP/1.1\r\nHost: localhost\r\n"
		    "Content-Length: 1\r\n\r\nx", ""), i == 0 ?
		    "<p>This form is too large.</p>" :
		    "<p>This address takes no form.</p>") != NULL);
		close(fd);
	}
	/* No length at all is an answer, and the connection goes on. */
	fd = rig_connect(false);
	CHECK(strstr(rig_hear(fd, LOGIN "\r\n", "</html>\n"), " 411 ") !=
	    NULL);
	CHECK(strstr(rig_hear(fd, GET("/admin/none"), "</html>\n"), " 404 ") !=
	    NULL);
	close(fd);
	CHECK(fake_n == 0);
}

/* It does not come in time, or its end does not; or we are late. */
static void
test_time(void)
{
	int	 fd = rig_connect(false), was = conn_ms[CONN_BODY_PART];
	int	 i;

	fake_reset();
	conn_ms[CONN_BODY_PART] = 50;
	CHECK(strstr(rig_hear(fd, LOGIN "Content-Length: 9\r\n\r\ncsrf",
	    "in time\n"), " 408 ") != NULL);
	conn_ms[CONN_BODY_PART] = was;
	close(fd);
	fd = rig_connect(false);
	CHECK(send(fd, LOGIN "Content-Length: 9\r\n\r\nx", sizeof(LOGIN) + 22,
	    MSG_NOSIGNAL) > 0);
	shutdown(fd, SHUT_WR);
	CHECK(strcmp(rig_hear(fd, "", ""), "") == 0);
	close(fd);
	CHECK(fake_n == 0);
	/* Who goes away while the desk is asked is not told. */
	fd = rig_connect(false);
	CHECK(send(fd, login(FORM), strlen(login(FORM)), MSG_NOSIGNAL) > 0);
	await(1);
	for (i = 0; i < 3; i++)
		event_base_loop(rig_base, EVLOOP_ONCE);
	CHECK(fake_live() == 1);
	conn_drain();
	CHECK(fake_live() == 0 && nconns == 0);
	close(fd);
	/* The time is over: a page says so. */
	fake_reset();
	fd = rig_connect(false);
	CHECK(send(fd, login(FORM), strlen(login(FORM)), MSG_NOSIGNAL) > 0);
	await(1);
	conn_patience(conn_of(fake_asks[0].arg), 20);
	CHECK(strstr(rig_hear(fd, "", "</html>\n"), " 504 ") != NULL);
	CHECK(fake_live() == 0);
	close(fd);
}

int
main(void)
{
	rig_begin();
	serve_init(&fake_desk, pages, "node");
	conf.admin_page = true;
	test_where();
	test_pieces();
	test_limits();
	test_time();
	fake_reset();
	rig_end();
	return TEST_END();
}
