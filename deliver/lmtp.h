/*
 * A client of LMTP (RFC 2033): one message to several recipients over a
 * connection that exists.  Every answer is untrusted: a long line is cut, a
 * long response ends the conversation.
 */
#ifndef DELIVER_LMTP_H
#define DELIVER_LMTP_H

#include <stddef.h>
#include <stdio.h>

struct lmtp_message {
	const char	*sender;	/* "": the null sender */
	const char	*envid;		/* of DSN (RFC 3461); NULL: none */
	const char	*helo;		/* our host's name */
	FILE		*f;		/* with CRLF; may be read anywhere */
	int		 patience_ms;	/* for each answer, each write */
};

/* What became of one recipient. */
struct lmtp_verdict {
	int	code;			/* 0: none yet, 250: delivered */
	char	enhanced[16];		/* "5.1.1" (RFC 3463) */
	char	text[512];		/* the server's, or ours */
};

struct lmtp_rcpt {
	const char		*address;
	struct lmtp_verdict	 verdict;
};

/*
 * Speaks on fd, which has to be non-blocking, from the greeting to QUIT.  Sets
 * each recipient's verdict; if the server goes away, or says what is no LMTP,
 * that of those which had none is 451 with the cause.
 */
void	 lmtp_deliver(int fd, const struct lmtp_message *m,
	    struct lmtp_rcpt *rcpts, size_t n);
/* The exit status (sysexits.h) that tells an MTA the same; EX_OK if it was
 * delivered. */
int	 lmtp_exit(const struct lmtp_verdict *v);

#endif
