/*
 * The users' file: a line `name:hash` for each, # comments, empty lines;
 * pail.yaml(5).  It is read again when it has changed.  Must never answer
 * from a file that is gone, nor show by time or words whether a name is
 * in it.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "authd/backend.h"
#include "authd/hash.h"
#include "common/log.h"

#define FILE_SIZE_MAX	(64 * 1024 * 1024)
#define FILE_SETTLED	2	/* seconds: a younger one may change unseen */
#define FILE_WARNINGS	10

struct file_user {
	const char	*name;		/* a user id */
	const char	*hash;
	size_t		 line;
};

struct file_state {
	char		*path;
	struct stat	 st;		/* of what was read */
	bool		 read;
	bool		 settled;
	char		*text;		/* the names' and hashes' bytes */
	size_t		 size;
	struct file_user *users;	/* by name */
	size_t		 n;
	char		 dummy[HASH_MAX + 1];
	char		 fallback[HASH_MAX + 1];	/* for an empty file */
};

static void
file_forget(struct file_state *f)
{
	freezero(f->text, f->size);
	free(f->users);
	f->text = NULL;
	f->users = NULL;
	f->size = f->n = 0;
	f->read = false;
}

static void
file_close(void *state)
{
	struct file_state	*f = state;

	if (f == NULL)
		return;
	file_forget(f);
	free(f->path);
	freezero(f, sizeof(*f));
}

static void *
file_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	struct file_state	*f;
	const char		*path = slice_at(conf, "auth.%u.path", index);

	if (path == NULL || path[0] == '\0') {
		snprintf(why, size, "auth.%u has no path", index);
		return NULL;
	}
	if ((f = calloc(1, sizeof(*f))) == NULL ||
	    (f->path = strdup(path)) == NULL) {
		snprintf(why, size, "no memory");
		free(f);
		return NULL;
	}
	return f;
}

static int
file_user_cmp(const void *a, const void *b)
{
	const struct file_user	*x = a, *y = b;
	int			 c = strcmp(x->name, y->name);

	if (c != 0)
		return c;
	return x->line < y->line ? -1 : x->line > y->line;
}

/*
 * One line, NUL-terminated in place: NULL if it names a user, else what is
 * wrong with it, or "" for one that says nothing.  The name is normalized
 * where it stands; the rare one that grows by that (NFC) is refused.
 */
static const char *
file_line(char *line, size_t len, struct file_user *u)
{
	char		 name[USER_ID_MAX + 1], *colon;
	struct str	 hash;

	if (len > 0 && line[len - 1] == '\r')
		line[--len] = '\0';
	if (len == 0 || line[0] == '#')
		return "";
	if (strlen(line) != len)
		return "a NUL byte";
	if ((colon = strchr(line, ':')) == NULL)
		return "no colon";
	hash = str_from(colon + 1);
	*colon = '\0';
	if (user_normalize(str_from(line), name, sizeof(name)) == -1)
		return "not a valid name";
	if (strlen(name) > (size_t)(colon - line))
		return "the name is not in Unicode's NFC";
	memcpy(line, name, strlen(name) + 1);
	if (!hash_acceptable(hash))
		return "not a hash that is accepted (yescrypt, bcrypt, "
		    "sha512-crypt)";
	u->name = line;
	u->hash = hash.p;
	return NULL;
}

static void
file_complain(const struct file_state *f, bool loud, size_t *warned,
    size_t line, const char *bad)
{
	if (loud && (*warned)++ < FILE_WARNINGS)
		log_warnx("%s:%zu: %s; the line is ignored", f->path, line,
		    bad);
}

/* From f->text to f->users.  loud: the file is not one complained of. */
static int
file_parse(struct file_state *f, bool loud)
{
	char		*p = f->text, *end = f->text + f->size, *nl;
	const char	*bad;
	size_t		 lines = 1, line = 0, i, kept, warned = 0;

	for (i = 0; i < f->size; i++)
		lines += f->text[i] == '\n';
	if ((f->users = calloc(lines, sizeof(*f->users))) == NULL)
		return -1;
	f->dummy[0] = '\0';
	for (; p < end; p = nl + 1) {
		line++;
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;	/* there is room for its NUL */
		*nl = '\0';
		bad = file_line(p, (size_t)(nl - p), &f->users[f->n]);
		if (bad == NULL) {
			if (f->n == 0)
				strlcpy(f->dummy, f->users[0].hash,
				    sizeof(f->dummy));
			f->users[f->n++].line = line;
		} else if (*bad != '\0')
			file_complain(f, loud, &warned, line, bad);
	}
	qsort(f->users, f->n, sizeof(*f->users), file_user_cmp);
	for (i = kept = 0; i < f->n; i++) {
		if (kept > 0 && strcmp(f->users[kept - 1].name,
		    f->users[i].name) == 0) {
			file_complain(f, loud, &warned, f->users[i].line,
			    "the name was there before");
			continue;
		}
		f->users[kept++] = f->users[i];
	}
	f->n = kept;
	return 0;
}

static bool
file_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	    a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Fills f->text from fd; -1 with errno. */
static int
file_slurp(struct file_state *f, int fd, size_t size)
{
	size_t	got = 0;
	ssize_t	n;

	if ((f->text = malloc(size + 1)) == NULL)
		return -1;
	f->size = size + 1;
	while (got < size) {
		n = read(fd, f->text + got, size - got);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;		/* it shrank meanwhile */
		got += (size_t)n;
	}
	memset(f->text + got, 0, f->size - got);
	f->size = got;
	return 0;
}

/* Brings f up to what is at the path now: 0, or -1 with the reason. */
static int
file_refresh(struct file_state *f, char *why, size_t size)
{
	struct stat	st;
	int		fd = -1;

	if (f->read && f->settled && stat(f->path, &st) == 0 &&
	    file_same(&st, &f->st))
		return 0;
	file_forget(f);
	if ((fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1 ||
	    fstat(fd, &st) == -1) {
		snprintf(why, size, "%s: %s", f->path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_SIZE_MAX) {
		snprintf(why, size, "%s: not a file, or over 64 MiB", f->path);
		goto fail;
	}
	if (file_slurp(f, fd, (size_t)st.st_size) == -1) {
		snprintf(why, size, "%s: %s", f->path, strerror(errno));
		goto fail;
	}
	if (file_parse(f, !file_same(&st, &f->st)) == -1) {
		snprintf(why, size, "no memory");
		goto fail;
	}
	close(fd);
	f->st = st;
	f->settled = time(NULL) - st.st_mtim.tv_sec > FILE_SETTLED;
	f->read = true;
	return 0;
 fail:
	if (fd != -1)
		close(fd);
	file_forget(f);
	return -1;
}

static void
file_generation(const struct file_state *f, char *dst, size_t size)
{
	snprintf(dst, size, "%llx-%llx-%llx-%llx.%lx-%llx.%lx",
	    (unsigned long long)f->st.st_dev, (unsigned long long)f->st.st_ino,
	    (unsigned long long)f->st.st_size,
	    (unsigned long long)f->st.st_mtim.tv_sec, f->st.st_mtim.tv_nsec,
	    (unsigned long long)f->st.st_ctim.tv_sec, f->st.st_ctim.tv_nsec);
}

/* What an unknown name is hashed against: the first entry's kind and cost. */
static const char *
file_dummy(struct file_state *f)
{
	if (f->dummy[0] != '\0')
		return f->dummy;
	if (f->fallback[0] == '\0')
		hash_dummy(f->fallback, sizeof(f->fallback));
	return f->fallback;
}

static void
file_check(void *state, struct str user, struct str password,
    struct backend_answer *a)
{
	struct file_state	*f = state;
	struct file_user	 key = { 0 }, *u = NULL;
	char			 name[USER_ID_MAX + 1];
	size_t			 lo = 0, hi, mid;
	int			 c, same;

	memset(a, 0, sizeof(*a));
	a->code = WORK_UNAVAILABLE;
	if (file_refresh(f, a->why, sizeof(a->why)) == -1)
		return;
	file_generation(f, a->why, sizeof(a->why));
	a->code = WORK_UNKNOWN;
	if (user.len == 0)
		return;
	if (user_normalize(user, name, sizeof(name)) == 0)
		key.name = name;
	for (hi = f->n; key.name != NULL && lo < hi;) {
		mid = lo + (hi - lo) / 2;
		if ((c = strcmp(key.name, f->users[mid].name)) == 0) {
			u = &f->users[mid];
			break;
		}
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	same = hash_check(password, u != NULL ? u->hash : file_dummy(f));
	if (u == NULL)
		return;
	a->code = WORK_NO;
	if (same == 1) {
		a->code = WORK_YES;
		strlcpy(a->user, u->name, sizeof(a->user));
	} else if (same == -1) {
		a->code = WORK_UNAVAILABLE;
		snprintf(a->why, sizeof(a->why),
		    "crypt(3) refuses the hash on line %zu", u->line);
	}
}

const struct backend_kind backend_file = {
	"file", file_open, file_check, file_close
};
