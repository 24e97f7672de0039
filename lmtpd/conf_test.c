/* A configuration that is refused changes nothing, whatever is wrong in it. */
#include "common/compat.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <openssl/ssl.h>

#include "common/listen.h"
#include "common/log.h"
#include "common/proxy.h"
#include "common/test.h"
#include "common/test/slice_make.h"
#include "common/test/tls_fake.h"
#include "lmtpd/conf.h"

static const char *const base[][2] = {
	{ "tls-min-version", "TLSv1.2" }, { "append-limit", "1000" },
	{ "append-nul", "refuse" }, { "lmtp.detail", "ignore" },
	{ "lmtp.junk-header", "" }, { "lmtp.bare-newlines", "keep" },
	{ "lmtp.max-recipients", "10" }, { "lmtp.max-connections", "20" },
	{ "lmtp.idle-timeout", "30" }, { "lmtp.timeout", "40" }, { NULL, NULL }
};

static struct listen_from
client(const char *address)
{
	struct listen_from	 from = { .len = sizeof(struct sockaddr_in) };
	struct sockaddr_in	*sin = (struct sockaddr_in *)&from.ss;

	sin->sin_family = AF_INET;
	CHECK(inet_pton(AF_INET, address, &sin->sin_addr) == 1);
	return from;
}

static bool
is_proxy(const char *address)
{
	struct listen_from	 from = client(address);

	return proxy_from((struct sockaddr *)&from.ss, from.len);
}

static bool
is_xclient(const char *address)
{
	struct listen_from	 from = client(address);

	return conf_xclient(&from);
}

/* With that key wrong. */
static void
refused(const char *key, const char *value, const char *reason)
{
	struct slice	*s = slice_make(base, "lmtp.max-connections", "99",
			    "proxy-protocol.0", "192.0.2.9",
			    "lmtp.xclient-networks.0", "192.0.2.8", key, value,
			    NULL);
	char		 why[300] = "";

	CHECK_ROW(conf_read(&conf, s, why, sizeof(why)) == -1, "%s", key);
	CHECK_ROW(strstr(why, reason) != NULL, "%s: %s", key, why);
	slice_free(s);
	CHECK_ROW(conf.max_clients == 20 && is_proxy("192.0.2.1") &&
	    !is_proxy("192.0.2.9") && is_xclient("192.0.2.2") &&
	    !is_xclient("192.0.2.8"), "%s", key);
	CHECK_ROW(conf.tls == NULL || SSL_CTX_get_min_proto_version(conf.tls)
	    == TLS1_2_VERSION, "%s", key);
}

int
main(void)
{
	struct slice	*s = slice_make(base, "proxy-protocol.0", "192.0.2.1",
			    "lmtp.xclient-networks.0", "192.0.2.2", NULL);
	const char	*certificate, *key;
	char		 why[300];

	log_init("conf_test");
	CHECK(conf_read(&conf, s, why, sizeof(why)) == 0);
	CHECK(conf.max_clients == 20 && is_proxy("192.0.2.1") &&
	    is_xclient("192.0.2.2") && !is_xclient("192.0.2.1"));
	refused("lmtp.detail", "nonsense", "lmtp.detail");
	refused("lmtp.junk-header", "nonsense", "lmtp.junk-header");
	refused("proxy-protocol.0", "nonsense", "proxy-protocol.0: ");
	refused("lmtp.xclient-networks.0", "nonsense",
	    "lmtp.xclient-networks.0: ");
	tls_fake_certificate(&certificate, &key);
	conf_tls(tls_fake_context(certificate, key, why, sizeof(why)));
	CHECK(conf.tls != NULL);
	refused("tls-ciphers.0", "NONSENSE", "TLS ciphers");
	conf_tls(NULL);
	CHECK(conf_read(&conf, s, why, sizeof(why)) == 0);
	slice_free(s);
	return TEST_END();
}
