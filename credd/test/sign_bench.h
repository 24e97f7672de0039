/*
 * Handshakes a second, full and resumed, with the key apart and inside: all
 * processes do the same for a while, then all the other, and so on, so that
 * what else the machine does falls upon both.  Measured twice:
 *
 *	on one processor	that is always busy: what a processor can do
 *	on all of them		with one server for each, as imapd has: while a
 *				server waits for credd, its processor may be
 *				idle
 *
 * A handshake is both halves, for client and server are one process; what the
 * server's half takes of a processor's time, credd's part included, is told
 * besides.
 */
#ifndef CREDD_SIGN_BENCH_H
#define CREDD_SIGN_BENCH_H

/* Prints two lines for each kind of key and handshake. */
void	 sign_bench(void);
/* The least that a full handshake has taken of a processor's time, in us, with
 * the key apart and inside; 0: not measured.  What else the machine does can
 * only add to it. */
struct sign_bench_best {
	double	us[2];
};

/* One more short run on one processor, which *best takes note of: the time with
 * the key inside, of what it is with the key apart.  0: there is none yet, the
 * machine was too busy for a handshake. */
double	 sign_bench_ratio(const char *type, struct sign_bench_best *best);

#endif
