/*
 * pail.yaml(5) and etc/pail.yaml against the table of keys: every key is in
 * both, with its default, and no other is; the manual has its range, too.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/test.h"
#include "paild/conf_key.h"

#define KEYS_MAX	300

static bool	seen[KEYS_MAX];		/* of conf_keys */

static char *
slurp(const char *name)
{
	char	*text = calloc(1, 256 * 1024);
	FILE	*f = fopen(name, "r");
	size_t	 n;

	if (f == NULL || text == NULL) {
		perror(name);
		exit(1);
	}
	n = fread(text, 1, 256 * 1024 - 1, f);
	CHECK_ROW(n > 1000 && n < 256 * 1024 - 1, "%s", name);
	fclose(f);
	return text;
}

/* Is name what is left of path without ".*"? */
static bool
is_named(const char *path, const char *name)
{
	for (; *path != '\0'; path++)
		if (path[0] == '.' && path[1] == '*')
			path++;
		else if (*path != *name++)
			return false;
	return *name == '\0';
}

/* The key of this name; with elements: "auth.type" is "auth.*.type". */
static const struct conf_key *
find(const char *name)
{
	const struct conf_key	*key = conf_key_find(name);
	size_t			 i;

	for (i = 0; key == NULL && i < conf_keys_n; i++)
		if (is_named(conf_keys[i].path, name))
			key = &conf_keys[i];
	if (key != NULL)
		seen[key - conf_keys] = true;
	return key;
}

static bool
is_leaf(const struct conf_key *key)
{
	return key->type != CONF_MAP && key->type != CONF_LIST;
}

static bool
all_seen(const char *where)
{
	size_t	i;
	bool	all = true;

	for (i = 0; i < conf_keys_n; i++)
		/* Maps and elements come with what is in them. */
		if (!seen[i] && (is_leaf(&conf_keys[i]) ?
		    conf_keys[i].path[strlen(conf_keys[i].path) - 1] != '*' :
		    conf_keys[i].type == CONF_LIST)) {
			printf("%s is not in %s\n", conf_keys[i].path, where);
			all = false;
		}
	memset(seen, 0, sizeof(seen));
	return all;
}

/* ---- etc/pail.yaml ---- */

/* A value as written: without quotes and the comment behind it. */
static void
clean(char *v)
{
	char	*end = strstr(v, "  #");
	size_t	 n;

	if (end == NULL && (end = strstr(v, " #")) == NULL)
		end = v + strlen(v);
	while (end > v && end[-1] == ' ')
		end--;
	*end = '\0';
	n = strlen(v);
	if (n >= 2 && v[0] == '"' && v[n - 1] == '"') {
		memmove(v, v + 1, n - 2);
		v[n - 2] = '\0';
	}
}

/* "{ name: Drafts, use: drafts }", element number i of list. */
static void
check_element(const char *list, unsigned i, char *v)
{
	const struct conf_list_default	*d;
	const struct conf_key		*key;
	char				*word, *value, path[128];
	size_t				 k;

	for (word = strtok(v, "{},"); word != NULL;
	    word = strtok(NULL, "{},")) {
		while (*word == ' ')
			word++;
		if ((value = strchr(word, ':')) == NULL)
			continue;
		*value++ = '\0';
		while (*value == ' ')
			value++;
		clean(value);
		snprintf(path, sizeof(path), "%s.%s", list, word);
		key = find(path);
		CHECK_ROW(key != NULL, "etc/pail.yaml: %s", path);
		for (k = 0, d = NULL; key != NULL && k <
		    conf_list_defaults_n; k++)
			if (strcmp(conf_list_defaults[k].path, key->path) ==
			    0 && conf_list_defaults[k].index == i)
				d = &conf_list_defaults[k];
		CHECK_ROW(d != NULL && strcmp(d->value, value) == 0,
		    "etc/pail.yaml: %s %u: %s", path, i, value);
	}
}

/* "[PLAIN, LOGIN]" */
static void
check_flow(const struct conf_key *list, char *v)
{
	char		 path[128], want[128] = "[";
	size_t		 i, n = 0;

	snprintf(path, sizeof(path), "%s.*", list->path);
	for (i = 0; i < conf_list_defaults_n; i++)
		if (strcmp(conf_list_defaults[i].path, path) == 0) {
			if (n++ > 0)
				strlcat(want, ", ", sizeof(want));
			strlcat(want, conf_list_defaults[i].value,
			    sizeof(want));
		}
	strlcat(want, "]", sizeof(want));
	/* Without a default it is an example, which must be accepted. */
	if (n == 0 && list->min > 0 && strcmp(v, want) != 0)
		return;
	CHECK_ROW((n > 0 || list->min == 0) && strcmp(v, want) == 0, "etc/pail.yaml: %s: %s, not %s",
	    list->path, v, want);
}

static void
check_value(const char *path, char *v)
{
	const struct conf_key	*key = find(path);

	CHECK_ROW(key != NULL, "etc/pail.yaml: %s", path);
	clean(v);
	if (key == NULL || *v == '\0')
		return;
	if (key->type == CONF_LIST)
		check_flow(key, v);
	else if (key->def != NULL)
		CHECK_ROW(strcmp(v, key->def) == 0,
		    "etc/pail.yaml: %s: %s, not %s", path, v, key->def);
}

/* The maps that the line at hand is in, by their indentation. */
static struct level {
	size_t	 in;
	char	 name[64];
} levels[4];
static size_t	 nlevels;

/* name stands in column in: path gets it with those that it is below. */
static void
level_enter(size_t in, const char *name, char *path, size_t size)
{
	size_t	i;

	while (nlevels > 0 && levels[nlevels - 1].in >= in)
		nlevels--;
	CHECK_ROW(nlevels < nitems(levels), "etc/pail.yaml: %s", name);
	nlevels -= nlevels == nitems(levels);
	levels[nlevels].in = in;
	strlcpy(levels[nlevels++].name, name, sizeof(levels[0].name));
	*path = '\0';
	for (i = 0; i < nlevels; i++) {
		strlcat(path, i > 0 ? "." : "", size);
		strlcat(path, levels[i].name, size);
	}
}

static void
test_example(void)
{
	char		*text = slurp("etc/pail.yaml"), *line, *next, *colon;
	char		 path[128];
	unsigned	 element = 0;
	size_t		 in, n;
	int		 boxes = 0;

	for (line = text; *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		if (line[0] == '#' && line[1] == ' ' && line[2] != ' ')
			continue;		/* prose */
		if (*line == '#')
			line++;
		in = strspn(line, " ");
		line += in;
		if (*line == '#' || *line == '\0')
			continue;		/* goes on from above */
		if (strncmp(line, "- {", 3) == 0) {
			boxes += strcmp(levels[0].name, "mailboxes") == 0;
			check_element(levels[0].name, element++, line + 2);
			continue;
		}
		if (strncmp(line, "- ", 2) == 0) {
			line += 2;
			in += 2;
		}
		n = strspn(line, "abcdefghijklmnopqrstuvwxyz-");
		colon = line + n;
		if (n == 0 || *colon != ':' || colon[1] == '/')
			continue;		/* an element */
		*colon = '\0';
		colon += 1 + strspn(colon + 1, " ");
		if (in == 0)
			element = 0;
		level_enter(in, line, path, sizeof(path));
		check_value(path, colon);
	}
	free(text);
	for (n = 0; n < conf_list_defaults_n; n++)
		boxes -= strcmp(conf_list_defaults[n].path,
		    "mailboxes.*.name") == 0;
	CHECK(boxes == 0);
	CHECK(all_seen("etc/pail.yaml"));
}

/* ---- pail.yaml(5) ---- */

/* Is word in text, by itself? */
static bool
has_word(const char *text, const char *word)
{
	const char	*p;
	size_t		 n = strlen(word);

	for (p = text; (p = strstr(p, word)) != NULL; p += n)
		if ((p == text || isspace((unsigned char)p[-1]) ||
		    p[-1] == '(') &&
		    !isalnum((unsigned char)p[n]) && p[n] != '-' &&
		    p[n] != ':' && p[n] != '/')
			return true;
	return false;
}

static void
check_default(const struct conf_key *key, const char *text)
{
	size_t	i, n = strlen(key->path);

	if (key->def != NULL && key->type != CONF_PROCESSES)
		CHECK_ROW(has_word(text, *key->def != '\0' ? key->def :
		    "empty"), "pail.yaml(5): %s: %s is not named", key->path,
		    key->def);
	for (i = 0; i < conf_list_defaults_n; i++)
		if (strncmp(conf_list_defaults[i].path, key->path, n) == 0 &&
		    conf_list_defaults[i].path[n] == '.')
			CHECK_ROW(has_word(text, conf_list_defaults[i].value),
			    "pail.yaml(5): %s: %s is not named", key->path,
			    conf_list_defaults[i].value);
}

/* A bound as the page writes it: 600 s as "10m", 65536 octets as "64K". */
static void
bound(const struct conf_key *key, unsigned long long n, char *out, size_t size)
{
	static const struct {
		enum conf_type		 type;
		unsigned long long	 each;
		const char		*suffix;
	} units[] = {
		{ CONF_SIZE, 1ULL << 40, "T" }, { CONF_SIZE, 1ULL << 30, "G" },
		{ CONF_SIZE, 1ULL << 20, "M" }, { CONF_SIZE, 1ULL << 10, "K" },
		{ CONF_DURATION, 86400, "d" }, { CONF_DURATION, 3600, "h" },
		{ CONF_DURATION, 60, "m" }, { CONF_DURATION, 1, "s" },
	};
	size_t	i;

	for (i = 0; i < nitems(units); i++)
		if (units[i].type == key->type && n % units[i].each == 0 &&
		    (n > 0 || units[i].each == 1))
			break;
	if (i < nitems(units))
		snprintf(out, size, "%llu%s", n / units[i].each,
		    units[i].suffix);
	else
		snprintf(out, size, "%llu", n);
}

/* "1s to 10m", by itself or in brackets. */
static void
check_range(const struct conf_key *key, const char *text)
{
	char	min[32], max[32], range[80];

	if (key->type != CONF_NUMBER && key->type != CONF_DURATION &&
	    key->type != CONF_SIZE && key->type != CONF_PROCESSES)
		return;
	bound(key, key->min, min, sizeof(min));
	bound(key, key->max, max, sizeof(max));
	snprintf(range, sizeof(range), "%s to %s", min, max);
	CHECK_ROW(has_word(text, range), "pail.yaml(5): %s: %s is not named",
	    key->path, range);
}

/* What belongs to one kind only says so: "For .Cm s3 :". */
static void
check_kind(const struct conf_key *key, const char *text)
{
	const char	*p, *end;
	char		 word[40];

	if (key->when == NULL)
		return;
	for (p = strchr(key->when, '='); *p != '\0'; p = end) {
		p++;
		end = p + strcspn(p, " ");
		snprintf(word, sizeof(word), "%.*s", (int)(end - p), p);
		CHECK_ROW(has_word(text, word), "pail.yaml(5): %s: %s is not "
		    "named", key->path, word);
	}
}

/* The keys of maps in a list are told of where the list is. */
static void
check_inner(const struct conf_key *list, const char *text)
{
	char	path[128], ask[128];
	size_t	i;

	snprintf(path, sizeof(path), "%s.*", list->path);
	for (i = 0; i < conf_keys_n; i++) {
		if (!conf_key_below(conf_keys[i].path, path))
			continue;
		snprintf(ask, sizeof(ask), "\n.Ic %s\n",
		    conf_key_leaf(conf_keys[i].path));
		if (strstr(text, ask) != NULL)
			seen[i] = true;
	}
}

/* ".It Ic a No *, Ic b" and the text up to the next. */
static void
check_item(char *head, const char *text)
{
	const struct conf_key	*key;
	char			*part, *word, *rest;
	bool			 star;

	for (part = head; part != NULL; part = rest) {
		if ((rest = strchr(part, ',')) != NULL)
			*rest++ = '\0';
		star = strstr(part, " No *") != NULL;
		word = strtok(part, " ");
		if (word != NULL && strcmp(word, "Ic") == 0)
			word = strtok(NULL, " ");
		key = word != NULL ? find(word) : NULL;
		CHECK_ROW(key != NULL, "pail.yaml(5): %s",
		    word != NULL ? word : "?");
		if (key == NULL)
			continue;
		CHECK_ROW(!is_leaf(key) || star ==
		    ((key->flags & CONF_RESTART) != 0),
		    "pail.yaml(5): %s: a restart?", key->path);
		check_default(key, text);
		check_range(key, text);
		check_kind(key, text);
		if (key->type == CONF_LIST)
			check_inner(key, text);
	}
}

static void
test_manual(void)
{
	char	*text = slurp("man/pail.yaml.5"), *item, *next, *body, *sh;

	if ((sh = strstr(text, "\n.Sh EXAMPLES")) != NULL)
		*sh = '\0';
	item = strstr(text, "\n.It ");
	CHECK(item != NULL);
	for (; item != NULL; item = next) {
		item += strlen("\n.It ");
		if ((next = strstr(item, "\n.It ")) != NULL)
			*next = '\0';
		body = item + strcspn(item, "\n");
		if (*body != '\0')
			*body++ = '\0';
		check_item(item, body);
		if (next != NULL)
			*next = '\n';
	}
	free(text);
	CHECK(all_seen("pail.yaml(5)"));
}

int
main(void)
{
	if (conf_keys_n > KEYS_MAX)
		return 1;
	test_example();
	test_manual();
	return TEST_END();
}
