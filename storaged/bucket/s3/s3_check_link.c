/*
 * The check's way to the server: name lookup, connection, TLS, clock.  The
 * request that is sent is GET of the endpoint itself, unsigned; who has a
 * certificate that is not trusted gets no more than that.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "storaged/bucket/s3/s3_cause.h"
#include "storaged/bucket/s3/s3_check_int.h"

#define CONNECT_MS	15000
#define CLOCK_WARN	60		/* s */
#define CERT_WARN	(14 * 86400)	/* s before it expires */

/* -- the name -- */

/* "[::1]:9000" to "::1". */
static void
host_only(const char *from, char *dst, size_t size)
{
	size_t n;

	if (from[0] == '[') {
		n = strcspn(++from, "]");
	} else
		n = strcspn(from, ":");
	snprintf(dst, size, "%.*s", (int)n, from);
}

/* host begins with the bucket's name and a dot? */
static const char *
behind_bucket(const struct s3 *s3, const char *host)
{
	size_t n = strlen(s3->bucket);

	return strncmp(host, s3->bucket, n) == 0 && host[n] == '.' ?
	    host + n + 1 : NULL;
}

/* RFC 6761, as libcurl has it: all names below localhost are this host. */
static const char *
resolvable(const char *host)
{
	size_t n = strlen(host);

	return n > 10 && strcmp(host + n - 10, ".localhost") == 0 ?
	    "localhost" : host;
}

/* In a helper thread. */
static void
look_up(void *arg)
{
	struct s3_check *c = arg;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *res, *ai;
	const char *rest;
	int e;

	if ((e = getaddrinfo(resolvable(c->host), NULL, &hints, &res)) != 0) {
		c->lookup = gai_strerror(e);
		rest = behind_bucket(c->s3, c->host);
		if (rest != NULL && getaddrinfo(rest, NULL, &hints, &res) ==
		    0) {
			c->without = true;
			freeaddrinfo(res);
		}
		return;
	}
	for (ai = res; ai != NULL && c->naddresses < CHECK_ADDRESSES;
	    ai = ai->ai_next) {
		if (getnameinfo(ai->ai_addr, ai->ai_addrlen,
		    c->addresses[c->naddresses], sizeof(c->addresses[0]),
		    NULL, 0, NI_NUMERICHOST) == 0)
			c->naddresses++;
	}
	freeaddrinfo(res);
}

static void
looked_up(void *arg)
{
	struct s3_check *c = arg;
	char list[CHECK_ADDRESSES * 66] = "";
	int i;

	if (c->without && c->s3->url.path[0] == '\0') {
		s3_check_fail(c, false, "name: %s does not resolve, but %s "
		    "does: set addressing: path", c->host,
		    behind_bucket(c->s3, c->host));
		return;
	}
	if (c->lookup != NULL) {
		s3_check_fail(c, false, "name: the name of %s does not "
		    "resolve: check store.endpoint, store.region and this "
		    "host's DNS: %s", c->s3->url.base, c->lookup);
		return;
	}
	for (i = 0; i < c->naddresses; i++) {
		strlcat(list, i > 0 ? " " : "", sizeof(list));
		strlcat(list, c->addresses[i], sizeof(list));
	}
	s3_check_say(c, "ok", "name: %s has address %s", c->host, list);
	s3_check_next(c);
}

void
s3_check_name(struct s3_check *c)
{
	const char *rest;

	host_only(c->s3->url.host, c->host, sizeof(c->host));
	if (c->s3->url.path[0] == '\0' &&
	    (rest = behind_bucket(c->s3, c->host)) != NULL &&
	    (rest = behind_bucket(c->s3, rest)) != NULL) {
		s3_check_fail(c, true, "addressing: store.endpoint holds the "
		    "bucket's name: write %s in place of %s there", rest,
		    behind_bucket(c->s3, c->host));
		return;
	}
	if (c->s3->proxied) {
		s3_check_say(c, "ok", "name: the proxy looks up %s", c->host);
		s3_check_next(c);
		return;
	}
	(void)helper_run(c->pool, true, look_up, looked_up, c);
}

/* -- the certificate -- */

static void
say_certs(struct s3_check *c, const struct http_result *r)
{
	const struct http_cert *v = r->certs;
	int64_t until, left;
	char subject[300], issuer[300], names[500], end[100];
	size_t i;

	for (i = 0; i < r->ncerts; i++) {
		until = http_date(v[i].until);
		left = until - (int64_t)time(NULL);
		log_quote(subject, sizeof(subject), v[i].subject,
		    strlen(v[i].subject));
		log_quote(issuer, sizeof(issuer), v[i].issuer,
		    strlen(v[i].issuer));
		log_quote(names, sizeof(names), v[i].names,
		    strlen(v[i].names));
		log_quote(end, sizeof(end), v[i].until, strlen(v[i].until));
		s3_check_say(c, until != 0 && left < CERT_WARN ? "warn" : "ok",
		    "TLS: certificate %zu: %s%s%s, issued by %s, expires %s%s",
		    i + 1, subject, i == 0 && names[0] != '\0' ? ", for " : "",
		    i == 0 ? names : "", issuer, end,
		    until != 0 && left < CERT_WARN ? ": renew it" : "");
	}
}

/* What the certificate says that was not accepted. */
static void
looked_at(const struct http_result *r, void *arg)
{
	struct s3_check *c = arg;
	char names[500] = "";

	if (r->ncerts > 0)
		log_quote(names, sizeof(names), r->certs[0].names[0] != '\0' ?
		    r->certs[0].names : r->certs[0].subject,
		    strlen(r->certs[0].names[0] != '\0' ? r->certs[0].names :
		    r->certs[0].subject));
	if (r->ncerts > 0)
		say_certs(c, r);
	if (names[0] != '\0' && strstr(c->link, "another name") != NULL)
		s3_check_fail(c, false, "TLS: %s (it is for: %s)", c->link,
		    names);
	else
		s3_check_fail(c, false, "TLS: %s", c->link);
}

static bool
ask(struct s3_check *c, struct http *http, http_cb cb)
{
	char url[S3_URL_MAX];
	struct http_call h = { .method = "GET", .url = url, .fd = -1,
	    .fresh = true, .certs = true, .max_body = S3_ERROR_MAX,
	    .timeout_ms = CONNECT_MS };

	snprintf(url, sizeof(url), "%s/", c->s3->url.base);
	return http_start(http, &h, cb, c) != NULL;
}

static void
unlinked(struct s3_check *c, const struct http_result *r)
{
	struct http_conf any = { .connect_ms = 5000, .stall_ms = 5000,
	    .idle_s = 1, .connections = 1, .any_cert = true };
	char cause[S3_CAUSE_MAX], why[300];

	(void)s3_cause_link(r->why, c->s3->url.base, cause, sizeof(cause));
	snprintf(c->link, sizeof(c->link), "%s%s%s", cause,
	    cause[0] != '\0' ? ": " : "", r->why);
	if (strstr(cause, "certificate") != NULL && !c->s3->proxied &&
	    (c->any = http_new(c->base, &any, why, sizeof(why))) != NULL &&
	    ask(c, c->any, looked_at))
		return;
	s3_check_fail(c, false, "%s: %s", strstr(cause, "TLS") != NULL ||
	    strstr(cause, "certificate") != NULL ? "TLS" : "connection",
	    c->link);
}

/* -- the connection -- */

static bool
holds(const struct http_result *r, const char *word)
{
	return r->len > 0 && memmem(r->body, r->len, word, strlen(word)) !=
	    NULL;
}

/* What no S3 server says: NULL, or what it is. */
static const char *
not_s3(const struct s3_check *c, const struct http_result *r)
{
	if (r->status == 407)
		return "the proxy asks for a user name and a password: let "
		    "this host pass without, or list the endpoint in "
		    "store.no-proxy";
	if (r->status == 400 && strncmp(c->s3->url.base, "http:", 5) == 0 &&
	    (holds(r, "HTTPS") || holds(r, "SSL-enabled")))
		return "it speaks TLS: store.endpoint must begin with "
		    "https://";
	if (r->status >= 502 && r->status <= 504 && !holds(r, "<Error>"))
		return "what answers is not the S3 server but a proxy or a "
		    "load balancer that does not reach it: check store.proxy "
		    "and store.no-proxy, and whether the server runs";
	return NULL;
}

static void
say_clock(struct s3_check *c, const struct http_result *r)
{
	char date[64];
	int64_t d;

	if (!http_header(r, "Date", date, sizeof(date)) ||
	    http_date(date) == 0) {
		s3_check_say(c, "warn", "clock: the server sends no Date "
		    "header: this host's clock is not checked");
		return;
	}
	d = (int64_t)time(NULL) - http_date(date);
	if (d >= -CLOCK_WARN && d <= CLOCK_WARN)
		s3_check_say(c, "ok", "clock: %" PRId64 " s from the "
		    "server's", d < 0 ? -d : d);
	else
		s3_check_say(c, "warn", "clock: the clock of this host is %"
		    PRId64 " s %s the server's: set it (NTP)",
		    d < 0 ? -d : d, d < 0 ? "behind" : "ahead of");
}

static void
connected(const struct http_result *r, void *arg)
{
	struct s3_check *c = arg;
	const char *other;

	if (r->error != HTTP_OK) {
		unlinked(c, r);
		return;
	}
	if ((other = not_s3(c, r)) != NULL) {
		s3_check_fail(c, false, "connection: %s: %s: status=%d",
		    c->s3->url.base, other, r->status);
		return;
	}
	s3_check_say(c, "ok", "connection: %s%s in %u ms", r->peer,
	    c->s3->proxied ? " (the proxy)" : "", (unsigned)((r->times.name +
	    r->times.connect + r->times.tls) / 1000));
	if (strncmp(c->s3->url.base, "https:", 6) != 0)
		s3_check_say(c, "note", "TLS: not used");
	else if (r->ncerts == 0)
		s3_check_say(c, "ok", "TLS: the certificate is accepted");
	else
		say_certs(c, r);
	say_clock(c, r);
	s3_check_next(c);
}

void
s3_check_connect(struct s3_check *c)
{
	if (!ask(c, c->s3->http, connected))
		s3_check_fail(c, false, "connection: out of memory");
}
