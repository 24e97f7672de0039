/*
 * Labels come from the command table alone, never from what a client has
 * written: whatever it sends, the number of series is bounded.
 */
#include "imapd/metrics.h"

#include "common/metric.h"
#include "imapd/client.h"
#include "imapd/command.h"

static struct metric_family requests = METRIC_COUNTER("imap_requests_total",
    "Commands that were answered; other: not in the command table", "command",
    "result");
/* Of IDLE it would tell how patient clients are. */
static struct metric_family duration = METRIC_HISTOGRAM(
    "imap_request_duration_seconds",
    "Time from the start of a command to its tagged response, IDLE excepted",
    METRIC_MICRO, metric_latency, "command");
static struct metric_family received = METRIC_COUNTER("emails_received_total",
    "Emails by how they came, and whether they were taken", "via", "result");

static const char *
via(const struct client *c)
{
	return c->via == VIA_PREAUTH ? "deliver" : "imap";
}

void
metrics_command(const struct command *cmd, uint64_t us)
{
	static const char *const results[] = { [CMD_OK] = "ok",
	    [CMD_NO] = "no", [CMD_BAD] = "bad" };
	const char	*name = cmd->spec != NULL ? cmd->spec->name : "other";
	unsigned int	 flags = cmd->spec != NULL ? cmd->spec->flags : 0;

	METRIC_ADD(&requests, 1, name, results[cmd->status]);
	if (!(flags & CMD_LISTENS))
		METRIC_OBSERVE(&duration, us, name);
	if (flags & CMD_STREAMS && cmd->status != CMD_OK)
		METRIC_ADD(&received, 1, via(cmd->client), "no");
}

void
metrics_received(const struct command *cmd, uint64_t n)
{
	METRIC_ADD(&received, n, via(cmd->client), "ok");
}

void
metrics_tell(void (*tell)(const struct metric_family *))
{
	tell(&requests);
	tell(&duration);
	tell(&received);
}
