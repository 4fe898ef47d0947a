# SPDX-License-Identifier: Apache-2.0
"""Writes fitted_pictures.json: pictures that Pillow and OpenCV resized and cropped, for harness/pictures/fit_test.cc.

    python3 -m venv venv && venv/bin/pip install pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy
    venv/bin/python tests/oracle/make_fitted_pictures.py

The source is a formula that the test writes down again, so no picture is stored. Lanczos is exact; area is OpenCV's own, made
by another build of it.
"""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

CASES = [  # source height, width, target height, width
    (48, 64, 16, 16), (64, 48, 32, 20), (37, 53, 8, 24), (100, 31, 31, 31), (20, 20, 20, 20), (9, 14, 24, 24), (240, 320, 32, 32),
]


def source(height, width):
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    channels = [(x * 7 + y * 13) % 256, (x * x + 3 * y) % 256, ((x // 5 + y // 3) % 2) * 200 + (x * y) % 56]
    return np.stack(channels, -1).astype(np.uint8)


def window(source_height, source_width, height, width):
    scale = max(height / source_height, width / source_width)
    high = height if height * source_width >= width * source_height else max(height, int(source_height * scale + 0.5))
    wide = width if height * source_width <= width * source_height else max(width, int(source_width * scale + 0.5))
    return high, wide, (high - height) // 2, (wide - width) // 2


def main():
    rows = []
    for source_height, source_width, height, width in CASES:
        picture = source(source_height, source_width)
        high, wide, top, left = window(source_height, source_width, height, width)
        lanczos = np.asarray(Image.fromarray(picture).resize((wide, high), Image.Resampling.LANCZOS))
        shrinks = high < source_height or wide < source_width
        area = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        row = {"source": [source_height, source_width], "target": [height, width], "resized": [high, wide]}
        for name, whole in {"lanczos": lanczos, "area": area}.items():
            cropped = np.ascontiguousarray(whole[top : top + height, left : left + width])
            row[name] = {"sha256": hashlib.sha256(cropped.tobytes()).hexdigest(), "first_row": cropped[0].ravel().tolist()}
        rows.append(row)
    text = json.dumps({"pillow": Image.__version__, "opencv": cv2.__version__, "cases": rows})
    Path(__file__).with_name("fitted_pictures.json").write_text(text.replace('{"source"', '\n{"source"') + "\n")


if __name__ == "__main__":
    main()
