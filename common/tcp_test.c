/* A peer that writes a line in two pieces is not kept waiting. */
#include "common/tcp.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/test.h"

#define ROUNDS	15

/* A connection over loopback; the client's end is as the system makes it. */
static void
connect_both(int *client, int *server)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(sin);
	int			 l = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*client = socket(AF_INET, SOCK_STREAM, 0);
	if (l == -1 || *client == -1 ||
	    bind(l, (struct sockaddr *)&sin, len) == -1 ||
	    listen(l, 1) == -1 ||
	    getsockname(l, (struct sockaddr *)&sin, &len) == -1 ||
	    connect(*client, (struct sockaddr *)&sin, len) == -1 ||
	    (*server = accept(l, NULL, NULL)) == -1)
		err(1, "loopback");
	close(l);
}

static int
cmp(const void *a, const void *b)
{
	const uint64_t	*x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The median of what a line of two writes and its answer take, in us. */
static uint64_t
line_of_two(bool ack)
{
	uint64_t	 us[ROUNDS], start;
	char		 b[8];
	int		 client, server, i;

	connect_both(&client, &server);
	for (i = 0; i < ROUNDS; i++) {
		start = clock_us();
		CHECK(write(client, "a", 1) == 1);
		CHECK(write(client, "b", 1) == 1);
		CHECK(read(server, b, 1) == 1);
		if (ack)
			tcp_ack_now(server);
		CHECK(read(server, b, 1) == 1);
		CHECK(write(server, "c", 1) == 1);
		CHECK(read(client, b, 1) == 1);
		us[i] = clock_us() - start;
	}
	close(client);
	close(server);
	qsort(us, ROUNDS, sizeof(us[0]), cmp);
	return us[ROUNDS / 2];
}

int
main(void)
{
	uint64_t	 without = line_of_two(false), with = line_of_two(true);

	tcp_ack_now(-1);		/* no harm */
#ifdef TCP_QUICKACK
	/* half of the delay is not what a busy machine makes of none */
	CHECK_ROW(without < 30000 || with < without / 2, "%llu us, %llu us",
	    (unsigned long long)with, (unsigned long long)without);
#else
	(void)with;
	(void)without;
#endif
	return TEST_END();
}
