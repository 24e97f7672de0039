/*
 * Talking to paild: one line there, text back.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/json.h"
#include "pailctl/ctl.h"
#include "pailctl/progress.h"

long
ctl_read(int fd, void *p, size_t len)
{
	ssize_t	n;

	progress_await(fd);
	do
		n = read(fd, p, len);
	while (n == -1 && errno == EINTR);
	return n;
}

int
ctl_write(int fd, const void *p, size_t len)
{
	const char	*s = p;
	ssize_t		 n;

	while (len > 0) {
		n = send(fd, s, len, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		s += n;
		len -= (size_t)n;
	}
	return 0;
}

int
ctl_command(int fd, const char *command, const char *arg, char *why,
    size_t size)
{
	char	line[600];
	size_t	n = 0;

	snprintf(line, sizeof(line), "%s%s%s\n", command,
	    *arg != '\0' ? " " : "", arg);
	if (ctl_write(fd, line, strlen(line)) == -1) {
		snprintf(why, size, "lost the connection to paild");
		return -1;
	}
	/* A byte at a time: what follows is not ours to take. */
	while (n < sizeof(line) - 1 && ctl_read(fd, line + n, 1) == 1) {
		if (line[n] == '\n') {
			line[n] = '\0';
			if (strcmp(line, "ok") == 0)
				return 0;
			snprintf(why, size, "%s", strncmp(line, "error: ",
			    7) == 0 ? line + 7 : "invalid response from paild");
			return -1;
		}
		n++;
	}
	snprintf(why, size, "lost the connection to paild");
	return -1;
}

int
ctl_document(int fd, struct buf *doc, char *why, size_t size)
{
	char	text[8192];
	size_t	from = doc->len;
	long	n;

	while ((n = ctl_read(fd, text, sizeof(text))) > 0 &&
	    doc->len - from < CTL_DOCUMENT_MAX)
		buf_put(doc, text, (size_t)n);
	if (n == 0 && !doc->failed && doc->len > from &&
	    json_check(doc->data + from, doc->len - from) == 0)
		return 0;
	snprintf(why, size, n > 0 ? "the answer is too long" : n == 0 &&
	    doc->len == from ? "lost the connection to paild" :
	    "invalid response from paild");
	return -1;
}

int
ctl_print(int fd, char *last, size_t size)
{
	struct escape_out	 o = { .f = stdout };
	char			 text[8192], *nl;
	long			 n, i, from;

	*last = '\0';
	while ((n = ctl_read(fd, text, sizeof(text) - 1)) > 0) {
		if (escape_write(&o, text, (size_t)n) == -1)
			return -1;
		/* Lines that are cut by the end of a read are joined. */
		for (from = 0, i = 0; i < n; i++)
			if (text[i] == '\0')
				text[i] = ' ';
		text[n] = '\0';
		while ((nl = strchr(text + from, '\n')) != NULL &&
		    nl[1] != '\0') {
			from = nl + 1 - text;
			*last = '\0';
		}
		if (*last != '\0' && last[strlen(last) - 1] == '\n')
			*last = '\0';
		strlcat(last, text + from, size);
	}
	last[strcspn(last, "\n")] = '\0';
	return escape_end(&o) == 0 && n == 0 ? 0 : -1;
}
