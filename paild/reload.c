/*
 * A reload is all or nothing for the file: with an error in it the old
 * configuration stays.  What a running suite cannot change keeps its old
 * value, and a line says so.
 */
#include "common/compat.h"

#include <event2/event.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/log.h"
#include "paild/ask.h"
#include "paild/conf_slice.h"
#include "paild/listen.h"
#include "paild/manager.h"
#include "paild/notify.h"
#include "paild/pools.h"
#include "paild/proc.h"
#include "paild/reload.h"
#include "paild/watch.h"

#define ANSWER_SECONDS	15

/* One reload under way; at most one at a time. */
static struct {
	bool		 busy;
	bool		 ok;
	size_t		 waiting;
	struct buf	 text;
	struct event	*timer;
	reload_cb	 cb;
	void		*arg;
} now;

static void say(bool, const char *, ...) __attribute__((format(printf, 2, 3)));

static void
say(bool bad, const char *fmt, ...)
{
	char	line[600];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (bad)
		log_warnx("reload: %s", line);
	else
		log_info("reload: %s", line);
	buf_printf(&now.text, "%s\n", line);
}

static void
finish(struct paild *pd)
{
	reload_cb	 cb = now.cb;

	now.busy = false;
	if (now.timer != NULL)
		event_del(now.timer);
	ask_forget(pd, &now);
	say(!now.ok, "%s", now.ok ? "done" :
	    "not all processes accepted the new configuration");
	notify("READY=1");
	manager_reloaded(pd, now.ok);
	buf_put_u8(&now.text, 0);
	if (cb != NULL)
		cb(now.ok, now.text.failed ? "" : (char *)now.text.data,
		    now.arg);
	buf_free(&now.text);
}

static void
on_answer(struct proc *p, const struct msg *m, void *arg)
{
	struct ctl_reloaded	 r;

	(void)arg;
	if (m == NULL) {
		/* It starts again with the new configuration. */
		say(true, "%s exited in the meantime", proc_name(p));
	} else if (m->type != IMSG_CTL_RELOADED ||
	    wire_decode(&ctl_reloaded_wire, &r, m->data, m->len, NULL) == -1) {
		now.ok = false;
		say(true, "%s: invalid response", proc_name(p));
	} else if (!r.ok) {
		now.ok = false;
		say(true, "%s: %.*s", proc_name(p), (int)r.text.len,
		    r.text.p);
	} else if (r.text.len != 0)
		say(false, "%s: %.*s", proc_name(p), (int)r.text.len,
		    r.text.p);
	if (--now.waiting == 0)
		finish(p->paild);
}

static void
too_long(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	now.ok = false;
	say(true, "%zu processes did not respond", now.waiting);
	finish(arg);
}

static void
needs_restart(const char *path, void *arg)
{
	(void)arg;
	say(true, "%s: a change requires a restart", path);
}

static void
needs_workers(uint32_t entry, const char *type, void *arg)
{
	(void)arg;
	say(true, "auth.%u: type %s requires a restart", entry, type);
}

/* No process can be added while the others run. */
static void
needs_process(const char *url)
{
	say(true, "listen: %s: the first address of its protocol requires a "
	    "restart", url);
}

static void
send_slices(struct paild *pd)
{
	struct timeval	 tv = { .tv_sec = ANSWER_SECONDS };
	struct proc	*p;
	struct buf	 b;
	size_t		 i;

	for (i = 0; i < pd->nprocs; i++) {
		p = &pd->procs[i];
		/* One that still starts has the old one, and takes this
		 * after its SETUP_GO. */
		if (p->setup == NULL)
			continue;
		buf_init_secret(&b, 1024 * 1024);
		if (proc_slice(p, &b) == 0 && ask_send(p, IMSG_CTL_RELOAD,
		    b.data, b.len, on_answer, &now) == 0)
			now.waiting++;
		else {
			now.ok = false;
			say(true, "%s: cannot be reached", proc_name(p));
		}
		buf_freezero(&b);
	}
	if (now.waiting == 0)
		finish(pd);
	else
		event_add(now.timer, &tv);
}

/* The new configuration, or NULL after its errors were told. */
static struct conf *
load(struct paild *pd)
{
	struct conf	*c = conf_load(pd->file, false);
	char		 at[PATH_MAX + 32];
	size_t		 i;

	for (i = 0; i < c->nerrors; i++) {
		conf_place(c, c->errors[i].at, at, sizeof(at));
		say(true, "%s: %s%s", at,
		    c->errors[i].warning ? "warning: " : "",
		    c->errors[i].text);
	}
	if (!conf_ok(c) || listen_open(pd, c, 0) == -1) {
		say(true, "refused: keeping the old configuration");
		conf_free(c);
		return NULL;
	}
	return c;
}

static void
begin(struct paild *pd, reload_cb cb, void *arg)
{
	if (now.timer == NULL && (now.timer = evtimer_new(pd->base, too_long,
	    pd)) == NULL)
		fatalx("evtimer_new");
	notify("RELOADING=1");
	notify_status("Reloading");
	buf_init(&now.text, 64 * 1024);
	now.busy = now.ok = true;
	now.waiting = 0;
	now.cb = cb;
	now.arg = arg;
}

bool
reload_again(struct paild *pd, const char *what)
{
	if (now.busy || pd->stopping || !pd->ready)
		return false;
	begin(pd, NULL, NULL);
	say(false, "%s", what);
	send_slices(pd);
	return true;
}

void
reload_start(struct paild *pd, reload_cb cb, void *arg)
{
	struct conf	*c, *old = pd->conf;
	enum log_level	 level;
	enum log_format	 format;

	if (now.busy || pd->stopping) {
		if (cb != NULL)
			cb(false, "busy: try again\n", arg);
		return;
	}
	begin(pd, cb, arg);
	if ((c = load(pd)) == NULL) {
		now.ok = false;
		finish(pd);
		return;
	}
	conf_restart_keys(old, c, needs_restart, NULL);
	pools_missing(&pd->pools, c, needs_workers, NULL);
	conf_keep_restart(old, c);
	pd->conf = c;
	conf_free(old);
	if (!pd->verbose && log_level_parse(conf_str(c, "log.level"),
	    &level) == 0)
		log_set_level(level);
	if (log_format_parse(conf_str(c, "log.format"), &format) == 0)
		log_set_format(format);
	watch_begin(pd);
	listen_unserved(pd, needs_process);
	listen_hand_out(pd);
	send_slices(pd);
	listen_prune(pd);
}

void
reload_forget(struct paild *pd, const void *arg)
{
	(void)pd;
	if (now.busy && now.arg == arg)
		now.cb = NULL;
}
