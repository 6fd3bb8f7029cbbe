# SPDX-License-Identifier: Apache-2.0
"""Results that are kept in a file, so that a long run goes on where it was ended."""
import datetime
import hashlib
import json
import os
import subprocess


def commit_of(folder):
    """The commit that a folder is checked out at, with + if something is changed; empty if there is none."""
    done = subprocess.run(["git", "describe", "--always", "--dirty=+", "--exclude=*"], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip()


class Kept:
    """Results of tests under names. One that failed is not taken again, nor, but with `older`, one of a program or a library that has
    changed. Without a path nothing is kept."""

    def __init__(self, path, older, folder):
        self.path, self.older, self.results = path, older, {}
        self.commit, self.digests = commit_of(folder), {}
        self.library = os.path.join(folder, "lib", "libocelli.so")
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.results = json.load(file)

    def digest(self, test):
        """Of what a test runs."""
        path = os.path.realpath(test["cmd"][0])
        if path not in self.digests:
            sha = hashlib.sha256()
            for name in (path, self.library):
                with open(name, "rb") as file:
                    sha.update(file.read())
            self.digests[path] = sha.hexdigest()[:16]
        return self.digests[path]

    def find(self, name, test):
        """{"counts": [passed, failed, skipped], "seconds", "date", "commit", "program"} or None."""
        found = self.results.get(name)
        if not found or found["counts"][1] or (not self.older and found["program"] != self.digest(test)):
            return None
        return found

    def add(self, name, test, counts, seconds):
        """The result as find() would give it."""
        result = {"counts": counts, "seconds": round(seconds, 1), "date": datetime.date.today().isoformat(), "commit": self.commit,
                  "program": self.digest(test)}
        self.results[name] = result
        if self.path:
            with open(self.path + ".new", "w", encoding="utf-8") as file:
                json.dump(self.results, file, indent=0, sort_keys=True)
            os.replace(self.path + ".new", self.path)
        return result
