/* See store_cmd.h. */
#include "common/compat.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/json_write.h"
#include "common/user.h"
#include "paild/conf.h"
#include "pailctl/ctl.h"
#include "pailctl/out.h"
#include "pailctl/policy.h"
#include "pailctl/progress.h"
#include "pailctl/run_paild.h"
#include "pailctl/store_cmd.h"
#include "pailctl/tell.h"

/* The report of a child, as it is: short, and somebody waits for it. */
static int
report_awaited(const struct store_how *how, const char *what)
{
	struct buf	text;
	sigset_t	mask;
	char		why[1024];
	bool		good;
	int		r;

	buf_init(&text, CTL_DOCUMENT_MAX);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	if (run_paild_read(how->program, what, how->file, &mask, false, &text,
	    &good, why, sizeof(why)) == -1)
		r = out_fail("%s", why);
	else if (text.failed || fwrite(text.data, 1, text.len, stdout) !=
	    text.len || fflush(stdout) == EOF)
		r = out_fail("standard output");
	else
		r = !good;
	buf_free(&text);
	return r;
}

/* Without a paild: the same report by one that does nothing else. */
static int
report_alone(const struct store_how *how, const char *command, const char *arg)
{
	char	what[USER_ID_MAX + 64];

	snprintf(what, sizeof(what), "%s%s%s", command,
	    *arg != '\0' ? ":" : "", arg);
	if (*arg == '\0' && isatty(STDERR_FILENO))
		return report_awaited(how, what);
	run_paild(how->program, what, how->file);
	return out_fail("paild: %s", strerror(errno));
}

/* The same as a child, for its document. */
static int
json_alone(const struct store_how *how, const char *command, const char *arg)
{
	struct buf	doc;
	sigset_t	mask;
	char		what[USER_ID_MAX + 64], why[1024];
	bool		good;
	int		r;

	snprintf(what, sizeof(what), "json:%s%s%s", command,
	    *arg != '\0' ? ":" : "", arg);
	buf_init(&doc, CTL_DOCUMENT_MAX);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	if (run_paild_read(how->program, what, how->file, &mask, false, &doc,
	    &good, why, sizeof(why)) == -1)
		r = out_fail("%s", why);
	else if (doc.failed)
		r = out_fail("the report is too long");
	else if (json_check(doc.data, doc.len) == -1)
		r = out_fail("paild has written no report; standard error "
		    "says why");
	else
		r = out_document((struct str){ (char *)doc.data, doc.len }) ==
		    -1;
	buf_free(&doc);
	return r;
}

/* Of "store check", the exit status is the verdict's. */
static bool
is_good(void)
{
	struct buf	*b = out_members();
	char		 verdict[32];
	size_t		 n = b->len;
	bool		 good;

	json_end_object(b);		/* it is still open */
	good = json_get(b->data, b->len, "verdict", verdict,
	    sizeof(verdict)) != -1 && strcmp(verdict, "good") == 0;
	b->len = n;
	return good;
}

static int
report_json(const struct store_how *how, const char *command, const char *arg)
{
	int	fd, r;

	if ((fd = tell_socket(how->conf)) == -1)
		r = json_alone(how, command, arg);
	else {
		close(fd);
		r = tell_json(how->conf, command, arg);
	}
	if (r == 0 && strcmp(command, "store-check") == 0 && !is_good())
		r = 1;
	return r;
}

int
store_report(const struct store_how *how, const char *command, const char *arg)
{
	char	last[512];
	int	fd;

	progress_of(*arg == '\0' ? "testing the store" : "reading the store",
	    STDERR_FILENO);
	if (out_is_json())
		return report_json(how, command, arg);
	if ((fd = tell_socket(how->conf)) == -1)
		return report_alone(how, command, arg);
	close(fd);
	if (tell(how->conf, command, arg, last, sizeof(last)) != 0)
		return 1;
	return strncmp(last, "error: ", 7) == 0 ||
	    (strncmp(last, "probe=", 6) == 0 &&
	    strncmp(last, "probe=good", 10) != 0);
}

#define PLACES_MAX	16

static const char *
place_str(const struct conf *conf, unsigned i, const char *key,
    const char *otherwise)
{
	const char	*s = conf_at(conf, "ingest.%u.%s", i, key);

	return s != NULL ? s : otherwise != NULL ? otherwise : "";
}

/* Of "ingest": those that are signed for with the store's keys, and the
 * others. */
static void
find_places(const struct conf *conf, struct policy_place *shared,
    size_t *nshared, struct policy_place *own, size_t *nown)
{
	struct policy_place	 p;
	unsigned		 i;

	*nshared = *nown = 0;
	for (i = 0; i < PLACES_MAX && conf_at(conf, "ingest.%u.poll", i) !=
	    NULL; i++) {
		p = (struct policy_place){ i, place_str(conf, i, "bucket",
		    conf_str(conf, "store.bucket")), place_str(conf, i,
		    "region", conf_str(conf, "store.region")), place_str(conf,
		    i, "prefix", NULL), place_str(conf, i, "queue", NULL),
		    strcmp(place_str(conf, i, "after", NULL), "tag") == 0 };
		if (strcmp(place_str(conf, i, "credentials.source", NULL),
		    "store") == 0 && conf_at(conf,
		    "ingest.%u.credentials.assume-role.0.role-arn", i) == NULL)
			shared[(*nshared)++] = p;
		else
			own[(*nown)++] = p;
	}
}

/* With --json, each as it comes is an element of our array. */
static void
each_policy(struct buf *b)
{
	if (!out_is_json())
		return;
	json_add_raw(out_members(), NULL, (struct str){ (char *)b->data,
	    b->len });
	if (b->failed)
		out_members()->failed = true;
	buf_reset(b);
}

/* A stream of two JSON documents, and one for each entry of "ingest" that has
 * keys of its own; on a terminal, with a word on each. */
static int
print_policies(const struct conf *conf)
{
	struct policy_store	 s = { conf_str(conf, "store.bucket"),
				    conf_str(conf, "store.region"),
				    conf_str(conf, "store.key-prefix"),
				    conf_str(conf, "store.kms-key-id"),
				    true };
	struct policy_place	 shared[PLACES_MAX], own[PLACES_MAX];
	const char		*endpoint = conf_str(conf, "store.endpoint");
	struct buf		 b;
	size_t			 nshared, nown, i;
	int			 r;

	if (strcmp(conf_str(conf, "store.type"), "s3") != 0)
		return out_fail("the store is not S3: it has no policy");
	s.tls = endpoint == NULL || strncmp(endpoint, "http:", 5) != 0;
	if (s.prefix == NULL)
		s.prefix = "";
	if (s.kms_key == NULL)
		s.kms_key = "";
	find_places(conf, shared, &nshared, own, &nown);
	buf_init(&b, 262144);
	if (out_is_json())
		json_add_array(out_members(), "policies");
	policy_iam(&s, shared, nshared, &b);
	each_policy(&b);
	policy_bucket(&s, &b);
	each_policy(&b);
	for (i = 0; i < nown; i++) {
		policy_iam(NULL, &own[i], 1, &b);
		each_policy(&b);
	}
	if (out_is_json()) {
		json_end_array(out_members());
		buf_free(&b);
		return 0;
	}
	r = b.failed || fwrite(b.data, 1, b.len, stdout) != b.len ||
	    fflush(stdout) == EOF;
	buf_free(&b);
	if (r == 0 && isatty(STDOUT_FILENO))
		fprintf(stderr, "The first policy is for the user or role of "
		    "the access key, the second for the bucket%s.\n", nown > 0 ?
		    ", the others for those of ingest's own credentials" : "");
	return r == 0 ? 0 : out_fail("standard output");
}

int
store_cmd(const struct store_how *how, int argc, char *argv[])
{
	if (strcmp(argv[1], "check") != 0)
		return -1;
	if (argc == 2)
		return store_report(how, "store-check", "");
	if (strcmp(argv[2], "--policy") != 0)
		return -1;
	return print_policies(how->conf);
}
