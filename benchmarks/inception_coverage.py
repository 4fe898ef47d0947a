# SPDX-License-Identifier: Apache-2.0
"""How often emfbench's interval of an Inception Score holds the mean score of as many pictures.

    benchmarks/inception_coverage.py PROGRAM [SETS]     needs numpy; 400 sets of each kind unless SETS says otherwise

Prints a JSON line a kind of logits: the mean score of SETS fresh sets, the share of their intervals that hold it, and the
share that hold their own value (which must be 1).
"""

import json
import subprocess
import sys
import tempfile

import numpy as np

KINDS = {  # pictures, classes, how: of one class each, as a sampler's; of rare and frequent classes; of none in particular
    "500 of 20": (500, 20, "one"),
    "1000 of 20": (1000, 20, "one"),
    "5000 of 20": (5000, 20, "one"),
    "500 of 100": (500, 100, "one"),
    "500 of 1000, mixed": (500, 1000, "mixed"),
    "1000 of 1000, mixed": (1000, 1000, "mixed"),
    "5000 of 100, rare and frequent": (5000, 100, "skewed"),
    "500 of 100, unsure": (500, 100, "flat"),
}


def logits_of(random, pictures, classes, how):
    shares = 1 / np.arange(1, classes + 1) if how == "skewed" else np.ones(classes)
    own = random.choice(classes, pictures, p=shares / shares.sum())
    logits = random.standard_normal((pictures, classes)) * {"one": 1, "flat": 1.5}.get(how, 2)
    logits[np.arange(pictures), own] += {"one": 8, "flat": 0}.get(how, random.normal(6, 4, pictures))
    return logits.astype(np.float32)


def main():
    program, sets = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400
    for name, (pictures, classes, how) in KINDS.items():
        random = np.random.default_rng(len(name) + pictures)
        scores = []
        for index in range(sets):
            with tempfile.NamedTemporaryFile(suffix=".npy") as file:
                np.save(file, logits_of(random, pictures, classes, how))
                file.flush()
                words = [program, "score", "inception", "--generated", file.name, "--json", "--seed", str(index)]
                scores.append(json.loads(subprocess.run(words, check=True, capture_output=True).stdout))
        mean = float(np.mean([score["value"] for score in scores]))
        line = {
            "kind": name,
            "mean": mean,
            "covered": float(np.mean([score["ci95"][0] <= mean <= score["ci95"][1] for score in scores])),
            "holds_own": float(np.mean([score["ci95"][0] <= score["value"] <= score["ci95"][1] for score in scores])),
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
