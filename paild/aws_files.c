/*
 * AWS's shared files (aws_files.h).  credd makes sense of them; here they are
 * found, and a path or a command that credd asks for is allowed only if a
 * line of them has it: a credd that was taken over must not choose.
 */
#include "common/compat.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "common/ini_line.h"
#include "common/msg_setup.h"
#include "paild/aws_files.h"
#include "paild/conf_file.h"

static const struct {
	const char	*key, *variable, *name;
} files[] = {
	[AWS_CREDENTIALS] = { "store.credentials.credentials-file",
	    "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials" },
	[AWS_CONFIG] = { "store.credentials.config-file",
	    "AWS_CONFIG_FILE", "~/.aws/config" }
};

/* paild's own; a service need not have the variable. */
static const char *
home(void)
{
	const char		*dir = getenv("HOME");
	const struct passwd	*pw;

	if (dir != NULL && *dir == '/')
		return dir;
	return (pw = getpwuid(geteuid())) != NULL ? pw->pw_dir : "";
}

/* named: it may not be absent. */
static int
find(const struct conf *c, enum aws_file which, char *path, size_t size,
    bool *named)
{
	const char	*s = conf_str(c, files[which].key);
	int		 n;

	*named = s != NULL;
	if (s == NULL && ((s = getenv(files[which].variable)) == NULL ||
	    *s == '\0'))
		s = files[which].name;
	n = snprintf(path, size, "%s%s", strncmp(s, "~/", 2) == 0 ? home() :
	    "", strncmp(s, "~/", 2) == 0 ? s + 1 : s);
	return n > 0 && (size_t)n < size ? 0 : -1;
}

enum aws_found
aws_file_read(const struct conf *c, enum aws_file which, struct buf *b,
    char *path, size_t psize, char *why, size_t size)
{
	bool	named;

	if (find(c, which, path, psize, &named) == -1) {
		snprintf(why, size, "%s: the path is too long",
		    files[which].variable);
		return AWS_FAILED;
	}
	if (!named && access(path, F_OK) == -1 && (errno == ENOENT ||
	    errno == ENOTDIR))
		return AWS_ABSENT;
	return conf_file_read(path, SETUP_GIVE_MAX - 1, b, why, size) == 0 ?
	    AWS_FOUND : AWS_FAILED;
}

static bool
says(const struct buf *b, struct str name, struct str value)
{
	struct ini_reader	r;
	struct ini_line		l;

	ini_begin(&r, b->data, b->len);
	while (ini_next(&r, &l))
		if (l.kind == INI_PROPERTY && str_caseeq(l.name, name) &&
		    str_eq(l.value, value))
			return true;
	return false;
}

bool
aws_files_say(const struct conf *c, const char *name, const char *value)
{
	struct buf	b;
	char		path[PATH_MAX], why[PATH_MAX + 128];
	bool		said = false;
	int		which;

	for (which = AWS_CREDENTIALS; which <= AWS_CONFIG && !said; which++) {
		buf_init_secret(&b, SETUP_GIVE_MAX);
		if (aws_file_read(c, (enum aws_file)which, &b, path,
		    sizeof(path), why, sizeof(why)) == AWS_FOUND)
			said = says(&b, str_from(name), str_from(value));
		buf_freezero(&b);
	}
	return said;
}
