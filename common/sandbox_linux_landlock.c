/*
 * Landlock, as far as the kernel has it: directories from version 2 (5.19)
 * on, ports from 4 (6.7) on, signals and abstract sockets from 6 (6.12) on.
 * landlock(7).
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/sandbox_impl.h"

/*
 * linux/landlock.h, which is as old as the system we are built on: its
 * numbers, which are the same on every architecture.
 */
#define CREATE_RULESET	444
#define ADD_RULE	445
#define RESTRICT_SELF	446
#define GET_VERSION	1U
#define RULE_PATH	1
#define RULE_PORT	2

#define FS_EXECUTE	(1ULL << 0)
#define FS_WRITE_FILE	(1ULL << 1)
#define FS_READ_FILE	(1ULL << 2)
#define FS_READ_DIR	(1ULL << 3)
#define FS_ALL(version)	((1ULL << ((version) < 3 ? 14 :			\
			    (version) < 5 ? 15 : 16)) - 1)
#define FS_TRUNCATE	(1ULL << 14)
#define FS_IOCTL_DEV	(1ULL << 15)
#define FS_MAKE_CHAR	(1ULL << 6)
#define FS_MAKE_BLOCK	(1ULL << 11)
#define FS_READ		(FS_READ_FILE | FS_READ_DIR)
/* A directory for data has no programs and no devices. */
#define FS_NEVER	(FS_EXECUTE | FS_MAKE_CHAR | FS_MAKE_BLOCK |	\
			    FS_IOCTL_DEV)
/* What of this can be said of a file. */
#define FS_OF_FILE	(FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE |	\
			    FS_TRUNCATE | FS_IOCTL_DEV)

#define NET_BIND	(1ULL << 0)
#define NET_CONNECT	(1ULL << 1)

/* What is outside of the domain that we make. */
#define NO_ABSTRACT	(1ULL << 0)	/* sockets to connect to */
#define NO_SIGNAL	(1ULL << 1)

struct ruleset {
	uint64_t	fs, net, scoped;
};

struct path_rule {
	uint64_t	allowed;
	int32_t		fd;
} __attribute__((packed));

struct port_rule {
	uint64_t	allowed, port;
};

static void
allow_path(int rules, const char *path, uint64_t allowed)
{
	struct path_rule	 rule = { allowed, -1 };
	struct stat		 st;

	/* What we may not even name, we do not reach. */
	if ((rule.fd = open(path, O_PATH | O_CLOEXEC)) == -1)
		return;
	if (fstat(rule.fd, &st) == -1 || !S_ISDIR(st.st_mode))
		rule.allowed &= FS_OF_FILE;
	if (syscall(ADD_RULE, rules, RULE_PATH, &rule, 0) == -1)
		fatal("landlock: %s", path);
	close(rule.fd);
}

static void
allow_port(int rules, uint16_t port)
{
	struct port_rule	 rule = { NET_CONNECT, port };

	if (syscall(ADD_RULE, rules, RULE_PORT, &rule, 0) == -1)
		fatal("landlock: port %u", port);
}

static void
allow(int rules, const struct sandbox *s, const struct ruleset *all)
{
	size_t	i;

	for (i = 0; i < s->npaths; i++)
		allow_path(rules, s->paths[i].path, s->paths[i].write ?
		    all->fs & ~FS_NEVER : FS_READ);
	if (s->executes)
		allow_path(rules, "/", FS_READ | FS_EXECUTE);
#ifdef PAIL_ASAN	/* the sanitizers look at /proc, and run a program */
	allow_path(rules, "/", FS_READ | FS_EXECUTE);
#endif
	for (i = 0; (all->net & NET_CONNECT) && i < s->nports; i++)
		allow_port(rules, s->ports[i]);
}

long
sandbox_landlock_version(void)
{
	long	version = syscall(CREATE_RULESET, NULL, 0, GET_VERSION);

	return version < 0 ? 0 : version;
}

/* An older kernel wants a shorter struct. */
static size_t
ruleset_size(long version)
{
	const struct ruleset	*r = NULL;

	return version >= 6 ? sizeof(*r) : version >= 4 ?
	    offsetof(struct ruleset, scoped) : offsetof(struct ruleset, net);
}

void
sandbox_landlock(const struct sandbox *s)
{
	struct ruleset	 all = { 0, 0, 0 };
	long		 version = sandbox_landlock_version();
	int		 rules;

	if (version < 2) {
		log_debug("sandbox: the kernel has no Landlock");
		return;
	}
	all.fs = FS_ALL(version);
	if (version >= 4)
		all.net = NET_BIND | (s->any_port ? 0 : NET_CONNECT);
	if (version >= 6)
		all.scoped = NO_SIGNAL |
		    (s->executes || s->local ? 0 : NO_ABSTRACT);
	if ((rules = (int)syscall(CREATE_RULESET, &all,
	    ruleset_size(version), 0)) == -1)
		fatal("landlock");
	allow(rules, s, &all);
	if (syscall(RESTRICT_SELF, rules, 0) == -1)
		fatal("landlock");
	close(rules);
	sandbox_word("landlock-%ld", version);
	log_debug("sandbox: Landlock %ld, %zu directories, %zu%s ports",
	    version, s->npaths, s->nports, version < 4 || s->any_port ?
	    " or other" : "");
}
