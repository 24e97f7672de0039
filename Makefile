# Pail.  Works with GNU make and with bmake; mk/rules.sh generates the rules
# of a build in build/MODE/rules.mk.
#
#	make		builds the programs into build/normal/bin
#	make run	runs the suite in the foreground, with a configuration
#			and files below run/
#	make regress	runs all tests, on a normal and an ASan+UBSan build
#	make soak	runs kills, races and faults for hours: SOAK_ROUNDS kills
#			(1000), SOAK_MINUTES of races (60); see mk/soak.sh
#	make fuzz	runs AFL++ on every decoder, FUZZ_SECONDS each (600)
#	make test	runs only the unit tests (MODE=asan: on that build)
#	make mutants	changes one line of code at a time and counts the
#			changes that no unit test notices (mk/mutants.list)
#	make fresh	runs make run and make regress in a minimal Debian 12
#	make bench	measures performance, compared with Dovecot and with a
#			plain loop of requests; logins and handshakes
#	make WERROR=-Werror	turns warnings into errors, as regress does
#	make clients	measures APPEND from unmodified clients, with and
#			without TCP_NODELAY: imaplib, net-imap, async-imap
#	make deps	installs the build dependencies (mk/testdeps.sh: those
#			of the tests)
#	make install	installs; supports DESTDIR and PREFIX
#	make dist	writes build/dist/pail-VERSION.tar.gz, reproducibly
#	make deb	builds a Debian package in build/deb, and runs lintian
#	make deb-test	installs it in a bare Debian 12, uses it, purges it

MODE =		normal
B =		build/$(MODE)
PREFIX ?=	/usr/local
DESTDIR ?=

all: rules
	@$(MAKE) -s -f $(B)/rules.mk programs

tests: rules
	@$(MAKE) -s -f $(B)/rules.mk programs tests

# One unit test: make one T=common/buf_test
one: rules
	@$(MAKE) -s -f $(B)/rules.mk $(B)/$(T)
	$(B)/$(T)

fuzzers: rules
	@$(MAKE) -s -f $(B)/rules.mk fuzzers

rules:
	@mkdir -p $(B)
	@sh mk/rules.sh $(B) $(MODE) > $(B)/rules.new.$$$$ && \
	if cmp -s $(B)/rules.new.$$$$ $(B)/rules.mk; \
	then rm $(B)/rules.new.$$$$; \
	else mv $(B)/rules.new.$$$$ $(B)/rules.mk; fi

test: tests
	@sh mk/unit.sh $(B)

clean:
	rm -rf build

deps:
	@sh mk/deps.sh

# Does not depend on `all`, which needs what deps installs first.
run: deps
	@$(MAKE) -s all
	@sh mk/run.sh $(B)

install: all
	@sh mk/install.sh $(B) "$(DESTDIR)" $(PREFIX)

dist:
	@sh mk/dist.sh

deb:
	@sh mk/deb.sh

deb-test:
	@sh mk/deb_test.sh

fresh:
	@sh mk/fresh.sh

FUZZ_SECONDS =	600
fuzz:
	@$(MAKE) MODE=fuzz fuzzers
	@sh mk/fuzz.sh $(FUZZ_SECONDS)

regress:
	@sh mk/regress.sh

soak:
	@sh mk/soak.sh

mutants: tests
	@$(MAKE) -s MODE=asan tests
	@python3 regress/with_minio.py python3 mk/mutants.py

# Compares with MinIO's own speed and with Dovecot: the whole table.
bench: all
	@python3 regress/bench/bench.py
	@python3 regress/bench/logins.py

# Unmodified mail clients, including those that take long to build.
clients: all
	@sh mk/testdeps.sh clients
	@python3 regress/bench/clients.py

.PHONY: all tests one fuzzers rules test clean regress bench fuzz soak \
	clients mutants deps run install fresh dist deb deb-test
