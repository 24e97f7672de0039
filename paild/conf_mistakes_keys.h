/*
 * Mistakes about credentials, like those in conf_mistakes.h.  Included only by
 * conf_test.c.
 */
	/* S3 has an access key of its own: C is the same without it. */
	{ L C "  credentials: {access-key: k, secret-key: s}\n" A, "" },
	{ L C "  credentials: {source: static, access-key: k, secret-key: "
	  "{file: secret}}\n" A, "" },
	{ L C "  access-key: k\n  credentials: {secret-key: {file: secret}}\n" A,
	  "" },
	{ L C "  credentials: {source: static, access-key: k}\n" A,
	  "6:25: store.credentials needs \"secret-key\" with \"source: "
	  "static\": the secret access key: a value, {env: NAME} or {file: "
	  "PATH}\n" },
	{ L C "  credentials: {source: statik, access-key: k, secret-key: s}\n" A,
	  "6:25: store.credentials.source: \"statik\" is not a valid value "
	  "(did you mean \"static\"?)\n" },
	{ L C "  credentials: {acces-key: k, secret-key: s}\n" A,
	  "3:9: store needs \"access-key\" with \"type: s3\": the access key "
	  "ID: a value, {env: NAME} or {file: PATH}\n6:17: unknown key "
	  "\"acces-key\" in store.credentials (did you mean "
	  "\"access-key\"?)\n" },
	{ L C "  credentials: {access-key: {file: open-secret}, secret-key: "
	  "{file: open-secret}}\n" A,
	  "6:29: warning: store.credentials.access-key: @/open-secret can be "
	  "read by all users of this host: \"chmod o-r\" fixes it\n6:62: "
	  "warning: store.credentials.secret-key: @/open-secret can be read by "
	  "all users of this host: \"chmod o-r\" fixes it\n" },
	{ L S3 "  credentials: {access-key: k, secret-key: s}\n" A,
	  "7:17: store.credentials.access-key is already set as "
	  "store.access-key in line 6\n" },
	{ L S3 "  secret-key: s\n" A "ingest: [{poll: 5s}]\n",
	  "9:17: ingest.0 is in the store, or the store in it: what is dropped there is deleted when it is delivered (use another bucket, or prefixes apart: \"prefix\" here, \"key-prefix\" in store)\n" },
	{ L S3 "  secret-key: s\n" A "ingest: [{prefix: in}]\n",
	  "9:19: ingest.0 is in the store, or the store in it: what is dropped there is deleted when it is delivered (use another bucket, or prefixes apart: \"prefix\" here, \"key-prefix\" in store)\n" },
	{ L S3 "  secret-key: s\n  key-prefix: in/mail\n" A "ingest: [{prefix: in}]\n",
	  "10:19: ingest.0 is in the store, or the store in it: what is dropped there is deleted when it is delivered (use another bucket, or prefixes apart: \"prefix\" here, \"key-prefix\" in store)\n" },
	{ L S3 "  secret-key: s\n  key-prefix: in\n" A "ingest: [{prefix: in}]\n",
	  "10:19: ingest.0 is in the store, or the store in it: what is dropped there is deleted when it is delivered (use another bucket, or prefixes apart: \"prefix\" here, \"key-prefix\" in store)\n" },
	{ L S3 "  secret-key: s\n  key-prefix: in\n" A "ingest: [{bucket: mail, prefix: in/drop}]\n",
	  "10:33: ingest.0 is in the store, or the store in it: what is dropped there is deleted when it is delivered (use another bucket, or prefixes apart: \"prefix\" here, \"key-prefix\" in store)\n" },
	{ L S3 "  secret-key: s\n  key-prefix: in\n" A "ingest: [{prefix: inbox}]\n",
	  "" },
	{ L S3 "  secret-key: s\n" A "ingest: [{bucket: drop}]\n",
	  "" },
	{ L S3 "  secret-key: s\n" A "ingest: [{bucket: drop, prefix: a}, {bucket: drop, prefix: b}]\n",
	  "" },
	{ L S3 "  secret-key: s\n" A "ingest: [{bucket: drop, prefix: a}, {bucket: drop, prefix: a/b}]\n",
	  "9:60: ingest.0 and ingest.1 are the same place, or one is in the other\n" },
	{ L S3 "  secret-key: s\n" A "ingest: [{bucket: drop}, {bucket: other}, {bucket: drop, after: done}]\n",
	  "9:52: ingest.0 and ingest.2 are the same place, or one is in the other\n" },
	/* Two names of one thing, which may both be there if they agree. */
	{ L S3 "  secret-key: s\n  session-token: t\n  security-token: t\n" A,
	  "" },
	{ L S3 "  secret-key: s\n  security-token: t\n" A, "" },
	{ L S3 "  secret-key: s\n  session-token: t\n  security-token: u\n" A,
	  "9:3: store.security-token differs from line 8: it is another name "
	  "for the same value\n" },
	{ L S3 "  secret-key: s\n  security-token: t\n  session-token: u\n" A,
	  "9:3: store.session-token differs from line 8: it is another name "
	  "for the same value\n" },
	{ L S3 "  secret-key: s\n  security-token: t\n  credentials: "
	  "{session-token: u}\n" A,
	  "8:3: store.security-token differs from line 9: it is another name "
	  "for the same value\n" },
	{ L S3 "  secret-key: s\n  session-token: t\n  credentials: "
	  "{session-token: t}\n" A,
	  "9:17: store.credentials.session-token is already set as "
	  "store.session-token in line 8\n" },
	/* What alone says where keys come from. */
	{ L C "  auth-role: mail-node\n" A, "" },
	{ L C "  profile: mail\n" A, "" },
	{ L C "  profile: mail\n  config-file: config\n" A,
	  "7:16: store.config-file: @/config: No such file or directory\n" },
	{ L C "  profile: mail\n  credentials-file: users\n" A, "" },
	{ L C "  credentials: {source: profile, credentials-file: users, "
	  "profile: a b}\n" A, "" },
	{ L S3 "  secret-key: s\n  auth-role: r\n" A,
	  "8:3: store.auth-role cannot be used with \"source: static\" in "
	  "store.credentials: it belongs to \"source: imds profile auto\"\n" },
	{ L C "  auth-role: r\n  profile: mail\n  credentials: {source: "
	  "container}\n" A,
	  "6:3: store.auth-role cannot be used with \"source: container\" in "
	  "store.credentials: it belongs to \"source: imds profile auto\"\n"
	  "7:3: store.profile cannot be used with \"source: container\" in "
	  "store.credentials: it belongs to \"source: profile auto\"\n" },
	{ L C "  profile: mail\n  credentials: {profile: mail, source: "
	  "profile}\n" A,
	  "7:17: store.credentials.profile is already set as store.profile in "
	  "line 6\n" },
	{ L C "  profil: mail\n  access-key: k\n  secret-key: s\n" A,
	  "6:3: unknown key \"profil\" in store (did you mean "
	  "\"profile\"?)\n" },
	{ L C "  credentials: {profile: mail}\n" A,
	  "3:9: store needs \"access-key\" with \"type: s3\": the access key "
	  "ID: a value, {env: NAME} or {file: PATH}\n3:9: store needs "
	  "\"secret-key\" with \"type: s3\": the secret access key: a value, "
	  "{env: NAME} or {file: PATH}\n6:17: store.credentials.profile "
	  "cannot be used with \"source: static\": it belongs to \"source: "
	  "profile auto\"\n" },
	{ L C "  credentials: {source: process}\n" A,
	  "6:25: store.credentials needs \"command\" with \"source: "
	  "process\": a command that prints credentials\n" },
	{ L C "  credentials: {source: process, command: \"a 'b c'\"}\n" A,
	  "" },
	{ L C "  credentials: {source: process, command: \"a 'b c\"}\n" A,
	  "6:43: store.credentials.command: not a valid command: a quote that "
	  "is not closed\n" },
	{ L C "  credentials: {source: process, command: /nowhere/at-all x}\n" A,
	  "6:43: warning: store.credentials.command: /nowhere/at-all: No such "
	  "file or directory\n" },
	{ L C "  credentials: {source: process, command: /bin/sh -c x}\n" A,
	  "" },
	{ L C "  credentials: {source: process, command: ''}\n" A,
	  "6:43: store.credentials.command: \"\" is empty: "
	  "store.credentials.command needs a value\n" },
	/* Roles, and the STS that gives them. */
	{ L C "  credentials: {source: web-identity}\n" A, "" },
	{ L C "  credentials: {source: webidentity}\n" A,
	  "6:25: store.credentials.source: \"webidentity\" is not a valid "
	  "value (did you mean \"web-identity\"?)\n" },
	{ L C "  credentials: {source: web-identity, web-identity-token-file: "
	  "secret, role-arn: 'arn:aws:iam::123456789012:role/mail', "
	  "session-name: a, duration: 5m}\n" A,
	  "6:135: store.credentials.session-name: \"a\" is 1 bytes long, must "
	  "be 2 to 64\n6:148: store.credentials.duration: \"5m\" is out of "
	  "range: must be 15m to 12h\n" },
	{ L C "  credentials: {source: web-identity, web-identity-token-file: "
	  "nowhere, role-arn: mail}\n" A,
	  "6:64: store.credentials.web-identity-token-file: @/nowhere: No such "
	  "file or directory\n6:83: store.credentials.role-arn: \"mail\" is 4 "
	  "bytes long, must be 20 to 2048\n" },
	{ L C "  credentials: {source: web-identity, role-arn: "
	  "'arn:aws:iam::123456789012:user/mail'}\n" A,
	  "6:49: store.credentials.role-arn: \"arn:aws:iam::123456789012:user/"
	  "mail\" is not the ARN of a role: that ends with :role/NAME\n" },
	{ L C "  credentials: {source: web-identity, role-arn: "
	  "'123456789012:role/mail'}\n" A,
	  "6:49: store.credentials.role-arn: \"123456789012:role/mail\" is not "
	  "an ARN such as arn:aws:iam::123456789012:role/NAME\n" },
	{ L C "  credentials: {source: env, role-arn: "
	  "'arn:aws:iam::123456789012:role/mail'}\n" A,
	  "6:30: store.credentials.role-arn cannot be used with \"source: "
	  "env\": it belongs to \"source: web-identity auto\"\n" },
	{ L C "  endpoint: https://minio.example.org\n"
	  "  credentials: {source: web-identity}\n" A,
	  "7:25: store.credentials needs \"sts-endpoint\": the store's "
	  "endpoint is not AWS's\n" },
	{ L C "  endpoint: https://minio.example.org\n"
	  "  credentials: {source: web-identity, sts-endpoint: "
	  "'http://minio.example.org'}\n" A,
	  "7:53: warning: store.credentials.sts-endpoint: without TLS, whoever "
	  "is on the way reads the keys (did you mean \"https://\"?)\n" },
	{ L C "  endpoint: http://127.0.0.1:9000\n"
	  "  credentials: {source: web-identity, sts-endpoint: "
	  "'http://127.0.0.1:9000'}\n" A, "" },
	{ L C "  credentials: {source: env, assume-role: "
	  "'arn:aws:iam::123456789012:role/mail'}\n" A,
	  "6:43: store.credentials.assume-role is a single value, expected a "
	  "list (did you mean [arn:aws:iam::123456789012:role/mail]?)\n" },
	{ L C "  credentials: {source: env, assume-role: [{session-name: a b, "
	  "external-id: 'a b'}]}\n" A,
	  "6:44: store.credentials.assume-role.0 needs \"role-arn\": the role's "
	  "ARN\n6:59: store.credentials.assume-role.0.session-name: \"a b\" may "
	  "contain only letters, digits and _+=,.@-\n6:77: store.credentials."
	  "assume-role.0.external-id: \"a b\" may contain only letters, digits "
	  "and _+=,.@:/-\n" },
	{ L C "  credentials: {source: env, assume-role: [{role_arn: "
	  "'arn:aws:iam::123456789012:role/mail'}]}\n" A,
	  "6:44: store.credentials.assume-role.0 needs \"role-arn\": the role's "
	  "ARN\n6:45: unknown key \"role_arn\" in store.credentials.assume-role."
	  "0 (did you mean \"role-arn\"?)\n" },
	{ L C "  endpoint: https://minio.example.org\n  credentials:\n"
	  "    source: env\n    assume-role:\n"
	  "      - role-arn: arn:aws:iam::123456789012:role/one\n"
	  "        sts-endpoint: https://minio.example.org\n"
	  "        duration: 2h\n        policy: read-only\n"
	  "      - role-arn: arn:aws:iam::123456789012:role/two\n"
	  "        duration: 2h\n" A,
	  "13:17: store.credentials.assume-role.0.policy: a policy is a JSON "
	  "object, such as '{\"Version\": \"2012-10-17\", \"Statement\": "
	  "[...]}'\n14:19: store.credentials.assume-role.1 needs "
	  "\"sts-endpoint\": the store's endpoint is not AWS's\n15:19: warning: "
	  "store.credentials.assume-role.1.duration: AWS allows no more than 1h "
	  "for a role that is assumed with the keys of a role\n" },
	/* an identity provider */
	{ L S "auth: [{type: oidc}]\n",
	  "3:15: auth.0 needs \"issuer\" with \"type: oidc\": the identity provider's URL, as its tokens have it\n"
	  "3:15: auth.0 needs \"audience\" with \"type: oidc\": whom tokens must be for (aud)\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://id.example.org/realms/a', audience: pail, scopes: [mail], claims: [a=b], claim: sub, leeway: 1m}]\n",
	  "" },
	{ L S "auth: [{type: oidc, issuer: 'http://127.0.0.1:8080/', audience: pail}]\n",
	  "" },
	{ L S "auth: [{type: oidc, isuer: 'https://a', issuer: 'https://a', audience: pail}]\n",
	  "3:21: unknown key \"isuer\" in auth.0 (did you mean \"issuer\"?)\n" },
	{ L S "auth: [{type: oidc, issuer: 'http://id.example.org', audience: pail}]\n",
	  "3:29: auth.0.issuer: \"http://id.example.org\": must begin with https:// (http:// is for a provider on this host only)\n" },
	{ L S "auth: [{type: oidc, issuer: id.example.org, audience: pail}]\n",
	  "3:29: auth.0.issuer: \"id.example.org\" has no scheme (did you mean \"https://id.example.org\"?)\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://a/?x', audience: pail}]\n",
	  "3:29: auth.0.issuer: \"https://a/?x\": may contain only a scheme, a host, a port and a path\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://a:x', audience: pail}]\n",
	  "3:29: auth.0.issuer: \"https://a:x\": \"x\" is not a port: must be 1 to 65535\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://a', audience: pail, jwks-url: 'ftp://a'}]\n",
	  "3:68: auth.0.jwks-url: \"ftp://a\": must begin with https://\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://a', audience: pail, scopes: mail}]\n",
	  "3:66: auth.0.scopes is a single value, expected a list (did you mean [mail]?)\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://a', audience: pail, scopes: ['a b']}]\n",
	  "3:67: auth.0.scopes.0: \"a b\" may contain only letters, digits and !#$%&'()*+,-./:;<=>?@[]^_`{|}~\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://a', audience: pail, claims: [hd]}]\n",
	  "3:67: auth.0.claims.0: \"hd\" is 2 bytes long, must be 3 to 500\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://a', audience: pail, claims: ['=x=']}]\n",
	  "3:67: auth.0.claims.0: \"=x=\": must be of the form NAME=VALUE\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://a', audience: pail, leeway: 1h}]\n",
	  "3:66: auth.0.leeway: \"1h\" is out of range: must be 0s to 10m\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://a', audience: pail, client-secret: x}]\n",
	  "3:58: auth.0.client-secret cannot be used without auth.0.client-id\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://a', audience: pail, introspection-url: 'https://a'}]\n",
	  "3:58: auth.0.introspection-url cannot be used without auth.0.client-id\n" },
	{ L S "auth: [{type: oidc, issuer: 'https://a', audience: pail, path: users}]\n",
	  "3:58: auth.0.path cannot be used with \"type: oidc\": it belongs to \"type: file\"\n" },
#define CERT	"tls: {certificate: cert.pem, private-key: key.pem}\n" S \
	"auth: [{type: certificate, ca-file: cert.pem"
	{ L CERT "}]\n", "" },
	{ L CERT ", crl-file: cert.pem, name: uid, lookup: file, path: users}]\n",
	  "4:57: auth.0.crl-file: @/cert.pem contains no CRL\n" },
	{ L S "auth: [{type: certificate, ca-file: cert.pem}]\n",
	  "3:15: auth.0.type: certificates are shown in TLS, which needs \"tls\" with a certificate and a private-key\n" },
	{ L "tls: {certificate: cert.pem, private-key: key.pem}\n" S "auth: [{type: certificate}]\n",
	  "4:15: auth.0 needs \"ca-file\" with \"type: certificate\": PEM file of the CAs that issue client certificates\n" },
	{ L "tls: {certificate: cert.pem, private-key: key.pem}\n" S "auth: [{type: certificate, ca-file: key.pem}]\n",
	  "4:37: auth.0.ca-file: @/key.pem contains no certificate\n" },
	{ L "tls: {certificate: cert.pem, private-key: key.pem}\n" S "auth: [{type: certificate, ca-file: none}]\n",
	  "4:37: auth.0.ca-file: @/none: No such file or directory\n" },
	{ L CERT ", name: dn}]\n",
	  "4:53: auth.0.name: \"dn\" is not a valid value (did you mean \"cn\"?)\n" },
	{ L CERT "}, {type: certificate, ca-file: cert.pem}]\n",
	  "4:55: auth.1.type: only one entry can be of type certificate, and auth.0 is\n" },
	{ L CERT "}]\nsasl-mechanisms: [EXTERNAL]\n",
	  "5:19: sasl-mechanisms.0: \"EXTERNAL\" is not a valid value: must be PLAIN, LOGIN, SCRAM-SHA-256, OAUTHBEARER or XOAUTH2\n" },
	{ L S "auth: [{type: file, path: users, name: cn}]\n",
	  "3:34: auth.0.name cannot be used with \"type: file\": it belongs to \"type: certificate\"\n" },
