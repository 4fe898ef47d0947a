#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails, cuts short or makes the last one call of a run, then runs again: the record must come out as if nothing had.

usage: sweep.py PROGRAM LIBRARY [--points N | --every K] [--kinds enospc,eio,...] [--kills N] [--suite S] [WORD...]

A point is one call on a file of the store (faults.cc says which count) and one kind of fault. After it:
  - the run ends by itself within the limit, with an exit code that is no internal error and, where it is no success,
    a line that says what happened;
  - the next run, without faults, succeeds; its result.json is byte-equal to that of an undisturbed run;
  - no temporary file is left.
--kills N adds N points at random instants, by SIGKILL to the process.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

KINDS = ["enospc", "eio", "erofs", "short", "kill"]
LIMIT_S = 300


class Sweep:
    def __init__(self, options, folder):
        self.options, self.folder, self.bad = options, folder, []

    def run(self, store, call=0, kind="", count="", kill_after=None):
        env = dict(os.environ, OMP_WAIT_POLICY="passive")
        if call or count:
            env.update(LD_PRELOAD=self.options.library, EMF_FAULT_FOLDER=str(store), EMF_FAULT_CALL=str(call),
                       EMF_FAULT_KIND=kind, EMF_FAULT_COUNT=str(count))
        words = [self.options.program, "run", self.options.suite, *self.options.words, "--store", str(store)]
        process = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            talk = process.communicate(timeout=LIMIT_S if kill_after is None else kill_after)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            talk = process.communicate()[1]
            if kill_after is None:
                return "hang", talk
        return process.returncode, talk

    def check(self, name, store, code, talk, calm):
        say = lambda what: self.bad.append(f"{name}: {what}: {talk.strip()[:300]}")
        if code == "hang":
            say(f"no end within {LIMIT_S} s")
        elif code not in (0, 1, 2, 75, -signal.SIGKILL):
            say(f"exit code {code}")
        elif code in (1, 2, 75) and not talk.strip():
            say(f"exit code {code} without a word")
        again, talk = self.run(store)
        if again != 0:
            say(f"the next run ends with {again}")
        elif self.record(store) != calm:
            say("another record")
        left = [str(path) for path in store.rglob("*") if path.name.endswith(".tmp")]
        if left:
            say(f"temporary files left: {left[:3]}")

    @staticmethod
    def record(store):
        found = sorted(store.glob("runs/suite/*/result.json"))
        return [path.read_bytes() for path in found]

    def all(self):
        options = self.options
        calm = self.folder / "calm"
        begin = time.monotonic()
        code, talk = self.run(calm, count=self.folder / "count")
        seconds = time.monotonic() - begin
        if code != 0:
            sys.exit(f"the undisturbed run ends with {code}: {talk}")
        record = self.record(calm)
        calls = int((self.folder / "count").read_text())
        shutil.rmtree(calm)
        every = options.every or max(1, calls * len(options.kinds) // max(1, options.points) // len(options.kinds))
        chosen = list(range(1, calls + 1, every)) if options.every else [
            1 + i * (calls - 1) // max(1, options.points - 1) for i in range(options.points)]
        points = [(call, kind) for call in chosen for kind in options.kinds] if options.every else [
            (call, options.kinds[i % len(options.kinds)]) for i, call in enumerate(chosen)]
        print(f"{calls} calls in {seconds:.1f} s; {len(points)} faults, {options.kills} kills", flush=True)
        codes = {}
        for i, (call, kind) in enumerate(points):
            store = self.folder / f"fault{i}"
            code, talk = self.run(store, call, kind)
            codes[code] = codes.get(code, 0) + 1
            self.check(f"call {call} {kind}", store, code, talk, record)
            shutil.rmtree(store, ignore_errors=True)
            if options.verbose:
                print(f"call {call} {kind}: {code} {talk.strip()[:100]}", flush=True)
        draw = random.Random(options.seed)
        for i in range(options.kills):
            store = self.folder / f"kill{i}"
            after = draw.uniform(0.05, seconds)
            code, talk = self.run(store, kill_after=after)
            self.check(f"killed after {after:.2f} s", store, code, talk, record)
            shutil.rmtree(store, ignore_errors=True)
        print(f"exit codes of the disturbed runs: { {str(k): v for k, v in sorted(codes.items(), key=str)} }")
        for line in self.bad:
            print(f"BAD {line}")
        print(f"{len(points) + options.kills - len({b.split(':')[0] for b in self.bad})} of {len(points) + options.kills} "
              "ended as an undisturbed run")
        return 1 if self.bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("library")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--points", type=int, default=40)
    parser.add_argument("--every", type=int, default=0, help="every K-th call with every kind, instead of --points")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=KINDS)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--suite", default="smoke")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory(prefix="emf_faults_") as folder:
        sys.exit(Sweep(options, pathlib.Path(folder)).all())


if __name__ == "__main__":
    main()
