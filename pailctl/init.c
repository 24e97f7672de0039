/*
 * pailctl init: asks, tries and writes.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/json_write.h"
#include "common/proc_kind.h"
#include "common/sandbox.h"
#include "common/write_all.h"
#include "paild/conf.h"
#include "paild/conf_file.h"
#include "pailctl/init.h"
#include "pailctl/init_impl.h"
#include "pailctl/out.h"
#include "pailctl/password.h"
#include "pailctl/users_file.h"

#define ANSWERS_MAX	100	/* wrong ones in a row */

void
init_path(const struct init *in, const char *name, char path[PATH_MAX])
{
	if ((size_t)snprintf(path, PATH_MAX, "%s/%s", in->dir, name) >=
	    PATH_MAX)
		strlcpy(path, "/dev/null", PATH_MAX);	/* init() looked */
}

/* -- answers given in advance -- */

static void
list_flags(void)
{
	size_t	i;

	printf("usage: pailctl [-f file] " INIT_USAGE "\n"
	    "Asks for what is not given, tries each answer, and writes the "
	    "configuration.\n\n");
	for (i = 0; i < INIT_KEYS; i++)
		if (init_questions[i].flag != NULL)
			printf("  --%-17s %s\n", init_questions[i].flag,
			    init_questions[i].help);
}

/* The value of a secret's flag is the file that it is in. */
static int
take_secret(struct init *in, enum init_key k, const char *file)
{
	struct buf	 b;
	char		 why[INIT_WHY];
	int		 r;

	buf_init_secret(&b, CONF_FILE_MAX);
	r = conf_file_secret(file, &b, why, sizeof(why));
	if (r == 0 && (b.len >= PASSWORD_MAX ||
	    buf_put_u8(&b, '\0') == -1)) {
		snprintf(why, sizeof(why), "%s: more than %d bytes", file,
		    PASSWORD_MAX - 1);
		r = -1;
	}
	if (r == 0)
		init_set(in, k, (char *)b.data);
	else
		out_fail("%s", why);
	buf_freezero(&b);
	return r;
}

static int
take_flag(struct init *in, const char *flag, const char *value)
{
	size_t	i;

	for (i = 0; i < INIT_KEYS; i++)
		if (init_questions[i].flag != NULL &&
		    strcmp(flag, init_questions[i].flag) == 0)
			break;
	if (i == INIT_KEYS || value == NULL ||
	    strlen(value) >= INIT_ANSWER_MAX)
		return -1;
	if (init_questions[i].secret)
		return take_secret(in, (enum init_key)i, value) == -1 ? 1 : 0;
	init_set(in, (enum init_key)i, value);
	return 0;
}

/* -- one question -- */

/* Keys of a terminal that send no letter (arrows) must not get into a file. */
static bool
readable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

/* A line of the terminal without blanks around it; -1: it has ended. */
static int
type_line(char *dst, size_t size)
{
	char	*p;
	size_t	 n;

	if (fgets(dst, (int)size, stdin) == NULL)
		return -1;
	n = strlen(dst);
	if (n > 0 && dst[n - 1] != '\n')
		while (fgetc(stdin) != '\n' && !feof(stdin))
			dst[0] = '\0';	/* too long: nothing */
	n = strlen(dst);
	while (n > 0 && (dst[n - 1] == '\n' || dst[n - 1] == ' ' ||
	    dst[n - 1] == '\r'))
		dst[--n] = '\0';
	p = dst + strspn(dst, " ");
	memmove(dst, p, strlen(p) + 1);
	return 0;
}

/* 0 with an answer, 1: ask again, -1: the terminal has ended. */
static int
ask(struct init *in, enum init_key k)
{
	const struct init_question *q = &init_questions[k];
	const char	*fallback = q->fallback == NULL ? NULL :
			    q->fallback(in);
	char		 line[INIT_ANSWER_MAX], why[INIT_WHY];

	if (k == INIT_PASSWORD) {
		if (password_read(line, why, sizeof(why)) == -1) {
			(void)escape_printf(stderr, "  %s\n", why);
			return 1;
		}
		init_set(in, k, line);
		explicit_bzero(line, sizeof(line));
		return 0;
	}
	if (q->secret) {
		(void)snprintf(why, sizeof(why), "%s: ", q->text);
		if (password_type(why, line) == -1)
			line[0] = '\0';
	} else {
		fprintf(stderr, "%s%s%s%s: ", q->text, fallback != NULL ?
		    " [" : "", fallback != NULL ? fallback : "",
		    fallback != NULL ? "]" : "");
		if (type_line(line, sizeof(line)) == -1)
			return -1;
	}
	if (strcmp(line, "?") == 0) {
		fprintf(stderr, "  %s\n", q->help);
		return 1;
	}
	if (line[0] == '\0' && fallback == NULL) {
		fprintf(stderr, "  There is no default: type an answer, ? for "
		    "help, or Ctrl-C to give up.\n");
		return 1;
	}
	init_set(in, k, line[0] == '\0' ? fallback : line);
	explicit_bzero(line, sizeof(line));
	return 0;
}

/* Without a terminal. */
static int
assume(struct init *in, enum init_key k)
{
	const struct init_question *q = &init_questions[k];

	if (q->fallback != NULL) {
		init_set(in, k, q->fallback(in));
		return 0;
	}
	(void)out_fail("--%s is required (standard input is no terminal)",
	    q->flag);
	return -1;
}

/* -- all of them -- */

/* 0 or -1 with the reason. */
static int
try(struct init *in, enum init_key k, char *why, size_t size)
{
	const struct init_question *q = &init_questions[k];

	if (in->answer[k] != NULL && !readable(in->answer[k])) {
		snprintf(why, size, "This has control characters in it (a key "
		    "such as an arrow sends some).");
		return -1;
	}
	return q->try == NULL ? 0 : q->try(in, why, size);
}

/* The first that is not settled yet. */
static enum init_key
next(const struct init *in, const bool done[INIT_KEYS])
{
	size_t	i;

	for (i = 0; i < INIT_KEYS; i++)
		if (!done[i] && (init_questions[i].applies == NULL ||
		    init_questions[i].applies(in)))
			break;
	return (enum init_key)i;
}

static bool
is_question(enum init_key k)
{
	return init_questions[k].text != NULL;
}

/* The answer is wrong: it is asked again, if there is somebody. */
static void
again(struct init *in, bool done[INIT_KEYS], enum init_key k, const char *why)
{
	(void)escape_printf(stderr, "  %s\n", why);
	if (k == INIT_STORE_CHECK)
		k = init_blame(in, why);
	if (k == INIT_ACCESS_KEY) {
		init_forget(in, INIT_SECRET_KEY);
		done[INIT_SECRET_KEY] = false;
	}
	init_forget(in, k);
	done[k] = false;
}

static int
ask_all(struct init *in)
{
	bool		 done[INIT_KEYS] = { false };
	enum init_key	 k;
	char		 why[INIT_WHY];
	int		 r, wrong = 0;

	while ((k = next(in, done)) != INIT_KEYS) {
		if (is_question(k) && in->answer[k] == NULL) {
			r = in->tty ? ask(in, k) : assume(in, k);
			if (r == -1)
				return -1;
			if (r == 1 && ++wrong < ANSWERS_MAX)
				continue;
			if (r == 1)
				return -1;
		}
		if (try(in, k, why, sizeof(why)) == 0) {
			done[k] = true;
			wrong = 0;
			continue;
		}
		if (!in->tty || ++wrong == ANSWERS_MAX) {
			out_fail("%s", why);
			return -1;
		}
		again(in, done, k, why);
	}
	return 0;
}

/* -- writing -- */

/* A new file that only its owner can read, durable, or none; it must not
 * exist. */
static int
write_new(const char *path, const void *data, size_t len, mode_t mode)
{
	int	fd, r;

	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, mode)) == -1) {
		(void)out_fail("%s: %s", path, strerror(errno));
		return -1;
	}
	r = write_all(fd, data, len) == -1 || fsync(fd) == -1 ? -1 : 0;
	if (r == -1)
		(void)out_fail("%s: %s", path, strerror(errno));
	if (close(fd) == -1 && r == 0) {
		(void)out_fail("%s: %s", path, strerror(errno));
		r = -1;
	}
	if (r == -1)
		(void)unlink(path);
	return r;
}

/* *made: it was not there before. */
static int
write_secret(const struct init *in, bool *made)
{
	char	path[PATH_MAX], line[INIT_ANSWER_MAX + 1];
	int	r;

	if (in->answer[INIT_SECRET_KEY] == NULL)
		return 0;
	init_path(in, "secret-key", path);
	if (access(path, F_OK) == 0)
		return 0;	/* the same: init_try_secret() */
	snprintf(line, sizeof(line), "%s\n", in->answer[INIT_SECRET_KEY]);
	r = write_new(path, line, strlen(line), 0600);
	*made = r == 0;
	explicit_bzero(line, sizeof(line));
	return r;
}

static int
write_user(const struct init *in)
{
	const char	*name = init_get(in, INIT_USER), *hash;
	char		 path[PATH_MAX], why[INIT_WHY];

	if (*name == '\0')
		return 0;
	init_path(in, "users", path);
	if ((hash = password_hash(in->answer[INIT_PASSWORD], NULL)) == NULL)
		return out_fail("cannot hash the password");
	if (users_change(path, USERS_ADD, name, hash, NULL,
	    proc_row(PROC_AUTHWORKER)->user, why, sizeof(why)) == -1)
		return out_fail("%s", why);
	return 0;
}

/* What was written would be in the way of the next init. */
static void
undo(const struct init *in, bool secret, bool user)
{
	char	path[PATH_MAX], why[INIT_WHY];

	init_path(in, "secret-key", path);
	if (secret)
		(void)unlink(path);
	init_path(in, "users", path);
	if (user)
		(void)users_change(path, USERS_DEL, init_get(in, INIT_USER),
		    NULL, NULL, proc_row(PROC_AUTHWORKER)->user, why,
		    sizeof(why));
}

static int
write_all_files(const struct init *in)
{
	struct buf	b;
	bool		secret = false, user = false;
	int		r;

	/* Users' workers of authd reach what lies in it, whatever our umask. */
	if (mkdir(in->dir, 0755) == 0 ? chmod(in->dir, 0755) == -1 :
	    errno != EEXIST) {
		(void)out_fail("%s: %s", in->dir, strerror(errno));
		return 1;
	}
	if (write_secret(in, &secret) == -1)
		return 1;
	/* Last, so that there is no configuration without its files. */
	buf_init(&b, 65536);
	init_yaml(in, false, &b);
	if ((r = write_user(in)) == 0) {
		user = *init_get(in, INIT_USER) != '\0';
		r = b.failed || write_new(in->file, b.data, b.len, 0600) == -1;
	}
	buf_free(&b);
	if (r != 0)
		undo(in, secret, user);
	return r;
}

/* All or nothing: Ctrl-C comes before it, or after it. */
static int
write_at_once(const struct init *in)
{
	sigset_t	block, old;
	int		r;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGHUP);
	sigprocmask(SIG_BLOCK, &block, &old);
	r = write_all_files(in);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

static int
finish(const struct init *in)
{
	struct conf	*c;
	bool		 ok;

	if (write_at_once(in) != 0)
		return 1;
	c = conf_load(in->file, true);
	if (!(ok = conf_ok(c)))
		conf_print_errors(c);
	conf_free(c);
	if (!ok)
		return 1;
	if (out_is_json()) {
		json_add_text(out_members(), "configuration", in->file);
		json_add_text(out_members(), "user", in->answer[INIT_USER]);
		return 0;
	}
	/* The unit runs paild with the default. */
	(void)escape_printf(stderr, "\n%s is written.  Check it with \"paild "
	    "-n -f %s\", then start Pail:\n%s\"paild -d -f %s\".\n",
	    in->file, in->file, strcmp(in->file, CONF_DEFAULT_FILE) == 0 ?
	    "\"systemctl enable --now paild\", or in the foreground, " :
	    "in the foreground, ", in->file);
	return 0;
}

/* A directory named pail, next to the file. */
static int
place(struct init *in)
{
	const char	*slash = strrchr(in->file, '/');
	char		 cwd[PATH_MAX] = "", *real;
	struct stat	 st;
	int		 n;

	/* A symbolic link counts, wherever it leads. */
	if (lstat(in->file, &st) == 0)
		return out_fail("%s exists; move it away, or write another "
		    "with -f FILE", in->file);
	snprintf(cwd, sizeof(cwd), "%.*s", slash == NULL ? 1 :
	    (int)(slash - in->file) + 1, slash == NULL ? "." : in->file);
	if ((real = realpath(cwd, NULL)) == NULL || access(real, W_OK) == -1) {
		(void)out_fail("%s: %s", cwd, strerror(errno));
		free(real);
		return 1;
	}
	n = snprintf(in->dir, sizeof(in->dir), "%s/pail", strcmp(real, "/") ==
	    0 ? "" : real);
	free(real);
	/* Names of files follow, and are at most that long. */
	return n < 0 || (size_t)n > sizeof(in->dir) - 32 ?
	    out_fail("the path is too long") : 0;
}

int
init(const char *file, const char *program, int argc, char *argv[])
{
	struct init	 in = { .file = file, .program = program,
			    .tty = !out_is_json() &&
			    isatty(STDIN_FILENO) };
	const char	*lacks;
	size_t		 k;
	int		 i, r = 0;

	for (i = 1; i < argc && r == 0; i += 2) {
		if (strcmp(argv[i], "--help") == 0) {
			if (out_is_json())
				return out_fail("--help has no JSON form");
			list_flags();
			return 0;
		}
		r = strncmp(argv[i], "--", 2) != 0 ? -1 :
		    take_flag(&in, argv[i] + 2, i + 1 < argc ? argv[i + 1] :
		    NULL);
	}
	if (r == 0 && (r = place(&in)) == 0) {
		if (in.tty)
			fprintf(stderr, "Each answer is tried at once.  Return "
			    "takes the default in brackets, ? helps.\n\n");
		if ((lacks = sandbox_lacks()) != NULL)
			(void)escape_printf(stderr, "Note: %s\n", lacks);
		r = ask_all(&in) == -1 ? 1 : finish(&in);
	}
	for (k = 0; k < INIT_KEYS; k++)
		init_forget(&in, (enum init_key)k);
	return r;
}
