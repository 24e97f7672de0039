/*
 * Monotonic time, for timeouts and durations; for what is shown or stored, use
 * time(3).
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Of any clock, in microseconds: a process's time, for example. */
uint64_t clock_read_us(clockid_t id);
uint64_t clock_us(void);	/* microseconds */
uint64_t clock_ms(void);	/* milliseconds */
/* Milliseconds since boot, including the time that the machine was suspended,
 * if the system has such a clock. */
uint64_t clock_boot_ms(void);

#endif
