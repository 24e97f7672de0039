/* Which URLs the container source may ask: for its test. */
#ifndef CREDD_SOURCE_CONTAINER_H
#define CREDD_SOURCE_CONTAINER_H

#include <stdbool.h>

/* https; or http to loopback, 169.254.170.2 (ECS), 169.254.170.23 and
 * fd00:ec2::23 (EKS). */
bool	 container_may_ask(const char *url);

#endif
