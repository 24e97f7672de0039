/* Tries at the gate, for its tests. */
#ifndef AUTHD_GATE_RIG_H
#define AUTHD_GATE_RIG_H

#include "authd/cache.h"
#include "authd/gate.h"
#include "common/test.h"

#define R1	"192.0.2.1"
#define R2	"198.51.100.7"

extern struct known	*known;
extern struct gate	*g;

/* A gate that answers a wrong password after 1 s; nobody is known. */
void	 gate_begin(void);
/* Nobody waits any more. */
void	 gate_end(void);
/* The pause that the try gets. */
int64_t	 enter_at(struct gate_try *t, uint32_t scope, const char *name,
	    const char *remote, const char *password, int64_t now);
/* Who may begin in pool 0, whose four workers are idle. */
struct gate_try *next_at(int64_t now);
/* n wrong passwords, each in its time; when the last one was answered. */
int64_t	 fail(uint32_t scope, const char *name, const char *remote, int n,
	    int64_t now);
/* A right password. */
void	 pass(uint32_t scope, const char *name, const char *remote,
	    int64_t now);
/* What a try would wait now. */
int64_t	 pause_of(uint32_t scope, const char *name, const char *remote,
	    int64_t now);

#endif
