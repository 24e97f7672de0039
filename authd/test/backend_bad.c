/* Hangs, crashes, is slow, answers nonsense: as its users' names begin. */
#include "common/compat.h"

#include <unistd.h>

#include "authd/test/backend_bad.h"

int	 backend_bad_channel = -1, backend_bad_said = -1, backend_bad_go = -1;

static void *
bad_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	(void)conf;
	(void)index;
	(void)why;
	(void)size;
	return &backend_bad_channel;
}

static enum found_code
bad_find(void *state, struct str name, bool keys, struct found *f)
{
	(void)state;
	(void)keys;
	if (name.len == 0 || name.len >= sizeof(f->user))
		return FOUND_NONE;
	memcpy(f->user, name.p, name.len);
	return FOUND_USER;
}

static enum work_result_code
bad_verify(void *state, struct found *f, struct str password, char *why,
    size_t size)
{
	static const char	nonsense[] = "\xff\xff\xff\xff nonsense";
	char			c;

	(void)state;
	(void)why;
	(void)size;
	if (strncmp(f->user, "hang", 4) == 0)
		for (;;)
			pause();
	if (strncmp(f->user, "crash", 5) == 0)
		_exit(3);
	if (strncmp(f->user, "garbage", 7) == 0 &&
	    write(backend_bad_channel, nonsense, sizeof(nonsense)) == -1)
		_exit(4);
	if (strncmp(f->user, "slow", 4) == 0 &&
	    (write(backend_bad_said, f->user, strlen(f->user) + 1) == -1 ||
	    read(backend_bad_go, &c, 1) != 1))
		_exit(5);
	return str_eq(password, STR("pw")) ? WORK_YES : WORK_NO;
}

static void
bad_close(void *state)
{
	(void)state;
}

static const struct lookup_kind		lookup_bad = {
	.open = bad_open, .find = bad_find, .close = bad_close
};
static const struct verifier_kind	verifier_bad = {
	.verify = bad_verify
};
const struct backend_kind backend_bad = {
	.type = "bad", .lookup = &lookup_bad, .verifier = &verifier_bad
};
