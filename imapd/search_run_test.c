/*
 * The engine of SEARCH under a command of the test's own: each match is told
 * once, with the columns that it wanted, whether the view, a row, a header
 * or the octets of a message decided.
 */
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/digest.h"
#include "common/test.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/search_run.h"
#include "imapd/test/rig.h"
#include "imapd/test/storage_fake.h"
#include "mail/envelope.h"

#define UIDS	60

/* What the command of the test keeps. */
struct probe {
	struct search_run	 run;		/* first: search_run.h */
	bool			 done;
	unsigned int		 told[UIDS + 1];	/* by UID */
	unsigned int		 rows;		/* told with a row, */
	unsigned int		 wrong;		/* without its columns */
};

static struct rig	 r;
static bool		 match_fails;	/* it says -1 */

static int
probe_match(struct search_run *run, uint32_t first, uint32_t last,
    const struct mbox_meta_row *row)
{
	struct probe		*p = (struct probe *)run;
	struct envelope_view	 view;
	struct str		 v;

	CHECK(row == NULL || first == last);
	for (; first <= last; first++)
		if (first <= UIDS)
			p->told[first]++;
	if (row != NULL) {
		p->rows++;
		if (run->keep != 0 && (row->size == 0 || row->uid != last ||
		    !digest_find(row->digest.p, row->digest.len,
		    DIGEST_ENVELOPE, &v) || envelope_decode(v, &view) == -1))
			p->wrong++;
	}
	return match_fails ? -1 : 0;
}

static bool
probe_work(struct command *cmd)
{
	struct probe	*p = cmd->state;

	p->done = p->done || search_run_work(&p->run);
	return false;
}

static void
probe_drop(struct command *cmd)
{
	search_run_free(&((struct probe *)cmd->state)->run);
}

static struct uidset *
new_set(void *arg)
{
	return command_set(arg);
}

/* Which messages a search tells, as "1 3 4"; columns: with size and
 * envelope. */
static const char *
search(const char *keys, bool columns, struct probe *p)
{
	static char		 text[400];
	struct search_wants	 wants = { 0 };
	struct client		*c = r.client;
	struct command		*cmd = command_new(c);
	enum search_error	 why;
	int			 i;

	memset(p, 0, sizeof(*p));
	if (columns) {
		wants.what = MBOX_WHAT_SIZE | MBOX_WHAT_DIGEST;
		wants.fields = DIGEST_BIT(DIGEST_ENVELOPE);
	}
	if (cmd == NULL)
		abort();
	cmd->spec = cmd_find(STR("SEARCH"));
	cmd->stage = STAGE_RUNNING;
	cmd->state = p;
	parse_init(&cmd->args, keys, strlen(keys), cmd->arena);
	CHECK_ROW(search_parse(&cmd->args, c->view, new_set, cmd,
	    &p->run.prog, &why) == 0, "%s", keys);
	CHECK(search_run_init(&p->run, cmd, &wants, probe_match) == 0);
	cmd->work = probe_work;
	cmd->drop = probe_drop;
	TAILQ_INSERT_TAIL(&c->commands, cmd, entry);
	c->ncommands++;
	client_wake(c);
	for (i = 0; i < 2000 && !p->done; i++)
		rig_turn(&r, 2);
	CHECK_ROW(p->done && !search_run_asks(&p->run), "%s", keys);
	TAILQ_REMOVE(&c->commands, cmd, entry);
	c->ncommands--;
	text[0] = '\0';
	for (i = 1; i <= UIDS; i++) {
		if (p->told[i] == 0)
			continue;
		CHECK_ROW(p->told[i] == 1, "%s: %d %u times", keys, i,
		    p->told[i]);
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%s%d", text[0] != '\0' ? " " : "", i);
	}
	command_free(cmd);
	return text;
}

static const struct {
	const char	*keys;
	const char	*want;
	bool		 local;		/* no row is needed */
} rows[] = {
	{ "2:4",		"2 3 4",	true },
	{ "OR 1 5",		"1 5",		true },
	{ "SUBJECT apple",	"1 3",		false },
	{ "BODY pear",		"2 4 41",	false },
	{ "OR 5 BODY pear",	"2 4 5 41",	false },
	{ "HEADER X-Kind odd",	"1 3",		false },
	{ "NOT 6:60 NOT TEXT apple", "2 4 5",	false },
	{ "SUBJECT none",	"",		false },
};

static void
test_matches(void)
{
	struct probe	 p;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		CHECK_ROW(strcmp(search(rows[i].keys, false, &p),
		    rows[i].want) == 0, "%s", rows[i].keys);
		if (rows[i].local)
			CHECK_ROW(p.rows == 0, "%s", rows[i].keys);
		CHECK_ROW(strcmp(search(rows[i].keys, true, &p),
		    rows[i].want) == 0, "%s, columns", rows[i].keys);
		CHECK_ROW(p.wrong == 0 &&
		    (p.rows > 0) == (rows[i].want[0] != '\0'),
		    "%s: %u rows, %u wrong", rows[i].keys, p.rows, p.wrong);
	}
}

/* What storaged refuses, or match() cannot take, ends the search. */
static void
test_failure(void)
{
	struct probe	 p;

	match_fails = true;
	CHECK(strcmp(search("SUBJECT apple", true, &p), "1 3") == 0);
	CHECK(p.run.failed && !p.run.refused);
	CHECK(strcmp(search("2:4", false, &p), "2 3 4") == 0 && p.run.failed);
	match_fails = false;
	(void)fake_do(r.fake, "refuse 8");
	CHECK(strcmp(search("SUBJECT apple", true, &p), "") == 0);
	CHECK(p.run.refused && p.run.no.code == MBOX_SERVERBUG);
	CHECK(!p.run.failed);
}

int
main(void)
{
	int	 i;

	rig_init(&r, false);
	for (i = 0; i < 2; i++) {
		(void)fake_do(r.fake, "mail INBOX Subject: apple\\r\\n"
		    "X-Kind: odd\\r\\n\\r\\nnothing\\r\\n");
		(void)fake_do(r.fake, "mail INBOX Subject: other\\r\\n\\r\\n"
		    "a pear\\r\\n");
	}
	(void)fake_do(r.fake, "deliver INBOX 36");
	(void)fake_do(r.fake, "mail INBOX Subject: other\\r\\n\\r\\n"
	    "one more pear\\r\\n");
	rig_connect(&r, false, true);
	CHECK(rig_hear(&r, "* OK "));
	rig_say(&r, "a LOGIN ann secret\r\nb SELECT INBOX\r\n");
	CHECK(rig_hear(&r, "b OK "));
	test_matches();
	test_failure();
	rig_disconnect(&r);
	rig_end(&r);
	return TEST_END();
}
