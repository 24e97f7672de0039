/*
 * For hostile_imapd.c: frames written and read by hand, with nothing that
 * keeps a peer from breaking the rules.  Blocking, with deadlines.
 */
#ifndef REGRESS_HOSTILE_H
#define REGRESS_HOSTILE_H

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/msg.h"
#include "common/msg_auth.h"
#include "common/msg_mbox.h"

#define PATIENCE	10000	/* ms for an answer */

struct frame {
	uint16_t	type, flags;
	uint32_t	id;
	size_t		len;
	int		fd;
	uint8_t		data[MSG_FRAME_MAX];
};

static int	passed, failed;
static uint32_t	next_id;
static char	remote[64] = "203.0.113.66";

static void __attribute__((format(printf, 2, 3)))
result(bool ok, const char *fmt, ...)
{
	char	line[512];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (ok)
		passed++;
	else
		failed++;
	dprintf(STDERR_FILENO, "hostile: %s %s\n", ok ? "PASS" : "FAIL",
	    line);
}

/* 0; -1: the other end is gone, or does not read for ms. */
static int
raw_put(int fd, const void *data, size_t len, int passfd, int ms)
{
	union {
		struct cmsghdr	cm;
		char		space[CMSG_SPACE(sizeof(int))];
	} control;
	struct pollfd	 pfd = { .fd = fd, .events = POLLOUT };
	const char	*p = data;
	uint64_t		 end = clock_ms() + ms;
	ssize_t		 n;

	while (len > 0) {
		struct iovec	iov;
		struct msghdr	mh = { .msg_iov = &iov, .msg_iovlen = 1 };
		char		part[4096];

		iov.iov_base = part;
		iov.iov_len = len < sizeof(part) ? len : sizeof(part);
		memcpy(part, p, iov.iov_len);
		if (passfd != -1) {
			memset(&control, 0, sizeof(control));
			control.cm.cmsg_len = CMSG_LEN(sizeof(int));
			control.cm.cmsg_level = SOL_SOCKET;
			control.cm.cmsg_type = SCM_RIGHTS;
			memcpy(CMSG_DATA(&control.cm), &passfd, sizeof(int));
			mh.msg_control = control.space;
			mh.msg_controllen = sizeof(control.space);
		}
		n = sendmsg(fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
			passfd = -1;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR &&
		    errno != ETOOMANYREFS)
			return -1;
		if (clock_ms() >= end)
			return -1;
		(void)poll(&pfd, 1, 100);
	}
	return 0;
}

static void
head_put(uint8_t h[16], size_t len, uint32_t type, uint16_t flags,
    uint32_t id)
{
	uint32_t	total = (uint32_t)len + 16;
	int		i;

	memset(h, 0, 16);
	for (i = 0; i < 4; i++) {
		h[i] = (uint8_t)(total >> 8 * i);
		h[8 + i] = (uint8_t)(id >> 8 * i);
	}
	h[4] = (uint8_t)type;
	h[5] = (uint8_t)(type >> 8);
	h[6] = (uint8_t)flags;
	h[7] = (uint8_t)(flags >> 8);
}

static int
frame_put(int fd, uint32_t type, uint32_t id, const void *data, size_t len,
    int passfd)
{
	uint8_t	buf[MSG_FRAME_MAX];

	if (len > sizeof(buf) - 16)
		return -1;
	head_put(buf, len, type, passfd != -1 ? 2 : 0, id);
	if (len > 0)
		memcpy(buf + 16, data, len);
	return raw_put(fd, buf, len + 16, passfd, PATIENCE);
}

static int
struct_put(int fd, uint32_t type, uint32_t id, const struct wire_struct *ws,
    const void *src, int passfd)
{
	struct buf	b;
	int		r = -1;

	buf_init(&b, MSG_FRAME_MAX - 16);
	if (wire_encode(ws, src, &b) == 0)
		r = frame_put(fd, type, id, b.data, b.len, passfd);
	buf_free(&b);
	return r;
}

/* n bytes and perhaps a descriptor: 1; 0 at the end of file; -1: too late. */
static int
raw_get(int fd, void *dst, size_t n, int *passed_fd, int ms)
{
	union {
		struct cmsghdr	cm;
		char		space[CMSG_SPACE(sizeof(int))];
	} control;
	struct pollfd	 pfd = { .fd = fd, .events = POLLIN };
	struct iovec	 iov;
	struct msghdr	 mh;
	int64_t			 end = (int64_t)clock_ms() + ms, left;
	size_t		 got = 0;
	ssize_t		 r;

	while (got < n) {
		if ((left = end - (int64_t)clock_ms()) < 0)
			left = 0;
		if (poll(&pfd, 1, (int)left) == 0)
			return -1;
		memset(&mh, 0, sizeof(mh));
		iov.iov_base = (char *)dst + got;
		iov.iov_len = n - got;
		mh.msg_iov = &iov;
		mh.msg_iovlen = 1;
		mh.msg_control = control.space;
		mh.msg_controllen = sizeof(control.space);
		r = recvmsg(fd, &mh, MSG_DONTWAIT);
		if (r == -1 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (r <= 0)
			return 0;
		if (CMSG_FIRSTHDR(&mh) != NULL)
			memcpy(passed_fd, CMSG_DATA(CMSG_FIRSTHDR(&mh)),
			    sizeof(int));
		got += (size_t)r;
	}
	return 1;
}

static int
frame_get(int fd, struct frame *f, int ms)
{
	uint8_t		h[16];
	uint32_t	len;
	int		r;

	f->fd = -1;
	if ((r = raw_get(fd, h, 16, &f->fd, ms)) != 1)
		return r;
	len = h[0] | (uint32_t)h[1] << 8 | (uint32_t)h[2] << 16 |
	    (uint32_t)h[3] << 24;
	f->type = (uint16_t)(h[4] | h[5] << 8);
	f->flags = (uint16_t)(h[6] | h[7] << 8);
	f->id = h[8] | (uint32_t)h[9] << 8 | (uint32_t)h[10] << 16 |
	    (uint32_t)h[11] << 24;
	if (len < 16 || len > MSG_FRAME_MAX)
		return 0;
	f->len = len - 16;
	return f->len == 0 ? 1 : raw_get(fd, f->data, f->len, &f->fd, ms);
}

static void
frame_drop(struct frame *f)
{
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
}

static int
hello_put(int fd, uint32_t channel)
{
	uint8_t	b[8] = { (uint8_t)channel, 0, 0, 0, 1, 0, 0, 0 };

	return frame_put(fd, IMSG_HELLO, 0, b, sizeof(b), -1);
}

/* Reads whatever comes; true when the other end cuts us within ms. */
static bool
is_cut(int fd, int ms)
{
	static struct frame	f;
	uint64_t			end = clock_ms() + ms;
	int			r;

	while ((r = frame_get(fd, &f, (int)(end - clock_ms()))) == 1) {
		frame_drop(&f);
		if (clock_ms() >= end)
			return false;
	}
	return r == 0;
}

static uint32_t
login_send(int auth, const char *mech, const void *initial, size_t len)
{
	struct auth_start	s = { str_from(mech), true,
				    { initial, len }, true,
				    str_from(remote) };

	if (++next_id == 0)
		next_id = 1;
	if (struct_put(auth, IMSG_AUTH_START, next_id, &auth_start_wire, &s,
	    -1) == -1)
		return 0;
	return next_id;
}

static size_t
plain(char *dst, const char *authzid, const char *user, const char *password)
{
	size_t	n = 0;

	memcpy(dst, authzid, strlen(authzid) + 1);
	n += strlen(authzid) + 1;
	memcpy(dst + n, user, strlen(user) + 1);
	n += strlen(user) + 1;
	memcpy(dst + n, password, strlen(password));
	return n + strlen(password);
}

/* The session's descriptor, or -1: *code is the AUTH_NO's, or -1 if there
 * was no answer. */
static int
login_wait(int auth, uint32_t id, int *code, int ms)
{
	static struct frame	f;
	struct auth_no		no;
	uint64_t			end = clock_ms() + ms;

	*code = -1;
	while (clock_ms() < end &&
	    frame_get(auth, &f, (int)(end - clock_ms())) == 1) {
		if (f.id == id && f.type == IMSG_AUTH_OK && f.fd != -1)
			return f.fd;
		frame_drop(&f);
		if (f.id == id && f.type == IMSG_AUTH_NO &&
		    wire_decode(&auth_no_wire, &no, f.data, f.len,
		    NULL) == 0) {
			*code = no.code;
			return -1;
		}
	}
	return -1;
}

static int
login(int auth, const char *user, const char *password)
{
	char		msg[1024];
	uint32_t	id;
	int		code;

	id = login_send(auth, "PLAIN", msg, plain(msg, "", user, password));
	/* Thousands of guesses may be in front of it. */
	return id == 0 ? -1 : login_wait(auth, id, &code, 3 * PATIENCE);
}

/* HELLO both ways and SESSION_READY. */
static bool
session_begin(int fd)
{
	static struct frame	f;

	if (hello_put(fd, MSG_CHANNEL_MBOX) == -1)
		return false;
	while (frame_get(fd, &f, PATIENCE) == 1) {
		frame_drop(&f);
		if (f.type == IMSG_SESSION_READY)
			return true;
		if (f.type == IMSG_SESSION_END)
			return false;
	}
	return false;
}

/* LIST of all: 1, and *seen if needle was in it; 0: a NO; -1: no answer. */
static int
session_list(int fd, const char *needle, bool *seen)
{
	static struct frame	f;
	struct mbox_list	l = { STR(""), false, false };
	uint32_t		id = ++next_id;

	*seen = false;
	if (struct_put(fd, IMSG_MBOX_LIST, id, &mbox_list_wire, &l,
	    -1) == -1)
		return -1;
	while (frame_get(fd, &f, PATIENCE) == 1) {
		frame_drop(&f);
		if (f.type == IMSG_REPLY_DATA && needle[0] != '\0' &&
		    memmem(f.data, f.len, needle, strlen(needle)) != NULL)
			*seen = true;
		if (f.id == id && f.type == IMSG_REPLY_OK)
			return 1;
		if (f.id == id && f.type == IMSG_REPLY_NO)
			return 0;
	}
	return -1;
}

#endif
