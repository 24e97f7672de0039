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
	{ L C "  credentials: {source: process, command: ''}\n" A,
	  "6:43: store.credentials.command: \"\" is empty: "
	  "store.credentials.command needs a value\n" },
