/*
 * Time that never goes back, for waits and durations; what is shown to
 * anybody or kept comes from time(3).
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

uint64_t clock_us(void);	/* microseconds */
uint64_t clock_ms(void);	/* milliseconds */
/* Milliseconds since boot with the time that the machine slept, where the
 * system has such a clock. */
uint64_t clock_boot_ms(void);

#endif
