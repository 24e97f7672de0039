/* pailctl user: the users' file, changed and listed. */
#ifndef PAILCTL_USER_CMD_H
#define PAILCTL_USER_CMD_H

struct app_ops;
struct conf;

#define USER_USAGE							\
	"user add [--scheme scheme] [--quota quota]\n"			\
	"               [--alias alias] ... name\n"			\
	"       pailctl [-f file] user passwd [--scheme scheme] name\n"	\
	"       pailctl [-f file] user set [--quota quota] "		\
	"[--alias alias]\n"						\
	"               [--no-alias alias] ... name\n"			\
	"       pailctl [-f file] user lock | unlock name\n"		\
	"       pailctl [-f file] user del name\n"			\
	"       pailctl [-f file] user list\n"

/* argv[0] is "user"; path: the users' file; ops: what paild does
 * (app_password.h).  The exit status; -1: usage. */
int	 user_cmd(const struct conf *conf, int argc, char *argv[],
	    const char *path, const struct app_ops *ops);

#endif
