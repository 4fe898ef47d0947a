#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of tests/fuzz/corpus: small whole inputs of every kind, all made here or of the tests' own files.

Needs numpy and Pillow. Inputs that were found to do harm lie beside them as found-*, and stay.
"""
import io
import json
import pathlib
import struct
import tarfile
import zipfile

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def write(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def safetensors(header, payload):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + payload


def gguf():
    def text(word):
        return struct.pack("<Q", len(word)) + word.encode()

    out = b"GGUF" + struct.pack("<IQQ", 3, 2, 3)
    out += text("general.architecture") + struct.pack("<I", 8) + text("llama")
    out += text("general.alignment") + struct.pack("<II", 4, 32)
    out += text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    out += text("f32") + struct.pack("<IQQIQ", 2, 4, 2, 0, 0)
    out += text("q8") + struct.pack("<IQQIQ", 2, 32, 1, 8, 32)
    out += b"\0" * (-len(out) % 32)
    return out + np.arange(8, dtype="<f4").tobytes() + b"\0\x3c" + bytes(range(32))


def sentence_piece():
    def field(number, data):
        return bytes([number << 3 | 2, len(data)]) + data

    def piece(word, score, kind):
        return field(1, field(1, word.encode()) + b"\x15" + struct.pack("<f", score) + b"\x18" + bytes([kind]))

    pieces = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3)
    for at, word in enumerate(["\u2581", "\u2581a", "photo", "o", "f", "red", "car", "r", "e", "d", "c", "a", "p", "h", "t"]):
        pieces += piece(word, -float(at), 1)
    return pieces + field(2, b"\x18\x01") + field(3, b"\x18\x01\x20\x01\x28\x01")


def pictures():
    rng = np.random.default_rng(0)
    rgb = Image.fromarray(rng.integers(0, 256, (9, 7, 3), dtype=np.uint8))
    grey = rgb.convert("L")
    for name, image, options in [("rgb.png", rgb, {}), ("grey.png", grey, {}), ("palette.png", rgb.convert("P"), {}),
                                 ("alpha.png", rgb.convert("RGBA"), {}), ("rgb.jpeg", rgb, {}),
                                 ("progressive.jpeg", rgb, {"progressive": True}), ("grey.jpeg", grey, {}),
                                 ("rgb.webp", rgb, {}), ("lossless.webp", rgb, {"lossless": True}), ("x.gif", rgb, {}),
                                 ("x.bmp", rgb, {}), ("palette.bmp", rgb.convert("P"), {}), ("x.tiff", rgb, {}),
                                 ("lzw.tiff", rgb, {"compression": "tiff_lzw"}),
                                 ("deflated.tiff", grey, {"compression": "tiff_adobe_deflate"}),
                                 ("x.ppm", rgb, {}), ("x.pgm", grey, {}), ("x.pbm", rgb.convert("1"), {})]:
        out = io.BytesIO()
        kind = name.rsplit(".", 1)[1].upper()
        image.save(out, {"PGM": "PPM", "PBM": "PPM"}.get(kind, kind), **options)
        write("pictures", name, out.getvalue())
    out = io.BytesIO()
    rgb.save(out, "GIF", save_all=True, append_images=[rgb.rotate(90)])
    write("pictures", "animation.gif", out.getvalue())


def main():
    write("json", "document", '{"a": [1, -2.5e3, true, null, "x\\u00e9\\n"], "b": {"c": []}}')
    write("json", "list", '[{"a": 1}, {"b": "c"}, []]')
    write("json", "lines", '{"a": 1}\n\n"x"\n[2]\n')
    for suite in ["smoke", "quick"]:
        write("toml", suite, (ROOT / "experiments" / f"{suite}.toml").read_bytes() + b"\0train.pictures=64")
    write("toml", "forms", 'a.b."c d" = [1, 2.5, {x = true}]\n[[t]]\ns = """x\ny"""\nl = \'\'\'z\'\'\'\n\0a.b=[1,2]')
    write("npy", "f4", npy(np.arange(6, dtype="<f4").reshape(2, 3)))
    write("npy", "column", npy(np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3))))
    write("npz", "two.npz", zipped({"a.npy": npy(np.zeros((2, 3))), "b.npy": npy(np.ones(4, dtype="u1"))}))
    write("npz", "stored.npz", zipped({"a.npy": npy(np.zeros(2))}, zipfile.ZIP_STORED))
    write("zip", "two.zip", zipped({"a.png": b"\x89PNG", "folder/b.jpg": b"x" * 100}))
    write("safetensors", "two", safetensors({"a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
                                             "b": {"dtype": "BF16", "shape": [2], "data_offsets": [8, 12]},
                                             "__metadata__": {"k": "v"}}, bytes(12)))
    write("csv", "quoted", 'a,b\n1,"x, ""y""\nz"\r\n2,\n')
    write("prompts", "lines", "a photo of a red car\ntwo dogs left of a bench\n")
    write("prompts", "objects", '{"prompt": "a photo of three apples"}\n"a cat above a dog"\n')
    write("python_literal", "dict", "{'a': [1, -2.5, None, True], \"b\": ('x', 'y\\'z')}")
    write("python_literal", "cell", "1, 2;3")
    write("judged_lines", "detections", '{"filename": "0.png", "metadata": {"tag": "colors", "include": [{"class": "dog", '
          '"count": 1, "color": "red"}], "prompt": "a photo of a red dog"}, "detections": [{"cls": "dog", "box": [1, 2.5, '
          '30, 40], "score": 0.75, "color": "red"}], "options": {"threshold": 0.5}}\n')
    write("question_graph", "two", 'item_id,text,proposition_id,dependency,category_broad,question_natural_language\n'
          'p1,a red dog,1,0,entity,is there a dog?\np1,a red dog,2,"1",attribute,is it red?\n\0'
          'item_id,question_id,answer\np1,1,yes\np1,2,no\n')
    pictures()
    for name in ["result", "provenance"]:
        write("record", "schema_" + name, (ROOT / "reports" / "schema" / f"{name}.schema.json").read_bytes())
    row = {"encoder": "hash", "objective": "mean_flow", "steps": 1, "seed": 0, "run": "0" * 16, "metric": "geneval",
           "value": 0.5, "ci95": [0.4, 0.6], "n": 10}
    write("record", "small", json.dumps({
        "schema": "emf.result/1", "kind": "suite", "suite": "x", "question": "?", "spec_hash": "0" * 16,
        "prompts": [], "rows": [row, {**row, "steps": 4}]}))
    program = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, 62, 1, 0, 64, 176, 0, 64, 56, 2, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 176, 176, 4096)
    write("elf", "small", program + segment + struct.pack("<IIQQQQQQ", 2, 6, 64, 64, 64, 16, 16, 8))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in {"0.png": b"\x89PNG", "0.txt": b"a dog", "n" * 120 + ".txt": b"x"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    write("tar", "three", out.getvalue())
    write("captions", "lines", 'j{"file_name": "a.png", "text": "a dog"}\n{"file_name": "b.png", "text": ["x", "y"]}\n')
    write("captions", "rows", "cfile_name,text\na.png,a dog\n")
    write("captions", "coco", 'o{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"image_id": 1, "id": 2, '
          '"caption": "a dog"}]}')
    write("gguf", "small", gguf())
    for family in ["bert", "llama", "clip_text", "t5_encoder", "qwen2"]:
        file = ROOT / "tests" / "oracle" / "tiny_hf" / family / "tokenizer.json"
        if file.exists() and file.stat().st_size < 20000:
            write("tokenizer_json", family, file.read_bytes() + b"\0a photo of a red car")
    write("tokenizer_json", "small", json.dumps({
        "version": "1.0", "added_tokens": [{"id": 2, "content": "<s>", "special": True, "single_word": False, "lstrip": False,
                                            "rstrip": False, "normalized": False}],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}, {
            "type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}]},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "u", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                  "vocab": {"u": 0, "a": 1, "<s>": 2}}}) + "\0a b")
    write("tokenizer_json", "bpe", json.dumps({
        "version": "1.0", "added_tokens": [], "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None, "decoder": None,
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}) + "\0ab ab")
    write("sentence_piece", "unigram", sentence_piece())
    write("chat_template", "plain", "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>\n"
          "{{ message.content | trim }}{% endfor %}{%- if add_generation_prompt %}{{ '<|a|>' }}{% endif %}")
    write("chat_template", "more", "{% macro m(x) %}{{ x|upper }}{% endmacro %}{% set ns = namespace(i=0) %}"
          "{% for i in range(3) %}{% set ns.i = ns.i + i %}{{ loop.index ~ m('a') }}{% endfor %}{{ ns.i % 2 == 1 }}")


if __name__ == "__main__":
    main()
