/* pailctl quota: one question to paild for each user (quota.h). */
#include "common/compat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/escape.h"
#include "common/json_write.h"
#include "common/unix_connect.h"
#include "common/user.h"
#include "paild/conf.h"
#include "pailctl/ctl.h"
#include "pailctl/out.h"
#include "pailctl/quota.h"
#include "pailctl/users_file.h"

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

/* What it says of one user: 0, or -1 with the reason, whose name included. */
static int
ask(const struct conf *conf, const char *user, uint64_t v[4], char *why,
    size_t size)
{
	char	text[1024];
	size_t	len = 0;
	long	n;
	int	fd, r;

	fd = unix_connect(conf_str(conf, "control-socket"), false);
	if (fd == -1) {
		snprintf(why, size, "%s: %s (is paild running?)",
		    conf_str(conf, "control-socket"), strerror(errno));
		return -1;
	}
	r = ctl_command(fd, "quota", user, text, sizeof(text));
	while (r == 0 && len < sizeof(text) - 1 &&
	    (n = ctl_read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	if (r == -1) {
		snprintf(why, size, "%s: %s", user, text);
		return -1;
	}
	text[len] = '\0';
	if (quota_line(text, v) == 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	snprintf(why, size, "%s: %s", user, strncmp(text, "error: ", 7) == 0 ?
	    text + 7 : "no answer: try again");
	return -1;
}

/* The fuller of the two, in percent; -1: there is no limit. */
static double
used(const uint64_t v[4])
{
	double	most = -1, p;
	int	i;

	for (i = 0; i < 4; i += 2) {
		p = v[i + 1] == 0 ? -1 :
		    (double)v[i] * 100 / (double)v[i + 1];
		if (p > most)
			most = p;
	}
	return most > 999999 ? 999999 : most;
}

static void
print_used(const uint64_t v[4], char *dst, size_t size)
{
	double	most = used(v);

	if (most < 0)
		snprintf(dst, size, "-");
	else
		snprintf(dst, size, "%.0f%%", most);
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

static void
json_quota(const char *key, uint64_t v)
{
	if (v == 0)
		json_add_null(out_members(), key);
	else
		json_add_number(out_members(), key, v);
}

/* Of one user an object; why: NULL, or why there are no numbers. */
static int
json_one(const char *user, const uint64_t v[4], const char *why)
{
	struct buf	*b = out_members();
	double		 percent;

	json_add_object(b, NULL);
	json_add_text(b, "user", user);
	if (why != NULL)
		json_add_text(b, "error", why);
	else {
		json_add_number(b, "bytes", v[0]);
		json_quota("bytes_quota", v[1]);
		json_add_number(b, "messages", v[2]);
		json_quota("messages_quota", v[3]);
		if ((percent = used(v)) < 0)
			json_add_null(b, "used_percent");
		else
			json_add_number(b, "used_percent",
			    (uint64_t)(percent + 0.5));
	}
	json_end_object(b);
	return why != NULL;
}

static int
refuse(const char *user, const char *why)
{
	return out_is_json() ? json_one(user, NULL, why) :
	    out_fail("%s", why);
}

static int
print_one(const struct conf *conf, const char *user, bool exact)
{
	uint64_t	v[4];
	char		text[4][24], percent[16], why[1400];
	int		i;

	if (ask(conf, user, v, why, sizeof(why)) == -1)
		return refuse(user, why);
	if (out_is_json())
		return json_one(user, v, NULL);
	for (i = 0; i < 4; i++)
		number(v[i], i % 2 == 1, i < 2 && !exact, text[i]);
	print_used(v, percent, sizeof(percent));
	return escape_printf(stdout, "%-24s %12s %12s %10s %10s %6s\n", user,
	    text[0], text[1], text[2], text[3], percent) == -1 ||
	    fflush(stdout) == EOF ? out_fail("standard output") : 0;
}

static int
print_file(const struct conf *conf, const char *path, bool exact)
{
	struct buf	 b;
	char		 why[512], *line, *end;
	int		 r = 0;

	if (path == NULL)
		return out_fail("name the users: the configuration has no "
		    "auth entry of type file");
	buf_init(&b, 64 * 1024 * 1024);
	if (users_list(path, &b, why, sizeof(why)) == -1 ||
	    buf_put_u8(&b, '\0') == -1) {
		buf_free(&b);
		return out_fail("%s", why);
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
	char	name[USER_ID_MAX + 1], why[1400];
	int	i = 1, r = 0;

	if (i < argc && strcmp(argv[i], "--exact") == 0) {
		exact = true;
		i++;
	}
	if (i < argc && argv[i][0] == '-')
		return -1;
	if (out_is_json())
		json_add_array(out_members(), "users");
	else
		printf("%-24s %12s %12s %10s %10s %6s\n", "user", "bytes",
		    "quota", "messages", "quota", "used");
	if (i == argc)
		r = print_file(conf, users_path, exact);
	for (; i < argc; i++) {
		if (user_normalize(str_from(argv[i]), name, sizeof(name)) ==
		    -1) {
			snprintf(why, sizeof(why), "%s: invalid user name",
			    argv[i]);
			r |= refuse(argv[i], why);
		} else
			r |= print_one(conf, name, exact);
	}
	if (out_is_json())
		json_end_array(out_members());
	return r;
}
