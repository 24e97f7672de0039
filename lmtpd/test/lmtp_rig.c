/* See lmtp_rig.h. */
#include "common/compat.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/buf.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/test.h"
#include "common/test/slice_make.h"
#include "lmtpd/client.h"
#include "lmtpd/conf.h"
#include "lmtpd/run.h"
#include "lmtpd/test/engine_fake.h"
#include "lmtpd/test/lmtp_rig.h"

/* What paild's table gives lmtpd, with the table's defaults. */
static const char *const defaults[][2] = {
	{ "tls", "false" }, { "tls-min-version", "TLSv1.2" },
	{ "append-limit", "67108864" }, { "append-nul", "refuse" },
	{ "lmtp.detail", "ignore" }, { "lmtp.junk-header", "" },
	{ "lmtp.bare-newlines", "keep" },
	{ "lmtp.xclient-networks.0", "192.0.2.0/24" },
	{ "lmtp.max-recipients", "1000" },
	{ "lmtp.max-connections", "1000" }, { "lmtp.idle-timeout", "300" },
	{ "lmtp.timeout", "240" }, { NULL, NULL }
};

struct event_base	*lmtp_base;
const char		*lmtp_remote = "198.51.100.1";
static struct buf	 heard;

void
lmtp_begin(void)
{
	struct slice	*s = slice_make(defaults, NULL);
	char		 why[300];

	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	if (conf_read(&conf, s, why, sizeof(why)) == -1)
		fatalx("%s", why);
	slice_free(s);
	strlcpy(conf.hostname, "mx.test", sizeof(conf.hostname));
	if ((lmtp_base = event_base_new()) == NULL)
		fatal("event_base_new");
	engine_fake_use();
	engine_fake_reset();
}

void
lmtp_end(void)
{
	CHECK(nclients == 0 && efake.rcpts == 0 && efake.deliveries == 0);
	buf_free(&heard);
	engine_fake_reset();
	event_base_free(lmtp_base);
}

/* False: it is closed. */
static bool
hear(int fd)
{
	char	 b[65536];
	ssize_t	 n;

	while ((n = read(fd, b, sizeof(b))) > 0)
		buf_put(&heard, b, (size_t)n);
	return n == -1 && errno == EAGAIN;
}

/* Until nothing is left to be done now. */
static bool
turns(int fd)
{
	size_t	 was;
	int	 quiet = 0;
	bool	 open = true;

	while (open && quiet < 6) {
		was = heard.len;
		event_base_loop(lmtp_base, EVLOOP_NONBLOCK);
		open = hear(fd);
		quiet = heard.len == was ? quiet + 1 : 0;
	}
	return open;
}

static int
connect_one(void)
{
	struct listen_from	 from = { .len = sizeof(struct sockaddr_in) };
	struct sockaddr_in	*in = (struct sockaddr_in *)&from.ss;
	int			 fds[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	in->sin_family = AF_INET;
	inet_pton(AF_INET, lmtp_remote, &in->sin_addr);
	strlcpy(from.remote, lmtp_remote, sizeof(from.remote));
	from.fd = fds[1];
	CHECK(run_accept(lmtp_base, &from) == 0);
	return fds[0];
}

const char *
lmtp_talk(const char *in, size_t len, size_t piece)
{
	int	 fd = connect_one();
	size_t	 off = 0, n;
	ssize_t	 w;
	bool	 open = turns(fd);

	CHECK(strncmp((char *)heard.data + (heard.len > 26 ? heard.len - 23 :
	    0), "220", 0) == 0);
	buf_reset(&heard);
	while (open && off < len) {
		n = len - off < piece ? len - off : piece;
		w = send(fd, in + off, n, MSG_NOSIGNAL);
		if (w > 0)
			off += (size_t)w;
		else if (errno != EAGAIN)
			break;
		open = turns(fd);
	}
	shutdown(fd, SHUT_WR);
	while (turns(fd) && nclients > 0)
		;
	while (nclients > 0)
		event_base_loop(lmtp_base, EVLOOP_ONCE);
	(void)hear(fd);
	close(fd);
	buf_put_u8(&heard, 0);
	return (char *)heard.data;
}
