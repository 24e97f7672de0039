/*
 * lmtpd: takes delivered mail over LMTP, and parses it.  It reads strangers'
 * octets; it opens no files and no sockets, knows no passwords and no keys, of
 * the store or of TLS.  lmtpd(8).
 */
#include <unistd.h>

#include "common/compat.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/sign_client.h"
#include "common/slice.h"
#include "common/tls_context.h"
#include "lmtpd/granted.h"
#include "lmtpd/parcel.h"

static SSL_CTX	*tls;		/* NULL: no TLS */
static bool	 ready;		/* paild was told */

/* Before the first certificates there is nothing to say to who wants TLS. */
static void
lmtpd_certificates(SSL_CTX *ctx)
{
	tls_context_free(tls);
	tls = ctx;
	if (!ready)
		daemon_ready();
	ready = true;
}

static void
lmtpd_prepare(struct slice *s)
{
	char	 why[300];

	(void)s;
	if (sign_client_init("lmtp", lmtpd_certificates, why,
	    sizeof(why)) == -1)
		fatalx("%s", why);
}

static void
lmtpd_start(struct event_base *base, struct slice *s)
{
	(void)base;
	ready = !slice_bool(s, "tls");
	if (ready)
		daemon_ready();
}

static void
lmtpd_peer(enum proc_kind kind, uint32_t index, int fd)
{
	if (kind == PROC_CREDD)
		sign_client_channel(daemon_base(), fd);
	else if (kind == PROC_AUTHD)
		granted_channel(daemon_base(), fd);
	else if (kind == PROC_STORAGED)
		parcel_channel(daemon_base(), index, fd);
	else
		close(fd);
}

static void
lmtpd_drain(void)
{
	daemon_drained();
}

static const struct daemon lmtpd = {
	.name = "lmtpd",
	.prepare = lmtpd_prepare,
	.start = lmtpd_start,
	.peer = lmtpd_peer,
	.drain = lmtpd_drain,
	.late_ready = true
};

int
main(void)
{
	daemon_run(&lmtpd);
}
