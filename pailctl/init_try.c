/*
 * Tries of the answers of pailctl init: what the configuration says of them,
 * whether a file, an address and the bucket can be used.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "common/escape.h"
#include "common/pem.h"
#include "paild/conf.h"
#include "paild/conf_file.h"
#include "paild/conf_type.h"
#include "pailctl/init_impl.h"
#include "pailctl/run_paild.h"

/* The first error (or warning) of a draft with these answers. */
static int
try_draft_for(struct init *in, bool no_secrets, bool warning, char *why,
    size_t size)
{
	struct buf	 b;
	struct conf	*c;
	size_t		 i;
	int		 r = 0;

	buf_init_secret(&b, 65536);
	init_yaml(in, true, &b);
	c = conf_load_text(in->file, b.data, b.len, no_secrets);
	for (i = 0; i < c->nerrors && r == 0; i++)
		if (warning || !c->errors[i].warning) {
			snprintf(why, size, "%s", c->errors[i].text);
			r = -1;
		}
	conf_free(c);
	buf_freezero(&b);
	return r;
}

static int
try_draft(struct init *in, bool no_secrets, char *why, size_t size)
{
	return try_draft_for(in, no_secrets, false, why, size);
}

int
init_try_conf(struct init *in, char *why, size_t size)
{
	return try_draft(in, true, why, size);
}

/* A region that is not known here may be a new one, or have an endpoint of its
 * own: that is asked next. */
int
init_try_region(struct init *in, char *why, size_t size)
{
	bool	given = in->answer[INIT_ENDPOINT] != NULL;

	if (try_draft(in, true, why, size) == -1)
		return -1;
	if (given)
		return 0;
	init_set(in, INIT_ENDPOINT, "default");
	if (try_draft_for(in, true, true, why, size) == -1)
		(void)escape_printf(stderr, "  Note: %s\n", why);
	init_forget(in, INIT_ENDPOINT);
	return 0;
}

/* Another configuration next to this one keeps its key in the same place; only
 * that of an init which did not get to the end is our own. */
int
init_try_secret(struct init *in, char *why, size_t size)
{
	const char	*key = in->answer[INIT_SECRET_KEY];
	char		 path[PATH_MAX];
	struct stat	 st;
	struct buf	 b;
	bool		 same;

	if (try_draft(in, true, why, size) == -1)
		return -1;
	init_path(in, "secret-key", path);
	if (lstat(path, &st) == -1)
		return 0;
	if (S_ISLNK(st.st_mode) && access(path, F_OK) == -1) {
		snprintf(why, size, "%s is a symbolic link that leads "
		    "nowhere: remove it.", path);
		return -1;
	}
	buf_init_secret(&b, CONF_FILE_MAX);
	same = conf_file_secret(path, &b, why, size) == 0 &&
	    b.len == strlen(key) && memcmp(b.data, key, b.len) == 0;
	buf_freezero(&b);
	if (!same)
		snprintf(why, size, "%s has another key, which may be in use: "
		    "move it away, or write the configuration to another "
		    "directory with -f FILE.", path);
	return same ? 0 : -1;
}

/* -- certificates -- */

int
init_try_certificate(struct init *in, char *why, size_t size)
{
	const char	*path = init_get(in, INIT_CERTIFICATE);
	struct buf	 b;
	BIO		*bio;
	X509		*x;

	if (*path == '\0')
		return 0;
	if (*path != '/') {
		snprintf(why, size, "Write the whole path of the file, "
		    "beginning with /, or none.");
		return -1;
	}
	buf_init(&b, CONF_FILE_MAX);
	if (conf_file_read(path, CONF_FILE_MAX, &b, why, size) == -1) {
		buf_free(&b);
		return -1;
	}
	bio = BIO_new_mem_buf(b.data, (int)b.len);
	x = bio == NULL ? NULL : pem_certificate(bio);
	ERR_clear_error();
	if (x == NULL)
		snprintf(why, size, "There is no certificate in %s: a PEM file "
		    "has a line -----BEGIN CERTIFICATE-----.", path);
	BIO_free(bio);
	buf_free(&b);
	X509_free(x);
	return x == NULL ? -1 : 0;
}

int
init_try_key(struct init *in, char *why, size_t size)
{
	if (*init_get(in, INIT_PRIVATE_KEY) != '/') {
		snprintf(why, size, "Write the whole path of the file, "
		    "beginning with /.");
		return -1;
	}
	return try_draft(in, false, why, size);
}

/* -- addresses -- */

static int
try_bind(const char *url, const char *host, const char *port, char *why,
    size_t size)
{
	struct addrinfo	 hints, *ai;
	int		 fd, one = 1, r = -1;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
	if (getaddrinfo(strcmp(host, "*") == 0 ? "0.0.0.0" : host, port,
	    &hints, &ai) != 0) {
		snprintf(why, size, "%s is not an address of this host.", url);
		return -1;
	}
	if ((fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == -1 ||
	    (r = bind(fd, ai->ai_addr, ai->ai_addrlen)) == -1 ||
	    (r = listen(fd, 1)) == -1)
		snprintf(why, size, errno == EADDRINUSE ?
		    "%s: another program uses this port (\"ss -ltnp\" shows "
		    "which)." : errno == EADDRNOTAVAIL ?
		    "%s: this host has no such address (* stands for all of "
		    "its addresses)." : errno == EACCES ?
		    "%s: only root can use ports below 1024; run this as root, "
		    "or use another port." : "%s: cannot be listened on.", url);
	if (fd != -1)
		close(fd);
	freeaddrinfo(ai);
	return r;
}

int
init_try_listen(struct init *in, char *why, size_t size)
{
	const char	*v = init_get(in, INIT_LISTEN);
	char		 url[INIT_ANSWER_MAX], protocol[16], host[64], port[32];
	size_t		 n;

	if (*v == '\0') {
		snprintf(why, size, "Without an address, nobody can connect.");
		return -1;
	}
	if (try_draft(in, true, why, size) == -1)
		return -1;
	for (v += strspn(v, ", "); *v != '\0'; v += n + strspn(v + n, ", ")) {
		n = strcspn(v, ", ");
		str_copy(url, sizeof(url), (struct str){ v, n });
		if (conf_listen_split(url, protocol, sizeof(protocol), host,
		    sizeof(host), port, sizeof(port)) == 0 &&
		    try_bind(url, host, port, why, size) == -1)
			return -1;
	}
	/* Passwords in the clear must not leave this host. */
	if (*init_get(in, INIT_CERTIFICATE) == '\0' &&
	    strstr(init_get(in, INIT_LISTEN), "imap://127.") == NULL &&
	    strstr(init_get(in, INIT_LISTEN), "imap://[::1]") == NULL) {
		snprintf(why, size, "Without a certificate, clients could log "
		    "in only from this host: use imap://127.0.0.1:143, or "
		    "start again with a certificate.");
		return -1;
	}
	return 0;
}

/* -- the store -- */

/* The draft as a file next to the one to be written, for paild -C. */
static int
write_draft(const struct init *in, char path[PATH_MAX], char *why,
    size_t size)
{
	struct buf	 b;
	int		 fd;
	bool		 ok;

	snprintf(path, PATH_MAX, "%s.XXXXXXXX", in->file);
	if ((fd = mkstemp(path)) == -1) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	buf_init_secret(&b, 65536);
	init_yaml(in, true, &b);
	ok = !b.failed && write(fd, b.data, b.len) == (ssize_t)b.len;
	if (!ok) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		unlink(path);
	}
	buf_freezero(&b);
	close(fd);
	return ok ? 0 : -1;
}

/* The whole report of "store check"; -1: there is none. */
static int
store_check(struct init *in, struct buf *report, bool *good, char *why,
    size_t size)
{
	char		path[PATH_MAX];
	sigset_t	block, old;
	int		r;

	if (in->tty)
		fprintf(stderr, "  Trying ...\n");
	/* Ctrl-C ends the check, and then us: it must not leave the draft. */
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGHUP);
	sigprocmask(SIG_BLOCK, &block, &old);
	if ((r = write_draft(in, path, why, size)) == 0) {
		r = run_paild_read(in->program, "store-check", path, &old,
		    true, report, good, why, size);
		unlink(path);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

/* The first line that begins with word, without it. */
static bool
find_line(const struct buf *report, const char *word, char *line, size_t size)
{
	const char	*p = (const char *)report->data, *nl;
	const char	*end = p + report->len;
	size_t		 n = strlen(word);

	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		if ((size_t)(nl - p) > n && strncmp(p, word, n) == 0) {
			while (p + n < nl && p[n] == ' ')
				n++;
			str_copy(line, size, (struct str){ p + n,
			    (size_t)(nl - p) - n });
			return true;
		}
	}
	return false;
}

/* What it said last. */
static void
last_line(const struct buf *report, char *line, size_t size)
{
	const char	*start = (const char *)report->data, *end, *p;

	end = start + report->len;
	while (end > start && end[-1] == '\n')
		end--;
	for (p = end; p > start && p[-1] != '\n'; p--)
		;
	str_copy(line, size, (struct str){ p, (size_t)(end - p) });
}

/* Only its address is tried: the keys are yet to come. */
int
init_try_endpoint(struct init *in, char *why, size_t size)
{
	static const char	*const steps[] = { "name:", "connection:",
				    "TLS:", "clock:" };
	struct buf		 report;
	bool			 good;
	size_t			 i;
	int			 r = 0;

	if (try_draft(in, true, why, size) == -1)
		return -1;
	buf_init(&report, 65536);
	if (store_check(in, &report, &good, why, size) == -1)
		r = -1;
	else if (find_line(&report, "FAIL", why, size))
		for (i = 0; i < nitems(steps) && r == 0; i++)
			if (strncmp(why, steps[i], strlen(steps[i])) == 0)
				r = -1;
	buf_free(&report);
	return r;
}

int
init_try_store(struct init *in, char *why, size_t size)
{
	struct buf	 report;
	char		 line[INIT_WHY];
	bool		 good;
	int		 r = -1;

	buf_init(&report, 65536);
	if (store_check(in, &report, &good, why, size) == 0) {
		if (good) {
			if (find_line(&report, "warn", line, sizeof(line)))
				(void)escape_printf(stderr, "  Note: %s\n",
				    line);
			fprintf(stderr, "  The bucket can be used.\n");
			r = 0;
		} else if (!find_line(&report, "FAIL", why, size))
			last_line(&report, why, size);
	}
	buf_free(&report);
	return r;
}

enum init_key
init_blame(const struct init *in, const char *why)
{
	static const struct { const char *word; enum init_key key; } t[] = {
		{ "access key", INIT_ACCESS_KEY },
		{ "secret-key", INIT_ACCESS_KEY },
		{ "access-key", INIT_ACCESS_KEY },
		{ "credentials", INIT_ACCESS_KEY },
		{ "rights", INIT_ACCESS_KEY },
		{ "region", INIT_REGION },
		{ "endpoint", INIT_ENDPOINT },
		{ "connection", INIT_ENDPOINT },
		{ "http", INIT_ENDPOINT },
	};
	size_t	i;

	/* First what the step says of itself: "bucket: there is no ...". */
	if (strstr(why, "there is no bucket") != NULL)
		return INIT_BUCKET;
	for (i = 0; i < nitems(t); i++)
		if (strstr(why, t[i].word) != NULL)
			return t[i].key != INIT_ACCESS_KEY ||
			    init_is(in, INIT_CREDENTIALS, "key") ? t[i].key :
			    INIT_CREDENTIALS;
	return INIT_BUCKET;
}
