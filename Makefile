# Pail.  Reads with GNU make and with bmake; the rules of a build are
# written by mk/rules.sh into build/MODE/rules.mk.
#
#	make		the programs, in build/normal/bin
#	make run	start the suite on the embedded default
#	make regress	all tests, on a normal and an ASan+UBSan build
#	make soak	kills, races and faults for hours: SOAK_ROUNDS kills
#			(1000), SOAK_MINUTES of races (60); see mk/soak.sh
#	make fuzz	AFL++ on every decoder, FUZZ_SECONDS each kind (600)
#	make test	only the unit tests (MODE=asan: on that build)
#	make fresh	both commands in a bare Debian 12
#	make bench	how fast, beside Dovecot and a raw loop of requests
#	make deps	install what building and testing need
#	make install	DESTDIR and PREFIX as usual

MODE =		normal
B =		build/$(MODE)
PREFIX =	/usr/local
DESTDIR =

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

# Not a dependency on `all`: the build needs what deps installs.
run: deps
	@$(MAKE) -s all
	@sh mk/run.sh $(B)

install: all
	@sh mk/install.sh $(B) "$(DESTDIR)" $(PREFIX)

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

# Against MinIO's own speed and Dovecot's: the table of all rows.
bench: all
	@python3 regress/bench.py

.PHONY: all tests one fuzzers rules test clean regress bench fuzz soak \
	deps run install fresh
