/* See tell.h. */
#include "common/compat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/unix_connect.h"
#include "paild/conf.h"
#include "paild/control.h"
#include "pailctl/ctl.h"
#include "pailctl/out.h"
#include "pailctl/tell.h"

int
tell_socket(const struct conf *conf)
{
	return unix_connect(conf_str(conf, "control-socket"), false);
}

int
tell_no_paild(const struct conf *conf)
{
	return out_fail("%s: %s (is paild running?)",
	    conf_str(conf, "control-socket"), strerror(errno));
}

/* Its document becomes ours. */
static int
take_document(int fd)
{
	struct buf	doc = BUF_INIT;
	char		why[256];
	int		r;

	if (ctl_document(fd, &doc, why, sizeof(why)) == -1)
		r = out_fail("%s", why);
	else
		r = out_document((struct str){ (char *)doc.data, doc.len }) ==
		    -1;
	buf_free(&doc);
	return r;
}

int
tell_json(const struct conf *conf, const char *command, const char *arg)
{
	char	why[1024], word[64];
	int	fd, r;

	if ((fd = tell_socket(conf)) == -1)
		return tell_no_paild(conf);
	snprintf(word, sizeof(word), CONTROL_JSON "%s", command);
	if (ctl_command(fd, word, arg, why, sizeof(why)) == -1)
		r = out_fail("%s", why);
	else
		r = take_document(fd);
	close(fd);
	return r;
}

int
tell(const struct conf *conf, const char *command, const char *arg, char *last,
    size_t size)
{
	char	why[1024];
	int	fd, r;

	*last = '\0';
	if (out_is_json())
		return tell_json(conf, command, arg);
	if ((fd = tell_socket(conf)) == -1)
		return tell_no_paild(conf);
	if ((r = ctl_command(fd, command, arg, why, sizeof(why))) == -1)
		out_fail("%s", why);
	if (ctl_print(fd, last, size) == -1 || r == -1)
		r = 1;
	close(fd);
	return r;
}
