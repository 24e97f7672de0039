/*
 * For hostile_imapd.c and hostile_lmtpd.c: frames written and read by hand,
 * with nothing that keeps a peer from breaking the rules.  Blocking, with
 * deadlines.
 */
#ifndef REGRESS_HOSTILE_PEER_H
#define REGRESS_HOSTILE_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/msg.h"
#include "common/msg_auth.h"
#include "common/msg_mbox.h"

#define PATIENCE	10000	/* ms for an answer */

extern int	 put_ms;	/* for a frame that is written */

struct frame {
	uint16_t	type, flags;
	uint32_t	id;
	size_t		len;
	int		fd;
	uint8_t		data[MSG_FRAME_MAX];
};

extern int	 passed, failed;	/* by result() */
extern uint32_t	 next_id;
extern char	 remote[64];		/* whose logins they are */

/* Counts a try and says how it went. */
void	 result(bool ok, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* 0; -1: the other end is gone, or does not read for ms. */
int	 raw_put(int fd, const void *data, size_t len, int passfd, int ms);
/* A frame's header; flags: 1 more to come, 2 with a descriptor. */
void	 head_put(uint8_t h[16], size_t len, uint32_t type, uint16_t flags,
	    uint32_t id);
/* One frame: 0, or -1. */
int	 frame_put(int fd, uint32_t type, uint32_t id, const void *data,
	    size_t len, int passfd);
int	 struct_put(int fd, uint32_t type, uint32_t id,
	    const struct wire_struct *ws, const void *src, int passfd);
/* n bytes and perhaps a descriptor: 1; 0 at the end of file; -1: too late. */
int	 raw_get(int fd, void *dst, size_t n, int *passed_fd, int ms);
/* The next one: 1; 0: the other end is gone, or sends no frames; -1: none came
 * within ms. */
int	 frame_get(int fd, struct frame *f, int ms);
/* Its descriptor is closed. */
void	 frame_drop(struct frame *f);
int	 hello_put(int fd, uint32_t channel);
/* Reads whatever comes; true when the other end cuts us within ms. */
bool	 is_cut(int fd, int ms);

/* login.c: logins and sessions, as imapd would have them. */
/* Begins a login; its id, 0: that cannot be sent. */
uint32_t login_send(int auth, const char *mech, const void *initial,
    size_t len);
/* SASL PLAIN's message; its length. */
size_t	 plain(char *dst, const char *authzid, const char *user,
	    const char *password);
/* The session's descriptor, or -1: *code is the AUTH_NO's, or -1 if there
 * was no answer. */
int	 login_wait(int auth, uint32_t id, int *code, int ms);
int	 login(int auth, const char *user, const char *password);
/* HELLO both ways and SESSION_READY. */
bool	 session_begin(int fd);
/* LIST of all: 1, and *seen if needle was in it; 0: a NO; -1: no answer. */
int	 session_list(int fd, const char *needle, bool *seen);

#endif
