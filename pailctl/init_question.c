/*
 * The questions of pailctl init: a row each.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/sandbox.h"
#include "common/user.h"
#include "paild/conf_file.h"
#include "pailctl/init_impl.h"
#include "pailctl/users_file.h"

const char *
init_get(const struct init *in, enum init_key k)
{
	const char	*v = in->answer[k];

	return v == NULL || strcmp(v, "none") == 0 ? "" : v;
}

bool
init_is(const struct init *in, enum init_key k, const char *word)
{
	return in->answer[k] != NULL && strcmp(in->answer[k], word) == 0;
}

void
init_forget(struct init *in, enum init_key k)
{
	if (in->answer[k] != NULL && init_questions[k].secret)
		explicit_bzero(in->answer[k], strlen(in->answer[k]));
	free(in->answer[k]);
	in->answer[k] = NULL;
}

void
init_set(struct init *in, enum init_key k, const char *v)
{
	char	*copy = mem_dup(v);

	init_forget(in, k);
	in->answer[k] = copy;
}

static int
one_of(const struct init *in, enum init_key k, const char *a, const char *b,
    char *why, size_t size)
{
	if (init_is(in, k, a) || init_is(in, k, b))
		return 0;
	snprintf(why, size, "Answer %s or %s.", a, b);
	return -1;
}

/* -- which are asked -- */

static bool
in_a_lesser_sandbox(const struct init *in)
{
	(void)in;
	return sandbox_lacks() != NULL;
}

static bool
in_file(const struct init *in)
{
	return init_is(in, INIT_STORE, "file");
}

static bool
in_s3(const struct init *in)
{
	return init_is(in, INIT_STORE, "s3");
}

static bool
with_key(const struct init *in)
{
	return in_s3(in) && init_is(in, INIT_CREDENTIALS, "key");
}

static bool
with_tls(const struct init *in)
{
	return *init_get(in, INIT_CERTIFICATE) != '\0';
}

static bool
with_user(const struct init *in)
{
	return *init_get(in, INIT_USER) != '\0';
}

/* -- their defaults -- */

#define FALLBACK(name, value)						\
	static const char *						\
	name(const struct init *in)					\
	{								\
		(void)in;						\
		return value;						\
	}
FALLBACK(by_required, "required")
FALLBACK(by_s3, "s3")
FALLBACK(by_path, "/var/lib/pail/store")
FALLBACK(by_region, "us-east-1")
FALLBACK(by_endpoint, "default")
FALLBACK(by_key, "key")
FALLBACK(by_none, "none")

static const char *
by_listen(const struct init *in)
{
	return with_tls(in) ? "imap://*:143 imaps://*:993" :
	    "imap://127.0.0.1:143";
}

/* -- tries -- */

/* The users' file may be there already. */
static int
try_user_new(const struct init *in, const char *id, char *why, size_t size)
{
	char		 path[PATH_MAX];
	struct buf	 text, out;
	int		 r = 0;

	init_path(in, "users", path);
	if (access(path, F_OK) == -1)
		return 0;
	buf_init(&text, 0);
	buf_init(&out, 0);
	if (conf_file_read(path, 64 * 1024 * 1024, &text, why, size) == -1 ||
	    users_edit((char *)text.data, text.len, USERS_ADD, id, "x", NULL,
	    &out, why, size) == -1)
		r = -1;
	buf_free(&text);
	buf_free(&out);
	return r;
}

static int
try_sandbox(struct init *in, char *why, size_t size)
{
	return one_of(in, INIT_SANDBOX, "best-effort", "required", why, size);
}

static int
try_store_type(struct init *in, char *why, size_t size)
{
	return one_of(in, INIT_STORE, "s3", "file", why, size);
}

static int
try_credentials(struct init *in, char *why, size_t size)
{
	return one_of(in, INIT_CREDENTIALS, "key", "auto", why, size);
}

static int
try_user(struct init *in, char *why, size_t size)
{
	const char	*name = init_get(in, INIT_USER);
	char		 id[USER_ID_MAX + 1];

	if (*name == '\0')
		return 0;
	if (user_normalize(str_from(name), id, sizeof(id)) == -1 ||
	    strchr(id, ':') != NULL || id[0] == '#') {
		snprintf(why, size, "A login name has up to %d bytes, no "
		    "spaces and no colon, as in ann or ann@example.org.",
		    USER_ID_MAX);
		return -1;
	}
	init_set(in, INIT_USER, id);
	return try_user_new(in, id, why, size);
}

const struct init_question	init_questions[INIT_KEYS] = {
[INIT_SANDBOX] = { "sandbox", "Sandbox: best-effort or required",
    "This kernel lacks some of what confines Pail's processes.  best-effort: "
    "Pail starts with less protection.  required: it does not start here.",
    false, in_a_lesser_sandbox, by_required, try_sandbox },
[INIT_STORE] = { "store", "Where is the mail kept: s3 or file",
    "s3: in a bucket, that any number of nodes can share.  file: in a "
    "directory of this host, for one node.", false, NULL, by_s3,
    try_store_type },
[INIT_PATH] = { "path", "Directory for the mail",
    "An absolute path; it is created.  It holds all mail: it belongs into "
    "your backup.", false, in_file, by_path, init_try_conf },
[INIT_BUCKET] = { "bucket", "Name of the bucket",
    "It must exist.  Pail can share it with others if it has a key-prefix: "
    "pail.yaml(5).", false, in_s3, NULL, init_try_conf },
[INIT_REGION] = { "region", "Region",
    "Of AWS, as in eu-central-1, or of another provider, as in fr-par: "
    "pail-providers(7).  MinIO and others of your own have us-east-1 unless "
    "you set it otherwise.", false, in_s3, by_region, init_try_region },
[INIT_ENDPOINT] = { "endpoint", "URL of the S3 service, or default",
    "default: that of the region.  Otherwise as in https://s3.example.com or "
    "http://192.0.2.7:9000.", false, in_s3, by_endpoint, init_try_endpoint },
[INIT_CREDENTIALS] = { "credentials", "Credentials: key or auto",
    "key: you type an access key and its secret key.  auto: this host gets "
    "its own, from the environment, a profile, a web identity, its container "
    "or its instance role: credd(8).", false, in_s3, by_key,
    try_credentials },
[INIT_ACCESS_KEY] = { "access-key", "Access key ID",
    "What it must be allowed is printed by \"pailctl store check --policy\".",
    false, with_key, NULL, init_try_conf },
[INIT_SECRET_KEY] = { "secret-key-file", "Secret key",
    "It is not shown while you type.  --secret-key-file FILE reads it from "
    "the first line of a file.  It is kept in a file that only root can "
    "read.", true, with_key, NULL, init_try_secret },
[INIT_STORE_CHECK] = { NULL, NULL, NULL, false, in_s3, NULL,
    init_try_store },
[INIT_CERTIFICATE] = { "certificate", "Certificate file, or none",
    "PEM: the certificate and then its chain, as in "
    "/etc/letsencrypt/live/mail.example.org/fullchain.pem.  none: no TLS, and "
    "clients of this host only.", false, NULL, by_none,
    init_try_certificate },
[INIT_PRIVATE_KEY] = { "private-key", "Private key file",
    "PEM, without a passphrase, as in "
    "/etc/letsencrypt/live/mail.example.org/privkey.pem.", false, with_tls,
    NULL, init_try_key },
[INIT_LISTEN] = { "listen", "Addresses for clients",
    "One or more of imap://ADDRESS:PORT (STARTTLS) and imaps://ADDRESS:PORT "
    "(TLS from the start); * stands for all addresses.", false, NULL,
    by_listen, init_try_listen },
[INIT_DOMAINS] = { "domains", "Domains of the mail to take, or none",
    "An MTA on this host delivers it to a socket: pail-mta(7).  One or more, "
    "as in example.org.", false, NULL, by_none, init_try_conf },
[INIT_USER] = { "user", "Login name of the first user, or none",
    "\"pailctl user add\" adds others.", false, NULL, by_none, try_user },
[INIT_PASSWORD] = { "password-file", "Password",
    "It is not shown while you type.  --password-file FILE reads it from the "
    "first line of a file.", true, with_user, NULL, NULL },
[INIT_CACHE] = { "cache", NULL,
    "Directory for local state (default: /var/cache/pail).", false, NULL,
    NULL, init_try_conf },
[INIT_CONTROL_SOCKET] = { "control-socket", NULL,
    "Where pailctl reaches paild (default: /run/pail/pail.sock).", false,
    NULL, NULL, init_try_conf },
};
