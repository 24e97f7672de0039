/*
 * The role of a container: from ECS's agent or EKS's Pod Identity agent, which
 * the orchestrator names in the environment of paild (AWS SDKs and Tools
 * Reference Guide, "Container credential provider").  Where the authorization
 * token is in a file it is read anew for each question.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/net.h"
#include "credd/fetch.h"
#include "credd/files.h"
#include "credd/metrics.h"
#include "credd/source.h"
#include "credd/source_container.h"

#define ECS_AGENT	"http://169.254.170.2"
#define URL_MAX		2048
#define CONNECT_MS	1000
#define TOTAL_MS	3000

static const char *const names[] = {
	"env:AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"env:AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"env:AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"env:AWS_CONTAINER_AUTHORIZATION_TOKEN"
};
enum { RELATIVE, FULL, TOKEN_FILE, TOKEN };

struct container {
	struct files_job	*job;
	struct net_request	*request;
};

static void
container_end(struct source_ask *q)
{
	struct container	*c = q->state;

	files_cancel(c->job);
	net_cancel(c->request);
	free(c);
}

/* An address of this host, or an agent's. */
static bool
agent(const char *host)
{
	struct in_addr	 v4;
	struct in6_addr	 v6;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127 ||
		    strcmp(host, "169.254.170.2") == 0 ||
		    strcmp(host, "169.254.170.23") == 0;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6) ||
		    strcasecmp(host, "fd00:ec2::23") == 0;
	return strcasecmp(host, "localhost") == 0;
}

bool
container_may_ask(const char *url)
{
	char		 host[256];
	const char	*p, *end;
	size_t		 n;

	for (p = url; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f ||
		    *p == '\\')
			return false;
	if (strncmp(url, "http://", 7) != 0 &&
	    strncmp(url, "https://", 8) != 0)
		return false;
	p = strstr(url, "://") + 3;
	n = strcspn(p, "/?#");
	/* Whoever is before an '@' is not the host. */
	if (n == 0 || memchr(p, '@', n) != NULL)
		return false;
	if (*p == '[') {
		if ((end = memchr(p, ']', n)) == NULL)
			return false;
		p++;
	} else if ((end = memchr(p, ':', n)) == NULL)
		end = p + n;
	n = (size_t)(end - p);
	if (n == 0 || n >= sizeof(host))
		return false;
	memcpy(host, p, n);
	host[n] = '\0';
	/* Others only where TLS tells who they are. */
	return url[4] == 's' || agent(host);
}

static void
container_got(const struct http_result *r, void *arg)
{
	struct source_ask	*q = arg;
	struct container	*c = q->state;
	struct cred_secret	*s = NULL;
	char			 why[300];

	c->request = NULL;
	if (r->error != HTTP_OK || r->status != 200)
		fetch_why(r, why, sizeof(why));
	else
		s = fetch_json(r->body, r->len, "Token", why, sizeof(why));
	if (s != NULL)
		source_found(q, s);
	else
		source_failed(q, "container service: %s", why);
}

static void
container_ask(struct source_ask *q, const char *url, const char *token)
{
	struct container	*c = q->state;
	size_t			 size = strlen(token) + 32;
	char			*header = mem_new(1, size);
	const char		*headers[] = { header };
	struct net_call		 call = { .method = "GET", .url = url,
				    .headers = headers,
				    .nheaders = *token != '\0',
				    .connect_ms = CONNECT_MS,
				    .timeout_ms = TOTAL_MS };

	snprintf(header, size, "Authorization: %s", token);
	metrics_request("container");
	c->request = net_start(q->world->net, &call, container_got, q);
	freezero(header, size);
}

static void
container_read(const struct files_item *v, void *arg)
{
	struct source_ask	*q = arg;
	struct container	*c = q->state;
	const char		*token = v[TOKEN_FILE].len > 0 ?
				    v[TOKEN_FILE].data : v[TOKEN].data;
	char			 url[URL_MAX];
	int			 n;

	c->job = NULL;
	if (v[RELATIVE].len == 0 && v[FULL].len == 0) {
		source_none(q, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and "
		    "_FULL_URI are not set");
		return;
	}
	if (v[TOKEN_FILE].outcome == SETUP_GIVE_FAILED) {
		source_failed(q, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: %s",
		    v[TOKEN_FILE].why);
		return;
	}
	n = v[RELATIVE].len > 0 ? snprintf(url, sizeof(url), ECS_AGENT "%s%s",
	    v[RELATIVE].data[0] == '/' ? "" : "/", v[RELATIVE].data) :
	    snprintf(url, sizeof(url), "%s", v[FULL].data);
	if (n < 0 || (size_t)n >= sizeof(url) || !container_may_ask(url))
		source_failed(q, "AWS_CONTAINER_CREDENTIALS_FULL_URI: must be "
		    "https, or the address of this host or of an agent of "
		    "AWS");
	else if (!cred_plain(token, strlen(token)))
		source_failed(q, "the authorization token contains a control "
		    "character");
	else
		container_ask(q, url, token);
}

static void
container_start(struct source_ask *q)
{
	struct container	*c = q->state = mem_new(1, sizeof(*c));

	c->job = files_gather(q->world->files, names, nitems(names),
	    container_read, q);
}

const struct source source_container = { "container", true, container_start,
    container_end };
