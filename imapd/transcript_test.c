/*
 * Runs the transcripts of imapd/test/: client's lines in, server's lines
 * out, against the fake storaged; each as it is, an octet at a time, and
 * (where RFC 3501 section 5.5 allows it) glued into one write.
 *
 *	== name [options]	begins a transcript
 *	> text			the client says text and CRLF
 *	>- text			without CRLF; \r \n \0 \\ are escapes in both
 *	>* n text		n times
 *	< text			the next line of the server; ... is anything
 *	< EOF			it closes
 *	! line			fake_do(); at the beginning it comes before
 *				the client does
 *	!! line			the same, but after the prelude
 *	# comment
 * Options: login, select (INBOX), examine (INBOX): done before; recent (what
 * was delivered at the beginning is \Recent), remote (not from loopback),
 * behind (it speaks TLS to a proxy), preauth=TOKEN, noglue, limit=N
 * (APPENDLIMIT), nul (append-nul: replace).
 * usage: transcript_test [-v] [file ...]
 */
#include <sys/socket.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/clock.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/test.h"
#include "imapd/auth.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/run.h"
#include "imapd/test/storage_fake.h"
#include "imapd/test/test_conf.h"

#define STEPS_MAX	400
#define PATIENCE	4000		/* ms for a line to come */

enum step_kind { SEND, EXPECT, DO, LATER };
struct step {
	enum step_kind	 kind;
	char		*text;
	size_t		 len;
	int		 line;
};

struct transcript {
	const char	*file;
	char		 name[100];
	char		 options[100];
	struct step	 steps[STEPS_MAX];
	size_t		 n;
};

enum mode { PLAIN, SPLIT, GLUED };
static const char *const mode_name[] = { "plain", "split", "glued" };

static struct event_base	*base;
static bool			 verbose;
static unsigned int		 transcripts;

/* One run: a fake, a client, and the test's end of its connection. */
struct run {
	const struct transcript	*t;
	enum mode		 mode;
	struct fake		*fake;
	int			 fd;
	struct buf		 in;
	bool			 eof;
	bool			 failed;
};

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* What has come, into in; true when there was something. */
static bool
receive(struct run *r)
{
	char	 b[16384];
	ssize_t	 n;

	n = read(r->fd, b, sizeof(b));
	if (n > 0)
		(void)buf_put(&r->in, b, (size_t)n);
	else if (n == 0)
		r->eof = true;
	return n > 0;
}

/* Until nothing moves. */
static void
settle(struct run *r)
{
	int	 quiet;

	for (quiet = 0; quiet < 4; quiet++) {
		if (event_base_loop(base, EVLOOP_NONBLOCK) == -1)
			fatalx("loop");
		if (receive(r))
			quiet = -1;
	}
}

static void
fail(struct run *r, int line, const char *what, const char *want,
    const char *got)
{
	fprintf(stderr, "%s:%d: %s (%s): %s\n  want: %s\n  got:  %s\n",
	    r->t->file, line, r->t->name, mode_name[r->mode], what, want,
	    got);
	r->failed = true;
	test_failed++;
}

/* The next line without its end, or NULL. */
static char *
next_line(struct run *r)
{
	uint64_t	 until = clock_ms() + PATIENCE;
	struct timeval	 tv = { .tv_usec = 20000 };
	struct event	*tick = evtimer_new(base, on_tick, NULL);
	uint8_t		*lf;
	char		*line = NULL;
	size_t		 n;

	for (;;) {
		lf = r->in.len > 0 ? memchr(r->in.data, '\n', r->in.len) :
		    NULL;
		if (lf != NULL || r->eof || clock_ms() > until)
			break;
		evtimer_add(tick, &tv);
		event_base_loop(base, EVLOOP_ONCE);
		receive(r);
	}
	event_free(tick);
	if (lf == NULL)
		return NULL;
	n = (size_t)(lf - r->in.data);
	if ((line = strndup((char *)r->in.data, n)) == NULL)
		fatal("strndup");
	if (n > 0 && line[n - 1] == '\r')
		line[n - 1] = '\0';
	buf_drain(&r->in, n + 1);
	if (verbose)
		printf("S: %s\n", line);
	return line;
}

/* "..." is anything. */
static bool
match(const char *want, const char *got)
{
	for (; *want != '\0'; want++, got++) {
		if (strncmp(want, "...", 3) == 0) {
			for (want += 3;; got++) {
				if (match(want, got))
					return true;
				if (*got == '\0')
					return false;
			}
		}
		if (*want != *got)
			return false;
	}
	return *got == '\0';
}

static void
expect(struct run *r, const struct step *s)
{
	char	*line = next_line(r);

	test_count++;
	if (strcmp(s->text, "EOF") == 0) {
		if (line != NULL || !r->eof)
			fail(r, s->line, "not closed", "EOF",
			    line != NULL ? line : "nothing");
	} else if (line == NULL)
		fail(r, s->line, r->eof ? "closed" : "too late", s->text,
		    "");
	else if (!match(s->text, line))
		fail(r, s->line, "another line", s->text, line);
	free(line);
}

static void
send_all(struct run *r, const char *p, size_t len)
{
	ssize_t	 n;

	while (len > 0 && !r->eof) {
		n = send(r->fd, p, len, MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN)
			return;		/* the next line will tell */
		if (n == -1) {
			event_base_loop(base, EVLOOP_NONBLOCK);
			receive(r);
			continue;
		}
		p += n;
		len -= (size_t)n;
	}
}

static void
do_send(struct run *r, const struct step *s)
{
	size_t	 i;

	if (verbose)
		printf("C: %.*s", (int)s->len, s->text);
	if (r->mode != SPLIT) {
		send_all(r, s->text, s->len);
		return;
	}
	for (i = 0; i < s->len; i++) {
		send_all(r, s->text + i, 1);
		event_base_loop(base, EVLOOP_NONBLOCK);
		receive(r);
	}
}

static bool
option(const struct transcript *t, const char *name, const char **value)
{
	const char	*p = t->options;
	size_t		 n = strlen(name);

	while (*p != '\0') {
		p += strspn(p, " ");
		if (strncmp(p, name, n) == 0 &&
		    strchr(" =", p[n]) != NULL) {
			if (value != NULL)
				*value = p[n] == '=' ? p + n + 1 : p + n;
			return true;
		}
		p += strcspn(p, " ");
	}
	return false;
}

/* Say it and skip to its tagged answer. */
static void
prelude(struct run *r, const char *tag, const char *text)
{
	char	*line;

	if (*text != '\0')
		send_all(r, text, strlen(text));
	while ((line = next_line(r)) != NULL) {
		bool	 done = strncmp(line, tag, strlen(tag)) == 0;

		free(line);
		if (done)
			return;
	}
	fail(r, 0, "no answer in the prelude", tag, "");
}

static void
run_begin(struct run *r, const struct transcript *t, enum mode mode)
{
	const char	*value;
	struct client	*c;
	int		 fds[2];

	memset(r, 0, sizeof(*r));
	r->t = t;
	r->mode = mode;
	r->fake = fake_new(base);
	auth_channel(base, fake_authd(r->fake));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		fatal("socketpair");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	r->fd = fds[0];
	conf.append_limit = 64 * 1024 * 1024;
	if (option(t, "limit", &value))
		conf.append_limit = strtoull(value, NULL, 10);
	conf.nul_replace = option(t, "nul", NULL);
	for (size_t i = 0; i < t->n && t->steps[i].kind == DO; i++)
		if (fake_do(r->fake, t->steps[i].text) == -1)
			fail(r, t->steps[i].line, "not understood",
			    t->steps[i].text, "");
	if (!option(t, "recent", NULL))
		(void)fake_do(r->fake, "old");
	if (option(t, "preauth", &value)) {
		char	 token[64];

		strlcpy(token, value, sizeof(token));
		token[strcspn(token, " ")] = '\0';
		c = run_preauth(base, fds[1], token);
	} else
		c = run_accept(base, &(struct listen_from){ .fd = fds[1],
		    .remote = "test", .loopback = !option(t, "remote", NULL),
		    .tls_outside = option(t, "behind", NULL) });
	if (c == NULL)
		fatalx("client_new");
	if (option(t, "login", NULL) || option(t, "select", NULL) ||
	    option(t, "examine", NULL)) {
		prelude(r, "* OK", "");
		prelude(r, "P1 OK", "P1 LOGIN ann secret\r\n");
	}
	if (option(t, "select", NULL))
		prelude(r, "P2 OK", "P2 SELECT INBOX\r\n");
	if (option(t, "examine", NULL))
		prelude(r, "P2 OK", "P2 EXAMINE INBOX\r\n");
}

static void
run_end(struct run *r)
{
	struct client	*c;

	settle(r);
	if (!r->failed && r->in.len > 0)
		fail(r, r->t->steps[r->t->n - 1].line, "more lines", "",
		    (char *)r->in.data);
	close(r->fd);
	settle(r);
	while ((c = TAILQ_FIRST(&clients)) != NULL) {
		client_close(c, NULL);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	CHECK_ROW(nclients == 0 && nstrangers == 0, "%s: %u %u", r->t->name,
	    nclients, nstrangers);
	buf_free(&r->in);
	fake_free(r->fake);
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
run(const struct transcript *t, enum mode mode)
{
	struct run	 r;
	size_t		 i = 0;

	run_begin(&r, t, mode);
	while (i < t->n && t->steps[i].kind == DO)
		i++;
	if (mode == GLUED) {
		struct buf	 all = BUF_INIT;

		for (size_t k = i; k < t->n; k++)
			if (t->steps[k].kind == SEND)
				(void)buf_put(&all, t->steps[k].text,
				    t->steps[k].len);
		send_all(&r, (char *)all.data, all.len);
		buf_free(&all);
	}
	for (; i < t->n && !r.failed; i++) {
		const struct step	*s = &t->steps[i];

		if (s->kind == EXPECT)
			expect(&r, s);
		else if (s->kind == SEND && mode != GLUED)
			do_send(&r, s);
		else if (s->kind == DO || s->kind == LATER) {
			settle(&r);
			if (fake_do(r.fake, s->text) == -1)
				fail(&r, s->line, "not understood", s->text,
				    "");
			settle(&r);
		}
	}
	run_end(&r);
}

static bool
can_glue(const struct transcript *t)
{
	bool	 sent = false;

	if (option(t, "noglue", NULL))
		return false;
	for (size_t i = 0; i < t->n; i++) {
		sent |= t->steps[i].kind == SEND;
		if (sent && (t->steps[i].kind == DO ||
		    t->steps[i].kind == LATER))
			return false;
	}
	return true;
}

static void
run_all(struct transcript *t)
{
	if (t->n == 0)
		return;
	transcripts++;
	if (verbose)
		printf("== %s\n", t->name);
	run(t, PLAIN);
	run(t, SPLIT);
	if (can_glue(t))
		run(t, GLUED);
	for (size_t i = 0; i < t->n; i++)
		free(t->steps[i].text);
	t->n = 0;
}

static size_t
unescape(char *s)
{
	static const char	 from[] = "rn0\\", to[] = "\r\n\0\\";
	const char		*q;
	char			*d = s, *p;

	for (p = s; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0' &&
		    (q = strchr(from, p[1])) != NULL) {
			*d++ = to[q - from];
			p++;
		} else
			*d++ = *p;
	}
	*d = '\0';
	return (size_t)(d - s);
}

static void
add_step(struct transcript *t, enum step_kind kind, const char *text,
    const char *end, unsigned int times, int line)
{
	struct step	*s = &t->steps[t->n];
	struct buf	 b = BUF_INIT;
	char		*copy;
	size_t		 len;

	if (t->n == STEPS_MAX)
		fatalx("%s: too long", t->name);
	t->n++;
	if ((copy = strdup(text)) == NULL)
		fatal("strdup");
	len = kind == SEND ? unescape(copy) : strlen(copy);
	while (times-- > 0) {
		(void)buf_put(&b, copy, len);
		(void)buf_puts(&b, end);
	}
	s->kind = kind;
	s->len = b.len;
	s->line = line;
	(void)buf_put_u8(&b, '\0');
	s->text = (char *)b.data;
	free(copy);
}

static void
read_line(struct transcript *t, char *p, int line)
{
	unsigned int	 times;

	if (strncmp(p, "== ", 3) == 0) {
		run_all(t);
		strlcpy(t->name, p + 3, sizeof(t->name));
		t->options[0] = '\0';
		if ((p = strchr(t->name, '[')) != NULL) {
			*p++ = '\0';
			p[strcspn(p, "]")] = ' ';
			strlcpy(t->options, p, sizeof(t->options));
		}
	} else if (strncmp(p, ">- ", 3) == 0)
		add_step(t, SEND, p + 3, "", 1, line);
	else if (strncmp(p, ">* ", 3) == 0) {
		times = (unsigned int)strtoul(p + 3, &p, 10);
		add_step(t, SEND, p + 1, "\r\n", times, line);
	} else if (strncmp(p, "> ", 2) == 0)
		add_step(t, SEND, p + 2, "\r\n", 1, line);
	else if (strcmp(p, ">") == 0)
		add_step(t, SEND, "", "\r\n", 1, line);
	else if (strncmp(p, "< ", 2) == 0)
		add_step(t, EXPECT, p + 2, "", 1, line);
	else if (strcmp(p, "<") == 0)
		add_step(t, EXPECT, "", "", 1, line);
	else if (strncmp(p, "!! ", 3) == 0)
		add_step(t, LATER, p + 3, "", 1, line);
	else if (strncmp(p, "! ", 2) == 0)
		add_step(t, DO, p + 2, "", 1, line);
	else if (*p != '\0' && *p != '#')
		CHECK_ROW(false, "%s:%d: %s", t->file, line, p);
}

static void
read_file(const char *path)
{
	static struct transcript	 t;
	char				*text = NULL;
	size_t				 size = 0;
	ssize_t				 len;
	int				 line = 0;
	FILE				*f = fopen(path, "r");

	if (f == NULL)
		fatal("%s", path);
	t.file = path;
	t.n = 0;
	while ((len = getline(&text, &size, f)) != -1) {
		if (len > 0 && text[len - 1] == '\n')
			text[len - 1] = '\0';
		read_line(&t, text, ++line);
	}
	run_all(&t);
	free(text);
	fclose(f);
}

static int
is_txt(const struct dirent *d)
{
	size_t	 n = strlen(d->d_name);

	return n > 4 && strcmp(d->d_name + n - 4, ".txt") == 0;
}

int
main(int argc, char **argv)
{
	struct dirent	**v;
	char		  path[600];
	int		  i, n;

	signal(SIGPIPE, SIG_IGN);
	log_init("transcript_test");
	log_set_level(LOG_LEVEL_ERROR);
	test_conf();
	if ((base = event_base_new()) == NULL)
		fatalx("event_base_new");
	if (argc > 1 && strcmp(argv[1], "-v") == 0) {
		verbose = true;
		argc--, argv++;
	}
	for (i = 1; i < argc; i++)
		read_file(argv[i]);
	if (argc == 1) {
		if ((n = scandir("imapd/test", &v, is_txt, alphasort)) == -1)
			fatal("imapd/test");
		for (i = 0; i < n; i++) {
			snprintf(path, sizeof(path), "imapd/test/%s",
			    v[i]->d_name);
			read_file(path);
			free(v[i]);
		}
		free(v);
	}
	event_base_free(base);
	printf("%u transcripts\n", transcripts);
	return TEST_END();
}
