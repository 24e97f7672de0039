/*
 * Input and output on an accepted connection, plain or TLS, on an event loop.
 * Never blocks, buffers nothing, knows no protocol.
 */
#ifndef COMMON_TLS_IO_H
#define COMMON_TLS_IO_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/types.h>

enum tls_io_state { TLS_IO_CLEAR, TLS_IO_SHAKING, TLS_IO_ON };

/* Results of a read or write other than a number of octets. */
enum { TLS_IO_AGAIN = -1, TLS_IO_END = 0, TLS_IO_ERROR = -2 };

struct tls_io {
	int			 fd;
	enum tls_io_state	 state;
	SSL			*ssl;		/* NULL: clear */
	bool			 read_wants_write; /* TLS: before it can
						      continue */
	bool			 write_wants_read;
	bool			 on_read;	/* ev_read is added */
	bool			 on_write;
	struct event		 ev_read;
	struct event		 ev_write;
};

/* Takes ownership of fd, which must be non-blocking.  The functions are called
 * with arg for the events set by tls_io_watch(). */
void	 tls_io_init(struct tls_io *io, struct event_base *base, int fd,
	    event_callback_fn on_read, event_callback_fn on_write, void *arg);
/* Notifies the other side, as far as possible without blocking, and closes
 * fd. */
void	 tls_io_close(struct tls_io *io);

/* Says that no more is written; what comes can still be read. */
void	 tls_io_finish(struct tls_io *io);

/* Starts TLS as the server; the caller must discard what was read in the clear.
 * 0, or -1. */
int	 tls_io_begin(struct tls_io *io, SSL_CTX *ctx);
/* To be called on both events while io->state is TLS_IO_SHAKING. 1: TLS is
 * active; 0: not done yet; -1: it failed. */
int	 tls_io_shake(struct tls_io *io);

/* Octets read or written (> 0), or one of the enum above. */
ssize_t	 tls_io_read(struct tls_io *io, void *p, size_t len);
ssize_t	 tls_io_write(struct tls_io *io, const void *p, size_t len);
/* There are decrypted octets, which the socket does not indicate. */
bool	 tls_io_pending(const struct tls_io *io);

/*
 * What the caller waits for: input, or room for output.  During the handshake,
 * read means that it can continue.  TLS may turn one into the other.
 */
void	 tls_io_watch(struct tls_io *io, bool read, bool write);

#endif
