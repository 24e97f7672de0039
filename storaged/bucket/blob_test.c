/*
 * The file store: the suite that every backend passes, and what is its own:
 * its tree, ETags, several processes, failed syncs.  The suite on S3 when
 * the environment names one.
 */
#include "common/compat.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/file/file_io.h"
#include "storaged/test/store_slice.h"

static struct event_base *base;
static char dir[] = "/tmp/blob_test.XXXXXX";

static struct blob_store *
open_file(const char *prefix)
{
	struct slice *conf = store_slice("store.type", "file", "store.path",
	    dir, "store.key-prefix", prefix, "store.timeout", "5", NULL);
	struct blob_store *s;
	char why[256] = "";

	s = blob_open(base, conf, why, sizeof(why));
	CHECK_ROW(s != NULL, "%s", why);
	slice_free(conf);
	return s;
}

static enum blob_outcome
put(struct blob_store *s, const char *key, const char *body,
    enum blob_condition cond, const char *etag, struct suite_result *r)
{
	struct piece piece = { body, strlen(body) };

	suite_result_free(r);
	blob_put(s, key, &piece, 1, cond, etag, BLOB_USER, suite_cb, r);
	suite_wait(base, r);
	return r->outcome;
}

static enum blob_outcome
get(struct blob_store *s, const char *key, struct suite_result *r)
{
	suite_result_free(r);
	blob_get(s, key, 0, 0, 1000, NULL, BLOB_USER, suite_cb, r);
	suite_wait(base, r);
	return r->outcome;
}

static void
test_suite_file(const char *prefix)
{
	struct blob_store *a = open_file(prefix), *b = open_file(prefix);

	CHECK(blob_ready(a));
	CHECK(blob_local(a));
	blob_suite(base, a, b, "file");
	blob_close(a);
	blob_close(b);
}

static unsigned
temporary_files(void)
{
	char path[256];
	struct dirent *d;
	unsigned n = 0;
	DIR *tmp;

	snprintf(path, sizeof(path), "%s/.tmp", dir);
	CHECK((tmp = opendir(path)) != NULL);
	while (tmp != NULL && (d = readdir(tmp)) != NULL)
		n += d->d_name[0] != '.';
	if (tmp != NULL)
		closedir(tmp);
	return n;
}

/* The tree holds the bytes and nothing else; no temporary file is left. */
static void
test_tree(void)
{
	struct blob_store *s = open_file("some/where");
	struct suite_result r = { 0 };
	char path[256], line[16] = "";
	FILE *f;

	CHECK(put(s, "0123abcd/ann/head", "hello", BLOB_IF_NONE_MATCH, NULL,
	    &r) == BLOB_DONE);
	snprintf(path, sizeof(path), "%s/some/where/0123abcd/ann/head", dir);
	f = fopen(path, "r");
	CHECK(f != NULL && fgets(line, sizeof(line), f) != NULL);
	CHECK(strcmp(line, "hello") == 0);
	if (f != NULL)
		fclose(f);
	blob_close(s);
	CHECK(temporary_files() == 0);
	suite_result_free(&r);
}

/* The ETag never repeats, not even when the same bytes come again at once
 * or the clock goes back; a later process sees the same one. */
static void
test_etags(void)
{
	struct blob_store *s = open_file("");
	char seen[200][BLOB_ETAG_MAX];
	struct suite_result r = { 0 };
	struct timespec ts[2] = { { 4000000000, 5 }, { 4000000000, 5 } };
	char path[256];
	size_t i, k;

	CHECK(put(s, "e/head", "same", BLOB_ALWAYS, NULL, &r) == BLOB_DONE);
	for (i = 0; i < nitems(seen); i++) {
		strlcpy(seen[i], r.etag, sizeof(seen[i]));
		for (k = 0; k < i; k++)
			CHECK(strcmp(seen[k], seen[i]) != 0);
		CHECK(put(s, "e/head", "same", BLOB_IF_MATCH, seen[i], &r) ==
		    BLOB_DONE);
		if (i > 0)
			CHECK(put(s, "e/head", "same", BLOB_IF_MATCH, seen[i],
			    &r) == BLOB_CONFLICT);
		CHECK(get(s, "e/head", &r) == BLOB_DONE);
	}
	/* A file from the future: what replaces it is newer still. */
	snprintf(path, sizeof(path), "%s/e/head", dir);
	CHECK(utimensat(AT_FDCWD, path, ts, 0) == 0);
	CHECK(get(s, "e/head", &r) == BLOB_DONE);
	strlcpy(seen[0], r.etag, sizeof(seen[0]));
	CHECK(put(s, "e/head", "same", BLOB_IF_MATCH, seen[0], &r) ==
	    BLOB_DONE);
	CHECK(strcmp(r.etag, seen[0]) != 0);
	strlcpy(seen[1], r.etag, sizeof(seen[1]));
	CHECK(put(s, "e/head", "same", BLOB_IF_MATCH, seen[0], &r) ==
	    BLOB_CONFLICT);
	blob_close(s);
	s = open_file("");
	CHECK(put(s, "e/head", "after", BLOB_IF_MATCH, seen[1], &r) ==
	    BLOB_DONE);
	blob_close(s);
	suite_result_free(&r);
}

/* What was replaced is written over later, but never under a reader who
 * has it open still; and it does not outlive the store. */
static void
test_replaced(void)
{
	static const char *const bodies[] = { "a longer one", "short",
	    "of the middle" };
	struct blob_store *s = open_file("");
	struct suite_result r = { 0 };
	char etag[BLOB_ETAG_MAX], path[256], was[16];
	int i, fd;

	snprintf(path, sizeof(path), "%s/r/head", dir);
	CHECK(put(s, "r/head", "first", BLOB_ALWAYS, NULL, &r) == BLOB_DONE);
	CHECK((fd = open(path, O_RDONLY)) != -1);
	for (i = 0; i < 30; i++) {
		strlcpy(etag, r.etag, sizeof(etag));
		CHECK(put(s, "r/head", bodies[i % 3], BLOB_IF_MATCH, etag,
		    &r) == BLOB_DONE);
		strlcpy(etag, r.etag, sizeof(etag));
		CHECK(get(s, "r/head", &r) == BLOB_DONE &&
		    r.len == strlen(bodies[i % 3]) &&
		    memcmp(r.body, bodies[i % 3], r.len) == 0 &&
		    strcmp(r.etag, etag) == 0);
#ifdef RENAME_EXCHANGE
		CHECK(temporary_files() == 1);
#endif
	}
	CHECK(pread(fd, was, sizeof(was), 0) == 5 &&
	    memcmp(was, "first", 5) == 0);
	close(fd);
	blob_close(s);
	CHECK(temporary_files() == 0);
	suite_result_free(&r);
}

/* Several processes: If-Match increments lose none. */
static int
increments(int n)
{
	struct blob_store *s;
	struct suite_result r = { 0 };
	char body[32], etag[BLOB_ETAG_MAX];

	if ((base = event_base_new()) == NULL)
		return 1;
	s = open_file("");
	while (n > 0) {
		if (get(s, "processes", &r) != BLOB_DONE)
			return 1;
		snprintf(body, sizeof(body), "%d", atoi((char *)r.body) + 1);
		strlcpy(etag, r.etag, sizeof(etag));
		switch (put(s, "processes", body, BLOB_IF_MATCH, etag, &r)) {
		case BLOB_DONE:
			n--;
			break;
		case BLOB_CONFLICT:
			break;
		default:
			return 1;
		}
	}
	return 0;
}

static void
test_processes(void)
{
	struct blob_store *s = open_file("");
	struct suite_result r = { 0 };
	int i, status;

	CHECK(put(s, "processes", "100", BLOB_IF_NONE_MATCH, NULL, &r) ==
	    BLOB_DONE);
	fflush(NULL);
	for (i = 0; i < 4; i++) {
		if (fork() == 0)
			_exit(increments(25));
	}
	for (i = 0; i < 4; i++) {
		wait(&status);
		CHECK(status == 0);
	}
	CHECK(get(s, "processes", &r) == BLOB_DONE && r.len == 3 &&
	    memcmp(r.body, "200", 3) == 0);
	blob_close(s);
	suite_result_free(&r);
}

static int syncs_left;

static int
failing_sync(int fd)
{
	if (syncs_left-- > 0)
		return fsync(fd);
	errno = EIO;
	return -1;
}

/* A failed fsync, whichever: the PUT is not DONE, and nothing works any
 * more; after a restart the old or the new one is there, whole. */
static void
test_failed_fsync(void)
{
	struct blob_store *s;
	struct suite_result r = { 0 };
	enum blob_outcome o;
	char key[64];
	int i;

	for (i = 0; i < 5; i++) {
		s = open_file("fsync");
		syncs_left = i;
		file_io_fsync = failing_sync;
		snprintf(key, sizeof(key), "new%d/dir/x", i);
		o = put(s, key, "body", BLOB_ALWAYS, NULL, &r);
		/* Before the rename: the file, three parents; after it. */
		CHECK_ROW(o == (i < 4 ? BLOB_UNAVAILABLE : BLOB_UNSURE),
		    "%d: %s", i, blob_outcome_name(o));
		CHECK(put(s, "other", "b", BLOB_ALWAYS, NULL, &r) ==
		    BLOB_UNAVAILABLE);
		CHECK(strstr(r.why, "disabled") != NULL);
		CHECK(get(s, "other", &r) == BLOB_UNAVAILABLE);
		file_io_fsync = fsync;
		blob_close(s);
		s = open_file("fsync");
		if (o == BLOB_UNAVAILABLE)
			CHECK(get(s, key, &r) == BLOB_ABSENT);
		else
			CHECK(get(s, key, &r) == BLOB_DONE && r.len == 4);
		blob_close(s);
	}
	suite_result_free(&r);
}

/* Without the sync of each new parent a PUT is not durable. */
static int counted;

static int
counting_sync(int fd)
{
	counted++;
	return fsync(fd);
}

static void
test_syncs(void)
{
	struct blob_store *s = open_file("");
	struct suite_result r = { 0 };

	file_io_fsync = counting_sync;
	counted = 0;
	CHECK(put(s, "s1/s2/s3/x", "b", BLOB_ALWAYS, NULL, &r) == BLOB_DONE);
	CHECK_ROW(counted == 5, "%d", counted);	/* file, 3 parents, its own */
	counted = 0;
	CHECK(put(s, "s1/s2/s3/y", "b", BLOB_ALWAYS, NULL, &r) == BLOB_DONE);
	CHECK_ROW(counted == 2, "%d", counted);
	counted = 0;
	CHECK(put(s, "s1/s2/s4/y", "b", BLOB_ALWAYS, NULL, &r) == BLOB_DONE);
	CHECK_ROW(counted == 3, "%d", counted);
	blob_close(s);
	/* Another process trusts only what it has synced itself. */
	s = open_file("");
	counted = 0;
	CHECK(put(s, "s1/s2/s3/z", "b", BLOB_ALWAYS, NULL, &r) == BLOB_DONE);
	CHECK_ROW(counted == 5, "%d", counted);
	file_io_fsync = fsync;
	blob_close(s);
	suite_result_free(&r);
}

/* Over 64 MiB: in parts, and the whole is what it was. */
static void
test_parts(struct blob_store *s)
{
	const uint64_t len = ((uint64_t)65 << 20) + 3;
	const char *key = "parts/big";
	struct suite_result r = { 0 };
	FILE *f = tmpfile();

	CHECK(f != NULL && ftruncate(fileno(f), (off_t)len) == 0 &&
	    pwrite(fileno(f), "end", 3, (off_t)len - 3) == 3);
	blob_put_file(s, key, fileno(f), len, BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE, "%s %s",
	    blob_outcome_name(r.outcome), r.why);
	suite_result_free(&r);
	blob_get(s, key, len - 4, 4, 4, NULL, BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK(r.outcome == BLOB_DONE && r.size == len && r.len == 4 &&
	    memcmp(r.body, "\0end", 4) == 0);
	suite_result_free(&r);
	blob_delete(s, &key, 1, BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK(r.outcome == BLOB_DONE);
	suite_result_free(&r);
	fclose(f);
}

/* On a real server, when the environment names one. */
static void
test_suite_s3(const char *prefix, const char *verify)
{
	const char *endpoint = getenv("S3_ENDPOINT");
	const char *region = getenv("S3_REGION");
	struct blob_store *s[2];
	struct slice *conf;
	char why[256] = "";
	int i;

	if (endpoint == NULL)
		return;
	if (region == NULL)
		region = "us-east-1";
	for (i = 0; i < 2; i++) {
		conf = store_slice("store.type", "s3", "store.endpoint",
		    endpoint, "store.bucket", getenv("S3_BUCKET"),
		    "store.region", region, "store.key-prefix", prefix,
		    "store.timeout", "20", "store.verify-after-write", verify,
		    NULL);
		s[i] = blob_open(base, conf, why, sizeof(why));
		CHECK_ROW(s[i] != NULL, "%s", why);
		slice_free(conf);
		CHECK(!blob_ready(s[i]));
		CHECK(!blob_local(s[i]));
		suite_day_key(s[i], getenv("S3_ACCESS_KEY"),
		    getenv("S3_SECRET_KEY"), region);
		CHECK(blob_ready(s[i]));
	}
	if (strcmp(verify, "true") == 0)
		test_parts(s[0]);
	blob_suite(base, s[0], s[1],
	    strcmp(verify, "true") == 0 ? "s3 verify" : "s3");
	blob_close(s[0]);
	blob_close(s[1]);
}

static void
test_open(void)
{
	struct slice *conf;
	char why[256];

	conf = store_slice("store.type", "fil", NULL);
	CHECK(blob_open(base, conf, why, sizeof(why)) == NULL);
	CHECK(strstr(why, "fil") != NULL);
	slice_free(conf);
	conf = store_slice("store.type", "file", NULL);
	CHECK(blob_open(base, conf, why, sizeof(why)) == NULL);
	CHECK(strstr(why, "store.path") != NULL);
	slice_free(conf);
	conf = store_slice("store.type", "file", "store.path",
	    "/nonexistent/x", NULL);
	CHECK(blob_open(base, conf, why, sizeof(why)) == NULL);
	slice_free(conf);
	conf = store_slice("store.type", "file", "store.path", dir,
	    "store.key-prefix", "/x", NULL);
	CHECK(blob_open(base, conf, why, sizeof(why)) == NULL);
	CHECK(strstr(why, "key-prefix") != NULL);
	slice_free(conf);
}

int
main(void)
{
	char cmd[64];

	log_init("blob_test");
	base = event_base_new();
	CHECK(mkdtemp(dir) != NULL);
	test_open();
	test_suite_file("");
	test_suite_file("a/prefix");
	test_etags();
	test_replaced();
	test_tree();
	test_processes();
	test_failed_fsync();
	test_syncs();
	test_suite_s3("", "false");
	test_suite_s3("some/prefix+ed", "true");
	event_base_free(base);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
	return TEST_END();
}
