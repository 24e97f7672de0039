/* pailctl quota: one question to paild for each user (quota.h). */
#include "common/compat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/escape.h"
#include "common/unix_connect.h"
#include "common/user.h"
#include "paild/conf.h"
#include "pailctl/ctl.h"
#include "pailctl/quota.h"
#include "pailctl/users_file.h"

static int
fail(const char *who, const char *why)
{
	(void)escape_printf(stderr, "pailctl: %s%s%s\n", who,
	    *who != '\0' ? ": " : "", why);
	return 1;
}

int
quota_line(const char *line, uint64_t v[4])
{
	static const char *const word[] = { "bytes=", " of=", " messages=",
	    " of=" };
	char	*end;
	size_t	 i;

	for (i = 0; i < nitems(word); i++) {
		if (strncmp(line, word[i], strlen(word[i])) != 0)
			return -1;
		line += strlen(word[i]);
		if (*line < '0' || *line > '9')
			return -1;
		errno = 0;
		v[i] = strtoull(line, &end, 10);
		if (errno != 0)
			return -1;
		line = end;
	}
	return strcmp(line, "\n") == 0 ? 0 : -1;
}

void
quota_size(uint64_t bytes, char *dst)
{
	static const char	unit[] = "KMGTPE";
	double			v = (double)bytes;
	int			i = -1;

	for (; v >= 1024; v /= 1024)
		i++;
	if (i == -1)
		snprintf(dst, 16, "%" PRIu64, bytes);
	else			/* never more than there is */
		snprintf(dst, 16, "%.1f%c", (double)(int)(v * 10) / 10,
		    unit[i]);
}

/* What it says of one user: 0, or 1 with the reason printed. */
static int
ask(const struct conf *conf, const char *user, uint64_t v[4])
{
	char	text[1024];
	size_t	len = 0;
	long	n;
	int	fd, r;

	fd = unix_connect(conf_str(conf, "control-socket"), false);
	if (fd == -1) {
		snprintf(text, sizeof(text), "%s (is paild running?)",
		    strerror(errno));
		return fail(conf_str(conf, "control-socket"), text);
	}
	r = ctl_command(fd, "quota", user, text, sizeof(text));
	while (r == 0 && len < sizeof(text) - 1 &&
	    (n = ctl_read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	if (r == -1)
		return fail(user, text);
	text[len] = '\0';
	if (quota_line(text, v) == 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	if (strncmp(text, "error: ", 7) == 0)
		return fail(user, text + 7);
	return fail(user, "no answer: try again");
}

/* The fuller of the two, in percent; "-": there is no limit. */
static void
used(const uint64_t v[4], char *dst, size_t size)
{
	double	most = -1, p;
	int	i;

	for (i = 0; i < 4; i += 2) {
		p = v[i + 1] == 0 ? -1 :
		    (double)v[i] * 100 / (double)v[i + 1];
		if (p > most)
			most = p;
	}
	if (most < 0)
		snprintf(dst, size, "-");
	else
		snprintf(dst, size, "%.0f%%", most > 999999 ? 999999 : most);
}

static void
number(uint64_t v, bool limit, bool size, char *dst)
{
	if (limit && v == 0)
		snprintf(dst, 16, "-");
	else if (size)
		quota_size(v, dst);
	else
		snprintf(dst, 24, "%" PRIu64, v);
}

static int
print_one(const struct conf *conf, const char *user, bool exact)
{
	uint64_t	v[4];
	char		text[4][24], percent[16];
	int		i;

	if (ask(conf, user, v) != 0)
		return 1;
	for (i = 0; i < 4; i++)
		number(v[i], i % 2 == 1, i < 2 && !exact, text[i]);
	used(v, percent, sizeof(percent));
	return escape_printf(stdout, "%-24s %12s %12s %10s %10s %6s\n", user,
	    text[0], text[1], text[2], text[3], percent) == -1 ||
	    fflush(stdout) == EOF ? fail("", "standard output") : 0;
}

static int
print_file(const struct conf *conf, const char *path, bool exact)
{
	struct buf	 b;
	char		 why[512], *line, *end;
	int		 r = 0;

	if (path == NULL)
		return fail("", "name the users: the configuration has no "
		    "auth entry of type file");
	buf_init(&b, 64 * 1024 * 1024);
	if (users_list(path, &b, why, sizeof(why)) == -1 ||
	    buf_put_u8(&b, '\0') == -1) {
		buf_free(&b);
		return fail("", why);
	}
	for (line = (char *)b.data; (end = strchr(line, '\n')) != NULL;
	    line = end + 1) {
		*end = '\0';
		r |= print_one(conf, line, exact);
	}
	buf_free(&b);
	return r;
}

int
quota_cmd(const struct conf *conf, int argc, char *argv[],
    const char *users_path)
{
	bool	exact = false;
	char	name[USER_ID_MAX + 1];
	int	i = 1, r = 0;

	if (i < argc && strcmp(argv[i], "--exact") == 0) {
		exact = true;
		i++;
	}
	if (i < argc && argv[i][0] == '-')
		return -1;
	printf("%-24s %12s %12s %10s %10s %6s\n", "user", "bytes", "quota",
	    "messages", "quota", "used");
	if (i == argc)
		return print_file(conf, users_path, exact);
	for (; i < argc; i++) {
		if (user_normalize(str_from(argv[i]), name, sizeof(name)) ==
		    -1)
			r |= fail(argv[i], "invalid user name");
		else
			r |= print_one(conf, name, exact);
	}
	return r;
}
