/*
 * The role of an EC2 instance, from its metadata service: IMDSv2 only
 * (Amazon EC2 User Guide, "Use the Instance Metadata Service to access
 * instance metadata").  A session token is got by PUT and used while it
 * lives; it is never asked for without one, and never through a proxy.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/net.h"
#include "credd/fetch.h"
#include "credd/metrics.h"
#include "credd/source.h"

#define IMDS_V4		"http://169.254.169.254"
#define IMDS_V6		"http://[fd00:ec2::254]"
#define IMDS_TTL	21600	/* s: the longest that there is */
#define IMDS_TOKEN_MAX	512
#define IMDS_ROLE_MAX	128
#define IMDS_CONNECT_MS	1000
#define IMDS_TOTAL_MS	2000	/* a second for the answer */
#define IMDS_ROLES	"/latest/meta-data/iam/security-credentials/"

/* The session token, which is good for more than one look. */
static struct {
	char		 token[IMDS_TOKEN_MAX];
	char		 base[300];		/* whose it is */
	int64_t		 until;
} session;

struct imds {
	struct net_request *request;
	char		 base[300];
	char		 role[IMDS_ROLE_MAX];	/* "": not known yet */
	bool		 renewed;	/* the token, in this look */
};

static void imds_go(struct source_ask *);

static void
imds_end(struct source_ask *q)
{
	struct imds	*m = q->state;

	net_cancel(m->request);
	freezero(m, sizeof(*m));
}

/* One request with the session token, or the one that asks for it. */
static void
imds_ask(struct source_ask *q, const char *method, const char *path,
    const char *header, http_cb cb)
{
	struct imds	*m = q->state;
	char		 url[600];
	struct net_call	 c = { .method = method, .url = url,
			    .headers = &header, .nheaders = 1,
			    .connect_ms = IMDS_CONNECT_MS,
			    .timeout_ms = IMDS_TOTAL_MS };

	snprintf(url, sizeof(url), "%s%s", m->base, path);
	metrics_request("imds");
	m->request = net_start(q->world->net, &c, cb, q);
}

static void
imds_fail(struct source_ask *q, const char *what, const struct http_result *r)
{
	char	why[300];

	fetch_why(r, why, sizeof(why));
	source_failed(q, "%s: %s", what, why);
}

/* A token that is no longer taken (401) is renewed, once. */
static bool
imds_renew(struct source_ask *q, const struct http_result *r)
{
	struct imds	*m = q->state;

	if (r->error != HTTP_OK || r->status != 401 || m->renewed)
		return false;
	explicit_bzero(&session, sizeof(session));
	imds_go(q);
	return true;
}

static void
imds_got_keys(const struct http_result *r, void *arg)
{
	struct source_ask	*q = arg;
	struct imds		*m = q->state;
	struct cred_secret	*s;
	char			 why[200], role[IMDS_ROLE_MAX];

	m->request = NULL;
	if (imds_renew(q, r))
		return;
	if (r->error == HTTP_OK && r->status == 404) {
		fetch_word(m->role, strlen(m->role), role, sizeof(role));
		source_failed(q, "the instance does not have the role %s",
		    role);
	} else if (r->error != HTTP_OK || r->status != 200) {
		imds_fail(q, "metadata service, credentials", r);
	} else if ((s = fetch_json(r->body, r->len, "Token", why,
	    sizeof(why))) == NULL) {
		source_failed(q, "metadata service: %s", why);
	} else {
		source_found(q, s);
	}
}

/* The first line of the list; a name as IAM has them. */
static int
imds_take_role(struct imds *m, const void *body, size_t len)
{
	const char	*s = body, *end;
	size_t		 i, n;

	if (len == 0)
		return -1;
	end = memchr(s, '\n', len);
	n = end != NULL ? (size_t)(end - s) : len;
	if (n > 0 && s[n - 1] == '\r')
		n--;
	if (n == 0 || n >= sizeof(m->role))
		return -1;
	for (i = 0; i < n; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
		    "yz0123456789+=,.@_-", s[i]) == NULL || s[i] == '\0')
			return -1;
	memcpy(m->role, s, n);
	m->role[n] = '\0';
	return 0;
}

static void
imds_got_role(const struct http_result *r, void *arg)
{
	struct source_ask	*q = arg;
	struct imds		*m = q->state;

	m->request = NULL;
	if (imds_renew(q, r))
		return;
	if (r->error == HTTP_OK && r->status == 404) {
		source_failed(q, "no role is attached to this instance");
	} else if (r->error != HTTP_OK || r->status != 200) {
		imds_fail(q, "metadata service, role", r);
	} else if (imds_take_role(m, r->body, r->len) == -1) {
		source_failed(q, "metadata service: not a role name");
	} else
		imds_go(q);
}

static void
imds_no_token(struct source_ask *q, const struct http_result *r)
{
	/* The request arrived, and its answer did not: what a hop limit of 1
	 * does to a container. */
	if (r->error == HTTP_TIMEOUT) {
		source_failed(q, "metadata service: the token request timed "
		    "out: in a container, raise the hop limit: aws ec2 "
		    "modify-instance-metadata-options --instance-id ID "
		    "--http-put-response-hop-limit 2");
	} else if (r->error == HTTP_OK && r->status == 403) {
		source_failed(q, "the metadata service is disabled for this "
		    "instance (status 403)");
	} else if (r->error == HTTP_OK && (r->status == 404 ||
	    r->status == 405)) {
		source_failed(q, "the metadata service does not support "
		    "IMDSv2 (status %d)", r->status);
	} else
		imds_fail(q, "metadata service, token", r);
}

static void
imds_got_token(const struct http_result *r, void *arg)
{
	struct source_ask	*q = arg;
	struct imds		*m = q->state;
	const char		*errstr;
	char			 ttl[16];
	long long		 s;

	m->request = NULL;
	if (r->error != HTTP_OK || r->status != 200) {
		imds_no_token(q, r);
		return;
	}
	if (cred_put(session.token, sizeof(session.token), r->body,
	    r->len) == -1) {
		source_failed(q, "metadata service: not a session token");
		return;
	}
	/* It may grant less than was asked for. */
	if (!http_header(r, "X-aws-ec2-metadata-token-ttl-seconds", ttl,
	    sizeof(ttl)))
		strlcpy(ttl, "60", sizeof(ttl));
	s = strtonum(ttl, 1, IMDS_TTL, &errstr);
	session.until = q->world->now() + (errstr == NULL ? s : 60);
	strlcpy(session.base, m->base, sizeof(session.base));
	m->renewed = true;
	imds_go(q);
}

/* The next thing that is missing: the token, the role, the keys. */
static void
imds_go(struct source_ask *q)
{
	struct imds	*m = q->state;
	char		 header[IMDS_TOKEN_MAX + 40], path[256];

	if (session.token[0] == '\0' ||
	    strcmp(session.base, m->base) != 0 ||
	    (q->world->now() + 10 >= session.until && !m->renewed)) {
		snprintf(header, sizeof(header),
		    "X-aws-ec2-metadata-token-ttl-seconds: %d", IMDS_TTL);
		imds_ask(q, "PUT", "/latest/api/token", header,
		    imds_got_token);
		return;
	}
	snprintf(header, sizeof(header), "X-aws-ec2-metadata-token: %s",
	    session.token);
	if (m->role[0] == '\0')
		imds_ask(q, "GET", IMDS_ROLES, header, imds_got_role);
	else {
		snprintf(path, sizeof(path), IMDS_ROLES "%s", m->role);
		imds_ask(q, "GET", path, header, imds_got_keys);
	}
	explicit_bzero(header, sizeof(header));
}

static void
imds_start(struct source_ask *q)
{
	const char	*base = slice_str(q->conf,
			    "store.credentials.endpoint");
	const char	*mode = slice_str(q->conf,
			    "store.credentials.endpoint-mode");
	const char	*role = slice_str(q->conf, "store.credentials.role");
	struct imds	*m = q->state = mem_new(1, sizeof(*m));

	if (*base == '\0')
		base = strcmp(mode, "ipv6") == 0 ? IMDS_V6 : IMDS_V4;
	strlcpy(m->base, base, sizeof(m->base));
	strlcpy(m->role, role, sizeof(m->role));
	imds_go(q);
}

const struct source source_imds = { "imds", true, imds_start, imds_end };
