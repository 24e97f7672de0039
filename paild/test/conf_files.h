/*
 * Parts of configurations, and the files that they name, for tests.
 */
#ifndef PAILD_TEST_CONF_FILES_H
#define PAILD_TEST_CONF_FILES_H

#define L	"listen: [imap://127.0.0.1:1143]\n"		/* line 1 */
#define S	"store: {type: file, path: store}\n"		/* line 2 */
#define A	"auth: [{type: file, path: users}]\n"		/* line 3 */
#define S3	"store:\n  type: s3\n  bucket: mail\n  region: us-east-1\n" \
		"  access-key: k\n"				/* 5 lines */
#define C	"store:\n  type: s3\n  bucket: mail\n  region: us-east-1\n"
#define TLS	"tls: {certificate: cert.pem, private-key: key.pem}\n"
#define GOOD	L S A

/*
 * A checkout keeps neither what is private nor whose it is: the test goes on
 * in a copy of ours, until conf_files_remove().
 */
void	 conf_files_copy(void);
void	 conf_files_remove(void);

#endif
