/* Each command counts once, under its own name, whatever a client writes. */
#include <sys/socket.h>

#include <event2/event.h>
#include <fcntl.h>

#include "common/compat.h"
#include "common/test.h"
#include "common/test/metric_told.h"
#include "imapd/metrics.h"
#include "imapd/run.h"
#include "imapd/test/rig.h"

#define MAIL	"Subject: x\r\n\r\ny\r\n"

static struct rig	rig;

static void
ask(const char *line, const char *answer)
{
	rig_say(&rig, line);
	CHECK_ROW(rig_hear(&rig, answer), "%s", line);
}

static void
test_commands(void)
{
	ask("a LOGIN ann secret\r\n", "a OK");
	ask("b select INBOX\r\n", "b OK");
	ask("c SELECT none\r\n", "c NO");
	ask("d SELECT\r\n", "d BAD");
	ask("e UID FETCH 1 FLAGS\r\n", "e BAD");	/* nothing selected */
	ask("f X=,y\r\n", "f BAD");
	ask("g NOOP\r\nh NOOP\r\n", "h OK");
	ask("i APPEND INBOX {17+}\r\n" MAIL "\r\n", "i OK");
	ask("j APPEND INBOX {17+}\r\n" MAIL " {17+}\r\n" MAIL "\r\n", "j OK");
	ask("k APPEND none {17+}\r\n" MAIL "\r\n", "k NO");
	ask("l IDLE\r\n", "+ ");
	ask("DONE\r\n", "l OK");
	metric_told_ask(metrics_tell);
#define REQUESTS(command, result)					\
	metric_told("imap_requests_total{command=" command ",result=" \
	    result "}")
	CHECK(REQUESTS("LOGIN", "ok") == 1);
	CHECK(REQUESTS("SELECT", "ok") == 1);
	CHECK(REQUESTS("SELECT", "no") == 1);
	CHECK(REQUESTS("SELECT", "bad") == 1);
	CHECK(REQUESTS("UID FETCH", "bad") == 1);
	CHECK(REQUESTS("other", "bad") == 1);
	CHECK(REQUESTS("NOOP", "ok") == 2);
	CHECK(REQUESTS("APPEND", "ok") == 2);
	CHECK(REQUESTS("APPEND", "no") == 1);
	CHECK(metric_told_sum("imap_requests_total{") == 12);
	CHECK(metric_told("emails_received_total{via=imap,result=ok}") == 3);
	CHECK(metric_told("emails_received_total{via=imap,result=no}") == 1);
	CHECK(metric_told("imap_request_duration_seconds_count{"
	    "command=SELECT}") == 3);
	CHECK(metric_told("imap_request_duration_seconds_bucket{"
	    "command=SELECT,le=+Inf}") == 3);
	CHECK(metric_told("imap_request_duration_seconds_sum{"
	    "command=SELECT}") > 0);
	CHECK(!metric_is_told("imap_request_duration_seconds_count{"
	    "command=IDLE}"));
}

/* pailctl deliver's connection. */
static void
test_deliver(void)
{
	int	 fds[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	rig.fd = fds[0];
	rig.eof = false;
	CHECK((rig.client = run_preauth(rig.base, fds[1], "token")) != NULL);
	CHECK(rig_hear(&rig, "* PREAUTH"));
	ask("a APPEND INBOX {17+}\r\n" MAIL "\r\n", "a OK");
	metric_told_ask(metrics_tell);
	CHECK(metric_told("emails_received_total{via=deliver,result=ok}") ==
	    1);
	CHECK(metric_told("emails_received_total{via=imap,result=ok}") == 3);
}

int
main(void)
{
	rig_init(&rig, false);
	rig_connect(&rig, false, true);
	CHECK(rig_hear(&rig, "* OK"));
	test_commands();
	rig_disconnect(&rig);
	test_deliver();
	rig_disconnect(&rig);
	rig_end(&rig);
	return TEST_END();
}
