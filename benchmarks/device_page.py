#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page of device_check.sh: device_page.py OUT > page.md, of the lines and logs that lie in OUT."""
import json
import pathlib
import sys


def table(titles, rows):
    if not rows:
        return ["(nothing was measured)", ""]
    return ["| " + " | ".join(titles) + " |", "|" + " --- |" * len(titles),
            *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows), ""]


def share_of(line):
    return "-" if line.get("objective") == "flow_matching" or line.get("variant") == "fm" else f"{line['share']:g}"


def steps(lines):
    """Ours, and each peer's, in the order measured; ratios to our captured step of the same share."""
    ours = {(line["objective"], line["share"]): line for line in lines
            if "objective" in line and line["kernels"] == "emfbench" and line["precision"] == "bf16"}
    rows = []
    for line in lines:
        if "objective" in line:
            name = f"{line['objective']}, {line['kernels']}'s kernels, {line['precision']}, depth {line['depth']}"
            flow = next((other for other in lines if other.get("objective") == "flow_matching" and
                         other["kernels"] == line["kernels"] and other["precision"] == line["precision"]), None)
            ratio = f"{line['seconds'] / flow['seconds']:.3f} x flow matching" if flow else ""
            rows.append([name, share_of(line), f"{1e3 * line['seconds']:.1f}", f"{1e3 * line['seconds_uncaptured']:.1f}",
                         f"{line['peak_gib']:.1f}", f"{line['tflop_per_second']:.0f}",
                         f"{100 * line['share_of_matrix_speed']:.0f} %", ratio])
        elif "variant" in line:
            name = f"PyTorch, {line['variant']}, {line['precision']}"
            if "seconds" not in line:
                reason = line.get("failed", line.get("skipped"))
                if "OutOfMemory" in reason:
                    reason = "out of memory"
                rows.append([name, share_of(line), "", reason, "", "", "", ""])
                continue
            mine = ours.get(("flow_matching", 0.0) if line["variant"] == "fm" else ("mean_flow", line["share"]))
            ratio = f"ours is {line['seconds'] / mine['seconds']:.2f} x as fast" if mine else ""
            rows.append([name, share_of(line), "", f"{1e3 * line['seconds']:.1f}", f"{line['peak_gib']:.1f}", "", "", ratio])
    titles = ["step", "share r != t", "ms, one CUDA graph", "ms, uncaptured", "peak GiB", "needed TFLOP/s",
              "of the matrix speed", "ratio"]
    return table(titles, rows)


def attention(lines):
    rows = [[line["attention"], f"{line['batch']} x {line['heads']} x {line['tokens']} x {line['head_size']}",
             f"{line['milliseconds']:.3f}", f"{line['tflop_per_second']:.0f}"] for line in lines if "attention" in line]
    return table(["attention, bfloat16", "batch x heads x tokens x head size", "ms", "TFLOP/s"], rows)


def main():
    out = pathlib.Path(sys.argv[1])
    lines = [json.loads(line) for line in (out / "lines.jsonl").read_text().splitlines()]
    speeds = [f"{line['matrix_tflop_per_second']:.0f}" for line in lines if "matrix_tflop_per_second" in line]
    tests = (out / "tests.txt").read_text().splitlines()
    page = ["# What a card showed", "", "```", *(out / "card.txt").read_text().splitlines(), "```", "",
            "Made by `benchmarks/device_check.sh`, which ran:", "", "```", *(out / "steps.txt").read_text().splitlines(),
            "```", "", "## Tests on the card", "", "```",
            *([line for line in tests if "FAILED" in line or "PASSED" in line or "tests ran" in line][-12:]), "```", "",
            f"Speed of an 8192 x 8192 x 8192 product of random matrices, TFLOP/s, before each table of steps: "
            f"{', '.join(speeds)}.", "", "## A training step", "",
            "Forward with tangent, loss, backward, clipping, AdamW, average; adaLN-Zero transformer, sizes in the commands.",
            "Ours is captured in one CUDA graph; PyTorch's run as their authors run them.", "", *steps(lines),
            "## Attention alone", "", "Ten launches in a graph; median of nine.", "", *attention(lines)]
    for name in ("smoke", "quick"):
        file = out / f"{name}.txt"
        if file.exists():
            page += [f"## run {name} device=cuda", "", "```", *file.read_text().splitlines()[-25:], "```", ""]
    print("\n".join(page))


if __name__ == "__main__":
    main()
