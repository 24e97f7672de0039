/* Memory that is there, and memory that is not: then the process ends. */
#include "common/compat.h"

#include <sys/wait.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/test.h"

/* malloc of what cannot be had is to say NULL under ASan too. */
const char	*__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static volatile size_t	 huge = SIZE_MAX / 4;

static void
ask_new(void)
{
	free(mem_new(huge, 3));
}

static void
ask_overflow(void)
{
	free(mem_new(huge, 8));
}

static void
ask_grow(void)
{
	free(mem_grow(NULL, huge, 3));
}

static void
ask_dup(void)
{
	free(mem_dup_len("x", huge * 4 + 2));
}

/* How a process ends that does this: its exit status, or -1. */
static int
end_of(void (*f)(void))
{
	int	status = 0, null;
	pid_t	pid = fork();

	if (pid == 0) {
		if ((null = open("/dev/null", O_WRONLY)) != -1)
			(void)dup2(null, STDERR_FILENO);
		f();
		_exit(0);
	}
	CHECK(pid != -1 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
main(void)
{
	char	*p, *s;
	int	 i, zero = 1;

	p = mem_new(3, 100);
	for (i = 0; i < 300; i++)
		zero &= p[i] == 0;
	CHECK(zero);
	p[0] = 'x';
	p = mem_grow(p, 10000, 100);
	CHECK(p[0] == 'x');
	free(p);
	p = mem_new(0, 0);
	CHECK(p != NULL);
	free(p);
	s = mem_dup("ann");
	CHECK(strcmp(s, "ann") == 0);
	free(s);
	s = mem_dup_len("annex", 3);
	CHECK(strcmp(s, "ann") == 0);
	free(s);
	s = mem_dup_len(NULL, 0);
	CHECK(*s == '\0');
	free(s);
	CHECK(end_of(ask_new) == 1);
	CHECK(end_of(ask_overflow) == 1);
	CHECK(end_of(ask_grow) == 1);
	CHECK(end_of(ask_dup) == 1);
	return TEST_END();
}
