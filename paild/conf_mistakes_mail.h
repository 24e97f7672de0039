/*
 * Mistakes about mail that is delivered, like those in conf_mistakes.h.
 * Included only by conf_test.c.
 */
	{ GOOD "domains: [Example.org, b\xc3\xbc" "cher.example]\nlmtp: {detail-separator: '-', postmaster: Ann}\n", "" },
	{ GOOD "domains: []\n", "" },
	{ GOOD "domains: example.org\n",
	  "4:10: domains is a single value, expected a list (did you mean [example.org]?)\n" },
	{ GOOD "domains: [ann@example.org]\n",
	  "4:11: domains.0: a domain has no '@'\n" },
	{ GOOD "domains: [example.org, example..org]\n",
	  "4:24: domains.1: \"example..org\" is not a domain\n" },
	{ GOOD "domains: [example.org, EXAMPLE.org]\n",
	  "4:24: domains.1: the same domain as domains.0\n" },
	{ GOOD "domains: [b\xc3\xbc" "cher.example, xn--bcher-kva.example]\n",
	  "4:27: domains.1: the same domain as domains.0\n" },
	{ GOOD "domain: [example.org]\n",
	  "4:1: unknown key \"domain\" (did you mean \"domains\"?)\n" },
	{ GOOD "lmtp: {detail-separator: '.'}\n",
	  "4:26: lmtp.detail-separator: \".\" is not a valid value (did you mean \"+\"?)\n" },
	{ GOOD "lmtp: {post-master: ann}\n",
	  "4:8: unknown key \"post-master\" in lmtp (did you mean \"postmaster\"?)\n" },
