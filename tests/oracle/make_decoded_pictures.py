# SPDX-License-Identifier: Apache-2.0
"""Writes decoded_pictures.json: small pictures of every kind that is read, and the pixels that Pillow makes of them.

    python tests/oracle/make_decoded_pictures.py     needs numpy and Pillow 13

Each case holds the encoded bytes, "rgb" by Image.convert("RGB") and, where it differs, "seen" by ImageOps.exif_transpose
before it. What Pillow cannot write (deep colour PNGs, masks and runs of BMPs, interlaced pictures, plain PNMs) is put
together here byte by byte.
"""

import base64
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

HEIGHT, WIDTH = 9, 13


def drawn(channels=3, high=256, dtype=np.uint8):
    random = np.random.default_rng(channels)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [(17 * y + 11 * x * (c + 1) + random.integers(0, 20, (HEIGHT, WIDTH))) % high for c in range(channels)]
    pixels = np.stack(planes, -1).astype(dtype)
    return pixels if channels > 1 else pixels[..., 0]


def saved(image, form, **words):
    file = io.BytesIO()
    image.save(file, form, **words)
    return file.getvalue()


def png(color, depth, rows, palette=None, transparent=None, interlaced=False, chunks=()):
    """rows: bytes of each row, packed; interlaced: of each row of each pass."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    text = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, color, 0, 0, interlaced))
    if palette is not None:
        text += chunk(b"PLTE", palette)
    if transparent is not None:
        text += chunk(b"tRNS", transparent)
    for kind, data in chunks:
        text += chunk(kind, data)
    return text + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))) + chunk(b"IEND", b"")


def packed(row, depth):
    bits = "".join(format(int(value), f"0{depth}b") for value in np.ravel(row))
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def passes(pixels, depth):
    for top, left, down, right in ADAM7:
        for row in pixels[top::down, left::right]:
            if row.size:
                yield packed(row, depth)


def bmp(bits, rows, palette=b"", compression=0, masks=b"", header=40, height=HEIGHT, colors=0):
    """rows: bytes of each row from the last up, filled to four; or the bytes of all runs."""
    body = b"".join(rows)
    if header == 12:
        info = struct.pack("<IHHHH", 12, WIDTH, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, bits, compression, len(body), 0, 0, colors, 0)
        info += masks + b"\0" * (header - 40 - len(masks)) if header > 40 else masks
    begin = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", begin + len(body), 0, 0, begin) + info + palette + body


def filled(row):
    return row + b"\0" * (-len(row) % 4)


def exif(orientation, order="<"):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)


def xmp(orientation):
    return f'<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()


def cases():
    rgb, grey, rgba = drawn(), drawn(1), drawn(4)
    image, mono = Image.fromarray(rgb), Image.fromarray(grey)
    alpha = Image.fromarray(rgba, "RGBA")
    large = Image.fromarray(np.tile(rgb, (5, 5, 1)))
    # JPEG
    for sampling in range(3):
        yield f"jpeg sampling {sampling}", saved(large, "JPEG", quality=80, subsampling=sampling)
    yield "jpeg progressive", saved(large, "JPEG", quality=70, progressive=True)
    yield "jpeg grey", saved(mono, "JPEG")
    yield "jpeg four inks", saved(large.convert("CMYK"), "JPEG", quality=90)
    yield "jpeg keeping rgb", saved(image, "JPEG", quality=95, keep_rgb=True)
    yield "jpeg restarts", saved(large, "JPEG", quality=75, restart_marker_blocks=2)
    for orientation in range(1, 9):
        yield f"jpeg orientation {orientation}", saved(image, "JPEG", exif=b"Exif\0\0" + exif(orientation))
    yield "jpeg orientation 6, big-endian", saved(image, "JPEG", exif=b"Exif\0\0" + exif(6, ">"))
    yield "jpeg orientation 8 in xmp", saved(image, "JPEG", xmp=xmp(8))
    # PNG
    yield "png rgb", saved(image, "PNG")
    yield "png rgba", saved(alpha, "PNG")
    yield "png grey", saved(mono, "PNG")
    yield "png grey and alpha", saved(Image.fromarray(drawn(2), "LA"), "PNG")
    yield "png palette", saved(image.quantize(23), "PNG")
    yield "png palette, transparent", saved(image.quantize(23), "PNG", transparency=bytes(range(0, 230, 10)))
    yield "png grey, a grey of it transparent", png(0, 8, [bytes(row) for row in grey], transparent=b"\0\x20")
    yield "png rgb, a colour of it transparent", png(2, 8, [row.tobytes() for row in rgb], transparent=b"\0\1\0\2\0\3")
    for depth in (1, 2, 4):
        small = drawn(1, 1 << depth)
        yield f"png grey {depth}", png(0, depth, [packed(row, depth) for row in small])
        yield f"png palette {depth}", png(3, depth, [packed(row, depth) for row in small], drawn(3).tobytes()[: 3 << depth])
    deep = drawn(1, 60000, np.uint16) * 37
    yield "png grey 16", png(0, 16, [row.astype(">u2").tobytes() for row in deep])
    yield "png grey 16, dark", png(0, 16, [row.astype(">u2").tobytes() for row in deep % 256])
    for color, channels in ((2, 3), (4, 2), (6, 4)):
        wide = drawn(channels, 65536, np.uint16) * 251
        yield f"png type {color} of 16", png(color, 16, [row.astype(">u2").tobytes() for row in wide])
    yield "png interlaced", png(2, 8, passes(rgb, 8), interlaced=True)
    yield "png grey 2, interlaced", png(0, 2, passes(drawn(1, 4), 2), interlaced=True)
    yield "png grey 16, interlaced", png(0, 16, passes(deep, 16), interlaced=True)
    yield "png orientation 6", saved(image, "PNG", exif=exif(6))
    text = b"\nexif\n" + format(len(exif(3)), "8").encode() + b"\n" + exif(3).hex().encode() + b"\n"
    raw = b"Raw profile type exif\0\0" + zlib.compress(text)
    yield "png orientation 3 by ImageMagick", png(2, 8, [row.tobytes() for row in rgb], chunks=[(b"zTXt", raw)])
    words = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(5)
    yield "png orientation 5 in xmp", png(2, 8, [row.tobytes() for row in rgb], chunks=[(b"iTXt", words)])
    # WebP
    yield "webp", saved(large, "WEBP", quality=80)
    yield "webp lossless", saved(image, "WEBP", lossless=True)
    yield "webp alpha", saved(alpha, "WEBP", lossless=True, exact=True)
    yield "webp lossy alpha", saved(Image.fromarray(np.tile(rgba, (4, 4, 1)), "RGBA"), "WEBP", quality=70)
    moving = [Image.fromarray(np.roll(rgb, i, 0)) for i in range(3)]
    yield "webp animation", saved(moving[0], "WEBP", save_all=True, append_images=moving[1:], lossless=True)
    yield "webp orientation 6", saved(image, "WEBP", lossless=True, exif=exif(6))
    yield "webp orientation 7 in xmp", saved(image, "WEBP", lossless=True, xmp=xmp(7))
    # GIF
    yield "gif", saved(image.quantize(40), "GIF")
    yield "gif grey", saved(mono, "GIF")
    yield "gif interlaced", saved(image.quantize(40), "GIF", interlace=1)
    yield "gif animation", saved(moving[0].quantize(30), "GIF", save_all=True, append_images=moving[1:])
    yield "gif transparent", saved(image.quantize(40), "GIF", transparency=7)
    yield "gif frame within its canvas", gif_within(transparent=None)
    yield "gif frame within a transparent canvas", gif_within(transparent=2)
    # BMP
    yield "bmp 24", saved(image, "BMP")
    yield "bmp 32", saved(alpha, "BMP")
    yield "bmp 8", saved(image.quantize(50), "BMP")
    yield "bmp 8 grey", saved(mono, "BMP")
    yield "bmp 1", saved(mono.convert("1"), "BMP")
    yield "bmp 24 from the top", bmp(24, [filled(row[:, ::-1].tobytes()) for row in rgb], height=-HEIGHT)
    yield "bmp 24 of OS/2", bmp(24, [filled(row[:, ::-1].tobytes()) for row in rgb[::-1]], header=12)
    short = drawn(1, 65536, np.uint16) * 311
    yield "bmp 16", bmp(16, [filled(row.tobytes()) for row in short])
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    yield "bmp 16 with masks", bmp(16, [filled(row.tobytes()) for row in short], masks=masks, compression=3)
    masks = struct.pack("<IIII", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    yield "bmp 32 with masks", bmp(32, [row.tobytes() for row in rgba[::-1]], masks=masks, compression=3, header=108)
    palette = b"".join(bytes([3 * i, 255 - i, 7 * i % 256, 0]) for i in range(16))
    four = drawn(1, 16)
    yield "bmp 4", bmp(4, [filled(packed(row, 4)) for row in four[::-1]], palette)
    yield "bmp 8 in runs", bmp(8, [b"".join(bytes([1, v]) for v in row) + b"\0\0" for row in four[::-1]], palette, 1, colors=16)
    literal = [bytes([0, WIDTH]) + row.tobytes() + b"\0" + b"\0\0" for row in four[::-1]]
    yield "bmp 8 in literal runs", bmp(8, literal, palette, 1, colors=16)
    yield "bmp 4 in runs", bmp(4, [bytes([WIDTH, 16 * i + 9 - i]) + b"\0\0" for i in range(HEIGHT)], palette, 2)
    # TIFF
    for compression in (None, "tiff_lzw", "tiff_deflate", "packbits"):
        yield f"tiff rgb {compression}", saved(image, "TIFF", compression=compression)
        yield f"tiff rgba {compression}", saved(alpha, "TIFF", compression=compression)
        yield f"tiff grey {compression}", saved(mono, "TIFF", compression=compression)
        yield f"tiff palette {compression}", saved(image.quantize(19), "TIFF", compression=compression)
        yield f"tiff grey 16 {compression}", saved(Image.fromarray(deep % 700), "TIFF", compression=compression)
    yield "tiff jpeg", saved(large, "TIFF", compression="jpeg", quality=80)
    yield "tiff bits", saved(mono.convert("1"), "TIFF", compression="group4")
    yield "tiff bits, plain", saved(mono.convert("1"), "TIFF")
    yield "tiff four inks", saved(image.convert("CMYK"), "TIFF", compression="tiff_lzw")
    yield "tiff grey and alpha", saved(Image.fromarray(drawn(2), "LA"), "TIFF", compression="tiff_lzw")
    yield "tiff whole numbers", saved(Image.fromarray(drawn(1, 500, np.int32)), "TIFF", compression="tiff_lzw")
    yield "tiff fractions", saved(Image.fromarray(drawn(1, 500, np.float32) / 1.7), "TIFF", compression="tiff_lzw")
    yield "tiff ycbcr", saved(image.convert("YCbCr"), "TIFF", compression="tiff_lzw")
    for orientation in (3, 6, 8):
        yield f"tiff orientation {orientation}", saved(image, "TIFF", tiffinfo={274: orientation})
    yield "tiff orientation 6, packed", saved(image, "TIFF", tiffinfo={274: 6}, compression="tiff_lzw")
    # PNM
    yield "ppm", saved(image, "PPM")
    yield "pgm", saved(mono, "PPM")
    yield "pbm", saved(mono.convert("1"), "PPM")
    head = f"# drawn\n{WIDTH} {HEIGHT}\n".encode()
    yield "ppm to 100", b"P6 " + head + b"100\n" + (rgb % 101).tobytes()
    yield "pgm to 1000", b"P5\n" + head + b"1000\n" + (deep % 1001).astype(">u2").tobytes()
    yield "pgm to 65535", b"P5\n" + head + b"65535\n" + (deep % 900).astype(">u2").tobytes()
    yield "ppm to 65535", b"P6\n" + head + b"65535\n" + (drawn(3, 65536, np.uint16) * 99).astype(">u2").tobytes()
    yield "ppm as text", b"P3\n" + head + b"255\n" + " ".join(str(v) for v in rgb.ravel()).encode() + b"\n"
    yield "pgm as text", b"P2\n" + head + b"77 # most\n" + "\n".join(str(v % 78) for v in grey.ravel()).encode()
    yield "pbm as text", b"P1\n" + head + "".join(str(v % 2) for v in grey.ravel()).encode() + b"\n"


def gif_within(transparent):
    """A frame of 4 x 3 at (5, 2) on the canvas, its palette of 4 colours."""
    whole = saved(Image.fromarray(drawn(1, 4)[:3, :4]), "GIF")
    frame = Image.open(io.BytesIO(whole))
    frame.load()
    palette = bytes([250, 10, 20, 30, 240, 50, 60, 70, 230, 90, 90, 90])
    body = saved(Image.fromarray(drawn(1, 4)[:3, :4]).quantize(4), "GIF")
    data = body[body.index(b",", 13 + 3 * 4 if body[10] & 128 else 13) :]
    data = data[10 + (3 << ((data[9] & 7) + 1) if data[9] & 128 else 0) :]
    screen = b"GIF89a" + struct.pack("<HHBBB", WIDTH, HEIGHT, 0x80 | 1, 1, 0) + palette
    control = b"" if transparent is None else b"!\xf9\x04" + bytes([1, 0, 0, transparent, 0])
    return screen + control + b"," + struct.pack("<HHHHB", 5, 2, 4, 3, 0) + data


def main():
    rows = []
    for name, encoded in cases():
        image = Image.open(io.BytesIO(encoded))
        rgb = image.convert("RGB")
        seen = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded))).convert("RGB")
        row = {
            "name": name,
            "encoded": base64.b64encode(encoded).decode(),
            "height": rgb.height,
            "width": rgb.width,
            "rgb": base64.b64encode(rgb.tobytes()).decode(),
        }
        if (seen.size, seen.tobytes()) != (rgb.size, rgb.tobytes()):
            row["seen"] = {"height": seen.height, "width": seen.width, "rgb": base64.b64encode(seen.tobytes()).decode()}
        rows.append(row)
    path = pathlib.Path(__file__).with_name("decoded_pictures.json")
    lines = ",\n".join(json.dumps(row) for row in rows)
    path.write_text('{"made_by": "tests/oracle/make_decoded_pictures.py, Pillow ' + Image.__version__ + '", "cases": [\n' + lines + "\n]}\n")


if __name__ == "__main__":
    main()
