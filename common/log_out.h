/*
 * Where log lines go: a descriptor or the socket of syslog; never blocks.  What
 * cannot be written at once is kept, up to a limit, if there is a loop to write
 * it later (paild); else the line is lost, and counted by log.c.
 */
#ifndef COMMON_LOG_OUT_H
#define COMMON_LOG_OUT_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;

/* Pending bytes; beyond this, lines are lost. */
#define LOG_OUT_KEPT	(256 * 1024)

/*
 * Standard error may be a terminal or pipe that others write to as well: it is
 * reopened if possible, so that making it non-blocking does not affect them.
 */
void	 log_out_private(void);
/* Standard error may be a pipe that its maker has made non-blocking, for us
 * alone: then a line is one system call. */
void	 log_out_pipe(void);
/* Datagrams to the syslog daemon that listens at path (NULL: the system's);
 * reconnects when it is back. */
void	 log_out_syslog(const char *path);
/*
 * Datagrams to systemd's journal at path (NULL: the system's), each "line" with
 * LOG_OUT_END behind it, which is not sent.  -1 with errno: it is not there,
 * and nothing has changed.
 */
#define LOG_OUT_END	'\x1e'
int	 log_out_journal(const char *path);
/* What cannot be written at once is kept and written from this loop.  -1:
 * ENOMEM. */
int	 log_out_attach(struct event_base *base);
void	 log_out_detach(void);		/* before the loop is freed */
/*
 * Writes a line with its newline, at most PIPE_BUF bytes, in one piece, so that
 * lines of several processes do not mix.  False: the line is lost.
 */
bool	 log_out_line(const char *line, size_t len);
/* From true to false the lines are kept, if there is a loop, and then written
 * together: several of them are one write, in whole. */
void	 log_out_hold(bool hold);
/* Before exiting: waits until what is kept has been written, at most ms. */
void	 log_out_drain(int ms);
/* Writes a few bytes to another descriptor, without blocking; false: not
 * written. */
bool	 log_out_try(int fd, const char *p, size_t len);

#endif
