/* The configuration from the environment: each key has a variable. */
#ifndef PAILD_CONF_ENV_H
#define PAILD_CONF_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "paild/conf.h"

/*
 * By rule: PAIL_ and the path in upper case, with _ for each other character;
 * store.access-key is PAIL_STORE_ACCESS_KEY.  An element of a list has its
 * number, from 0: PAIL_AUTH_0_TYPE.  PAIL_BUCKET is store.bucket, too.
 * The value of a list or map is YAML.  Errors are told of the variable; so is
 * one that belongs to no key, unless {env: NAME} in the configuration names it.
 */
#define CONF_ENV_PREFIX	"PAIL_"
#define CONF_ENV_MAX	512	/* variables */

/* Lists all variables with their keys. */
void	 conf_env_list(FILE *f);
/* The variable of a key, with N for the number of an element. */
void	 conf_env_name(const char *path, char *dst, size_t size);

#endif
