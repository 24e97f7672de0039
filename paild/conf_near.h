/* Suggestions for misspelled words. */
#ifndef PAILD_CONF_NEAR_H
#define PAILD_CONF_NEAR_H

#include <stddef.h>

#include "paild/conf_key.h"

/*
 * For name, found in the map parent whose selector says kind (NULL: none): a
 * key of that map within a small edit distance, else the whole path of a key
 * with that very name elsewhere; NULL: nothing near.
 */
const char *conf_key_nearest(const char *name, const char *parent,
	    const char *kind);
/* The nearest of words (separated by a space): copied to dst, or NULL. */
const char *conf_word_nearest(const char *word, const char *words, char *dst,
	    size_t size);

#endif
