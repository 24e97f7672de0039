/*
 * Passwords.  They are wiped as soon as they are hashed.
 */
#include "common/compat.h"

#ifndef __OpenBSD__
#include <crypt.h>
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "common/argon2id.h"
#include "common/scram.h"
#include "pailctl/password.h"

static volatile sig_atomic_t	 caught;	/* the signal, or 0 */

static void
on_signal(int sig)
{
	caught = sig;
}

/* One line of fd, without its end; -1: too long, empty or none, or a signal
 * was caught. */
static int
read_line(int fd, char dst[PASSWORD_MAX])
{
	size_t	n = 0;
	ssize_t	r;
	char	c;

	for (;;) {
		r = read(fd, &c, 1);
		if (r == -1 && errno == EINTR && caught == 0)
			continue;
		if (r <= 0 || c == '\n')
			break;
		if (n == PASSWORD_MAX - 1 || c == '\0')
			return -1;
		dst[n++] = c;
	}
	if (n > 0 && dst[n - 1] == '\r')
		n--;
	dst[n] = '\0';
	return n == 0 ? -1 : 0;
}

/* What is typed at the prompt, unseen. */
static int
ask_unseen(int tty, const char *prompt, char dst[PASSWORD_MAX])
{
	struct termios	was, quiet;
	int		r;

	if (tcgetattr(tty, &was) == -1)
		return -1;
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	dprintf(tty, "%s", prompt);
	tcsetattr(tty, TCSAFLUSH, &quiet);
	r = read_line(tty, dst);
	tcsetattr(tty, TCSAFLUSH, &was);
	return r;
}

/* Ctrl-C must not leave the terminal without its echo: signals act once it has
 * it again.  Who continues us after Ctrl-Z is asked again. */
static int
ask(int tty, const char *prompt, char dst[PASSWORD_MAX])
{
	static const int	 sigs[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP,
				    SIGTSTP };
	struct sigaction	 sa = { .sa_handler = on_signal };
	struct sigaction	 old[nitems(sigs)];
	size_t			 i;
	int			 r;

	sigemptyset(&sa.sa_mask);
	do {
		caught = 0;
		for (i = 0; i < nitems(sigs); i++)
			sigaction(sigs[i], &sa, &old[i]);
		r = ask_unseen(tty, prompt, dst);
		for (i = 0; i < nitems(sigs); i++)
			sigaction(sigs[i], &old[i], NULL);
		if (caught != 0) {
			explicit_bzero(dst, PASSWORD_MAX);
			dprintf(tty, "\n");
			raise(caught);
			r = -1;
		}
	} while (caught == SIGTSTP);
	return r;
}

int
password_read(char dst[PASSWORD_MAX], char *why, size_t size)
{
	char	again[PASSWORD_MAX] = "";
	int	tty, r = -1;

	if (!isatty(STDIN_FILENO)) {
		if (read_line(STDIN_FILENO, dst) == 0)
			return 0;
		snprintf(why, size, "expected a password of 1 to %d bytes on "
		    "standard input", PASSWORD_MAX - 1);
		return -1;
	}
	if ((tty = open("/dev/tty", O_RDWR | O_CLOEXEC)) == -1) {
		snprintf(why, size, "/dev/tty: %s", strerror(errno));
		return -1;
	}
	if (ask(tty, "Password: ", dst) == -1)
		snprintf(why, size, "a password must be 1 to %d bytes long",
		    PASSWORD_MAX - 1);
	else if (ask(tty, "Again: ", again) == -1 || strcmp(dst, again) != 0)
		snprintf(why, size, "the passwords do not match");
	else
		r = 0;
	explicit_bzero(again, sizeof(again));
	close(tty);
	return r;
}

int
password_type(const char *prompt, char dst[PASSWORD_MAX])
{
	int	tty, r;

	if ((tty = open("/dev/tty", O_RDWR | O_CLOEXEC)) == -1)
		return -1;
	r = ask(tty, prompt, dst);
	close(tty);
	return r;
}

/* Each takes about a tenth of a second; setting is of crypt_gensalt(3), or of
 * OpenBSD's crypt_newhash(3). */
static const struct scheme {
	const char	*name;
	const char	*setting;
	unsigned long	 cost;
	int		 (*make)(struct str, char *, size_t);
} schemes[] = {
#ifdef __OpenBSD__
	{ "bcrypt", "bcrypt,a", 0, NULL },
#else
	{ "yescrypt", "$y$", 0, NULL },
	{ "bcrypt", "$2b$", 10, NULL },
	{ "sha512-crypt", "$6$", 100000, NULL },
#endif
	{ "argon2id", NULL, 0, argon2id_make },
	{ "scram-sha-256", NULL, 0, scram_make },
};

static const struct scheme *
scheme_find(const char *name)
{
	size_t	i;

	for (i = 0; name != NULL && i < nitems(schemes); i++)
		if (strcmp(schemes[i].name, name) == 0)
			return &schemes[i];
	return name == NULL ? &schemes[0] : NULL;
}

bool
password_scheme(const char *scheme)
{
	return scheme_find(scheme) != NULL;
}

const char *
password_hash(const char *password, const char *scheme)
{
	static char		 made[512];
	const struct scheme	*s = scheme_find(scheme);

	if (s == NULL)
		return NULL;
	if (s->make != NULL)
		return s->make(str_from(password), made, sizeof(made)) == 0 ?
		    made : NULL;
#ifdef __OpenBSD__
	return crypt_newhash(password, s->setting, made, sizeof(made)) == 0 ?
	    made : NULL;
#else
	const char	*salt, *hash;

	if ((salt = crypt_gensalt(s->setting, s->cost, NULL, 0)) == NULL)
		return NULL;
	hash = crypt(password, salt);
	return hash != NULL && hash[0] == '$' ? hash : NULL;
#endif
}
