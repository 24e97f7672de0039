/* Address lists: RFC 5322 appendix A, and what people send. */
#include "mail/address.h"

#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "mail/envelope.h"
#include "mail/imap_text.h"

static const struct { const char *in, *out; } cases[] = {
	{ "a@b.c", "(NIL NIL \"a\" \"b.c\")" },
	{ "John Doe <jdoe@machine.example>",
	    "(\"John Doe\" NIL \"jdoe\" \"machine.example\")" },
	{ "\"Joe Q. Public\" <john.q.public@example.com>",
	    "(\"Joe Q. Public\" NIL \"john.q.public\" \"example.com\")" },
	{ "Who? <one@y.test>, <boss@nil.test>, \"Giant; \\\"Big\\\" Box\" "
	    "<sysservices@example.net>",
	    "(\"Who?\" NIL \"one\" \"y.test\")(NIL NIL \"boss\" \"nil.test\")"
	    "(\"Giant; \\\"Big\\\" Box\" NIL \"sysservices\" "
	    "\"example.net\")" },
	{ "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
	    "(NIL NIL \"A Group\" NIL)(\"Ed Jones\" NIL \"c\" \"a.test\")"
	    "(NIL NIL \"joe\" \"where.test\")(\"John\" NIL \"jdoe\" "
	    "\"one.test\")(NIL NIL NIL NIL)" },
	{ "Undisclosed recipients:;",
	    "(NIL NIL \"Undisclosed recipients\" NIL)(NIL NIL NIL NIL)" },
	{ "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
	    "(\"Pete\" NIL \"pete\" \"silly.test\")" },
	{ "pete@silly.test (Pete \\(x\\) Y)",
	    "(\"Pete (x) Y\" NIL \"pete\" \"silly.test\")" },
	{ "Joe Q. Public <john.q.public@example.com>",
	    "(\"Joe Q. Public\" NIL \"john.q.public\" \"example.com\")" },
	{ "Mary Smith <@node.test,@other.test:mary@example.net>, , "
	    "jdoe@test  . example",
	    "(\"Mary Smith\" \"@node.test,@other.test\" \"mary\" "
	    "\"example.net\")(NIL NIL \"jdoe\" \"test.example\")" },
	{ "jdoe . x @ test . example",
	    "(NIL NIL \"jdoe.x\" \"test.example\")" },
	{ "\"quo ted\"@x", "(NIL NIL \"quo ted\" \"x\")" },
	{ "a@[127.0.0.1]", "(NIL NIL \"a\" \"[127.0.0.1]\")" },
	{ "root", "(NIL NIL \"root\" \"\")" },
	{ "=?utf-8?q?J=C3=B6rg?= <j@x>",
	    "(\"=?utf-8?q?J=C3=B6rg?=\" NIL \"j\" \"x\")" },
	{ "<>", "(NIL NIL \"\" \"\")" },
	{ "me@here <me@here>", "(\"me@here\" NIL \"me\" \"here\")" },
	/* a quote that never closes */
	{ "unended \"quote <a@b>", "(\"unended quote\" NIL \"a\" \"b\")" },
	{ "\"Tan Name,<dt@x.example>",
	    "(\"Tan Name\" NIL \"dt\" \"x.example\")" },
	{ "\"Tan, a@x, b@y", "(NIL NIL \"Tan\" \"\")(NIL NIL \"a\" \"x\")"
	    "(NIL NIL \"b\" \"y\")" },
	{ "\"A B <a@x>, \"C\" <c@x>", "(\"A B\" NIL \"a\" \"x\")"
	    "(\"C\" NIL \"c\" \"x\")" },
	{ "A B\" <a@x>, c@x", "(\"A B\" NIL \"a\" \"x\")"
	    "(NIL NIL \"c\" \"x\")" },
	{ "\"a <b>\" <c@d>", "(\"a <b>\" NIL \"c\" \"d\")" },
	{ "\"\\\"\\\"<a@b>", "(\"\\\\\\\"\\\\\\\"\" NIL \"a\" \"b\")" },
	/* separators and white space end an address */
	{ "a@x.example; b@x.example", "(NIL NIL \"a\" \"x.example\")"
	    "(NIL NIL \"b\" \"x.example\")" },
	{ "A <a@x>; B <b@x>;", "(\"A\" NIL \"a\" \"x\")"
	    "(\"B\" NIL \"b\" \"x\")" },
	{ "foo@x.example Foo Bar",
	    "(\"Foo Bar\" NIL \"foo\" \"x.example\")" },
	{ "Foo Bar foo@x.example",
	    "(\"Foo Bar\" NIL \"foo\" \"x.example\")" },
	{ "a@x b@y\tc@z", "(NIL NIL \"a\" \"x\")(NIL NIL \"b\" \"y\")"
	    "(NIL NIL \"c\" \"z\")" },
	{ "Dr. a@x", "(\"Dr.\" NIL \"a\" \"x\")" },
	{ "a@x. B", "(\"B\" NIL \"a\" \"x.\")" },
	{ "a@x.example via B <b@y>",
	    "(\"a@x.example via B\" NIL \"b\" \"y\")" },
	{ "\"John Doe\" a@x", "(\"John Doe\" NIL \"a\" \"x\")" },
	{ "a@x,,b@x,", "(NIL NIL \"a\" \"x\")(NIL NIL \"b\" \"x\")" },
	{ "a@x:b@y", "(NIL NIL \"a\" \"x\")(NIL NIL \"b\" \"y\")" },
	{ "a@b@x.example", "(NIL NIL \"a@b\" \"x.example\")" },
	{ "a@b @c", "(\"@c\" NIL \"a\" \"b\")" },
	/* brackets */
	{ "<<a@b>>", "(NIL NIL \"a\" \"b\")" },
	{ "A <a@b, B <c@d>", "(\"A\" NIL \"a\" \"b\")"
	    "(\"B\" NIL \"c\" \"d\")" },
	{ "A <a@b> <c@d>", "(\"A\" NIL \"a\" \"b\")"
	    "(NIL NIL \"c\" \"d\")" },
	{ "A <a@b> B <c@d>", "(\"A\" NIL \"a\" \"b\")"
	    "(\"B\" NIL \"c\" \"d\")" },
	{ "A <a@b> rubbish, c@d", "(\"A\" NIL \"a\" \"b\")"
	    "(NIL NIL \"c\" \"d\")" },
	{ "<a@b c@d>", "(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")" },
	{ "<a@b Foo Bar>, c@d", "(NIL NIL \"a\" \"b\")"
	    "(NIL NIL \"c\" \"d\")" },
	{ "<A B a@b>", "(NIL NIL \"a\" \"b\")" },
	{ "<a b>", "(NIL NIL \"a b\" \"\")" },
	{ "A a@b>, c@d", "(\"A\" NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")" },
	{ "<a@b,c@d>", "(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")" },
	{ "< a@b >", "(NIL NIL \"a\" \"b\")" },
	{ "A <mailto:a@b>", "(\"A\" NIL \"a\" \"b\")" },
	{ "mailto:a@b", "(NIL NIL \"a\" \"b\")" },
	{ "\"a@b\"", "(NIL NIL \"a\" \"b\")" },
	{ "a@[127.0.0.1, c@d", "(NIL NIL \"a\" \"[127.0.0.1\")"
	    "(NIL NIL \"c\" \"d\")" },
	{ "<@a.test,@b.test:c@d>, e@f",
	    "(NIL \"@a.test,@b.test\" \"c\" \"d\")(NIL NIL \"e\" \"f\")" },
	{ "<undisclosed:;@a.test>", "(NIL NIL \"undisclosed:;\" \"a.test\")" },
	{ "@a.test", "(NIL NIL \"\" \"a.test\")" },
	{ "\" A \" <a@b>", "(\" A \" NIL \"a\" \"b\")" },
	/* groups whose end is missing */
	{ "g: a@b, h: c@d;", "(NIL NIL \"g\" NIL)(NIL NIL \"a\" \"b\")"
	    "(NIL NIL NIL NIL)(NIL NIL \"h\" NIL)(NIL NIL \"c\" \"d\")"
	    "(NIL NIL NIL NIL)" },
	/* comments that do not end */
	{ "a@b (c, d@e", "(\"c\" NIL \"a\" \"b\")(NIL NIL \"d\" \"e\")" },
	{ "((a) b <c@d> (x), e@f", "(\"b\" NIL \"c\" \"d\")"
	    "(NIL NIL \"e\" \"f\")" },
	/* raw octets, and encoded words with separators in them */
	{ "J\xf6rg M\xc3\xbcller <j@x>",
	    "({12}\r\nJ\xf6rg M\xc3\xbcller NIL \"j\" \"x\")" },
	{ "=?utf-8?q?Doe,_J=C3=B6?= <j@x>, =?iso-8859-1?Q?a;b:c<d@e>?= <k@x>",
	    "(\"=?utf-8?q?Doe,_J=C3=B6?=\" NIL \"j\" \"x\")"
	    "(\"=?iso-8859-1?Q?a;b:c<d@e>?=\" NIL \"k\" \"x\")" },
	{ "=?utf-8?q?open, a@b", "(NIL NIL \"=?utf-8?q?open\" \"\")"
	    "(NIL NIL \"a\" \"b\")" },
	/* several fields of a name: a broken one ends with itself */
	{ "a@b\n\"c <d@e>\n(f\ng: h@i\nj@k", "(NIL NIL \"a\" \"b\")"
	    "(\"c\" NIL \"d\" \"e\")(NIL NIL \"f\" \"\")"
	    "(NIL NIL \"g\" NIL)(NIL NIL \"h\" \"i\")(NIL NIL NIL NIL)"
	    "(NIL NIL \"j\" \"k\")" },
	{ "<a@b", "(NIL NIL \"a\" \"b\")" },
	{ "group: a@b", "(NIL NIL \"group\" NIL)(NIL NIL \"a\" \"b\")"
	    "(NIL NIL NIL NIL)" },
	{ "", "" }, { " , ;,", "" }, { "(only a comment)", "" },
};

static void
show(struct buf *b, size_t n, struct buf *out)
{
	struct mail_address	 a;
	struct cursor		 c;

	cursor_init(&c, b->data, b->len);
	for (; n > 0; n--) {
		address_get(&c, &a);
		buf_puts(out, "(");
		imap_nstring(out, a.name);
		buf_puts(out, " ");
		imap_nstring(out, a.route);
		buf_puts(out, " ");
		imap_nstring(out, a.mailbox);
		buf_puts(out, " ");
		imap_nstring(out, a.host);
		buf_puts(out, ")");
	}
	CHECK(cursor_done(&c));
}

static void
test_limits(void)
{
	struct buf	 in = BUF_INIT, b = BUF_INIT, out = BUF_INIT;
	size_t		 i, n;

	buf_puts(&in, "g:");
	for (i = 0; i < 20000; i++)
		buf_puts(&in, "a@b,");
	n = address_parse((struct str){ (char *)in.data, in.len }, &b, 1000,
	    NULL);
	CHECK(n > 5 && b.len <= 1000);
	show(&b, n, &out);		/* the group ends all the same */
	CHECK(out.len > 20 && memcmp(out.data + out.len - 17,
	    "(NIL NIL NIL NIL)", 17) == 0);
	buf_reset(&in);
	for (i = 0; i < 50000; i++)
		buf_puts(&in, "(");
	buf_reset(&b);
	CHECK(address_parse((struct str){ (char *)in.data, in.len }, &b,
	    1000, NULL) == 0);
	buf_free(&in);
	buf_free(&b);
	buf_free(&out);
}

int
main(void)
{
	struct buf	 b = BUF_INIT, out = BUF_INIT;
	size_t		 i, n, len;

	for (i = 0; i < nitems(cases); i++) {
		buf_reset(&b);
		buf_reset(&out);
		n = address_parse(str_from(cases[i].in), &b, 8000, NULL);
		show(&b, n, &out);
		CHECK_ROW(out.len == strlen(cases[i].out) &&
		    (out.len == 0 || memcmp(out.data, cases[i].out,
		    out.len) == 0), "%s: %.*s", cases[i].in, (int)out.len,
		    (char *)out.data);
		for (len = 0; len < strlen(cases[i].in); len++) {
			buf_reset(&b);
			buf_reset(&out);
			n = address_parse((struct str){ cases[i].in, len },
			    &b, 8000, NULL);
			show(&b, n, &out);
		}
	}
	buf_free(&b);
	buf_free(&out);
	test_limits();
	return TEST_END();
}
