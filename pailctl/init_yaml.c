/*
 * The configuration that pailctl init writes.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "pailctl/init_impl.h"

/* A string to every reader of YAML, as it is. */
static bool
is_plain(const char *v)
{
	static const char	*const words[] = { "true", "false", "yes", "no",
				    "on", "off", "null", "y", "n" };
	static const char	 letters[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char	 rest[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/_.-+:*@";
	size_t			 i;

	if ((*v != '/' && strchr(letters, *v) == NULL) || *v == '\0' ||
	    v[strspn(v, rest)] != '\0' || v[strlen(v) - 1] == ':')
		return false;
	for (i = 0; i < nitems(words); i++)
		if (strcasecmp(v, words[i]) == 0)
			return false;
	return true;
}

/* Answers have no control characters. */
static void
put_scalar(struct buf *b, const char *v)
{
	if (is_plain(v)) {
		buf_puts(b, v);
		return;
	}
	buf_puts(b, "'");
	for (; *v != '\0'; v++) {
		if (*v == '\'')
			buf_puts(b, "'");
		buf_put(b, v, 1);
	}
	buf_puts(b, "'");
}

static void
put_key(struct buf *b, const char *name, const char *v)
{
	buf_puts(b, name);
	buf_puts(b, ": ");
	put_scalar(b, v);
	buf_puts(b, "\n");
}

/* The words of v, which are separated by spaces or commas, as a list. */
static void
put_list(struct buf *b, const char *v)
{
	char	 word[INIT_ANSWER_MAX];
	size_t	 n;

	for (v += strspn(v, ", "); *v != '\0'; v += n + strspn(v + n, ", ")) {
		n = strcspn(v, ", ");
		str_copy(word, sizeof(word), (struct str){ v, n });
		buf_puts(b, "  - ");
		put_scalar(b, word);
		buf_puts(b, "\n");
	}
}

static const char *
value(const struct init *in, enum init_key k, bool draft, const char *filler)
{
	const char	*v = init_get(in, k);

	return *v != '\0' || !draft ? v : filler;
}

static void
put_keys(const struct init *in, bool draft, struct buf *b)
{
	char	path[PATH_MAX];

	if (init_is(in, INIT_CREDENTIALS, "auto")) {
		buf_puts(b, "  # From the environment, a profile, a web "
		    "identity, the container or the\n  # instance's role: "
		    "credd(8).\n  credentials: {source: auto}\n");
		return;
	}
	put_key(b, "  access-key", value(in, INIT_ACCESS_KEY, draft, "pail"));
	if (draft) {
		put_key(b, "  secret-key", value(in, INIT_SECRET_KEY, draft,
		    "pail"));
		return;
	}
	init_path(in, "secret-key", path);
	buf_puts(b, "  secret-key: {file: ");
	put_scalar(b, path);
	buf_puts(b, "}\n");
}

static void
put_store(const struct init *in, bool draft, struct buf *b)
{
	const char	*endpoint = init_get(in, INIT_ENDPOINT);

	if (init_is(in, INIT_STORE, "file")) {
		buf_puts(b, "# The directory that holds all mail.\nstore:\n"
		    "  type: file\n");
		put_key(b, "  path", value(in, INIT_PATH, draft,
		    "/var/lib/pail/store"));
		return;
	}
	buf_puts(b, "# The bucket that holds all mail.  \"pailctl store "
	    "check\" tests it.\nstore:\n  type: s3\n");
	put_key(b, "  bucket", value(in, INIT_BUCKET, draft, "pail"));
	put_key(b, "  region", value(in, INIT_REGION, draft, "us-east-1"));
	if (*endpoint != '\0' && strcmp(endpoint, "default") != 0)
		put_key(b, "  endpoint", endpoint);
	else if (draft && in->answer[INIT_ENDPOINT] == NULL)
		put_key(b, "  endpoint", "http://127.0.0.1:9");
	if (draft)
		buf_puts(b, "  timeout: 10s\n  max-retries: 1\n");
	put_keys(in, draft, b);
}

static void
put_tls(const struct init *in, struct buf *b)
{
	if (*init_get(in, INIT_CERTIFICATE) == '\0' ||
	    *init_get(in, INIT_PRIVATE_KEY) == '\0')
		return;
	buf_puts(b, "\n# PEM files: the certificate with its chain, and the "
	    "private key.  Renewed files\n# are noticed.\ntls:\n");
	put_key(b, "  certificate", init_get(in, INIT_CERTIFICATE));
	put_key(b, "  private-key", init_get(in, INIT_PRIVATE_KEY));
}

static void
put_header(struct buf *b)
{
	char		 date[16] = "";
	time_t		 now = time(NULL);
	struct tm	 tm;

	if (localtime_r(&now, &tm) != NULL)
		strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	buf_printf(b, "# Pail's configuration, written by \"pailctl init\" on "
	    "%s.  All keys are in\n# pail.yaml(5).  After a change: \"paild "
	    "-n\" checks it, \"pailctl reload\" applies it.\n\n", date);
}

void
init_yaml(const struct init *in, bool draft, struct buf *b)
{
	const char	*domains = init_get(in, INIT_DOMAINS);
	char		 path[PATH_MAX];

	put_header(b);
	buf_puts(b, "# Where clients connect: imap:// with STARTTLS, imaps:// "
	    "with TLS from the start;\n# and where the MTA delivers mail: "
	    "lmtp+unix:, see pail-mta(7).\nlisten:\n");
	put_list(b, value(in, INIT_LISTEN, draft, "imap://127.0.0.1:143"));
	if (*domains != '\0')
		buf_puts(b, "  - lmtp+unix:/run/pail/lmtp.sock\n");
	put_tls(in, b);
	buf_puts(b, "\n");
	put_store(in, draft, b);
	buf_puts(b, "\n# Local state, which can be rebuilt from the store.\n"
	    "cache:\n");
	put_key(b, "  path", value(in, INIT_CACHE, true,
	    "/var/cache/pail"));
	buf_puts(b, "\n# Who may log in: \"pailctl user add NAME\" adds "
	    "users.  LDAP, PAM and OIDC are in\n# pail.yaml(5).\nauth:\n"
	    "  - type: file\n");
	init_path(in, "users", path);
	put_key(b, "    path", path);
	if (*domains != '\0') {
		buf_puts(b, "\n# Domains whose mail is delivered here: the "
		    "part before the @ names the user.\ndomains:\n");
		put_list(b, domains);
	}
	if (init_is(in, INIT_SANDBOX, "best-effort"))
		buf_puts(b, "\n# This kernel cannot confine processes as it "
		    "should.\nsandbox: best-effort\n");
	if (in->answer[INIT_CONTROL_SOCKET] != NULL) {
		buf_puts(b, "\n# Where pailctl reaches paild.\n");
		put_key(b, "control-socket", init_get(in,
		    INIT_CONTROL_SOCKET));
	}
}
