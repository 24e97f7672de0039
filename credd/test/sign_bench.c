/* See sign_bench.h. */
#include "common/compat.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "common/clock.h"
#include "common/log.h"
#include "credd/test/sign_bench.h"
#include "credd/test/sign_rig.h"

#define SLICE	50000		/* us of the one, then of the other */
#define LONG	3000000		/* us of both, in the bench */
#define SHORT	600000		/* in the test */
#define BEGINS	300000		/* us until all processes are ready */
#define BUSY	2		/* servers that keep a processor so */

enum { APART, INSIDE };

/* What handshakes there were, of one kind, and processor time in us. */
struct lane {
	uint64_t	n;
	uint64_t	us;		/* both halves */
	uint64_t	server;		/* the server's */
};

struct kind {
	const char	*type;		/* of the key */
	int		 version;
	bool		 resumed;
	unsigned	 servers;
	bool		 one;		/* processor, for all of them */
	uint64_t	 us;		/* of both */
};

/* Memory that all processes share. */
struct shared {
	struct lane	 of[SIGN_RIG_SERVERS][2];
	struct lane	 sum[2];
};

static struct sign_rig	rig;

/* This process, and all that it starts from now on, on one processor only. */
static void
confine(void)
{
#ifdef __linux__
	cpu_set_t	set;
	int		cpu = sched_getcpu();

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu == -1 || sched_setaffinity(0, sizeof(set), &set) == -1)
		fatal("sched_setaffinity");
#endif
}

/* One of the processes; its lanes are in memory that all share. */
static void __attribute__((noreturn))
serve(unsigned i, const struct kind *k, uint64_t begin, struct lane l[2])
{
	SSL_SESSION	*session[2] = { NULL, NULL };
	SSL_CTX		*ctx[2];
	char		 why[256];
	uint64_t	 now, us, server;
	unsigned	 at;
	bool		 ok;

	sign_rig_join(&rig, i);
	ctx[APART] = rig.server;
	if ((ctx[INSIDE] = tls_fake_context(rig.cert[0], rig.key[0], why,
	    sizeof(why))) == NULL)
		fatalx("%s", why);
	while ((now = clock_us()) < begin)
		usleep((useconds_t)(begin - now));
	for (; now < begin + k->us; now = clock_us()) {
		at = (now - begin) / SLICE % 2;
		us = clock_read_us(CLOCK_PROCESS_CPUTIME_ID);
		server = sign_rig_server_us();
		ok = k->resumed ? sign_rig_resume(ctx[at], k->version,
		    &session[at]) : sign_rig_shake(ctx[at], k->version, NULL,
		    NULL);
		if (!ok)
			fatalx("a handshake failed");
		l[at].n++;
		l[at].us += clock_read_us(CLOCK_PROCESS_CPUTIME_ID) - us;
		l[at].server += sign_rig_server_us() - server;
	}
	_exit(0);
}

static void
tell(const struct kind *k, const struct lane l[2])
{
	double	n[2], us[2], server[2];
	int	i;

	for (i = 0; i < 2; i++) {
		n[i] = (double)l[i].n;
		us[i] = (double)l[i].us / n[i];
		server[i] = (double)l[i].server / n[i];
	}
	printf("%-8s TLS 1.%d %s on %s: apart %5.0f/s, inside %5.0f/s, %.2f; "
	    "CPU %.0f us, %.0f us, %.2f (server's half %.0f us, %.0f us)\n",
	    k->type, k->version == TLS1_3_VERSION ? 3 : 2,
	    k->resumed ? "resumed" : "full   ", k->one ? "one processor " :
	    "all processors", n[APART] * 2e6 / (double)k->us,
	    n[INSIDE] * 2e6 / (double)k->us, n[APART] / n[INSIDE],
	    us[APART], us[INSIDE], us[INSIDE] / us[APART], server[APART],
	    server[INSIDE]);
	fflush(stdout);
}

/* us of processor time that all of credd has taken. */
static uint64_t
credds_us(void)
{
	uint64_t	us = 0;
	clockid_t	clock;
	unsigned	i;

	for (i = 0; i < rig.credds; i++) {
		if (clock_getcpuclockid(rig.pid[i], &clock) != 0)
			fatalx("clock_getcpuclockid");
		us += clock_read_us(clock);
	}
	return us;
}

static void
bench_one(const struct kind *k, struct shared *all)
{
	struct tls_fake	want = { k->type, "x", NULL, -3600, 3600 };
	struct lane	*sum = all->sum;
	uint64_t	begin, us;
	unsigned	i;
	int		at, status;

	sign_rig_init(&rig);
	sign_rig_add(&rig, &want);
	rig.servers = k->servers;
	/* As paild has it: a credd for each processor. */
	rig.credds = k->one ? 1 : k->servers;
	sign_rig_start(&rig);
	begin = clock_us() + BEGINS;
	memset(all, 0, sizeof(*all));
	for (i = 0; i < k->servers; i++)
		if (fork() == 0)
			serve(i + 1, k, begin, all->of[i]);
	usleep(BEGINS);
	us = credds_us();
	for (i = 0; i < k->servers; i++)
		if (wait(&status) == -1 || status != 0)
			fatalx("a server failed");
	us = credds_us() - us;
	for (at = 0; at < 2; at++)
		for (i = 0; i < k->servers; i++) {
			sum[at].n += all->of[i][at].n;
			sum[at].us += all->of[i][at].us;
			sum[at].server += all->of[i][at].server;
		}
	sum[APART].us += us;
	sum[APART].server += us;
	sign_rig_end(&rig);
}

/* In a process of its own, which may be confined; what there was is in memory
 * that the next call reuses.  NULL: a handshake failed, or there was none. */
static const struct lane *
measure(const struct kind *k)
{
	static struct shared	*all;
	int			 status;
	pid_t			 pid;

	if (all == NULL && (all = mmap(NULL, sizeof(*all),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0)) ==
	    MAP_FAILED)
		fatal("mmap");
	if ((pid = fork()) == 0) {
		if (k->one)
			confine();
		bench_one(k, all);
		_exit(0);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		fatal("fork");
	return status == 0 && all->sum[APART].n > 0 &&
	    all->sum[INSIDE].n > 0 ? all->sum : NULL;
}

double
sign_bench_ratio(const char *type, struct sign_bench_best *best)
{
	struct kind		 k = { type, TLS1_3_VERSION, false, BUSY, true,
				    SHORT };
	const struct lane	*l = measure(&k);
	double			 us;
	int			 i;

	for (i = 0; l != NULL && i < 2; i++) {
		us = (double)l[i].us / (double)l[i].n;
		if (best->us[i] <= 0 || us < best->us[i])
			best->us[i] = us;
	}
	return best->us[APART] > 0 ? best->us[INSIDE] / best->us[APART] : 0;
}

void
sign_bench(void)
{
	static const char *const types[] = { "RSA", "P-256", "P-384",
	    "ED25519" };
	long			 n = sysconf(_SC_NPROCESSORS_ONLN);
	struct kind		 k = { .us = LONG };
	const struct lane	*l;
	size_t			 i;
	int			 j;

	log_set_level(LOG_LEVEL_ERROR);
	for (i = 0; i < nitems(types); i++)
		for (j = 0; j < 6; j++) {
			k.type = types[i];
			k.version = j < 2 ? TLS1_2_VERSION : TLS1_3_VERSION;
			k.resumed = j >= 4;
			k.one = j % 2 == 0;
			k.servers = k.one ? BUSY : n < 1 ? 1 :
			    n > SIGN_RIG_SERVERS ? SIGN_RIG_SERVERS :
			    (unsigned)n;
			if ((l = measure(&k)) == NULL)
				fatalx("the bench failed");
			tell(&k, l);
		}
}
