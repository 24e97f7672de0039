/*
 * TCP_QUICKACK is Linux's, and holds for what has come so far: it is to be
 * said again after each read.  OpenBSD has no such option for one socket;
 * there net.inet.tcp.ackonpush=1 does the same for all of them (imapd(8)).
 */
#include "common/tcp.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

void
tcp_ack_now(int fd)
{
#ifdef TCP_QUICKACK
	int	 on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
#else
	(void)fd;
#endif
}
