/* See page_rig.h. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include "admind/web/test/html_check.h"
#include "admind/web/test/page_rig.h"
#include "common/msg_setup.h"
#include "common/test.h"

struct web		 page_web;
struct buf		 page_html;

static struct asked {
	char		 command[1200];
	desk_cb		*cb;
	void		*arg;
} asked[16];
static unsigned int	 nasked;

static struct ctl_count	 rows[64];
static size_t		 nrows;
static struct admin_proc procs[8];
static size_t		 nprocs;
static uint32_t		 state_id;

static struct desk *
act(const char *token, const struct str *args, size_t nargs,
    struct str secret, const char *remote, desk_cb *cb, void *arg)
{
	struct asked	*a = &asked[nasked++];
	size_t		 i, n = 0;

	(void)token;
	(void)remote;
	CHECK(nasked < nitems(asked) && nargs <= 16);
	for (i = 0; i < nargs; i++)
		n += (size_t)snprintf(a->command + n, sizeof(a->command) - n,
		    "%s%.*s", i > 0 ? " " : "", (int)args[i].len, args[i].p);
	if (secret.len != 0)
		snprintf(a->command + n, sizeof(a->command) - n, "|%.*s",
		    (int)secret.len, secret.p);
	a->cb = cb;
	a->arg = arg;
	return (struct desk *)(void *)a;
}

static void
forget(struct desk *d)
{
	(void)d;
}

static void
ready(struct web *w)
{
	(void)w;
}

static void
begin(const struct web_page *p, const char *query, const char *form)
{
	static const struct web_desk	 desk = { .act = act,
					    .forget = forget };

	web_desk = &desk;
	if (page_web.page != NULL) {
		web_ask_none(&page_web);
		form_free(&page_web.query);
		form_free(&page_web.form);
	}
	memset(&page_web, 0, sizeof(page_web));
	nasked = 0;
	page_web.page = p;
	page_web.ready = ready;
	memset(page_web.csrf, 'c', sizeof(page_web.csrf) - 1);
	form_init(&page_web.query);
	form_init(&page_web.form);
	CHECK(form_parse(&page_web.query, str_from(query)) == 0);
	if (form != NULL)
		CHECK_ROW(form_parse(&page_web.form, str_from(form)) == 0,
		    "%s", form);
}

void
page_get(const struct web_page *p, const char *query)
{
	begin(p, query, NULL);
	p->plan(&page_web);
}

const char *
page_post(const struct web_page *p, const char *form)
{
	static char			 why[WEB_WHY];
	const struct web_action		*a;
	struct str			 word, v;
	size_t				 i;

	begin(p, "", form);
	(void)form_get(&page_web.form, "action", &word);
	for (a = p->actions; a->word != NULL && !str_eq(word,
	    str_from(a->word)); a++)
		;
	if (a->word == NULL)
		return "no such action";
	page_web.action = a;
	for (i = 0; i < nitems(a->need) && a->need[i] != NULL; i++)
		if (!form_get(&page_web.form, a->need[i], &v))
			return "a field is missing";
	why[0] = '\0';
	return a->run(&page_web, why, sizeof(why)) == -1 ? why : NULL;
}

bool
page_asked(unsigned int k, const char *command)
{
	if (k < nasked && strcmp(asked[k].command, command) == 0)
		return true;
	fprintf(stderr, "asked: %s\n", k < nasked ? asked[k].command : "-");
	return false;
}

unsigned int
page_asks(void)
{
	return nasked;
}

static void
answer(unsigned int k, const struct desk_answer *a)
{
	CHECK(k < nasked && asked[k].cb != NULL);
	if (k < nasked && asked[k].cb != NULL)
		asked[k].cb(a, asked[k].arg);
	asked[k].cb = NULL;
}

void
page_ok(unsigned int k, const char *json)
{
	const struct desk_answer	 a = { .code = DESK_OK,
					    .json = str_from(json) };

	answer(k, &a);
}

void
page_no(unsigned int k, enum desk_code code, const char *text)
{
	const struct desk_answer	 a = { .code = code,
					    .text = str_from(text) };

	answer(k, &a);
}

void
page_then(void)
{
	if (page_web.page->then != NULL)
		page_web.page->then(&page_web);
}

static void
shown(void (*show)(struct web *, struct buf *))
{
	const char	*why;

	buf_free(&page_html);
	show(&page_web, &page_html);
	why = html_check(&page_html);
	CHECK_ROW(why == NULL, "%s: %s", page_web.page->path, why);
	/* Whatever was in the answers. */
	CHECK(html_count(&page_html, "<script") == 0);
	CHECK(html_count(&page_html, "\xe2\x80\xae") == 0);
}

void
page_show(void)
{
	shown(page_web.page->show);
}

void
page_show_done(void)
{
	shown(page_web.action->show);
}

size_t
page_count(const char *text)
{
	return html_count(&page_html, text);
}

bool
page_has(const char *text)
{
	if (html_count(&page_html, text) > 0)
		return true;
	fprintf(stderr, "not there: %s\n", text);
	return false;
}

/* ---- the processes ---- */

void
page_row(enum counter_kind kind, const char *metric, const char *labels,
    uint64_t value, uint32_t scale)
{
	rows[nrows++] = (struct ctl_count){ .name = STR(""), .scale = scale,
	    .metric = str_from(metric), .labels = str_from(labels),
	    .help = STR(""), .value = value, .kind = (uint8_t)kind };
}

void
page_proc(enum proc_kind kind, uint32_t index)
{
	struct ctl_counts	 counts = { { rows, nrows } };
	struct buf		 b = BUF_INIT;

	CHECK(wire_encode(&ctl_counts_wire, &counts, &b) == 0);
	procs[nprocs++] = (struct admin_proc){ .kind = (uint8_t)kind,
	    .index = index, .state = ADMIN_READY, .answered = true,
	    .pid = 100, .started = 1, .counts = { (const char *)b.data,
	    b.len } };
	nrows = 0;
}

void
page_procs_start(uint64_t started)
{
	procs[nprocs - 1].started = started;
}

static void
want(uint32_t id)
{
	state_id = id;
}

static void
tell(enum msg_type type, const struct wire_struct *wire, const void *what)
{
	struct buf	 b = BUF_INIT;
	struct msg	 m = { .type = type, .id = state_id, .fd = -1 };

	CHECK(wire_encode(wire, what, &b) == 0);
	m.data = b.data;
	m.len = b.len;
	CHECK(state_message(&m) == 0);
	buf_free(&b);
}

static void
on_state(struct state_wait *w)
{
	(void)w;
}

void
page_state(bool serving)
{
	static const struct state_ops	 ops = { want };
	struct state_wait		 w = { .ready = on_state };
	struct admin_done		 done = { .serving = serving,
					    .version = STR("1.0") };

	state_free();
	state_init(&ops);
	state_want(&w);
	while (nprocs > 0) {
		nprocs--;
		tell(IMSG_ADMIN_PROC, &admin_proc_wire, &procs[nprocs]);
		free((void *)(uintptr_t)procs[nprocs].counts.p);
	}
	tell(IMSG_ADMIN_DONE, &admin_done_wire, &done);
}

void
page_end(void)
{
	web_ask_none(&page_web);
	form_free(&page_web.query);
	form_free(&page_web.form);
	buf_free(&page_html);
	state_free();
}
