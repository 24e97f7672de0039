"""Completion of pailctl's commands by bash and zsh: whatever the usage shows
is offered."""

import os
import re
import subprocess

import proc
import suite

BASH = os.path.join(proc.TOP, "etc/completion/pailctl.bash")
ASK = """. %s
pailctl() { echo ann; echo bob; }
COMP_WORDS=(pailctl "$@") COMP_CWORD=$#
_pailctl
printf '%%s\\n' "${COMPREPLY[@]}"
"""


def offered(*words):
    """What bash offers for the last of these words."""
    r = subprocess.run(["bash", "-c", ASK % BASH, "bash", *words],
                       stdout=subprocess.PIPE, check=True)
    return r.stdout.decode().split()


def usage():
    """The words of each line of the usage, as in ["user", "add | passwd"]."""
    r = subprocess.run([os.path.join(proc.TOP, suite.BUILD, "bin/pailctl")],
                       stderr=subprocess.PIPE)
    return re.findall(r"\[-f file\] (.*)", r.stderr.decode())


def test_bash_offers_what_the_usage_shows():
    commands = offered("")
    assert usage()
    for line in usage():
        words = re.findall(r"[a-z-]+(?: \| [a-z-]+)*", line)
        if words[0] == "--json":
            assert "--json" in commands
            continue
        for w in words[0].split(" | "):
            assert w in commands, (w, commands)
        second = re.match(r"[a-z-]+ ([a-z-]+(?: \| [a-z-]+)*)", line)
        if second and words[0] not in ("deliver", "dump", "init"):
            for w in second[1].split(" | "):
                assert w in offered(words[0], ""), line
        for option in re.findall(r"--[a-z]+(?:-[a-z]+)*", line):
            inner = [words[0]] + ([second[1].split(" | ")[0]] if second
                                  and words[0] not in ("init", "quota")
                                  else [])
            assert option in offered(*inner, "--"), (line, option)


def test_bash_offers_users_and_values():
    assert offered("user", "del", "") == ["ann", "bob"]
    assert offered("-f", "/x", "quota", "b") == ["bob"]
    assert offered("init", "--store", "") == ["s3", "file"]
    assert "argon2id" in offered("user", "add", "--scheme", "")
    assert "default" in offered("user", "set", "--quota", "")
    assert "bob" in offered("user", "set", "--quota", "1G", "")
    assert "--no-alias" in offered("user", "set", "--alias", "a", "--no")
    # anywhere, once, and as if it were not there
    assert offered("--json", "-f", "/x", "thr") == ["throttle"]
    assert offered("-f", "/x", "--json", "user", "del", "") == ["ann", "bob"]
    assert offered("quota", "--json", "--") == ["--exact"]
    assert offered("quota", "--") == ["--exact", "--json"]
    help_text = subprocess.run(
        [os.path.join(proc.TOP, suite.BUILD, "bin/pailctl"), "init",
         "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()
    for flag in re.findall(r"^  (--[a-z-]+)", help_text, re.M):
        assert flag in offered("init", "--"), flag


def test_zsh_completes_a_command():
    d = proc.tempdir("zsh")
    tmux = ("tmux", "-S", d + "/tmux")

    def screen():
        return subprocess.run([*tmux, "capture-pane", "-p"], check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    subprocess.run([*tmux, "new-session", "-d", "-x", "100", "-y", "20",
                    "env ZDOTDIR=%s zsh -f" % d], check=True)
    try:
        for line in ("PS1='> '; fpath=(%s $fpath)" %
                     os.path.dirname(BASH),
                     "autoload -U compinit; compinit -u -d %s/dump" % d,
                     "clear; echo is ready"):
            subprocess.run([*tmux, "send-keys", line, "Enter"], check=True)
        proc.await_true("zsh", lambda: "is ready\n>" in screen())
        subprocess.run([*tmux, "send-keys", "pailctl thr", "Tab", "cl",
                        "Tab"], check=True)
        proc.await_true("the completion", lambda:
                        "> pailctl throttle clear" in screen())
    finally:
        subprocess.run([*tmux, "kill-server"])
