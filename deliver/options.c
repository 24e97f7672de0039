#include "common/compat.h"

#include <stdio.h>
#include <unistd.h>

#include "deliver/options.h"

#define ADDRESS_MAX	1000
#define ENVID_MAX	100	/* RFC 3461, section 5.4 */

/*
 * What sendmail knows beside -f, -F, -r, -t and -V (-E and -S are ours).
 * Those in IGNORED say how to submit, report or queue; the others ask for
 * something else than a delivery.
 */
#define TAKEN	"Ef:F:r:S:tV:"
#define IGNORED	"A:B:C:Ge:h:imL:nN:O:o:p:R:UvX:x"
#define OTHERS	"bdDHIqQ"

bool
options_address_ok(const char *s)
{
	bool	quoted = false;

	if (strlen(s) > ADDRESS_MAX)
		return false;
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
		if (*s == '"')
			quoted = !quoted;
		else if (quoted && *s == '\\' && s[1] >= ' ')
			s++;
		else if (!quoted && strchr(" <>", *s) != NULL)
			return false;
	}
	return !quoted;
}

/* Without its <>; NULL: not an address. */
static char *
address(char *s)
{
	size_t	n = strlen(s);

	if (n >= 2 && s[0] == '<' && s[n - 1] == '>') {
		s[n - 1] = '\0';
		s++;
	}
	return options_address_ok(s) ? s : NULL;
}

/* Printable and short: it goes into a command, as xtext. */
static bool
envid_ok(const char *s)
{
	size_t	n = strlen(s);

	if (n == 0 || n > ENVID_MAX)
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f)
			return false;
	return true;
}

static int
take(struct options *o, int ch, char *arg, char *why, size_t size)
{
	switch (ch) {
	case 'f':
	case 'r':
		if ((o->sender = address(arg)) == NULL) {
			snprintf(why, size, "invalid sender: %s", arg);
			return -1;
		}
		break;
	case 'E':
		o->from_env = true;
		break;
	case 'F':
		o->name = arg;
		break;
	case 'S':
		o->socket = arg;
		break;
	case 't':
		o->from_header = true;
		break;
	case 'V':
		if (*arg == '\0')	/* an MTA's variable without a value */
			break;
		if (!envid_ok(arg)) {
			snprintf(why, size, "invalid envelope id: %s", arg);
			return -1;
		}
		o->envid = arg;
		break;
	case 'b':			/* -bm: what we do anyway */
		if (strcmp(arg, "m") != 0) {
			snprintf(why, size, "-b%s is not for pail-deliver, "
			    "which only delivers", arg);
			return -1;
		}
		break;
	}
	return 0;
}

/*
 * The envelope in the environment, as Exim's pipe transport, OpenSMTPD's mda
 * and Postfix's local(8) put it; no SENDER is the null sender.
 */
static int
take_env(struct options *o, char *why, size_t size)
{
	char	*sender = getenv("SENDER"), *rcpt = getenv("RECIPIENT");
	char	*id = getenv("MESSAGE_ID");	/* Exim's */

	o->sender = "";
	if (sender != NULL && take(o, 'f', sender, why, size) == -1)
		return -1;
	if (id != NULL && o->envid == NULL &&
	    take(o, 'V', id, why, size) == -1)
		return -1;
	if (rcpt == NULL || (o->env_rcpt = address(rcpt)) == NULL ||
	    *o->env_rcpt == '\0') {
		snprintf(why, size, rcpt == NULL ? "no RECIPIENT in the "
		    "environment" : "invalid recipient in the environment");
		return -1;
	}
	o->rcpt = &o->env_rcpt;
	o->nrcpt = 1;
	return 0;
}

int
options_parse(int argc, char *argv[], struct options *o, char *why,
    size_t size)
{
	char	*rcpt;
	int	 ch, i;

	memset(o, 0, sizeof(*o));
	opterr = 0;
	while ((ch = getopt(argc, argv, "+:b:" TAKEN IGNORED)) != -1) {
		if (ch == ':') {
			snprintf(why, size, "-%c needs an argument", optopt);
			return -1;
		}
		if (ch == '?') {
			snprintf(why, size, strchr(OTHERS, optopt) != NULL ?
			    "-%c is not for pail-deliver, which only delivers" :
			    "unknown option -%c", optopt);
			return -1;
		}
		if (take(o, ch, optarg, why, size) == -1)
			return -1;
	}
	if (o->from_env) {
		if (optind == argc)
			return take_env(o, why, size);
		snprintf(why, size, "-E and a recipient");
		return -1;
	}
	o->rcpt = argv + optind;
	for (i = optind; i < argc; i++) {
		if ((rcpt = address(argv[i])) == NULL || *rcpt == '\0') {
			snprintf(why, size, "invalid recipient: %s",
			    rcpt == NULL ? argv[i] : "it is empty");
			return -1;
		}
		argv[i] = rcpt;
		o->nrcpt++;
	}
	if (o->nrcpt == 0 && !o->from_header) {
		snprintf(why, size, "no recipient");
		return -1;
	}
	return 0;
}
