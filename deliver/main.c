/*
 * pail-deliver: sendmail's command line, LMTP on a local socket.  Runs as
 * whoever calls it; needs no configuration and no privilege but that of
 * connecting to the socket.
 */
#include "common/compat.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/crlf.h"
#include "common/escape.h"
#include "common/host.h"
#include "common/mem.h"
#include "common/unix_connect.h"
#include "deliver/lmtp.h"
#include "deliver/message.h"
#include "deliver/options.h"

#define SOCKET		"/run/pail/lmtp.sock"
/* Longer than lmtpd itself takes to say that it has to wait (lmtp.timeout). */
#define PATIENCE_MS	300000

static char	host[256];

/* An MTA takes the code at the beginning for that of its report. */
static int
fail(int status, const char *enhanced, const char *what, const char *why)
{
	(void)escape_printf(stderr, "%s %s: %s\n", enhanced, what, why);
	return status;
}

/* Who calls; the address of what he sends. */
static const char *
own_address(void)
{
	static char		 address[600];
	const struct passwd	*pw = getpwuid(getuid());

	if (pw != NULL)
		snprintf(address, sizeof(address), "%s@%s", pw->pw_name, host);
	else
		snprintf(address, sizeof(address), "uid-%lu@%s",
		    (unsigned long)getuid(), host);
	return options_address_ok(address) ? address : "";
}

/*
 * The message with CRLF in a file.  One with a sender is an MTA's and stays as
 * it is; the others are somebody's own.
 */
static int
get_message(const struct options *o, const char *from, FILE **f,
    struct buf *rcpts)
{
	struct message_fields	 m = { .from = from, .name = o->name,
				    .host = host, .now = time(NULL),
				    .recipients = o->from_header };
	FILE			*in, *out;
	char			 why[256];
	long long		 n;
	int			 status;

	if ((in = tmpfile()) == NULL || (n = crlf_copy(stdin, in)) == -1)
		return fail(EX_TEMPFAIL, "4.3.0", "cannot copy the message",
		    strerror(errno));
	if (n == 0)
		return fail(EX_NOINPUT, "5.6.0", "no message",
		    "standard input is empty");
	*f = in;
	if (o->sender != NULL && !o->from_header)
		return EX_OK;
	if ((out = tmpfile()) == NULL)
		return fail(EX_TEMPFAIL, "4.3.0", "cannot copy the message",
		    strerror(errno));
	if (message_complete(in, out, &m, rcpts, &status, why,
	    sizeof(why)) == -1)
		return fail(status, status == EX_TEMPFAIL ? "4.3.0" : "5.6.0",
		    "the message", why);
	fclose(in);
	*f = out;
	return EX_OK;
}

/* Those of the command line, then those of the header. */
static int
all_recipients(const struct options *o, const struct buf *more,
    struct lmtp_rcpt **rcpts, size_t *n)
{
	const char	*first = more->len > 0 ? (const char *)more->data : "";
	const char	*s, *end = first + more->len;
	size_t		 i, count = o->nrcpt;

	for (s = first; s != end; s += strlen(s) + 1) {
		if (!options_address_ok(s))
			return fail(EX_DATAERR, "5.1.3",
			    "invalid address in the header", s);
		count++;
	}
	if (count == 0)
		return fail(EX_DATAERR, "5.1.3", "no recipient",
		    "none in To, Cc or Bcc");
	*rcpts = mem_new(count, sizeof(**rcpts));
	for (i = 0; i < o->nrcpt; i++)
		(*rcpts)[i].address = o->rcpt[i];
	for (s = first; s != end; s += strlen(s) + 1)
		(*rcpts)[i++].address = s;
	*n = count;
	return EX_OK;
}

/* What has to be tried again decides, then the first that failed.  Its line
 * comes first. */
static int
report(const struct lmtp_rcpt *r, size_t n)
{
	const struct lmtp_rcpt	*worst = NULL;
	size_t			 i;
	int			 status, exit_status = EX_OK;

	for (i = 0; i < n; i++) {
		status = lmtp_exit(&r[i].verdict);
		if (status == EX_OK || exit_status == EX_TEMPFAIL)
			continue;
		if (worst == NULL || status == EX_TEMPFAIL) {
			worst = &r[i];
			exit_status = status;
		}
	}
	if (worst == NULL)
		return EX_OK;
	(void)fail(0, worst->verdict.enhanced, worst->address,
	    worst->verdict.text);
	for (i = 0; i < n; i++)
		if (&r[i] != worst && lmtp_exit(&r[i].verdict) != EX_OK)
			(void)fail(0, r[i].verdict.enhanced, r[i].address,
			    r[i].verdict.text);
	return exit_status;
}

int
main(int argc, char *argv[])
{
	/* These end with the process. */
	static struct options	 o;
	static struct lmtp_rcpt	*rcpts;
	static struct buf	 more;
	struct lmtp_message	 m = { .helo = host,
				    .patience_ms = PATIENCE_MS };
	const char		*from, *path;
	char			 why[1200];
	size_t			 n;
	int			 fd, status;

	signal(SIGPIPE, SIG_IGN);
	if (options_parse(argc, argv, &o, why, sizeof(why)) == -1) {
		(void)fail(0, "5.5.4", "pail-deliver", why);
		fprintf(stderr, "usage: pail-deliver [-it] [-F name] "
		    "[-f sender] [-S socket] [-V id] recipient ...\n"
		    "       pail-deliver -E [-S socket]\n");
		return EX_USAGE;
	}
	host_name(host, sizeof(host));
	from = o.sender != NULL ? o.sender : own_address();
	buf_init(&more, 0);
	if ((status = get_message(&o, *from != '\0' ? from : "MAILER-DAEMON",
	    &m.f, &more)) != EX_OK ||
	    (status = all_recipients(&o, &more, &rcpts, &n)) != EX_OK)
		return status;
	path = o.socket != NULL ? o.socket : SOCKET;
	if ((fd = unix_connect(path, true)) == -1)
		return fail(EX_TEMPFAIL, "4.3.0", path, strerror(errno));
	m.sender = from;
	m.envid = o.envid;
	lmtp_deliver(fd, &m, rcpts, n);
	return report(rcpts, n);
}
