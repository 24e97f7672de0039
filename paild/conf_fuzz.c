/*
 * Any bytes as a configuration: an error has a place and a text, and what
 * is accepted makes a slice for every daemon.
 */
#include "common/compat.h"

#include "common/fuzz.h"
#include "paild/conf.h"
#include "paild/conf_slice.h"

static void
fuzz_conf(const uint8_t *in, size_t len)
{
	struct conf	*c;
	struct buf	 b;
	size_t		 i;
	int		 kind;

	c = conf_load_text("/nonexistent/pail.yaml", in, len, true);
	FUZZ_CHECK(c != NULL);
	for (i = 0; i < c->nerrors; i++) {
		FUZZ_CHECK(c->errors[i].at.line >= 1);
		FUZZ_CHECK(c->errors[i].at.column >= 1);
		FUZZ_CHECK(c->errors[i].text != NULL);
	}
	for (kind = PROC_PAILD + 1; conf_ok(c) && kind < PROC_KINDS; kind++) {
		buf_init(&b, 1024 * 1024);
		FUZZ_CHECK(conf_slice(c, (enum proc_kind)kind, NULL, 0,
		    &b) == 0);
		buf_free(&b);
	}
	conf_free(c);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_conf);
}
