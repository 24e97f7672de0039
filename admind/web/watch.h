/*
 * The history of this node: while there is an admin page, the processes are
 * asked for their figures once a minute, whether somebody looks or not.
 */
#ifndef ADMIND_WEB_WATCH_H
#define ADMIND_WEB_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "admind/web/history.h"

struct event_base;

/* At the start; nothing is asked until watch_conf(). */
void	 watch_init(struct event_base *base);
/* At the start and after a reload.  ready_within: as known/ready.h. */
void	 watch_conf(bool on, uint32_t ready_within);
void	 watch_free(void);
/* NULL: nothing was asked yet. */
const struct history *watch_history(void);
uint32_t watch_ready_within(void);

#endif
