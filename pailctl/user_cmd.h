/* pailctl user: the users' file, changed and listed. */
#ifndef PAILCTL_USER_CMD_H
#define PAILCTL_USER_CMD_H

struct conf;

#define USER_USAGE							\
	"user add [--scheme scheme] [--quota quota]\n"			\
	"               [--alias alias] ... name\n"			\
	"       pailctl [-f file] user passwd [--scheme scheme] name\n"	\
	"       pailctl [-f file] user set [--quota quota] "		\
	"[--alias alias]\n"						\
	"               [--no-alias alias] ... name\n"			\
	"       pailctl [-f file] user del name\n"			\
	"       pailctl [-f file] user list\n"

/* argv[0] is "user"; path: the users' file; revoke(): ends a user's sessions,
 * not 0: that failed, and it has said so.  The exit status; -1: usage. */
int	 user_cmd(const struct conf *conf, int argc, char *argv[],
	    const char *path, int (*revoke)(const char *user));

#endif
