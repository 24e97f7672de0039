/* The words of a command line, as AWS's tools split credential_process. */
#ifndef PAILD_COMMAND_SPLIT_H
#define PAILD_COMMAND_SPLIT_H

#include <stddef.h>

#define COMMAND_WORDS_MAX 128

/*
 * Like a shell's words, and nothing else of a shell: separated by blanks;
 * '...' is literal, "..." too but for \" and \\, and a backslash outside of
 * quotes makes the next character plain.  The words, NULL-terminated, in one
 * block that free() frees; NULL: why.
 */
char	**command_split(const char *text, char *why, size_t size);

#endif
