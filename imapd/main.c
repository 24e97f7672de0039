/*
 * imapd: IMAP sessions, TLS, and the parsing of mail.  It reads strangers'
 * octets; it opens no files and no sockets, knows no passwords and no keys,
 * of the store or of TLS.  imapd(8).
 */
#include <unistd.h>

#include "common/compat.h"
#include "common/daemon.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/nofile.h"
#include "common/sign_client.h"
#include "common/slice.h"
#include "common/tls_rule.h"
#include "imapd/auth.h"
#include "imapd/client.h"
#include "imapd/command.h"
#include "imapd/conf.h"
#include "imapd/counters.h"
#include "imapd/leave.h"
#include "imapd/metrics.h"
#include "imapd/run.h"
#include "mail/charset.h"

#define SPARE		24	/* descriptors: channels, new listeners */

static uint64_t		 room;		/* descriptors for connections */
static bool		 ready;		/* paild was told */

/* Before the first certificates there is nothing to say to who wants TLS. */
static void
imapd_certificates(SSL_CTX *ctx)
{
	conf_tls(ctx);
	if (!ready)
		daemon_ready();
	ready = true;
}

static void
imapd_prepare(struct slice *s)
{
	struct tls_rules	*rules;
	char			 why[300];

	if (sign_client_init("imap", imapd_certificates, why,
	    sizeof(why)) == -1 || conf_read(&conf, s, why, sizeof(why)) == -1 ||
	    (rules = tls_rules_read(s, why, sizeof(why))) == NULL)
		fatalx("%s", why);
	tls_rules_use(rules);
	charset_prepare();	/* nothing can be loaded in the sandbox */
}

static void
imapd_start(struct event_base *base, struct slice *s)
{
	(void)base;
	ready = !slice_bool(s, "tls");
	if (ready)
		daemon_ready();
	room = nofile_room(SPARE);
	conf_fit(&conf, room);
}

static void
imapd_peer(enum proc_kind kind, uint32_t index, int fd)
{
	if (kind == PROC_AUTHD)
		auth_channel(daemon_base(), fd);
	else if (kind == PROC_CREDD)
		sign_client_channel(daemon_base(), index, fd);
	else
		close(fd);
}

static int
imapd_serve(struct event_base *base, const struct listen_from *from)
{
	return run_accept(base, from) != NULL ? 0 : -1;
}

static void
imapd_listen(const char *protocol, const char *address, int fd)
{
	static const struct listen_ops	 ops = {
		.implicit = "imaps",
		.busy = "* BYE [UNAVAILABLE] Too many connections\r\n",
		.room = client_room,
		.serve = imapd_serve
	};

	listen_add(daemon_base(), &ops, protocol, address, fd);
}

static int
imapd_reload(struct slice *s, char *why, size_t size)
{
	struct tls_rules	*rules;

	if ((rules = tls_rules_read(s, why, size)) == NULL)
		return -1;
	if (conf_read(&conf, s, why, size) == -1) {
		tls_rules_free(rules);
		return -1;
	}
	tls_rules_use(rules);
	conf_fit(&conf, room);
	listen_keep(s);
	return 0;
}

static void
imapd_leave(uint32_t within)
{
	listen_close();
	leave_within(daemon_base(), within, daemon_drained);
}

static void
imapd_drain(void)
{
	listen_close();
	leave_now(daemon_base(), daemon_drained);
}

static void
imapd_counts(void)
{
	const struct client	*c;
	uint64_t		 selected = 0, tls = 0, idle = 0;

	TAILQ_FOREACH(c, &clients, entry) {
		selected += c->state == CLIENT_SELECTED;
		tls += client_is_tls(c);
		idle += c->taking != NULL && c->taking->spec != NULL &&
		    c->taking->spec->flags & CMD_LISTENS;
	}
	IMAPD_COUNTERS(COUNTER_TELL)
	metrics_tell(daemon_metric);
}

static void
imapd_preauth(const char *user, const char *token, int fd)
{
	char	 word[256];

	if (fd == -1) {
		log_warnx("preauth user=%s result=no why=\"out of file "
		    "descriptors\"", log_word(word, sizeof(word), user));
		return;
	}
	log_debug("preauth user=%s", log_word(word, sizeof(word), user));
	if (run_preauth(daemon_base(), fd, token) == NULL)
		log_warnx("preauth: out of memory");
}

static const struct daemon imapd = {
	.name = "imapd",
	.prepare = imapd_prepare,
	.start = imapd_start,
	.peer = imapd_peer,
	.listen = imapd_listen,
	.reload = imapd_reload,
	.leave = imapd_leave,
	.drain = imapd_drain,
	.counts = imapd_counts,
	.preauth = imapd_preauth,
	.late_ready = true
};

int
main(void)
{
	daemon_run(&imapd);
}
