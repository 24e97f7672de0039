/*
 * Any bytes as a mail: parsed whole and in pieces to the same digest, which
 * decodes and renders.  Built by make fuzzers; reads its input from a file
 * or standard input, and runs under AFL or as LLVMFuzzerTestOneInput.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/digest.h"
#include "mail/digest_fields.h"
#include "mail/envelope.h"
#include "mail/parser.h"
#include "mail/structure.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct mail_parser	*m = mail_parser_new();
	struct mail_tree	 t;
	struct arena		*a = arena_new(0);
	struct buf		 d = BUF_INIT, e = BUF_INIT, out = BUF_INIT;
	struct str		 v;
	size_t			 i, n;

	if (mail_digest(p, len, &d) == -1)
		abort();
	for (i = 0; i < len; i += n) {
		n = 1 + (i * 7 + p[i]) % 61;
		n = n < len - i ? n : len - i;
		mail_parser_feed(m, p + i, n);
	}
	if (mail_parser_finish(m, &e) == -1 || d.len != e.len ||
	    memcmp(d.data, e.data, d.len) != 0 ||
	    digest_check(d.data, d.len) == -1 ||
	    !digest_find(d.data, d.len, DIGEST_STRUCTURE, &v) ||
	    structure_decode(v, a, &t) == -1 ||
	    structure_render(&t, true, &out) == -1 ||
	    !digest_find(d.data, d.len, DIGEST_ENVELOPE, &v) ||
	    envelope_render(v, &out) == -1)
		abort();
	mail_parser_free(m);
	arena_free(a);
	buf_free(&d);
	buf_free(&e);
	buf_free(&out);
	return 0;
}

int
main(int argc, char **argv)
{
	static uint8_t	 in[1 << 20];
	FILE		*f = argc > 1 ? fopen(argv[1], "rb") : stdin;
	size_t		 len;

	if (f == NULL)
		return 1;
	len = fread(in, 1, sizeof(in), f);
	return LLVMFuzzerTestOneInput(in, len);
}
