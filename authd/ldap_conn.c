/*
 * Servers of a directory that come and go.  Must never go on with a connection
 * that has lost its thread, nor search as anybody but who is meant to.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include "authd/ldap_conn.h"
#include "authd/ldap_link.h"
#include "common/clock.h"
#include "common/log.h"

struct ldap_conn {
	const struct ldap_conf	*conf;
	bool			 service;
	LDAP			*ld;		/* NULL: not connected */
	size_t			 at;		/* conf->server */
	bool			 bound;		/* by ldap_conn_bind() */
	bool			 refused;
	struct {
		unsigned	 failures;	/* in a row */
		int64_t		 failed;	/* the last */
		int64_t		 retry;
	}			 server[LDAP_SERVERS_MAX];
	char			 why[256];	/* of the last failure */
};

/* What is asked of a connection: a bind, or (query) a search. */
struct conn_job {
	const struct ldap_query	*query;
	struct ldap_entry	*entry;
	const char		*dn;
	struct str		 password;
	struct ldap_reply	*reply;
};

static int64_t
now_ms(void)
{
	return (int64_t)clock_ms();
}

struct ldap_conn *
ldap_conn_new(const struct ldap_conf *c, bool service)
{
	struct ldap_conn	*k;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	k->conf = c;
	k->service = service;
	return k;
}

static void
conn_drop(struct ldap_conn *k)
{
	ldap_link_close(k->ld);
	k->ld = NULL;
	k->bound = false;
}

void
ldap_conn_free(struct ldap_conn *k)
{
	if (k == NULL)
		return;
	conn_drop(k);
	free(k);
}

static void
conn_failed(struct ldap_conn *k, size_t at)
{
	int64_t		now = now_ms(), ms = LDAP_FAR_MS;
	unsigned	i;

	for (i = 0; i < k->server[at].failures && ms < LDAP_FAR_MAX_MS; i++)
		ms *= 2;
	if (k->server[at].failures++ == 0)
		log_warnx("backend=ldap/%u result=unavailable why=\"%s\"",
		    k->conf->entry, k->why);
	k->server[at].failed = now;
	k->server[at].retry = now + (ms < LDAP_FAR_MAX_MS ? ms :
	    LDAP_FAR_MAX_MS);
}

static void
conn_answered(struct ldap_conn *k)
{
	char	url[LDAP_ADDR_URL_MAX];

	if (k->server[k->at].failures > 0) {
		ldap_addr_url(&k->conf->server[k->at], url, sizeof(url));
		log_info("backend=ldap/%u result=ok why=\"%s responds\"",
		    k->conf->entry, url);
	}
	memset(&k->server[k->at], 0, sizeof(k->server[k->at]));
}

/* A new connection is the service account's before anything else. */
static int
conn_service(struct ldap_conn *k, LDAP *ld, size_t at, int64_t until)
{
	struct ldap_reply	r;
	char			why[200];
	int			rc;

	if (!k->service || k->conf->service_dn[0] == '\0')
		return 0;
	if ((rc = ldap_op_bind(ld, k->conf->service_dn,
	    str_from(k->conf->password), until, &r)) != LDAP_SUCCESS) {
		ldap_link_why(ld, &k->conf->server[at], rc, k->why,
		    sizeof(k->why));
		return -1;
	}
	if (ldap_answer(&r, why, sizeof(why)) == WORK_YES)
		return 0;
	k->refused |= r.result == LDAP_INVALID_CREDENTIALS;
	snprintf(k->why, sizeof(k->why), "service-dn: %s: %s",
	    ldap_err2string(r.result), why);
	return -1;
}

static int
conn_open(struct ldap_conn *k, size_t at, int64_t until)
{
	LDAP	*ld;

	if ((ld = ldap_link_open(k->conf, at, until, k->why,
	    sizeof(k->why))) == NULL)
		return -1;
	if (conn_service(k, ld, at, until) == -1) {
		ldap_link_close(ld);
		return -1;
	}
	k->ld = ld;
	k->at = at;
	return 0;
}

/* Is there a server before the one in use, of which it is time to see whether
 * it is back? */
static bool
conn_better(const struct ldap_conn *k)
{
	int64_t	now = now_ms();
	size_t	i;

	for (i = 0; i < k->at; i++)
		if (now >= k->server[i].retry)
			return true;
	return false;
}

/* A part of the time, if there are others to ask. */
static int64_t
share(const struct ldap_conn *k, int64_t until)
{
	int64_t	now = now_ms();

	return k->conf->nservers > 1 ? now + (until - now) / 2 : until;
}

/* Connected: 1 anew, 0 as it was; -1: to none. */
static int
conn_ready(struct ldap_conn *k, int64_t until)
{
	int64_t	now;
	size_t	i;
	bool	again, tried = false;

	if (k->ld != NULL && !conn_better(k))
		return 0;
	conn_drop(k);
	for (again = false;; again = true) {
		for (i = 0; i < k->conf->nservers; i++) {
			now = now_ms();
			if (now >= until)
				return -1;
			if (again ? now - k->server[i].failed < LDAP_AGAIN_MS :
			    now < k->server[i].retry)
				continue;
			tried = true;
			if (conn_open(k, i, share(k, until)) == 0)
				return 1;
			conn_failed(k, i);
		}
		if (tried || again)
			return -1;
	}
}

/* Is it the connection that is at fault, or what was asked? */
static bool
conn_lost(int rc)
{
	switch (rc) {
	case LDAP_SERVER_DOWN:
	case LDAP_CONNECT_ERROR:
	case LDAP_TIMEOUT:
	case LDAP_DECODING_ERROR:
	case LDAP_LOCAL_ERROR:
	case LDAP_BUSY:
	case LDAP_UNAVAILABLE:
		return true;
	default:
		return false;
	}
}

static int
conn_step(struct ldap_conn *k, const struct conn_job *j, int64_t until)
{
	int	rc;

	rc = j->query != NULL ? ldap_op_search(k->ld, j->query, until,
	    j->entry, j->reply) : ldap_op_bind(k->ld, j->dn, j->password,
	    until, j->reply);
	if (rc != LDAP_SUCCESS) {
		ldap_link_why(k->ld, &k->conf->server[k->at], rc, k->why,
		    sizeof(k->why));
		conn_drop(k);
	} else
		conn_answered(k);
	return rc;
}

/* What fails on a connection that was idle may only show that the server has
 * closed it: once more. */
static int
conn_run(struct ldap_conn *k, const struct conn_job *j, int64_t until,
    char *why, size_t size)
{
	int	fresh, rc;

	while ((fresh = conn_ready(k, until)) != -1) {
		if ((rc = conn_step(k, j, share(k, until))) == LDAP_SUCCESS)
			return 0;
		if (!conn_lost(rc))
			break;
		if (fresh == 1 || rc == LDAP_TIMEOUT)
			conn_failed(k, k->at);
	}
	strlcpy(why, k->why[0] != '\0' ? k->why : "no response in time", size);
	return -1;
}

int
ldap_conn_bind(struct ldap_conn *k, const char *dn, struct str password,
    int64_t until, struct ldap_reply *r, char *why, size_t size)
{
	struct conn_job	j = { .dn = dn, .password = password, .reply = r };

	k->bound = false;
	if (conn_run(k, &j, until, why, size) == -1)
		return -1;
	k->bound = r->result == LDAP_SUCCESS;
	return 0;
}

int
ldap_conn_search(struct ldap_conn *k, const struct ldap_query *q,
    int64_t until, struct ldap_entry *e, char *why, size_t size)
{
	struct ldap_reply	r;
	struct conn_job		j = { .query = q, .entry = e, .reply = &r };

	memset(&r, 0, sizeof(r));
	if (k->service) {
		if (conn_run(k, &j, until, why, size) == -1)
			return -1;
	} else if (!k->bound || k->ld == NULL) {
		/* Another connection would not be that user's. */
		snprintf(why, size, "not bound");
		return -1;
	} else if (conn_step(k, &j, until) != LDAP_SUCCESS) {
		strlcpy(why, k->why, size);
		return -1;
	}
	if (r.result == LDAP_SUCCESS ||
	    (r.result == LDAP_SIZELIMIT_EXCEEDED && e->n > 1))
		return 0;
	if (r.result == LDAP_NO_SUCH_OBJECT && q->scope == LDAP_SCOPE_BASE) {
		memset(e, 0, sizeof(*e));
		return 0;
	}
	snprintf(why, size, "%s: %s%s%s", q->base, ldap_err2string(r.result),
	    r.text[0] != '\0' ? ": " : "", r.text);
	return -1;
}

bool
ldap_conn_refused(struct ldap_conn *k)
{
	bool	refused = k->refused;

	k->refused = false;
	if (refused)
		memset(k->server, 0, sizeof(k->server));
	return refused;
}
