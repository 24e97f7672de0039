/*
 * The table of children: names, states, and the slice of the configuration
 * that each is given.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "paild/apps.h"
#include "paild/conf_cert.h"
#include "paild/conf_http.h"
#include "paild/conf_slice.h"
#include "paild/identity.h"
#include "paild/pools.h"
#include "paild/proc.h"

time_t
paild_now(void)
{
	return (time_t)(clock_ms() / 1000);
}

const char *
proc_state_name(enum proc_state s)
{
	static const char *const names[] = {
		[PROC_DOWN] = "down",
		[PROC_STARTING] = "starting",
		[PROC_READY] = "ready",
		[PROC_DRAINING] = "draining",
	};

	return names[s];
}

const char *
proc_name(const struct proc *p)
{
	static char	name[48];

	snprintf(name, sizeof(name), "%s %u", proc_kind_name(p->kind),
	    p->index);
	return name;
}

const char *
proc_log_name(const struct proc *p)
{
	static char	name[48];
	const char	*kind = proc_kind_name(p->kind);

	if (p->paild->count[p->kind] > 1)
		snprintf(name, sizeof(name), "%s/%u", kind, p->index);
	else
		strlcpy(name, kind, sizeof(name));
	return name;
}

void
proc_enter(struct proc *p, enum proc_state s)
{
	log_debug("proc=\"%s\" pid=%d state=%s was=%s", proc_name(p),
	    (int)p->pid, proc_state_name(s), proc_state_name(p->state));
	p->state = s;
}

static uint32_t
proc_count(const struct paild *pd, enum proc_kind kind)
{
	if (pd->report != NULL)
		return (proc_row(kind)->traits & PROC_REPORTS) != 0;
	if (kind == PROC_AUTHWORKER)
		return pools_workers(&pd->pools);
	return conf_processes(pd->conf, kind);
}

void
proc_table(struct paild *pd)
{
	struct proc	*p;
	size_t		 n = 0;
	uint32_t	 index;
	int		 kind;

	pools_make(&pd->pools, pd->conf);
	for (kind = PROC_PAILD + 1; kind < PROC_KINDS; kind++) {
		pd->count[kind] = proc_count(pd, (enum proc_kind)kind);
		n += pd->count[kind];
	}
	pd->procs = mem_new(n, sizeof(*pd->procs));
	pd->nprocs = n;
	p = pd->procs;
	for (kind = PROC_PAILD + 1; kind < PROC_KINDS; kind++)
		for (index = 0; index < pd->count[kind]; index++, p++) {
			p->paild = pd;
			p->kind = (enum proc_kind)kind;
			p->index = index;
			TAILQ_INIT(&p->asks);
		}
}

struct proc *
proc_find(struct paild *pd, enum proc_kind kind, uint32_t index)
{
	struct proc	*p;
	size_t		 i;

	for (i = 0; i < pd->nprocs; i++) {
		p = &pd->procs[i];
		if (p->kind == kind && p->index == index)
			return p->setup != NULL ? p : NULL;
	}
	return NULL;
}

bool
proc_all_ready(const struct paild *pd)
{
	return proc_others_ready(pd, PROC_KINDS);
}

bool
proc_others_ready(const struct paild *pd, enum proc_kind kind)
{
	const struct proc	*p;

	for (p = pd->procs; p < pd->procs + pd->nprocs; p++)
		if (p->kind != kind && p->state != PROC_READY)
			return false;
	return true;
}

size_t
proc_running(const struct paild *pd)
{
	size_t	i, n = 0;

	for (i = 0; i < pd->nprocs; i++)
		n += pd->procs[i].pid != 0;
	return n;
}

bool
proc_listens(const struct proc *p)
{
	return (proc_row(p->kind)->traits & PROC_LISTENS) != 0;
}

bool
proc_listens_early(const struct proc *p)
{
	return (proc_row(p->kind)->traits & PROC_EARLY) != 0;
}

/* For credd number 0 alone, if there are others: who has signatures made talks
 * to a process that has no secret of the bucket. */
static bool
is_first_credds(const char *path)
{
	return strncmp(path, "tls.", 4) != 0 && strcmp(path, "mark:tls") != 0;
}

bool
proc_may_tell(const char *path, const void *arg)
{
	const struct proc	*p = arg;

	if (p->kind == PROC_CREDD && p->paild->count[PROC_CREDD] > 1)
		return is_first_credds(path) == (p->index == 0);

	/* It is told a hash of it (conf_http.h). */
	if (p->kind == PROC_ADMIND)
		return strcmp(path, "metrics-token") != 0;
	return p->kind != PROC_AUTHWORKER || pools_tell(&p->paild->pools,
	    p->paild->conf, p->index, path);
}

/* What is known of client certificates; no files: nobody has one. */
static size_t
proc_clients(const struct proc *p, struct buf *pem, struct conf_extra extra[2])
{
	const char	*rule, *text = "";
	char		 why[512] = "out of memory";

	if (conf_cert_read(p->paild->conf, pem, &rule, why, sizeof(why)) == 0)
		text = (const char *)pem->data;
	else
		log_warnx("proc=\"%s\": no client certificates: %s",
		    proc_name(p), why);
	extra[0] = (struct conf_extra){ "clients.ca", text };
	if (p->kind != PROC_IMAPD)
		return 1;	/* it has the key itself, and many of pools */
	extra[1] = (struct conf_extra){ "clients.name", rule };
	return 2;
}

/* Who may see metrics. */
static size_t
proc_metrics(const struct proc *p, struct buf *pem, char hash[CONF_HTTP_HASH],
    struct conf_extra extra[3])
{
	const struct conf	*c = p->paild->conf;
	char			 why[512] = "out of memory";

	if (conf_http_tell(c, hash, pem, why, sizeof(why)) == -1)
		log_warnx("proc=\"%s\": no client certificates: %s",
		    proc_name(p), why);
	extra[0] = (struct conf_extra){ "metrics.token", hash };
	extra[1] = (struct conf_extra){ "metrics.ca",
	    (const char *)pem->data };
	extra[2] = (struct conf_extra){ "metrics.guarded",
	    conf_item(c, "metrics-token") != NULL ||
	    conf_item(c, "metrics-ca-file") != NULL ? "true" : "false" };
	return 3;
}

int
proc_slice(const struct proc *p, struct buf *b)
{
	const struct paild	*pd = p->paild;
	const struct identity	*id = identity_of(p->kind);
	char			 index[16], keys[PROC_KINDS][32],
				 num[PROC_KINDS][16], serial[24];
	const char		*level = conf_str(pd->conf, "log.level");
	struct conf_extra	 extra[12 + PROC_KINDS + POOLS_EXTRA] = {
		{ "role", proc_kind_name(p->kind) },
		{ "index", index },
		{ "user", id->user },
		{ "group", id->group },
		{ "chroot", id->chroot },
		{ "log.level", pd->verbose ? "debug" :
		    pd->report != NULL ? "warn" : level },
		{ "debug", pd->debug ? "true" : "false" },
		/* The store is tried once in paild's life, by one process. */
		{ "probe", pd->report == NULL && !pd->probed &&
		    p->kind == PROC_STORAGED && p->index == 0 ? "true" :
		    "false" },
		{ "report", pd->report != NULL ? "true" : "false" },
		{ "sandbox", conf_str(pd->conf, "sandbox") },
		{ "tls", conf_item(pd->conf, "tls.0.certificate") != NULL ?
		    "true" : "false" },
	};
	struct buf		 pem;
	struct pools_text	 pools;
	const char		*user;
	size_t			 n = 11;
	char			 hash[CONF_HTTP_HASH], why[512];
	int			 k, r;

	/* Its primary group is the user's. */
	if (p->kind == PROC_AUTHWORKER && id->user[0] != '\0' &&
	    (user = pools_user(&pd->pools, p->index)) != NULL) {
		extra[2].value = user;
		extra[3].value = "";
	}
	snprintf(index, sizeof(index), "%u", p->index);
	for (k = PROC_PAILD + 1; k < PROC_KINDS; k++) {
		snprintf(keys[k], sizeof(keys[k]), "nprocs.%s",
		    proc_kind_name((enum proc_kind)k));
		snprintf(num[k], sizeof(num[k]), "%u", pd->count[k]);
		extra[n++] = (struct conf_extra){ keys[k], num[k] };
	}
	if (p->kind == PROC_AUTHD || p->kind == PROC_AUTHWORKER)
		n += pools_extra(&pd->pools, &pools, extra + n);
	if (p->kind == PROC_STORAGED && p->index == 0) {
		snprintf(serial, sizeof(serial), "%llu",
		    (unsigned long long)apps_serial(pd));
		extra[n++] = (struct conf_extra){ "app-passwords.serial",
		    serial };
	}
	buf_init(&pem, 2 * CONF_CERT_MAX + 16384);
	if (p->kind == PROC_IMAPD || p->kind == PROC_AUTHWORKER)
		n += proc_clients(p, &pem, extra + n);
	if (conf_recall(pd->conf, p->kind, why, sizeof(why)) == -1)
		log_warnx("proc=\"%s\": a secret cannot be read again: %s",
		    proc_name(p), why);
	if (p->kind == PROC_ADMIND)
		n += proc_metrics(p, &pem, hash, extra + n);
	r = conf_slice_told(pd->conf, p->kind, extra, n,
	    proc_may_tell, p, b);
	conf_forget(pd->conf, p->kind);
	buf_free(&pem);
	return r;
}
