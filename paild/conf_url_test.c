/* store.url: what lines are expanded to, and what is wrong with others. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/test.h"
#include "paild/conf.h"
#include "paild/test/conf_files.h"

#define SECRET	"wJalr/XUt+nFEMI%K"
#define CODED	"wJalr%2FXUt+nFEMI%25K"

/* What follows "store:" in line 2; where the line begins. */
static const struct {
	const char	*text;
	const char	*want;		/* key=value and messages, one a line */
} rows[] = {
	{ "  url: s3:https://AKID:" CODED "@mails.s3.eu-central-1."
	  "amazonaws.com/?region=eu-central-1\n",
	  "type=s3\nbucket=mails\nregion=eu-central-1\naccess-key=AKID\n"
	  "secret-key=" SECRET "\n" },
	/* As it stands in Dovecot's file: %% for %. */
	{ "  url: s3:https://AKID:wJalr%%2FXUt+nFEMI%%25K@mails.s3.eu-central"
	  "-1.amazonaws.com/?region=eu-central-1\n",
	  "type=s3\nbucket=mails\nregion=eu-central-1\naccess-key=AKID\n"
	  "secret-key=" SECRET "\n" },
	/* Decoded once. */
	{ "  url: s3:https://A:b%252Fc@s3.example.org/?bucket=mail&region=r\n",
	  "type=s3\nbucket=mail\nregion=r\nendpoint=https://s3.example.org\n"
	  "access-key=A\nsecret-key=b%2Fc\n" },
	/* A role; the region is the host's. */
	{ "  url: aws-s3:https://my.mails.s3.cn-north-1.amazonaws.com.cn/"
	  "?auth_role=s3access\n",
	  "type=s3\nbucket=my.mails\nregion=cn-north-1\n"
	  "auth-role=s3access\n" },
	{ "  url: s3:http://AKID:s@[::1]:9000/?bucket=mail&region=us-east-1\n",
	  "type=s3\nbucket=mail\nregion=us-east-1\n"
	  "endpoint=http://[::1]:9000\naccess-key=AKID\nsecret-key=s\n" },
	{ "  url: s3:http://AKID:s@mail.s3.localhost:9000/?region=us-east-1\n",
	  "3:8: warning: store.endpoint: http://s3.localhost:9000 does not use "
	  "TLS: mail can be read and responses forged in transit (did you mean "
	  "\"https://\"?)\n"
	  "type=s3\nbucket=mail\nregion=us-east-1\n"
	  "endpoint=http://s3.localhost:9000\naddressing=virtual\n"
	  "access-key=AKID\nsecret-key=s\n" },
	{ "  url: s3:https://A:s@bucket.vpce-1a.s3.eu-west-1.vpce.amazonaws."
	  "com/?bucket=mail&region=eu-west-1\n",
	  "type=s3\nbucket=mail\nregion=eu-west-1\nendpoint="
	  "https://bucket.vpce-1a.s3.eu-west-1.vpce.amazonaws.com\n"
	  "access-key=A\nsecret-key=s\n" },
	{ "  url: s3:https://A:s@mail.s3.eu-west-1.amazonaws.com/"
	  "?bucket=mail\n",
	  "type=s3\nbucket=mail\nregion=eu-west-1\naccess-key=A\n"
	  "secret-key=s\n" },
	{ "  url: aws-s3:https://mail.s3.amazonaws.com/?auth_role=s3access"
	  "&region=eu-central-1\n",
	  "type=s3\nbucket=mail\nregion=eu-central-1\n"
	  "auth-role=s3access\n" },
	{ "  url: aws-s3:https://mail.s3.amazonaws.com/?auth_host=127.0.0.1:80"
	  "&auth_role=s3access&region=eu-central-1\n",
	  "type=s3\nbucket=mail\nregion=eu-central-1\n"
	  "auth-role=s3access\ncredentials.source=imds\n"
	  "credentials.endpoint=http://127.0.0.1:80\n" },
	{ "  url: aws-s3:https://A:s@mail.s3.amazonaws.com/?auth_host="
	  "127.0.0.1:80&region=eu-central-1\n",
	  "3:8: warning: store.url: auth_host has no meaning without "
	  "auth_role\ntype=s3\nbucket=mail\nregion=eu-central-1\n"
	  "access-key=A\nsecret-key=s\n" },
	/* All parameters. */
	{ "  url: fscache:512M:/var/cache/mails/%4Nu:compress:gz:6:s3:https://"
	  "A:s@s3.example.org/mail/?bucket=mail&region=eu&timeout_msecs=10000"
	  "&connect_timeout_msecs=1500&max_retries=4&addhdr=X-A:b&addhdr="
	  "X-C:%20d&bulk_delete_limit=0&ssl_client_ca_file=cert.pem\n",
	  "3:8: warning: store.url: \"%4Nu\" in fscache's path has no meaning "
	  "here: all users share a cache\n"
	  "type=s3\nbucket=mail\nregion=eu\nendpoint=https://s3.example.org\n"
	  "access-key=A\nsecret-key=s\nkey-prefix=mail\ntimeout=10\n"
	  "connect-timeout=2\nmax-retries=4\nrequest-headers.0=X-A: b\n"
	  "request-headers.1=X-C: d\nparallel-deletes=1\n"
	  "compression=gzip:6\ncache.path=/var/cache/mails\n"
	  "cache.size=536870912\n" },
	{ "  url: compress:zstd:3:s3:https://A:s@s3.example.org/?bucket=mail"
	  "&region=eu&absolute_timeout=1%20min&timeout=500ms&loghdr=x"
	  "&max_retry=2\n",
	  "3:8: warning: store.url: timeout has no meaning beside "
	  "absolute_timeout\n"
	  "3:8: warning: store.url: loghdr has no meaning here\n"
	  "3:8: warning: store.url: \"max_retry\" is no parameter that Pail "
	  "knows: it is not used (did you mean \"max_retries\"?)\n"
	  "type=s3\nbucket=mail\nregion=eu\nendpoint=https://s3.example.org\n"
	  "access-key=A\nsecret-key=s\ntimeout=60\ncompression=zstd:3\n" },
	/* A path with variables, a port, a level that lz4 has not. */
	{ "  url: compress:lz4:1:s3:https://A:s@s3.example.org:9000/%8Mu/%u/"
	  "?bucket=mail&region=eu\n",
	  "3:8: warning: store.url: the level of lz4 has no meaning here\n"
	  "3:8: warning: store.url: the path \"%8Mu/%u\" has no meaning here: "
	  "Pail gives objects names of its own\n"
	  "type=s3\nbucket=mail\nregion=eu\n"
	  "endpoint=https://s3.example.org:9000\naccess-key=A\nsecret-key=s\n"
	  "compression=lz4\n" },
	/* Keys beside it: the same value, one that is missing there. */
	{ "  type: s3\n  bucket: mail\n  access-key: A\n  secret-key: s\n"
	  "  url: s3:https://s3.example.org/?bucket=mail&region=eu\n",
	  "type=s3\nbucket=mail\nregion=eu\nendpoint=https://s3.example.org\n"
	  "access-key=A\nsecret-key=s\n" },
	{ "  url: s3:https://A:s@s3.example.org/?bucket=mail&region=eu\n"
	  "  bucket: post\n  secret-key: {file: secret}\n",
	  "3:8: store.url contradicts store.secret-key in line 5: leave one "
	  "of them out\n3:8: store.url contradicts store.bucket in line 4: "
	  "leave one of them out\n" },
	{ "  url: s3:https://A:s@mail.s3.eu-west-1.amazonaws.com/"
	  "?region=eu-west-2\n",
	  "3:8: store.url: its host and its region contradict each other\n" },
	{ "  url: s3:https://A:s@s3.example.org/?bucket=mail&bucket=post\n",
	  "3:8: store.url: bucket: it is there twice\n" },
	{ "  url: aws-s3:https://A:s@mail.s3.eu-west-1.amazonaws.com/"
	  "?auth_role=r\n",
	  "3:8: store.url: it has an access key as well as auth_role\n" },
	{ "  type: file\n  path: store\n  url: s3:https://s3.example.org/\n",
	  "5:3: store.url cannot be used with \"type: file\": it belongs to "
	  "\"type: s3\"\n" },
	{ "  url: {file: secret}\n  type: s3\n  bucket: mail\n  region: eu\n"
	  "  endpoint: https://s3.example.org\n  access-key: A\n"
	  "  secret-key: s\n",
	  "3:8: store.url is a map, expected a single value\n" },
	{ "  url: https://s3.example.org/?bucket=mail\n",
	  "3:8: store.url: \"https\": before the URL is not known here: there "
	  "may be fscache: and compress:, and then s3: or aws-s3:\n" },
	{ "  url: s3.example.org\n",
	  "3:8: store.url: must have the form s3:https://... or "
	  "aws-s3:https://...\n" },
	{ "  url: s3:ftp://s3.example.org/\n",
	  "3:8: store.url: must have the form s3:https://... or "
	  "aws-s3:https://...\n" },
	{ "  url: crypt:s3:https://s3.example.org/\n",
	  "3:8: store.url: \"crypt\": before the URL is not known here: there "
	  "may be fscache: and compress:, and then s3: or aws-s3:\n" },
	{ "  url: compress:gz:6x:s3:https://s3.example.org/\n",
	  "3:8: store.url: \"6x\": before the URL is not known here: there "
	  "may be fscache: and compress:, and then s3: or aws-s3:\n" },
	{ "  url: fscache:1G\n",
	  "3:8: store.url: fscache: must be followed by SIZE:PATH:\n" },
	{ "  url: s3:https://A:b/c@s3.example.org/?bucket=mail\n",
	  "3:8: store.url: a / in the access key or the secret must be written "
	  "as %2F\n" },
	{ "  url: s3:https://A:b%2c%x@s3.example.org/?bucket=mail\n",
	  "3:8: store.url: a % in the access key or the secret is not followed "
	  "by two hex digits (write % itself as %25)\n" },
	{ "  url: s3:https://A:b%00c@s3.example.org/?bucket=mail\n",
	  "3:8: store.url: a % in the access key or the secret is not followed "
	  "by two hex digits (write % itself as %25)\n" },
	{ "  url: s3:https://A@s3.example.org/?bucket=mail\n",
	  "3:8: store.url: there is an access key, but no secret "
	  "(KEY:SECRET@)\n" },
	{ "  url: s3:https://A:s@192.0.2.1/\n",
	  "3:8: store.url: it names no bucket: add ?bucket=NAME\n" },
	{ "  url: s3:https://A:s@/?bucket=mail\n",
	  "3:8: store.url: it has no host, or one that is too long\n" },
	{ "  url: s3:https://A:s@s3.example.org/?bucket=mail&timeout=soon\n",
	  "3:8: store.url: timeout: it is not a time in milliseconds\n" },
	{ "  url: s3:https://A:s@s3.example.org/?bucket=mail&addhdr=x\n",
	  "3:8: store.url: addhdr: it is not of the form NAME:VALUE\n" },
	/* What it stands for is checked as if it were written. */
	{ "  url: s3:https://A:s@s3.example.org/?bucket=Mail&region=eu\n",
	  "3:8: store.bucket: \"Mail\": a bucket name contains only "
	  "lower-case letters, digits, '-' and '.'\n" },
	{ "  url: s3:https://A:s@s3.example.org/?bucket=mail\n",
	  "3:8: store needs \"region\" with \"type: s3\": the region that "
	  "requests are signed for, such as us-east-1\n" },
	{ "  url: s3:https://s3.example.org/?bucket=mail&region=eu\n",
	  "3:8: store needs \"access-key\" with \"type: s3\": the access key "
	  "ID: a value, {env: NAME} or {file: PATH}\n"
	  "3:8: store needs \"secret-key\" with \"type: s3\": the secret "
	  "access key: a value, {env: NAME} or {file: PATH}\n" },
	{ "  url: s3:https://A:s@s3.example.org/?bucket=mail&region=eu"
	  "&timeout_msecs=0&addhdr=Host:x\n",
	  "3:8: store.timeout: \"0s\" is out of range: must be 1s to 10m\n"
	  "3:8: store.request-headers.0: \"Host: x\": this header is written "
	  "by Pail itself\n" },
};

/* In this order; those with defaults only if they were set. */
static const char *const keys[] = { "store.type", "store.bucket",
	"store.region", "store.endpoint", "store.addressing",
	"store.access-key", "store.secret-key", "store.auth-role",
	"store.credentials.source", "store.credentials.endpoint",
	"store.key-prefix", "store.timeout",
	"store.connect-timeout", "store.max-retries",
	"store.request-headers.0", "store.request-headers.1",
	"store.parallel-deletes", "store.compression", "cache.path",
	"cache.size" };

static void
told(const struct conf *c, char *dst, size_t size)
{
	const struct conf_item	*it;
	size_t			 i, off = 0;

	*dst = '\0';
	for (i = 0; i < c->nerrors; i++)
		off += (size_t)snprintf(dst + off, size - off,
		    "%u:%u: %s%s\n", c->errors[i].at.line,
		    c->errors[i].at.column, c->errors[i].warning ?
		    "warning: " : "", c->errors[i].text);
	for (i = 0; conf_ok(c) && i < nitems(keys); i++)
		if ((it = conf_written(c, keys[i])) != NULL)
			off += (size_t)snprintf(dst + off, size - off,
			    "%s=%s\n", strncmp(keys[i], "store.", 6) == 0 ?
			    keys[i] + 6 : keys[i], it->value);
}

static void
test_lines(void)
{
	struct conf	*c;
	char		 text[2048], got[4096];
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		snprintf(text, sizeof(text), L "store:\n%s" A, rows[i].text);
		c = conf_load_text("paild/test/t.yaml", text, strlen(text),
		    false);
		told(c, got, sizeof(got));
		CHECK_ROW(strcmp(got, rows[i].want) == 0, "row %zu:\n%s\n"
		    "got:\n%swanted:\n%s", i, text, got, rows[i].want);
		conf_free(c);
	}
}

/* No damage does harm, and no message ever shows the secret. */
static void
test_damage(void)
{
	static const char	 text[] = L "store:\n  url: \"fscache:1G:/c/%u:"
				    "compress:zstd:3:s3:https://AKID:"
				    "SeCrEtSeCrEt@s3.example.org:9000/p/"
				    "?bucket=mail&region=eu&addhdr=a:b\"\n" A;
	struct conf		*c;
	char			 copy[sizeof(text)], got[4096];
	size_t			 i;
	unsigned		 bit;

	for (i = strlen(L) + 8; i < sizeof(text) - 1; i++)
		for (bit = 0; bit < 8; bit++) {
			memcpy(copy, text, sizeof(text));
			copy[i] = (char)(copy[i] ^ (1 << bit));
			c = conf_load_text("paild/test/t.yaml", copy,
			    sizeof(text) - 1, false);
			CHECK(c != NULL);
			if (!conf_ok(c)) {
				told(c, got, sizeof(got));
				CHECK_ROW(strstr(got, "SeCrEt") == NULL,
				    "%zu: %s", i, got);
			}
			conf_free(c);
		}
}

int
main(void)
{
	conf_files_copy();
	test_lines();
	test_damage();
	conf_files_remove();
	return TEST_END();
}
