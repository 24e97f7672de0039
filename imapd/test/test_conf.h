/* imapd's configuration in tests. */
#ifndef IMAPD_TEST_TEST_CONF_H
#define IMAPD_TEST_TEST_CONF_H

/* Into conf (imapd/conf.h), without a certificate; what is wrong ends the
 * test. */
void	 test_conf(void);
/* Its slice, with these keys and values up to a NULL key. */
struct slice *test_slice(const char *key, ...);

#endif
