/*
 * The command line of pail-deliver: sendmail's, as mail(1), cron(8) and the
 * pipe transports of MTAs write it.
 */
#ifndef DELIVER_OPTIONS_H
#define DELIVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Addresses are without their <>; all point into argv. */
struct options {
	const char	 *sender;	/* "": the null sender; NULL: none */
	const char	 *socket;	/* NULL: none */
	const char	 *name;		/* of the sender (-F); NULL: none */
	const char	 *envid;	/* -V; NULL: none */
	bool		  from_header;	/* -t */
	bool		  from_env;	/* -E */
	char		**rcpt;
	size_t		  nrcpt;
	char		 *env_rcpt;	/* which rcpt points to with -E */
};

/*
 * -1: the reason is in why.  Changes what argv points to, and with -E the
 * environment: <> are removed.  *o must stay where it is.
 */
int	 options_parse(int argc, char *argv[], struct options *o, char *why,
	    size_t size);
/* Whether the address can be in a command: at most 1000 bytes, no control
 * characters, no <>, and space in quotes only. */
bool	 options_address_ok(const char *address);

#endif
