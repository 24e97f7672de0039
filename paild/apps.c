/*
 * App passwords on their way from the bucket to authd.  What storaged hands
 * over is read like a stranger's, and with bounds; it could be a file that
 * never ends, or no file at all.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "paild/app_file.h"
#include "paild/apps.h"
#include "paild/conf.h"

bool
apps_in_bucket(const struct paild *pd)
{
	const char	*where = conf_str(pd->conf, "app-passwords");

	return where != NULL && strcmp(where, "bucket") == 0;
}

static int
read_text(int fd, struct buf *b, char *why, size_t size)
{
	struct stat	 st;
	uint8_t		*p;
	ssize_t		 n;
	size_t		 got = 0, len;

	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size < 0 || st.st_size > SETUP_APPS_MAX) {
		snprintf(why, size, "not a file of app passwords");
		return -1;
	}
	len = (size_t)st.st_size;
	if (len > 0 && (p = buf_reserve(b, len)) == NULL) {
		snprintf(why, size, "out of memory");
		return -1;
	}
	for (; got < len; got += (size_t)n)
		if ((n = pread(fd, p + got, len - got, (off_t)got)) <= 0) {
			snprintf(why, size, "%s", n == 0 ? "it has shrunk" :
			    strerror(errno));
			return -1;
		}
	b->len += got;
	return 0;
}

int
apps_take(struct proc *p, const struct msg *m)
{
	struct paild		*pd = p->paild;
	const char		*path = conf_str(pd->conf,
				    "app-passwords-file");
	struct setup_apps	 apps;
	struct setup_give	 g = { .outcome = SETUP_GIVE_FAILED };
	struct buf		 b;
	char			 why[500] = "";
	int			 r;

	if (p->kind != PROC_STORAGED || p->index != 0 || !apps_in_bucket(pd) ||
	    path == NULL || wire_decode(&setup_apps_wire, &apps, m->data,
	    m->len, NULL) == -1 || apps.serial == 0) {
		if (m->fd != -1)
			close(m->fd);
		return -1;
	}
	buf_init(&b, SETUP_APPS_MAX + 4096);
	if ((r = read_text(m->fd, &b, why, sizeof(why))) == 0)
		r = app_file_copy(path, apps.serial, (struct str){
		    (char *)b.data, b.len }, proc_row(PROC_AUTHWORKER)->user,
		    why, sizeof(why));
	if (r == 1)
		strlcpy(why, "another program is changing it: try again",
		    sizeof(why));
	if (r == 0)
		g.outcome = SETUP_GIVE_FOUND;
	g.why = str_from(why);
	peer_send_struct(p->setup, IMSG_SETUP_GIVE, m->id, &g, -1);
	buf_freezero(&b);
	if (m->fd != -1)
		close(m->fd);
	return 0;
}

uint64_t
apps_serial(const struct paild *pd)
{
	const char	*path = conf_str(pd->conf, "app-passwords-file");

	return apps_in_bucket(pd) && path != NULL ? app_file_serial(path) : 0;
}
