/*
 * OAuth bearer tokens of an identity provider (oidc.h): the token itself says
 * who it is, and there are no passwords.
 */
#include "common/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "authd/backend.h"
#include "authd/fetch.h"
#include "common/clock.h"
#include "common/http.h"
#include "common/mem.h"

#define OIDC_CA_MAX	(4 * 1024 * 1024)	/* bytes */

struct oidc_state {
	struct oidc	*oidc;
	struct http	*trust;		/* NULL: the system's CAs */
	char		*pem;		/* of trust */
};

static const char *const url_keys[] = { "issuer", "jwks-url",
    "introspection-url" };

static int
io_ask(void *arg, const struct oidc_ask *q, struct oidc_answer *a)
{
	struct oidc_state	*s = arg;

	return fetch_ask(s->trust, q, a);
}

static void
io_done(void *arg, struct oidc_answer *a)
{
	(void)arg;
	fetch_done(a);
}

static int64_t
io_now(void *arg)
{
	(void)arg;
	return (int64_t)time(NULL);
}

static int64_t
io_clock(void *arg)
{
	(void)arg;
	return (int64_t)clock_ms();
}

static const char *
text(const struct slice *conf, uint32_t index, const char *key)
{
	const char	*s = slice_at(conf, "auth.%u.%s", index, key);

	return s == NULL ? "" : s;
}

static size_t
list(const struct slice *conf, uint32_t index, const char *key,
    const char *dst[CLAIMS_LIST])
{
	const char	*s;
	size_t		 n = 0;

	while (n < CLAIMS_LIST && (s = slice_at(conf, "auth.%u.%s.%zu", index,
	    key, n)) != NULL)
		dst[n++] = s;
	return n;
}

static void
read_conf(const struct slice *conf, uint32_t i, struct oidc_conf *c)
{
	c->issuer = text(conf, i, "issuer");
	c->audience = text(conf, i, "audience");
	c->claim = text(conf, i, "claim");
	c->leeway = strtoll(text(conf, i, "leeway"), NULL, 10);
	c->nscopes = list(conf, i, "scopes", c->scopes);
	c->nrequire = list(conf, i, "claims", c->require);
	c->jwks_url = text(conf, i, "jwks-url");
	c->introspection_url = text(conf, i, "introspection-url");
	c->client_id = text(conf, i, "client-id");
	c->client_secret = text(conf, i, "client-secret");
}

/* Are its URLs such as paild lets pass? */
static int
check_urls(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	const char	*url;
	char		 host[256];
	uint16_t	 port;
	size_t		 i;

	for (i = 0; i < nitems(url_keys); i++) {
		if (*(url = text(conf, index, url_keys[i])) == '\0' && i > 0)
			continue;
		if (!oidc_url(url, host, sizeof(host), &port)) {
			snprintf(why, size, "auth.%u.%s is not https", index,
			    url_keys[i]);
			return -1;
		}
	}
	return 0;
}

/* The CA file, NUL-terminated; NULL and why. */
static char *
read_ca(const char *path, char *why, size_t size)
{
	char	*pem = NULL;
	off_t	 len;
	int	 fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1 ||
	    (len = lseek(fd, 0, SEEK_END)) <= 0 || len > OIDC_CA_MAX)
		snprintf(why, size, "ca-file: %s: %s", path, fd == -1 ?
		    strerror(errno) : "empty, or too large");
	else {
		pem = mem_new((size_t)len + 1, 1);
		if (pread(fd, pem, (size_t)len, 0) != (ssize_t)len) {
			snprintf(why, size, "ca-file: %s: %s", path,
			    strerror(errno));
			free(pem);
			pem = NULL;
		}
	}
	if (fd != -1)
		close(fd);
	return pem;
}

static void
oidc_close(void *state)
{
	struct oidc_state	*s = state;

	oidc_free(s->oidc);
	http_free(s->trust);
	free(s->pem);
	free(s);
}

static void *
oidc_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	struct oidc_conf	 c;
	struct oidc_state	*s;
	const char		*ca = text(conf, index, "ca-file");
	struct oidc_io		 io = { io_ask, io_done, io_now, io_clock,
				    NULL };

	memset(&c, 0, sizeof(c));
	read_conf(conf, index, &c);
	if (check_urls(conf, index, why, size) == -1 ||
	    fetch_init(why, size) == -1)
		return NULL;
	s = mem_new(1, sizeof(*s));
	io.arg = s;
	if (*ca != '\0' && ((s->pem = read_ca(ca, why, size)) == NULL ||
	    (s->trust = fetch_trust(s->pem, why, size)) == NULL)) {
		oidc_close(s);
		return NULL;
	}
	if ((s->oidc = oidc_new(&c, &io)) == NULL) {
		snprintf(why, size, "out of memory");
		oidc_close(s);
		return NULL;
	}
	return s;
}

/* The ports in its URLs, and the directory of the CA file, in which a reload
 * may find another.  Its pool has one entry. */
static void
oidc_reach(const struct slice *conf, uint32_t index, struct sandbox *box)
{
	static char	 ca[PATH_MAX];
	char		 host[256], *slash;
	uint16_t	 port;
	size_t		 i, k;

	for (i = 0; i < nitems(url_keys); i++) {
		if (!oidc_url(text(conf, index, url_keys[i]), host,
		    sizeof(host), &port))
			continue;
		for (k = 0; k < box->nports && box->ports[k] != port; k++)
			;
		if (k == box->nports)
			sandbox_connect(box, port);
	}
	strlcpy(ca, text(conf, index, "ca-file"), sizeof(ca));
	if ((slash = strrchr(ca, '/')) != NULL && slash != ca) {
		*slash = '\0';
		sandbox_reach(box, ca, false);
	}
}

static enum work_result_code
oidc_whose(void *state, struct str token, char user[USER_ID_MAX + 1],
    char *why, size_t size)
{
	struct oidc_state	*s = state;

	return oidc_check(s->oidc, token, user, why, size);
}

static void
oidc_tick_state(void *state)
{
	struct oidc_state	*s = state;

	oidc_tick(s->oidc);
}

static const char *
oidc_wants(void *state)
{
	struct oidc_state	*s = state;

	return oidc_refused(s->oidc) ? "client-secret" : NULL;
}

static bool
oidc_given(void *state, struct str secret)
{
	struct oidc_state	*s = state;

	return oidc_secret(s->oidc, secret);
}

static const struct token_kind token_oidc = {
	oidc_open, oidc_whose, oidc_tick_state, oidc_close, oidc_wants,
	oidc_given
};

const struct backend_kind backend_oidc = {
	.type = "oidc", .token = &token_oidc, .reach = oidc_reach
};
