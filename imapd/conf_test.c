/* A configuration that is refused changes nothing, whatever is wrong in it. */
#include "common/compat.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <openssl/ssl.h>

#include "common/log.h"
#include "common/proxy.h"
#include "common/slice.h"
#include "common/test.h"
#include "common/test/tls_fake.h"
#include "imapd/conf.h"
#include "imapd/test/test_conf.h"

static bool
is_proxy(const char *address)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };

	CHECK(inet_pton(AF_INET, address, &sin.sin_addr) == 1);
	return proxy_from((struct sockaddr *)&sin, sizeof(sin));
}

static void
refused(const char *key, const char *value, const char *reason)
{
	struct slice	*s = test_slice("imap.max-connections", "99",
			    "tls-min-version", "TLSv1.3", "proxy-protocol.0",
			    "192.0.2.9", key, value, NULL);
	char		 why[300] = "";

	CHECK_ROW(conf_read(&conf, s, why, sizeof(why)) == -1, "%s", key);
	CHECK_ROW(strstr(why, reason) != NULL, "%s: %s", key, why);
	slice_free(s);
	CHECK_ROW(conf.max_clients == 20 && is_proxy("192.0.2.1") &&
	    !is_proxy("192.0.2.9"), "%s", key);
	CHECK_ROW(conf.tls == NULL || SSL_CTX_get_min_proto_version(conf.tls)
	    == TLS1_2_VERSION, "%s", key);
}

int
main(void)
{
	struct slice	*s = test_slice("imap.max-connections", "20",
			    "proxy-protocol.0", "192.0.2.1", NULL);
	const char	*certificate, *key;
	char		 why[300];

	log_init("conf_test");
	CHECK(conf_read(&conf, s, why, sizeof(why)) == 0);
	CHECK(conf.max_clients == 20 && is_proxy("192.0.2.1"));
	refused("append-nul", "nonsense", "append-nul");
	refused("proxy-protocol.0", "nonsense", "proxy-protocol.0: ");
	refused("clients.ca", "nonsense", "CAs of client certificates");
	tls_fake_certificate(&certificate, &key);
	conf_tls(tls_fake_context(certificate, key, why, sizeof(why)));
	CHECK(conf.tls != NULL);
	refused("clients.ca", "nonsense", "CAs of client certificates");
	refused("tls-ciphers.0", "NONSENSE", "TLS ciphers");
	conf_tls(NULL);
	slice_free(s);
	return TEST_END();
}
