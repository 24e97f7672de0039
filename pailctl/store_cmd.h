/* pailctl store, and other reports that need no running suite. */
#ifndef PAILCTL_STORE_CMD_H
#define PAILCTL_STORE_CMD_H

struct conf;

struct store_how {
	const struct conf	*conf;
	const char		*file;		/* its name */
	const char		*program;	/* our argv[0] */
};

/* argv[0] is "store".  The exit status; -1: usage. */
int	 store_cmd(const struct store_how *how, int argc, char *argv[]);
/* A report by the paild that runs or by one of its own.  The exit
 * status. */
int	 store_report(const struct store_how *how, const char *command,
	    const char *arg);

#endif
