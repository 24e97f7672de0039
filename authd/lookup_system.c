/*
 * The accounts of this host, as getpwnam(3) knows them: of passwd(5), or what
 * nsswitch.conf(5) adds to that.  Must never know root or a service's account
 * (minimum-uid); a login shell does not matter, mail is none.
 */
#include "common/compat.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>

#include "authd/backend.h"
#include "authd/stamp.h"

#define SYSTEM_ENTRY_MIN	16384		/* bytes of one account */
#define SYSTEM_ENTRY_MAX	(1024 * 1024)

struct system_state {
	uint32_t	 minimum;	/* uid */
	char		*entry;		/* the strings of one account */
	size_t		 size;
};

static void
system_close(void *state)
{
	struct system_state	*s = state;

	if (s == NULL)
		return;
	free(s->entry);
	free(s);
}

static void *
system_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	struct system_state	*s;
	char			 key[40];

	snprintf(key, sizeof(key), "auth.%u.minimum-uid", index);
	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->entry = malloc(SYSTEM_ENTRY_MIN)) == NULL) {
		snprintf(why, size, "out of memory");
		free(s);
		return NULL;
	}
	s->size = SYSTEM_ENTRY_MIN;
	s->minimum = (uint32_t)slice_num(conf, key);
	return s;
}

/* 0, with NULL for one that is not there; or an errno. */
static int
system_get(struct system_state *s, const char *name, struct passwd *pw,
    struct passwd **found)
{
	char	*more;
	int	 r;

	while ((r = getpwnam_r(name, pw, s->entry, s->size, found)) ==
	    ERANGE && s->size < SYSTEM_ENTRY_MAX) {
		if ((more = realloc(s->entry, 2 * s->size)) == NULL)
			return ENOMEM;
		s->entry = more;
		s->size *= 2;
	}
	if (*found != NULL)
		return 0;
	/* getpwnam(3) lists these as ways to say "not found". */
	return r == ENOENT || r == ESRCH || r == EBADF || r == EPERM ? 0 : r;
}

static enum found_code
system_find(void *state, struct str user, bool keys, struct found *f)
{
	static const char *const paths[] = { "/etc/passwd", "/etc/shadow",
	    "/etc/master.passwd", "/etc/nsswitch.conf" };
	struct system_state	*s = state;
	struct passwd		 pw, *found = NULL;
	int			 error;

	(void)keys;
	stamp_files(paths, nitems(paths), f->generation,
	    sizeof(f->generation));
	if (user.len == 0 || user.len != strlen(f->name))
		return FOUND_NONE;
	if ((error = system_get(s, f->name, &pw, &found)) != 0) {
		snprintf(f->why, sizeof(f->why), "getpwnam: %s",
		    strerror(error));
		return FOUND_AWAY;
	}
	if (found == NULL || pw.pw_uid < s->minimum ||
	    user_normalize(str_from(pw.pw_name), f->user,
	    sizeof(f->user)) == -1)
		return FOUND_NONE;
	snprintf(f->where, sizeof(f->where), "uid %u", (unsigned)pw.pw_uid);
	return FOUND_USER;
}

/* What nsswitch.conf(5) names: files, and services of this host or others. */
static void
system_reach(const struct slice *conf, uint32_t index, struct sandbox *box)
{
	(void)conf;
	(void)index;
	sandbox_reach(box, "/", false);
	box->any_port = true;
	box->local = true;
}

const struct lookup_kind lookup_system = {
	.open = system_open, .find = system_find, .close = system_close
};

const struct backend_kind backend_system = {
	.type = "system", .lookup = &lookup_system, .reach = system_reach
};
