/* What is written to stderr, read back by a test. */
#ifndef COMMON_TEST_CAPTURE_H
#define COMMON_TEST_CAPTURE_H

/* From here until captured(), which returns it (until the next call; at most
 * what a pipe holds, 8 KiB of it). */
void	 capture(void);
const char *captured(void);

#endif
