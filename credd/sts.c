/*
 * One request to an STS (sts.h).  Parameters go in the body, where no proxy
 * and no log looks; the body, the key of the day and the answer are wiped.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/hex.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/net.h"
#include "common/sigv4.h"
#include "common/sum.h"
#include "credd/fetch.h"
#include "credd/metrics.h"
#include "credd/sigkey.h"
#include "credd/sts.h"
#include "credd/sts_answer.h"

#define CONNECT_MS	2000
#define TOTAL_MS	5000
#define URL_MAX		300
#define WHY_MAX		400
#define SKEW_MIN	60	/* s; AWS lets 5 minutes pass */
#define FORM		"application/x-www-form-urlencoded"

struct sts {
	const struct source_world *world;
	const char		*action;
	bool			 who;		/* GetCallerIdentity */
	char			 endpoint[URL_MAX], host[URL_MAX];
	char			 region[CRED_REGION_MAX + 1];
	int64_t			 ahead;		/* s, of its clock to ours */
	char			*body;		/* NUL-terminated */
	char			*token;		/* in it, its last; or NULL */
	size_t			 size;		/* of its memory */
	struct cred_secret	*keys;		/* NULL: a token's */
	struct net_request	*request;
	struct event		*soon;
	char			 why[URL_MAX + WHY_MAX + 2];
	sts_cb			 cb;
	void			*arg;
};

/* -- whose it is -- */

int
sts_endpoint(const char *region, char *dst, size_t size)
{
	/* AWS's partitions, by the beginning of their regions' names. */
	static const struct { const char *begin, *domain; } partitions[] = {
		{ "cn-", "amazonaws.com.cn" },
		{ "eusc-", "amazonaws.eu" },
		{ "eu-isoe-", "cloud.adc-e.uk" },
		{ "us-isob-", "sc2s.sgov.gov" },
		{ "us-isof-", "csp.hci.ic.gov" },
		{ "us-iso-", "c2s.ic.gov" },
		{ "", "amazonaws.com" }
	};
	size_t	i, len = strlen(region);
	int	n;

	/* "eu-west-1": those of others have no such names, or an endpoint. */
	if (len < 6 || region[0] == '-' || region[len - 2] != '-' ||
	    region[len - 1] < '1' || region[len - 1] > '9' ||
	    strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
		return -1;
	for (i = 0; strncmp(region, partitions[i].begin,
	    strlen(partitions[i].begin)) != 0; i++)
		;
	n = snprintf(dst, size, "https://sts.%s.%s", region,
	    partitions[i].domain);
	return n < 0 || (size_t)n >= size ? -1 : 0;
}

int
sts_region(const char *host, char *dst, size_t size)
{
	static const char *const begin[] = { "sts.", "sts-fips." };
	const char	*at = strstr(host, ".amazonaws.com"), *s = host;
	size_t		 i, n;

	if (at == NULL || (at[14] != '\0' && strcmp(at + 14, ".cn") != 0))
		return -1;
	/* Behind a VPC endpoint's own name, "vpce-...". */
	if (strncmp(host, "vpce-", 5) == 0 && (s = strchr(host, '.')) != NULL)
		s++;
	for (i = 0; i < nitems(begin); i++) {
		n = strlen(begin[i]);
		if (strncmp(s, begin[i], n) != 0)
			continue;
		if (s + n > at)
			return strlcpy(dst, "us-east-1", size) < size ? 0 : -1;
		s += n;
		n = strcspn(s, ".");
		if (n == 0 || n >= size)
			return -1;
		memcpy(dst, s, n);
		dst[n] = '\0';
		return 0;
	}
	return -1;
}

/* The host of an endpoint as it is signed: without the scheme's own port. */
static int
sts_host(const char *endpoint, char *dst, size_t size)
{
	bool		 tls = strncmp(endpoint, "https://", 8) == 0;
	const char	*port = tls ? ":443" : ":80";
	size_t		 n, k = strlen(port);

	if (!tls && strncmp(endpoint, "http://", 7) != 0)
		return -1;
	endpoint += tls ? 8 : 7;
	n = strcspn(endpoint, "/?#");
	if (n > k && strncmp(endpoint + n - k, port, k) == 0)
		n -= k;
	if (n == 0 || n >= size || memchr(endpoint, '@', n) != NULL)
		return -1;
	memcpy(dst, endpoint, n);
	dst[n] = '\0';
	return 0;
}

/* -- the request -- */

static void
sts_free(struct sts *s)
{
	net_cancel(s->request);
	event_free(s->soon);
	freezero(s->body, s->size);
	cred_secret_free(s->keys);
	free(s);
}

static void
sts_end(struct sts *s, struct cred_secret *found, const char *identity)
{
	struct sts_answer	a = { .secret = found, .identity = identity,
				    .why = s->why };

	s->cb(&a, s->arg);
	sts_free(s);
}

static void
sts_failed(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	sts_end(arg, NULL, NULL);
}

static void sts_fail(struct sts *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
sts_fail(struct sts *s, const char *fmt, ...)
{
	const struct timeval	 now = { 0, 0 };
	va_list			 ap;

	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	evtimer_add(s->soon, &now);
}

static void sts_go(struct sts *);

/* One that refuses what is signed is asked once more as of its own time, if
 * that is another: clocks that are off are storaged's to warn of. */
static bool
sts_again(struct sts *s, const struct http_result *r)
{
	static int64_t	told;
	char		date[64];
	int64_t		t;

	if (r->error != HTTP_OK || (r->status != 400 && r->status != 403) ||
	    s->keys == NULL || s->ahead != 0 ||
	    !http_header(r, "Date", date, sizeof(date)) ||
	    (t = http_date(date)) <= 0)
		return false;
	s->ahead = t - s->world->now();
	if (s->ahead > -SKEW_MIN && s->ahead < SKEW_MIN)
		return false;
	if (s->ahead - told >= SKEW_MIN || told - s->ahead >= SKEW_MIN)
		log_warnx("sts=\"%s\" clock-ahead=%" PRId64 "s why=\"the "
		    "clocks differ: signing as of the server's time\"",
		    s->endpoint, s->ahead);
	told = s->ahead;
	sts_go(s);
	return true;
}

static void
sts_done(const struct http_result *r, void *arg)
{
	struct sts		*s = arg;
	struct cred_secret	*found = NULL;
	char			 why[WHY_MAX] = "";
	char			 arn[CRED_IDENTITY_MAX + 1] = "";

	s->request = NULL;
	if (sts_again(s, r))
		return;
	if (r->error != HTTP_OK)
		fetch_why(r, why, sizeof(why));
	else if (r->status != 200)
		sts_answer_error(r->status, r->body, r->len, why, sizeof(why));
	else if (s->who)
		(void)sts_answer_who(r->body, r->len, arn, sizeof(arn), why,
		    sizeof(why));
	else
		found = sts_answer_set(r->body, r->len, s->action,
		    s->world->now(), why, sizeof(why));
	/* The words are the server's: they may repeat what it was sent. */
	if (s->token != NULL)
		sts_answer_hide(why, s->token);
	if (s->keys != NULL) {
		sts_answer_hide(why, s->keys->secret);
		sts_answer_hide(why, s->keys->token);
	}
	snprintf(s->why, sizeof(s->why), "%s: %s", s->endpoint, why);
	sts_end(s, found, arn[0] != '\0' ? arn : NULL);
}

/* Adds a parameter, encoded; the memory has room for it. */
static void
body_add(struct sts *s, const char *name, const char *value)
{
	size_t	n = strlen(s->body);

	if (*value == '\0')
		return;
	n += (size_t)snprintf(s->body + n, s->size - n, "&%s=", name);
	(void)sigv4_encode(value, 0, s->body + n, s->size - n);
}

static void
body_make(struct sts *s, const struct sts_role *role, const char *token)
{
	const char	*name = *role->session_name != '\0' ?
			    role->session_name : STS_SESSION_NAME;
	char		 number[16] = "";

	s->size = 300 + 3 * (strlen(role->role_arn) + strlen(name) +
	    strlen(role->external_id) + strlen(role->policy) + strlen(token));
	s->body = mem_new(1, s->size);
	snprintf(s->body, s->size, "Action=%s&Version=2011-06-15", s->action);
	if (s->who)
		return;
	body_add(s, "RoleArn", role->role_arn);
	body_add(s, "RoleSessionName", name);
	if (role->duration != 0)
		snprintf(number, sizeof(number), "%u", role->duration);
	body_add(s, "DurationSeconds", number);
	body_add(s, "Policy", role->policy);
	if (s->keys != NULL)
		body_add(s, "ExternalId", role->external_id);
	else {
		body_add(s, "WebIdentityToken", token);
		s->token = strrchr(s->body, '=') + 1;
	}
}

struct lines {
	char		 host[URL_MAX + 8];
	char		 date[64];
	char		 token[CRED_TOKEN_MAX + 32];
	char		 auth[SIGV4_AUTH_MAX + 20];
	const char	*v[5];
	size_t		 n;
};

/* The headers of a signature.  -1: a key is longer than any of an STS. */
static int
lines_sign(struct sts *s, struct lines *l)
{
	const int64_t		 now = s->world->now() + s->ahead;
	struct sigv4_key	 key = { .expires = 0 };
	struct sigv4_header	 h[4];
	struct sigv4_request	 r = { "POST", "/", "", h, 0, NULL, NULL };
	char			 date[SIGV4_DATE_LEN + 1], hash[65];
	char			 auth[SIGV4_AUTH_MAX];
	uint8_t			 md[32];
	int			 ret = -1;

	sigv4_date(now, date);
	sum_of(s->body, strlen(s->body), md);
	hex_print(md, sizeof(md), hash);
	r.payload = hash;
	r.date = date;
	h[r.nheaders++] = (struct sigv4_header){ "content-type", FORM };
	h[r.nheaders++] = (struct sigv4_header){ "host", s->host };
	h[r.nheaders++] = (struct sigv4_header){ "x-amz-date", date };
	if (s->keys->token[0] != '\0')
		h[r.nheaders++] = (struct sigv4_header){
		    "x-amz-security-token", s->keys->token };
	sigkey_date(key.date, now);
	if (sts_region(s->host, key.region, sizeof(key.region)) == -1 &&
	    strlcpy(key.region, s->region, sizeof(key.region)) >=
	    sizeof(key.region))
		goto out;
	if (strlcpy(key.access_key, s->keys->access_key,
	    sizeof(key.access_key)) >= sizeof(key.access_key) ||
	    sigkey_derive(key.key, s->keys->secret, key.date, key.region,
	    "sts") == -1)
		goto out;
	strlcpy(key.service, "sts", sizeof(key.service));
	if (sigv4_sign(&key, &r, auth, sizeof(auth)) == -1)
		goto out;
	snprintf(l->date, sizeof(l->date), "X-Amz-Date: %s", date);
	l->v[l->n++] = l->date;
	snprintf(l->auth, sizeof(l->auth), "Authorization: %s", auth);
	l->v[l->n++] = l->auth;
	if (s->keys->token[0] != '\0') {
		snprintf(l->token, sizeof(l->token),
		    "X-Amz-Security-Token: %s", s->keys->token);
		l->v[l->n++] = l->token;
	}
	ret = 0;
 out:
	explicit_bzero(&key, sizeof(key));
	return ret;
}

/* Sends what has been made, signed as of now. */
static void
sts_go(struct sts *s)
{
	char		 url[URL_MAX + 2];
	struct lines	 l = { .n = 0 };
	struct net_call	 c = { .method = "POST", .url = url,
			    .headers = l.v, .body = s->body,
			    .connect_ms = CONNECT_MS, .timeout_ms = TOTAL_MS };

	snprintf(url, sizeof(url), "%s/", s->endpoint);
	snprintf(l.host, sizeof(l.host), "Host: %s", s->host);
	l.v[l.n++] = l.host;
	l.v[l.n++] = "Content-Type: " FORM;
	if (s->keys != NULL && lines_sign(s, &l) == -1)
		sts_fail(s, "the keys or the region cannot be used to sign");
	else {
		c.nheaders = l.n;
		metrics_request("sts");
		s->request = net_start(s->world->net, &c, sts_done, s);
	}
	explicit_bzero(&l, sizeof(l));
}

static void
sts_send(struct sts *s, const struct sts_role *role, const char *token)
{
	size_t	n;

	if (*role->endpoint == '\0' && sts_endpoint(role->region, s->endpoint,
	    sizeof(s->endpoint)) == -1) {
		sts_fail(s, "region %s has no STS that Pail knows: set "
		    "sts-endpoint", role->region);
		return;
	}
	if (*role->endpoint != '\0')
		strlcpy(s->endpoint, role->endpoint, sizeof(s->endpoint));
	n = strlen(s->endpoint);
	if (n > 0 && s->endpoint[n - 1] == '/')
		s->endpoint[n - 1] = '\0';
	if (strlen(role->endpoint) >= sizeof(s->endpoint) ||
	    sts_host(s->endpoint, s->host, sizeof(s->host)) == -1) {
		sts_fail(s, "sts-endpoint is not the URL of a host");
		return;
	}
	if (strlcpy(s->region, role->region, sizeof(s->region)) >=
	    sizeof(s->region)) {
		sts_fail(s, "the region's name is too long");
		return;
	}
	body_make(s, role, token);
	sts_go(s);
}

/* A role's limits, as IAM has them. */
static bool
role_fits(const struct sts_role *r)
{
	return strlen(r->role_arn) <= STS_ARN_MAX &&
	    strlen(r->session_name) <= STS_NAME_MAX &&
	    strlen(r->external_id) <= STS_ID_MAX &&
	    strlen(r->policy) <= STS_POLICY_MAX;
}

static struct sts *
sts_new(const struct source_world *world, const char *action, sts_cb cb,
    void *arg)
{
	struct sts	*s = mem_new(1, sizeof(*s));

	s->world = world;
	s->action = action;
	s->cb = cb;
	s->arg = arg;
	if ((s->soon = evtimer_new(world->base, sts_failed, s)) == NULL)
		fatalx("evtimer_new");
	return s;
}

struct sts *
sts_assume_role(const struct source_world *world,
    const struct cred_secret *keys, const struct sts_role *role, sts_cb cb,
    void *arg)
{
	struct sts	*s = sts_new(world, "AssumeRole", cb, arg);

	if ((s->keys = cred_secret_new()) == NULL)
		sts_fail(s, "out of memory");
	else if (!role_fits(role))
		sts_fail(s, "a parameter of the role is too long");
	else {
		*s->keys = *keys;
		sts_send(s, role, "");
	}
	return s;
}

struct sts *
sts_web_identity(const struct source_world *world, const char *token,
    const struct sts_role *role, sts_cb cb, void *arg)
{
	struct sts	*s = sts_new(world, "AssumeRoleWithWebIdentity", cb,
			    arg);

	if (!role_fits(role) || strlen(token) > STS_TOKEN_MAX)
		sts_fail(s, "the token or a parameter of the role is too "
		    "long");
	else
		sts_send(s, role, token);
	return s;
}

struct sts *
sts_identity(const struct source_world *world, const struct cred_secret *keys,
    const char *region, const char *endpoint, sts_cb cb, void *arg)
{
	struct sts		*s = sts_new(world, "GetCallerIdentity", cb,
				    arg);
	const struct sts_role	 none = { "", "", "", "", 0, region,
				    endpoint };

	s->who = true;
	if ((s->keys = cred_secret_new()) == NULL)
		sts_fail(s, "out of memory");
	else {
		*s->keys = *keys;
		sts_send(s, &none, "");
	}
	return s;
}

void
sts_cancel(struct sts *s)
{
	if (s != NULL)
		sts_free(s);
}
