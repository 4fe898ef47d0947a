# SPDX-License-Identifier: Apache-2.0
"""Bytes that tensorboard itself writes for two scalars: the golden of reports/tensorboard_export_test.cc, as hex digits.

    pip install tensorboard==2.21.0, in a folder of its own; python make_tensorboard_events.py
    python make_tensorboard_events.py FILE...    reads event files back, as a check of what `export` wrote
"""

import io
import sys

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def event(tag, step, value):
    return Event(wall_time=1.5, step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)]))


def written():
    out = io.BytesIO()
    writer = RecordWriter(out)
    version = Event(wall_time=1.5, file_version="brain.Event:2")
    for one in (version, event("train/loss", 64, 0.5), event("geneval/1 step", 300, 0.25)):
        writer.write(one.SerializeToString())
    return out.getvalue().hex()


def read_back(path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(path)
    found.Reload()
    for tag in found.Tags()["scalars"] + found.Tags()["tensors"]:
        points = found.Scalars(tag) if tag in found.Tags()["scalars"] else found.Tensors(tag)
        print(tag, [(point.step, getattr(point, "value", None)) for point in points[:3]], len(points))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(written())
    for path in sys.argv[1:]:
        read_back(path)
