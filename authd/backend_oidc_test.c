/* The backend as a worker has it: over a real socket, with nobody or a server
 * of one answer at its other end. */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <netinet/in.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "authd/backend.h"
#include "common/log.h"
#include "common/test.h"
#include "common/test/slice_make.h"

static struct backend_answer a;

static struct slice *
conf_slice(uint16_t port, const char *scheme, const char *ca)
{
	char	issuer[64], client[32] = "pail";

	snprintf(issuer, sizeof(issuer), "%s://127.0.0.1:%u", scheme, port);
	return slice_make(NULL, "auth.0.type", "oidc", "auth.0.issuer", issuer,
	    "auth.0.audience", "pail", "auth.0.claim", "sub",
	    "auth.0.leeway", "30", "auth.0.jwks-url", "",
	    "auth.0.introspection-url", "", "auth.0.client-id", client,
	    "auth.0.client-secret", "x", "auth.0.ca-file", ca, NULL);
}

static int
listener(uint16_t *port)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET,
				    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t		len = sizeof(sin);
	int			fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(fd != -1 && bind(fd, (struct sockaddr *)&sin, len) == 0 &&
	    listen(fd, 8) == 0 &&
	    getsockname(fd, (struct sockaddr *)&sin, &len) == 0);
	*port = ntohs(sin.sin_port);
	return fd;
}

/* Each connection gets these bytes, whatever it asks. */
static pid_t
serve(int fd, const char *bytes)
{
	pid_t	pid = fork();
	char	asked[4096];
	int	c;

	if (pid != 0)
		return pid;
	signal(SIGPIPE, SIG_IGN);
	while ((c = accept(fd, NULL, NULL)) != -1) {
		if (read(c, asked, sizeof(asked)) == -1 ||
		    write(c, bytes, strlen(bytes)) == -1)
			_exit(1);
		close(c);
	}
	_exit(0);
}

static enum work_result_code
ask(struct backend *b, enum work_how how, const char *user, const char *secret)
{
	backend_check(b, how, str_from(user), str_from(secret), STR(""), &a);
	return a.code;
}

static void
check_alone(void)
{
	struct slice	*s;
	struct backend	*b;
	uint16_t	 port;
	int64_t		 changed;
	char		 why[200] = "";

	close(listener(&port));		/* nobody is there now */
	s = conf_slice(port, "http", "");
	CHECK((b = backend_open(s, 0, why, sizeof(why))) != NULL);
	backend_tick(b);
	CHECK(ask(b, WORK_BEARER, "", "opaque") == WORK_UNAVAILABLE);
	CHECK_ROW(strstr(a.why, "127.0.0.1") != NULL, "%s", a.why);
	/* it has no passwords, and nothing else of a lookup */
	CHECK(ask(b, WORK_PASSWORD, "ann", "pw") == WORK_UNKNOWN);
	CHECK(ask(b, WORK_PASSWORD, "", "") == WORK_UNKNOWN);
	CHECK(ask(b, WORK_SALT, "ann", "") == WORK_UNKNOWN);
	CHECK(ask(b, WORK_NAME, "ann", "") == WORK_UNKNOWN);
	CHECK(backend_gone(b, &changed) == NULL && backend_wants(b) == NULL &&
	    !backend_given(b, STR("x")));
	backend_close(b);
	slice_free(s);
}

static void
check_answers(void)
{
	static const struct { const char *answer, *why; } rows[] = {
		{ "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
		  "Content-Length: 0\r\n\r\n", "status 302" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
		  "its issuer" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n{}",
		  "" },
		{ "nonsense", "" }, { "", "" }
	};
	struct slice	*s;
	struct backend	*b;
	uint16_t	 port;
	char		 why[200];
	size_t		 i;
	pid_t		 pid;
	int		 fd;

	for (i = 0; i < nitems(rows); i++) {
		fd = listener(&port);
		pid = serve(fd, rows[i].answer);
		close(fd);
		s = conf_slice(port, "http", "");
		CHECK((b = backend_open(s, 0, why, sizeof(why))) != NULL);
		CHECK_ROW(ask(b, WORK_BEARER, "", "opaque") ==
		    WORK_UNAVAILABLE && strstr(a.why, rows[i].why) != NULL,
		    "row %zu: %s", i, a.why);
		CHECK(strstr(a.why, "opaque") == NULL);
		backend_close(b);
		slice_free(s);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static void
check_conf(void)
{
	struct slice	*s;
	char		 why[200] = "";

	s = conf_slice(443, "ftp", "");
	CHECK(backend_open(s, 0, why, sizeof(why)) == NULL &&
	    strstr(why, "auth.0.issuer") != NULL);
	slice_free(s);
	s = conf_slice(443, "https", "/nowhere/ca.pem");
	CHECK(backend_open(s, 0, why, sizeof(why)) == NULL &&
	    strstr(why, "/nowhere/ca.pem") != NULL);
	slice_free(s);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	check_conf();
	check_alone();
	check_answers();
	return TEST_END();
}
