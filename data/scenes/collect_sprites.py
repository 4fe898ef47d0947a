#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the sprites of `scenes` out of their npm tarballs and writes them and manifest.json beside this file.

    npm pack emoji-datasource-google@16.0.0 emoji-datasource-twitter@16.0.0 --pack-destination DIR
    python3 data/scenes/collect_sprites.py DIR

Standard library only. Refuses a tarball whose SHA-256 is not the one below.
"""
import hashlib
import json
import pathlib
import sys
import tarfile

VERSION = "16.0.0"
VENDORS = {
    "google": {
        "package": "emoji-datasource-google",
        "sha256": "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
        "licence": "Apache-2.0",
        "attribution": "Noto Emoji (google/noto-emoji), Copyright Google LLC, Apache-2.0; cropped, resized and tinted",
    },
    "twitter": {
        "package": "emoji-datasource-twitter",
        "sha256": "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
        "licence": "CC-BY-4.0",
        "attribution": "Twemoji (jdecked/twemoji), Copyright Twitter, Inc and other contributors, CC-BY 4.0 "
        "(https://creativecommons.org/licenses/by/4.0/); cropped, resized and tinted",
    },
}

# GenEval's class -> code points, most recognisable first: `classes = N` takes the first N. The first six differ in
# outline and inner pattern, so that a small model can tell them apart at 32 px in any colour.
CLASSES = [
    ("apple", ["1F34E"]),
    ("dog", ["1F436"]),
    ("car", ["1F697"]),
    ("clock", ["23F0"]),
    ("umbrella", ["2602-FE0F"]),
    ("tv", ["1F4FA"]),
    ("donut", ["1F369"]),
    ("teddy bear", ["1F9F8"]),
    ("cat", ["1F431"]),
    ("banana", ["1F34C"]),
    ("bus", ["1F68C"]),
    ("cup", ["2615"]),
    ("pizza", ["1F355"]),
    ("airplane", ["2708-FE0F"]),
    ("bicycle", ["1F6B2"]),
    ("elephant", ["1F418"]),
    ("backpack", ["1F392"]),
    ("scissors", ["2702-FE0F"]),
    ("cake", ["1F382"]),
    ("sports ball", ["26BD", "1F3C0"]),
    ("boat", ["26F5"]),
    ("wine glass", ["1F377"]),
    ("potted plant", ["1FAB4"]),
    ("bird", ["1F426"]),
    ("chair", ["1FA91"]),
    ("person", ["1F9CD", "1F9CD-200D-2640-FE0F", "1F9CD-200D-2642-FE0F"]),
    ("book", ["1F4D6"]),
    ("traffic light", ["1F6A6"]),
    ("handbag", ["1F45C"]),
    ("laptop", ["1F4BB"]),
    ("sheep", ["1F411"]),
    ("truck", ["1F69A"]),
    ("carrot", ["1F955"]),
    ("bear", ["1F43B"]),
    ("broccoli", ["1F966"]),
    ("stop sign", ["1F6D1"]),
    ("train", ["1F682"]),
    ("giraffe", ["1F992"]),
    ("suitcase", ["1F9F3"]),
    ("motorcycle", ["1F3CD-FE0F"]),
    ("cow", ["1F404"]),
    ("vase", ["1F3FA"]),
    ("hot dog", ["1F32D"]),
    ("cell phone", ["1F4F1"]),
    ("horse", ["1F40E"]),
    ("zebra", ["1F993"]),
    ("toilet", ["1F6BD"]),
    ("couch", ["1F6CB-FE0F"]),
    ("sandwich", ["1F96A"]),
    ("orange", ["1F34A"]),
    ("bed", ["1F6CF-FE0F"]),
    ("kite", ["1FA81"]),
    ("bottle", ["1F37E"]),
    ("bowl", ["1F963"]),
    ("skateboard", ["1F6F9"]),
    ("computer mouse", ["1F5B1-FE0F"]),
    ("computer keyboard", ["2328-FE0F"]),
    ("frisbee", ["1F94F"]),
    ("knife", ["1F52A"]),
    ("toothbrush", ["1FAA5"]),
    ("spoon", ["1F944"]),
    ("tie", ["1F454"]),
    ("skis", ["1F3BF"]),
    ("tennis racket", ["1F3BE"]),
]

# Pictures that do not show the class.
NOT_THE_CLASS = {("twitter", "1F3BE")}  # a tennis ball without a racket

WITHOUT = {
    "fire hydrant": "no emoji (the nearest is a fire extinguisher)",
    "parking meter": "no emoji",
    "bench": "no emoji (the nearest is a chair)",
    "snowboard": "only under a person",
    "baseball bat": "no emoji (the nearest is a cricket bat)",
    "baseball glove": "no emoji (the nearest is a boxing glove)",
    "surfboard": "only under a person",
    "fork": "only beside a knife",
    "dining table": "no emoji",
    "tv remote": "no emoji",
    "microwave": "no emoji",
    "oven": "no emoji",
    "toaster": "no emoji",
    "sink": "no emoji (the nearest is a sign with a tap)",
    "refrigerator": "no emoji",
    "hair drier": "no emoji",
}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    here = pathlib.Path(__file__).parent
    pictures = {}
    for vendor, facts in VENDORS.items():
        tarball = pathlib.Path(sys.argv[1]) / f"{facts['package']}-{VERSION}.tgz"
        found = hashlib.sha256(tarball.read_bytes()).hexdigest()
        if found != facts["sha256"]:
            sys.exit(f"{tarball}: SHA-256 is {found}, not {facts['sha256']}")
        wanted = {
            f"package/img/{vendor}/64/{code.lower()}.png": code
            for _, codes in CLASSES
            for code in codes
            if (vendor, code) not in NOT_THE_CLASS
        }
        with tarfile.open(tarball) as archive:
            for member in archive:
                if member.name in wanted:
                    pictures[vendor, wanted.pop(member.name)] = archive.extractfile(member).read()
        if wanted:
            sys.exit(f"{tarball}: lacks {', '.join(wanted)}")

    rows = []
    for name, codes in CLASSES:
        sprites = []
        for vendor in VENDORS:
            for code in codes:
                if (vendor, code) not in pictures:
                    continue
                file = f"sprites/{vendor}/{code.lower()}.png"
                (here / file).parent.mkdir(parents=True, exist_ok=True)
                (here / file).write_bytes(pictures[vendor, code])
                digest = hashlib.sha256(pictures[vendor, code]).hexdigest()
                sprites.append({"vendor": vendor, "code_points": code, "file": file, "sha256": digest})
        rows.append({"class": name, "sprites": sprites})
    vendors = [{"vendor": vendor, "version": VERSION, "registry": "npm", **facts} for vendor, facts in VENDORS.items()]
    without = [{"class": name, "reason": reason} for name, reason in WITHOUT.items()]
    manifest = {"schema": "emf.sprites/1", "vendors": vendors, "classes": rows, "classes_without_sprite": without}
    (here / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    print(f"{len(rows)} classes, {len(pictures)} sprites, {sum(map(len, pictures.values()))} bytes")


if __name__ == "__main__":
    main()
