/*
 * What paild says to a child that runs: the operator's commands, and answers to
 * what the child has asked.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/daemon_counts.h"
#include "common/daemon_impl.h"
#include "common/log.h"

static struct daemon_self *const self = &daemon_self;

static int
on_verbose(struct msg *m)
{
	struct ctl_verbose req;

	if (wire_decode(&ctl_verbose_wire, &req, m->data, m->len, NULL) == -1)
		return -1;
	log_set_level((enum log_level)req.level);
	return 0;
}

static int
on_leave(struct msg *m)
{
	struct ctl_leave leave;

	if (wire_decode(&ctl_leave_wire, &leave, m->data, m->len, NULL) == -1)
		return -1;
	if (self->d->leave != NULL && self->state == DAEMON_READY)
		self->d->leave(leave.within);
	return 0;
}

static int
on_drain(struct msg *m)
{
	(void)m;
	if (self->state == DAEMON_DRAINING)
		return 0;
	self->state = DAEMON_DRAINING;
	if (self->d->drain != NULL)
		self->d->drain();
	else
		daemon_drained();
	return 0;
}

static int
on_reload(struct msg *m)
{
	struct ctl_reloaded	 res = { .ok = true, .text = STR("") };
	struct slice		*conf;
	char			 why[512] = "";

	if ((conf = slice_new(m->data, m->len)) == NULL)
		return -1;
	if (self->d->reload != NULL &&
	    self->d->reload(conf, why, sizeof(why)) == -1) {
		res.ok = false;
		res.text = str_from(why);
		log_warnx("reload: result=no why=\"%s\"", why);
		slice_free(conf);
	} else {
		slice_free(self->conf);
		self->conf = conf;
		daemon_log(conf);
	}
	peer_send_struct(self->setup, IMSG_CTL_RELOADED, m->id, &res, -1);
	return 0;
}

static int
on_stats(struct msg *m)
{
	return daemon_counts_send(self->arena, self->d->counts, self->setup,
	    m->id);
}

static const char *
cstr(struct str s)
{
	const char *p = arena_dup(self->arena, s.p, s.len);

	if (p == NULL)
		fatal("arena_dup");
	return p;
}

static int
on_report(struct msg *m)
{
	struct ctl_report req;

	if (wire_decode(&ctl_report_wire, &req, m->data, m->len, NULL) == -1) {
		close(m->fd);
		return -1;
	}
	if (m->fd == -1)
		log_warnx("report=%.*s result=no why=\"out of file "
		    "descriptors\"", (int)req.what.len, req.what.p);
	else if (self->d->report != NULL)
		self->d->report(cstr(req.what), cstr(req.arg), req.json, m->fd);
	else
		close(m->fd);
	return 0;
}

static int
on_preauth(struct msg *m)
{
	struct ctl_preauth req;

	if (wire_decode(&ctl_preauth_wire, &req, m->data, m->len, NULL) == -1) {
		close(m->fd);
		return -1;
	}
	if (self->d->preauth != NULL)
		self->d->preauth(cstr(req.user), cstr(req.token), m->fd);
	else
		close(m->fd);
	return 0;
}

static int
on_revoke(struct msg *m)
{
	struct ctl_revoke req;

	if (wire_decode(&ctl_revoke_wire, &req, m->data, m->len, NULL) == -1)
		return -1;
	if (self->d->revoke != NULL)
		self->d->revoke(cstr(req.user));
	return 0;
}

static int
on_give(struct msg *m)
{
	struct setup_give g;

	if (wire_decode(&setup_give_wire, &g, m->data, m->len, NULL) == -1)
		return -1;
	if (self->d->give != NULL)
		self->d->give(m->id, &g);
	return 0;
}

static int
on_serve(struct msg *m)
{
	(void)m;
	if (self->d->serve != NULL)
		self->d->serve();
	return 0;
}

static int
on_admin(struct msg *m)
{
	return self->d->admin != NULL ? self->d->admin(m) : 0;
}

int
daemon_command(struct msg *m)
{
	static const struct {
		enum msg_type	type;
		int		(*handle)(struct msg *);
	} handlers[] = {
		{ IMSG_CTL_VERBOSE, on_verbose },
		{ IMSG_CTL_DRAIN, on_drain },
		{ IMSG_CTL_LEAVE, on_leave },
		{ IMSG_CTL_RELOAD, on_reload },
		{ IMSG_CTL_STATS, on_stats },
		{ IMSG_CTL_REPORT, on_report },
		{ IMSG_CTL_PREAUTH, on_preauth },
		{ IMSG_CTL_REVOKE, on_revoke },
		{ IMSG_SETUP_GIVE, on_give },
		{ IMSG_SETUP_SERVE, on_serve },
		{ IMSG_ADMIN_PROC, on_admin },
		{ IMSG_ADMIN_DONE, on_admin }
	};
	size_t	i;

	for (i = 0; i < nitems(handlers); i++)
		if (handlers[i].type == m->type)
			return handlers[i].handle(m);
	if (m->fd != -1)
		close(m->fd);
	return -1;
}
