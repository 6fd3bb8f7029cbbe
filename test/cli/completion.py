# SPDX-License-Identifier: Apache-2.0
"""Completion and man pages: completion.py OCELLI. What shells would offer, asked of the shells themselves; pages that scdoc takes."""
import os
import shutil
import subprocess
import sys
import tempfile

import tool
from tool import OCELLI, check, check_run, run, summary

BASH = """. "$1"; COMP_WORDS=($2); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 )); [ "$3" = next ] && COMP_WORDS+=("") && COMP_CWORD=$((COMP_CWORD + 1))
_ocelli ocelli; printf '%s\\n' "${COMPREPLY[@]}" """


def commands():
    return [line.split("\t")[0] for line in run("--help=commands")[1].splitlines()]


def shell(name, *args):
    environment = dict(os.environ, PATH=os.path.dirname(OCELLI) + ":" + os.environ["PATH"])
    done = subprocess.run([name, *args], env=environment, capture_output=True, text=True, timeout=60, check=False)
    check(done.stderr == "", f"{name}: {done.stderr}")
    return done.stdout.split("\n")


def test_tables():
    """The help, and the forms made of it, name the same."""
    names = commands()
    check(len(names) > 10 and "doctor" in names and "completion" in names, f"commands: {names}")
    text = check_run("--help", ["--help"], 0)
    for name in names:
        check(f"\n  {name} " in text, f"{name} is not in --help")
        options = [line.split("\t") for line in run(name, "--help=options")[1].splitlines()]
        page, plain = run(name, "--help=scdoc")[1], run(name, "--help")[1]
        check(all(len(option) == 3 for option in options) and options[-1][0] == "--help", f"{name}: {options}")
        for option in options:
            check(option[0] in plain and option[0] in page, f"{name}: {option[0]} is not in its help, or its page")
    check_run("no such form", ["devices", "--help=poem"], 2, stderr="poem")
    check_run("no such shell", ["completion", "csh"], 2, stderr="csh")


def test_pages(folder):
    if not shutil.which("scdoc"):
        tool.skipped += 1
        print("scdoc is not installed (Debian: scdoc): man pages are not made")
        return
    for name in [""] + commands():
        source = run(*([name] if name else []), "--help=scdoc")[1]
        done = subprocess.run(["scdoc"], input=source, capture_output=True, text=True, check=False)
        check(done.returncode == 0 and ".SH NAME" in done.stdout, f"scdoc, {name}: {done.stderr}")
        if shutil.which("man") and name in ("", "bench"):
            path = os.path.join(folder, "page.1")
            with open(path, "w", encoding="utf-8") as file:
                file.write(done.stdout)
            shown = subprocess.run(["man", "--warnings", "-l", path], capture_output=True, text=True, check=False,
                                   env=dict(os.environ, MANPAGER="cat", MANWIDTH="100"))
            check("ocelli" in shown.stdout and shown.stderr == "", f"man, {name}: {shown.stderr[:300]}")


def test_bash(folder):
    path = os.path.join(folder, "ocelli.bash")
    with open(path, "w", encoding="utf-8") as file:
        file.write(run("completion", "bash")[1])

    def offered(line, then=""):
        return shell("bash", "--norc", "-c", BASH, "bash", path, line, then)

    check(set(commands()) <= set(offered("ocelli", "next")), "bash: not all commands")
    check(set(offered("ocelli de")) == {"devices", ""}, "bash: ocelli de")
    check("--device" in offered("ocelli run --de"), "bash: ocelli run --de")
    check({"-d", "--json", "--help"} <= set(offered("ocelli bench -")), "bash: ocelli bench -")
    check({"auto", "gpu"} <= set(offered("ocelli run -d", "next")), "bash: ocelli run -d")


def test_zsh_and_fish(folder):
    for name, check_only in (("zsh", ["-n"]), ("fish", ["--no-execute"])):
        if not shutil.which(name):
            tool.skipped += 1
            print(f"{name} is not installed: its completion is not tried")
            continue
        path = os.path.join(folder, "ocelli." + name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(run("completion", name)[1])
        shell(name, *check_only, path)
    if shutil.which("fish"):
        path = os.path.join(folder, "ocelli.fish")
        offered = shell("fish", "--no-config", "-c", f"source {path}; complete -C 'ocelli d'")
        check({"devices", "doctor"} <= {line.split("\t")[0] for line in offered}, f"fish: {offered}")
        offered = shell("fish", "--no-config", "-c", f"source {path}; complete -C 'ocelli run --dev'")
        check("--device" in {line.split("\t")[0] for line in offered}, f"fish: {offered}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_tables()
        test_pages(folder)
        test_bash(folder)
        test_zsh_and_fish(folder)
    return summary()


sys.exit(main())
