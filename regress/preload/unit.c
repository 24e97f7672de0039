/*
 * Runs a program under the system calls that a systemd unit leaves it
 * (SystemCallFilter=, SystemCallErrorNumber=EPERM, RestrictNamespaces=yes): the
 * names on standard input.
 *
 * usage: unit COMMAND...
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SPACES	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
		    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID)

/* As seccomp_restrict_namespaces() has them. */
static int
add(scmp_filter_ctx ctx, const char *name)
{
	int	nr = seccomp_syscall_resolve_name(name);

	if (nr < 0 || strcmp(name, "unshare") == 0 ||
	    strcmp(name, "setns") == 0)
		return 0;
	if (strcmp(name, "clone3") == 0)
		return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), nr, 0);
	if (strcmp(name, "clone") == 0)
		return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, SPACES, 0));
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
}

int
main(int argc, char *argv[])
{
	scmp_filter_ctx	ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	char		name[64];
	int		n = 0;

	while (ctx != NULL && scanf("%63s", name) == 1) {
		if (add(ctx, name) != 0) {
			fprintf(stderr, "unit: %s\n", name);
			return 1;
		}
		n++;
	}
	if (argc < 2 || n < 100 || seccomp_load(ctx) != 0) {
		fprintf(stderr, "unit: no filter\n");
		return 1;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}
