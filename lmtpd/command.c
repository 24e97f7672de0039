/*
 * Lines of LMTP (RFC 2033, 5321) and what they ask for.  A line ends in CRLF:
 * one with a LF alone is refused, so that nobody sees other commands than we.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "common/log.h"
#include "lmtpd/client.h"
#include "lmtpd/command.h"
#include "lmtpd/conf.h"
#include "lmtpd/metrics.h"
#include "lmtpd/txn.h"
#include "lmtpd/xclient.h"

enum { ANY_TIME = 1, PLAIN = 2, RCPT = 4 };

static void
cmd_lhlo(struct client *c, char *args)
{
	if (*args == '\0') {
		client_say(c, 501, "5.5.4", "LHLO and your name");
		return;
	}
	txn_reset(c);
	c->greeted = true;
	if (!c->helo_kept)
		client_helo(c, args);
	client_say_more(c, 250, "%s", conf.hostname);
	client_say_more(c, 250, "PIPELINING");
	client_say_more(c, 250, "SIZE %llu",
	    (unsigned long long)conf.max_size);
	client_say_more(c, 250, "8BITMIME");
	client_say_more(c, 250, "SMTPUTF8");
	client_say_more(c, 250, "ENHANCEDSTATUSCODES");
	client_say_more(c, 250, "CHUNKING");
	client_say_more(c, 250, "BINARYMIME");
	if (conf.tls != NULL && !client_is_tls(c))
		client_say_more(c, 250, "STARTTLS");
	if (c->trusted)
		client_say_more(c, 250, "XCLIENT %s", XCLIENT_ATTRIBUTES);
	client_say(c, 250, "", "DSN");
}

static void
cmd_helo(struct client *c, char *args)
{
	(void)args;
	client_say(c, 500, "5.5.1", "This is LMTP: say LHLO");
	c->bad++;
}

static void
cmd_data(struct client *c, char *args)
{
	(void)args;
	txn_data(c);
}

static void
cmd_rset(struct client *c, char *args)
{
	(void)args;
	txn_reset(c);
	client_say(c, 250, "2.0.0", "Forgotten");
}

static void
cmd_noop(struct client *c, char *args)
{
	(void)args;
	client_say(c, 250, "2.0.0", "Still here");
}

static void
cmd_vrfy(struct client *c, char *args)
{
	(void)args;
	client_say(c, 252, "2.1.5", "Send the mail, and see");
}

static void
cmd_expn(struct client *c, char *args)
{
	(void)args;
	client_say(c, 502, "5.5.1", "There are no lists here");
}

static void
cmd_help(struct client *c, char *args)
{
	(void)args;
	client_say(c, 214, "2.0.0", "See lmtpd(8), and RFC 2033");
}

static void
cmd_quit(struct client *c, char *args)
{
	(void)args;
	client_say(c, 221, "2.0.0", "Goodbye");
	if (!client_closed(c))
		c->state = CLIENT_QUIT;
}

static void
cmd_starttls(struct client *c, char *args)
{
	(void)args;
	if (conf.tls == NULL || client_is_tls(c)) {
		client_say(c, 502, "5.5.1", client_is_tls(c) ?
		    "This is TLS already" : "There is no TLS here");
		return;
	}
	txn_reset(c);
	client_say(c, 220, "2.0.0", "Begin TLS");
	if (!client_closed(c))
		c->state = CLIENT_STARTTLS;
}

static void
cmd_xclient(struct client *c, char *args)
{
	if (xclient(c, args))
		command_greet(c);
}

static const struct {
	const char	*verb;		/* with what follows before args */
	const char	*name;		/* for metrics */
	void		(*run)(struct client *, char *);
	int		 flags;
} commands[] = {
	{ "RCPT TO:", "RCPT", txn_rcpt,	RCPT },
	{ "MAIL FROM:", "MAIL", txn_mail,	0 },
	{ "DATA", "DATA", cmd_data,	PLAIN },
	{ "BDAT", "BDAT", txn_bdat,	0 },
	{ "LHLO", "LHLO", cmd_lhlo,	ANY_TIME },
	{ "HELO", "HELO", cmd_helo,	ANY_TIME },
	{ "EHLO", "EHLO", cmd_helo,	ANY_TIME },
	{ "RSET", "RSET", cmd_rset,	ANY_TIME | PLAIN },
	{ "NOOP", "NOOP", cmd_noop,	ANY_TIME },
	{ "VRFY", "VRFY", cmd_vrfy,	ANY_TIME },
	{ "EXPN", "EXPN", cmd_expn,	ANY_TIME },
	{ "HELP", "HELP", cmd_help,	ANY_TIME },
	{ "QUIT", "QUIT", cmd_quit,	ANY_TIME | PLAIN },
	{ "STARTTLS", "STARTTLS", cmd_starttls,	ANY_TIME | PLAIN },
	{ "XCLIENT", "XCLIENT", cmd_xclient,	ANY_TIME },
};

/* What a browser sends that was led here by a hostile page. */
static bool
is_http(const char *line)
{
	static const char *const begin[] = { "GET ", "POST ", "PUT ",
	    "CONNECT ", "OPTIONS ", "HEAD ", "Host:" };
	size_t	 i;

	for (i = 0; i < nitems(begin); i++)
		if (strncasecmp(line, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

static void
refuse(struct client *c, int code, const char *enhanced, const char *text)
{
	if (++c->bad > CLIENT_BAD_MAX)
		client_bye(c, "4.7.0", "Too many commands that are none");
	else
		client_say(c, code, enhanced, "%s", text);
}

/* The row whose verb line begins with, and the arguments; -1: none. */
static int
find(char *line, char **args)
{
	size_t	 i, n;

	for (i = 0; i < nitems(commands); i++) {
		n = strlen(commands[i].verb);
		if (strncasecmp(line, commands[i].verb, n) != 0)
			continue;
		if (commands[i].verb[n - 1] != ':' && line[n] != ' ' &&
		    line[n] != '\0')
			continue;
		for (*args = line + n; **args == ' '; (*args)++)
			;
		return (int)i;
	}
	return -1;
}

static void
command_do(struct client *c, char *line)
{
	char	*args, *end;
	int	 i;

	if (is_http(line)) {
		client_bye(c, "4.7.0", "This is not HTTP");
		return;
	}
	/* RFC 5321 section 4.1.1: what stands behind is looked over. */
	for (end = line + strlen(line); end > line && end[-1] == ' '; end--)
		end[-1] = '\0';
	i = find(line, &args);
	metrics_command(i == -1 ? "other" : commands[i].name);
	if (i == -1) {
		refuse(c, 500, "5.5.2", strncasecmp(line, "MAIL", 4) == 0 ||
		    strncasecmp(line, "RCPT", 4) == 0 ?
		    "MAIL FROM:<address> or RCPT TO:<address>" :
		    "There is no such command");
		return;
	}
	if ((commands[i].flags & PLAIN) && *args != '\0')
		refuse(c, 501, "5.5.4", "It has no arguments");
	else if (!(commands[i].flags & ANY_TIME) && !c->greeted)
		refuse(c, 503, "5.5.1", "Say LHLO first");
	else
		commands[i].run(c, args);
}

/* The line at p, of len octets without its end; false: what it has in it is
 * not for a line. */
static bool
is_text(const char *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			return false;
	return true;
}

/* Is the next command an RCPT?  It need not wait for those before it. */
static bool
next_is_rcpt(const struct client *c)
{
	return client_unread(c) >= 4 && strncasecmp((const char *)c->in.data +
	    c->in_off, "RCPT", 4) == 0;
}

bool
command_run(struct client *c)
{
	char	 line[CLIENT_LINE_MAX + 1], *p, *lf;
	size_t	 n, len;

	if (client_unread(c) == 0 || txn_waits(c, next_is_rcpt(c)))
		return false;
	p = (char *)c->in.data + c->in_off;
	n = client_unread(c);
	if ((lf = memchr(p, '\n', n)) == NULL) {
		if (n >= CLIENT_LINE_MAX) {
			c->skipping = true;
			c->in_off += n;
		}
		return false;
	}
	len = (size_t)(lf - p);
	c->in_off += len + 1;
	if (c->skipping || len + 1 > CLIENT_LINE_MAX) {
		c->skipping = false;
		refuse(c, 500, "5.5.2", "The line is too long");
		return true;
	}
	if (len == 0 || p[len - 1] != '\r' || !is_text(p, len - 1)) {
		refuse(c, 500, "5.5.2", "A line is text that ends in CRLF");
		return true;
	}
	memcpy(line, p, len - 1);
	line[len - 1] = '\0';
	command_do(c, line);
	return true;
}

void
command_greet(struct client *c)
{
	client_say(c, 220, "", "%s LMTP Pail", conf.hostname);
}
