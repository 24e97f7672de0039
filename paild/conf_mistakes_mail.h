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
	/* who mail is for has to be found without a password */
	{ "listen: [lmtp://127.0.0.1]\n" S A, "" },
	{ "listen: [lmtp://127.0.0.1]\n" S "auth: [{type: file, path: users}, {type: ldap, url: ['ldaps://h'], bind-dn: 'uid=%u,dc=x'}]\n",
	  "3:68: auth.1.bind-dn cannot be used with lmtp or ingest: without a password, the recipients of mail have to be searched for (did you mean \"base\", with \"service-dn\" if the directory asks who searches?)\n" },
	{ L S "auth: [{type: ldap, url: ['ldaps://h'], bind-dn: 'uid=%u,dc=x'}]\n", "" },
	{ "listen: [lmtp://127.0.0.1]\n" S "auth: [{type: ldap, url: ['ldaps://h'], base: 'dc=x'}]\n", "" },
	{ "listen: ['lmtp+unix:/run/pail/lmtp.sock']\n" S "auth: [{type: oidc, issuer: 'https://id.example.org', audience: pail}]\n",
	  "3:15: auth: none of these can look up a recipient of mail, who shows no token or certificate (add an entry of type file or ldap, or \"lookup: file\")\n" },
	{ "listen: ['lmtp+unix:/run/pail/lmtp.sock']\n" S "auth: [{type: oidc, issuer: 'https://id.example.org', audience: pail}, {type: file, path: users}]\n", "" },
	{ L S3 "  secret-key: s\nauth: [{type: ldap, url: ['ldaps://h'], bind-dn: 'uid=%u,dc=x'}]\n", "" },
	{ L S3 "  secret-key: s\nauth: [{type: ldap, url: ['ldaps://h'], bind-dn: 'uid=%u,dc=x'}]\ningest: [{bucket: drop}]\n",
	  "8:41: auth.0.bind-dn cannot be used with lmtp or ingest: without a password, the recipients of mail have to be searched for (did you mean \"base\", with \"service-dn\" if the directory asks who searches?)\n" },
	{ L S3 "  secret-key: s\nauth: [{type: oidc, issuer: 'https://id.example.org', audience: pail}]\ningest: [{bucket: drop}]\n",
	  "8:15: auth: none of these can look up a recipient of mail, who shows no token or certificate (add an entry of type file or ldap, or \"lookup: file\")\n" },
	{ L S3 "  secret-key: s\nauth: [{type: oidc, issuer: 'https://id.example.org', audience: pail}, {type: file, path: users}]\ningest: [{bucket: drop}]\n", "" },
	{ GOOD "ingest: [{bucket: drop, prefix: in}]\n",
	  "4:33: ingest.0 needs \"region\": the store has none\n"
	  "4:33: ingest.0 needs \"credentials\" with a source: the store has "
	  "none\n" },
	{ GOOD "ingest: [{prefix: in, region: eu-west-1, credentials: {source: "
	  "imds}}]\n",
	  "4:19: ingest.0 needs \"bucket\": the store has none\n" },
	{ GOOD "ingest: [{bucket: drop, region: eu-west-1, credentials: "
	  "{source: static, access-key: k}}]\n",
	  "4:66: ingest.0.credentials needs \"secret-key\" with \"source: "
	  "static\"\n" },
	{ GOOD "ingest: [{bucket: drop, region: eu-west-1, credentials: "
	  "{source: imds, secret-key: k}}]\n",
	  "4:72: ingest.0.credentials.secret-key cannot be used with \"source: "
	  "imds\": it belongs to \"source: static auto\"\n" },
	{ GOOD "ingest: [{bucket: drop, region: eu-west-1, credentials: "
	  "{source: imds}, endpoint: \"http://h:9\", tls-ca-file: ca}]\n",
	  "4:97: ingest.0.tls-ca-file cannot be used: the endpoint does not use "
	  "TLS (did you mean \"https://\"?)\n" },
	{ GOOD "ingest: [{bucket: drop, region: eu-west-1, credentials: "
	  "{source: process}}]\n",
	  "4:66: ingest.0.credentials.source: \"process\" is not a valid value: "
	  "must be store, static, env, web-identity, profile, container, imds "
	  "or auto\n" },
	{ GOOD "ingest: [{bucket: drop, region: eu-west-1, credentials: "
	  "{source: imds}, queue: \"arn:aws:sqs:eu-west-1:1:mail\"}]\n",
	  "4:80: ingest.0.queue: must be the URL of a queue, such as "
	  "https://sqs.eu-west-1.amazonaws.com/123456789012/mail\n" },
	{ GOOD "ingest: [{bucket: drop, region: eu-west-1, credentials: "
	  "{source: imds}, list-after: 1h}]\n",
	  "4:73: ingest.0.list-after belongs to \"queue\"\n" },
	{ GOOD "ingest: [{bucket: drop, region: eu-west-1, credentials: "
	  "{source: imds}, queue: \"https://h/1/m\"}, {bucket: other, region: "
	  "eu-west-1, credentials: {source: imds}, queue: "
	  "\"https://h/1/m\"}]\n",
	  "4:169: ingest.1.queue: the same queue as ingest.0's: each place "
	  "needs its own\n" },
	{ GOOD "ingest: [{bucket: drop, pol: 1s, region: eu-west-1, "
	  "credentials: {source: auto}}]\n",
	  "4:25: unknown key \"pol\" in ingest.0 (did you mean "
	  "\"poll\"?)\n" },
