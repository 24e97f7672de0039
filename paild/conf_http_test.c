/* What admind is told of who may see metrics: never the token. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/slice.h"
#include "common/test.h"
#include "paild/give.h"
#include "paild/proc.h"

#define TOKEN	"sesame-open-yourself"
/* printf %s sesame-open-yourself | sha256sum */
#define HASH	"3361b0776d4626dad45f28be46a52240" \
		"3647a488d08c921205b1cdef8d0ab453"
#define LISTEN	"listen: ['http://127.0.0.1:9143']\n" \
		"store: {type: file, path: store}\n" \
		"auth: [{type: file, path: users}]\n"

static struct paild	 pd;

static struct proc *
admind(const char *text)
{
	struct proc	*p;

	free(pd.procs);
	conf_free(pd.conf);
	pd.conf = conf_load_text("paild/test/http.yaml", text, strlen(text),
	    false);
	proc_table(&pd);
	for (p = pd.procs; p->kind != PROC_ADMIND; p++)
		continue;
	return p;
}

static struct slice *
slice_of(const struct proc *p, bool *leaks)
{
	struct slice	*s;
	struct buf	 b;

	buf_init_secret(&b, 1024 * 1024);
	CHECK(proc_slice(p, &b) == 0);
	*leaks = memmem(b.data, b.len, TOKEN, strlen(TOKEN)) != NULL;
	s = slice_new(b.data, b.len);
	buf_freezero(&b);
	return s;
}

static bool
is(const struct slice *s, const char *key, const char *value)
{
	return strcmp(slice_str(s, key), value) == 0;
}

static void
test_token(void)
{
	struct setup_give	 g;
	struct buf		 b = BUF_INIT;
	struct proc		*p = admind(LISTEN "metrics-token: " TOKEN
				    "\n");
	struct slice		*s;
	char			 why[400];
	bool			 leaks;

	s = slice_of(p, &leaks);
	CHECK(!leaks && is(s, "metrics.token", HASH));
	CHECK(slice_bool(s, "metrics.guarded") && is(s, "metrics-token", ""));
	CHECK(is(s, "metrics.ca", ""));
	slice_free(s);
	/* Nor if it asks. */
	CHECK(give_find(pd.conf, PROC_ADMIND, STR("key:metrics-token"), &g,
	    &b, why, sizeof(why)) == -1);
	CHECK(give_find(pd.conf, PROC_ADMIND, STR("key:tls.0.private-key"),
	    &g, &b, why, sizeof(why)) == -1);
	CHECK(give_find(pd.conf, PROC_ADMIND, STR("env:PATH"), &g, &b, why,
	    sizeof(why)) == -1);
	buf_free(&b);
}

static void
test_others(void)
{
	struct slice	*s;
	bool		 leaks;

	s = slice_of(admind(LISTEN), &leaks);
	CHECK(!slice_bool(s, "metrics.guarded") &&
	    is(s, "metrics.token", "") && is(s, "metrics.ca", ""));
	slice_free(s);
	/* What cannot be read guards nevertheless. */
	s = slice_of(admind(LISTEN "metrics-ca-file: none.pem\n"), &leaks);
	CHECK(slice_bool(s, "metrics.guarded") && is(s, "metrics.ca", ""));
	slice_free(s);
	s = slice_of(admind(LISTEN "metrics-ca-file: cert.pem\n"), &leaks);
	CHECK(strstr(slice_str(s, "metrics.ca"), "BEGIN CERT") != NULL);
	slice_free(s);
}

int
main(void)
{
	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	test_token();
	test_others();
	conf_free(pd.conf);
	free(pd.procs);
	return TEST_END();
}
