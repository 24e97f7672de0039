/* TCP socket options beyond POSIX. */
#ifndef COMMON_TCP_H
#define COMMON_TCP_H

/*
 * Acknowledges at once what was read from fd, instead of with the next octets
 * written or after the system's delay (40 ms on Linux), so that a peer whose
 * Nagle algorithm (RFC 9293, section 3.7.4) is holding back its next short
 * write can continue.  For a reader that has nothing to send yet.  Does nothing
 * if the system has no such call, or fd is not a TCP socket.
 */
void	 tcp_ack_now(int fd);

#endif
