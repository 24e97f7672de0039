/* See metric_told.h. */
#include "common/test/metric_told.h"

#include <stdio.h>
#include <string.h>

#include "common/metric.h"
#include "common/test.h"

#define ROWS	4000

static struct {
	char		 text[256];
	uint64_t	 value;
} rows[ROWS];
static size_t	nrows;

static void
on_row(const struct metric_row *r, void *arg)
{
	(void)arg;
	CHECK(nrows < ROWS);
	snprintf(rows[nrows].text, sizeof(rows[nrows].text), "%s{%s}",
	    r->metric, r->labels);
	rows[nrows++].value = r->value;
}

void
metric_told_begin(void)
{
	nrows = 0;
}

void
metric_told_add(const struct metric_family *f)
{
	metric_tell(f, on_row, NULL);
}

void
metric_told_ask(void (*tell)(void (*)(const struct metric_family *)))
{
	metric_told_begin();
	tell(metric_told_add);
}

bool
metric_is_told(const char *row)
{
	size_t	i;

	for (i = 0; i < nrows; i++)
		if (strcmp(rows[i].text, row) == 0)
			return true;
	return false;
}

uint64_t
metric_told(const char *row)
{
	size_t	i;

	for (i = 0; i < nrows; i++)
		if (strcmp(rows[i].text, row) == 0)
			return rows[i].value;
	return 0;
}

uint64_t
metric_told_sum(const char *begin)
{
	uint64_t	sum = 0;
	size_t		i;

	for (i = 0; i < nrows; i++)
		if (strncmp(rows[i].text, begin, strlen(begin)) == 0)
			sum += rows[i].value;
	return sum;
}
