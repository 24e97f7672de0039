/* See peer.h. */
#include "common/compat.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "regress/lib/hostile/peer.h"

int		 passed, failed;
int		 put_ms = PATIENCE;
uint32_t	 next_id;
char		 remote[64] = "203.0.113.66";

void
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

int
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

void
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

int
frame_put(int fd, uint32_t type, uint32_t id, const void *data, size_t len,
    int passfd)
{
	uint8_t	buf[MSG_FRAME_MAX];

	if (len > sizeof(buf) - 16)
		return -1;
	head_put(buf, len, type, passfd != -1 ? 2 : 0, id);
	if (len > 0)
		memcpy(buf + 16, data, len);
	return raw_put(fd, buf, len + 16, passfd, put_ms);
}

int
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

int
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

int
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

void
frame_drop(struct frame *f)
{
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
}

int
hello_put(int fd, uint32_t channel)
{
	uint8_t	b[8] = { (uint8_t)channel, 0, 0, 0, 1, 0, 0, 0 };

	return frame_put(fd, IMSG_HELLO, 0, b, sizeof(b), -1);
}

bool
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
