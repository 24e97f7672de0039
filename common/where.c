/*
 * Linux tells by /proc/PID: the state that the scheduler sees (stat), the
 * function of the kernel that it sleeps in (wchan), and the system call
 * (syscall, its number first), the last two only to who may trace it.
 * proc(5).  Elsewhere: nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/escape.h"
#include "common/where.h"

#ifdef __linux__
static const struct { char letter; const char *word; } states[] = {
	{ 'R', "running" }, { 'S', "sleeping" },
	{ 'D', "waiting for disk" }, { 'T', "stopped" },
	{ 't', "stopped by a debugger" }, { 'Z', "ended" },
	{ 'X', "ended" }, { 'I', "idle" },
};

/* The first line of /proc/PID/name; -1: not to be had. */
static int
look(pid_t pid, const char *name, char *dst, size_t size)
{
	char	path[64];
	ssize_t	n;
	int	fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	if ((fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) == -1)
		return -1;
	n = read(fd, dst, size - 1);
	close(fd);
	if (n <= 0)
		return -1;
	dst[n] = '\0';
	dst[strcspn(dst, "\n")] = '\0';
	return 0;
}

static const char *
state_word(const char *stat)
{
	const char	*p = strrchr(stat, ')');	/* behind its name */
	size_t		 i;

	if (p == NULL || p[1] != ' ')
		return NULL;
	for (i = 0; i < nitems(states); i++)
		if (states[i].letter == p[2])
			return states[i].word;
	return NULL;
}

char *
where_is(pid_t pid, char *dst, size_t size)
{
	char		 text[512], word[128];
	const char	*state;

	*dst = '\0';
	if (look(pid, "stat", text, sizeof(text)) == 0 &&
	    (state = state_word(text)) != NULL)
		snprintf(dst, size, "state=\"%s\"", state);
	if (look(pid, "wchan", text, sizeof(text)) == 0 &&
	    strcmp(text, "0") != 0) {
		escape_text(word, sizeof(word), text, strlen(text), 0);
		snprintf(dst + strlen(dst), size - strlen(dst), " wchan=%s",
		    word);
	}
	/* a number, or a word; then its arguments, which may be secret */
	if (look(pid, "syscall", text, sizeof(text)) == 0) {
		text[strcspn(text, " ")] = '\0';
		escape_text(word, sizeof(word), text, strlen(text), 0);
		snprintf(dst + strlen(dst), size - strlen(dst),
		    " syscall=%s", word);
	}
	return dst;
}
#else
char *
where_is(pid_t pid, char *dst, size_t size)
{
	(void)pid;
	(void)size;
	*dst = '\0';
	return dst;
}
#endif
