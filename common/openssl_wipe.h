/* OpenSSL clears the memory of keys, but not that of the text and the DER
 * that they are read from. */
#ifndef COMMON_OPENSSL_WIPE_H
#define COMMON_OPENSSL_WIPE_H

/* Whatever OpenSSL frees is cleared: for a process that reads private keys and
 * must not have them afterwards.  Before any other call of OpenSSL. */
void	 openssl_wipe(void);

#endif
