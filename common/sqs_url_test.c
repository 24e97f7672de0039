/* Queues by their URLs. */
#include "common/compat.h"

#include <string.h>

#include "common/sqs_url.h"
#include "common/test.h"

static const struct {
	const char	*url;
	bool		 valid;
	const char	*region, *server;
} rows[] = {
	{ "https://sqs.eu-west-1.amazonaws.com/123456789012/mail", true,
	    "eu-west-1", "https://sqs.eu-west-1.amazonaws.com" },
	{ "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/mail", true,
	    "cn-north-1", "https://sqs.cn-north-1.amazonaws.com.cn" },
	{ "https://sqs.eu-west-1.amazonaws.com/1/mail.fifo", true,
	    "eu-west-1", "https://sqs.eu-west-1.amazonaws.com" },
	{ "http://127.0.0.1:5000/123456789012/mail_1", true, "otherwise",
	    "http://127.0.0.1:5000" },
	{ "http://[::1]:5000/1/m", true, "otherwise", "http://[::1]:5000" },
	/* A host of others is not AWS. */
	{ "https://sqs.eu-west-1.amazonaws.com.example.org/1/m", true,
	    "otherwise", "https://sqs.eu-west-1.amazonaws.com.example.org" },
	{ "https://sqs.eu-west-1.example.org/1/m", true, "otherwise",
	    "https://sqs.eu-west-1.example.org" },
	{ "https://sqs.eu-west-1.amazonaws.com/1/", false, NULL, NULL },
	{ "https://sqs.eu-west-1.amazonaws.com/mail", false, NULL, NULL },
	{ "https://sqs.eu-west-1.amazonaws.com", false, NULL, NULL },
	{ "https:///1/m", false, NULL, NULL },
	{ "https://h/1/m?Action=DeleteQueue", false, NULL, NULL },
	{ "https://h/1/../m", false, NULL, NULL },
	{ "https://h//m", false, NULL, NULL },
	{ "https://user@h/1/m", false, NULL, NULL },
	{ "https://h/1/m\n", false, NULL, NULL },
	{ "arn:aws:sqs:eu-west-1:1:mail", false, NULL, NULL },
	{ "", false, NULL, NULL },
};

int
main(void)
{
	char	 region[SQS_REGION_MAX + 1], server[SQS_URL_MAX + 1];
	size_t	 i;

	for (i = 0; i < nitems(rows); i++) {
		CHECK_ROW(sqs_url_valid(rows[i].url) == rows[i].valid, "%s",
		    rows[i].url);
		if (!rows[i].valid)
			continue;
		CHECK_ROW(strcmp(sqs_url_region(rows[i].url, "otherwise",
		    region), rows[i].region) == 0, "%s: %s", rows[i].url,
		    region);
		CHECK(sqs_url_server(rows[i].url, server, sizeof(server)) ==
		    0);
		CHECK_ROW(strcmp(server, rows[i].server) == 0, "%s", server);
	}
	CHECK(sqs_url_server(rows[0].url, server, 8) == -1);
	return TEST_END();
}
