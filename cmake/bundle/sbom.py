#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what a bundle is made of as CycloneDX 1.5 JSON: the Debian packages of the libraries that it was linked with or
carries, LibTorch, and the files that `setup` fetches, by version and sha256.

usage: sbom.py --packages data/packages.json --version 0.1.0 [--torch VERSION] [LIBRARY...] > sbom.cdx.json

The same inputs give the same bytes: no time and no random number stand in it.
"""
import argparse
import json
import pathlib
import re
import subprocess


def owner_of(path):
    """Name of the Debian package that a file belongs to, or None. A package may say /lib where the file lies in /usr/lib."""
    real = pathlib.Path(path).resolve()
    for name in (str(real), str(real).removeprefix("/usr")):
        found = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    return None


def licences_of(package):
    """Short names of a machine-readable copyright file, sorted; what is no SPDX expression is kept as a name."""
    path = pathlib.Path("/usr/share/doc") / package / "copyright"
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    return sorted({line.strip() for line in re.findall(r"^License:[ \t]*(\S.*)$", text, re.MULTILINE)})


def debian_component(package):
    query = ["dpkg-query", "-W", "-f", "${Version} ${source:Package} ${Architecture}", package]
    version, source, architecture = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split()
    component = {
        "type": "library",
        "bom-ref": f"deb/{package}",
        "name": package,
        "version": version,
        "purl": f"pkg:deb/debian/{package}@{version}?arch={architecture}",
        "properties": [{"name": "debian:source", "value": source}],
    }
    licences = licences_of(package)
    if licences:
        component["licenses"] = [{"license": {"name": name}} for name in licences]
    return component


def fetched_components(manifest):
    """A component a package of data/packages.json, its files inside it."""
    components = []
    for package in manifest["packages"]:
        kind = {"PyPI": "pypi", "npm": "npm"}[package["registry"]]
        files = [{
            "type": "file",
            "bom-ref": f"file/{file['id']}",
            "name": file["to"],
            "hashes": [{"alg": "SHA-256", "content": file["sha256"]}],
        } for file in package["files"]]
        components.append({
            "type": "library" if kind == "npm" else "machine-learning-model",
            "bom-ref": f"{kind}/{package['name']}",
            "name": package["name"],
            "version": package["version"],
            "purl": f"pkg:{kind}/{package['name']}@{package['version']}",
            "licenses": [{"license": {"name": package["licence"]}}],
            "scope": "optional" if package.get("default") is False else "required",
            "components": files,
        })
    return components


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--packages", type=pathlib.Path, required=True, help="data/packages.json")
    parser.add_argument("--version", required=True, help="of emfbench")
    parser.add_argument("--torch", help="version of LibTorch, where it is needed")
    parser.add_argument("libraries", nargs="*", help="shared libraries, archives and headers; those of no package are left out")
    options = parser.parse_args()

    packages = sorted({owner for owner in map(owner_of, options.libraries) if owner})
    components = [debian_component(package) for package in packages]
    if options.torch:
        components.append({
            "type": "library",
            "bom-ref": "pypi/torch",
            "name": "torch",
            "version": options.torch,
            "purl": f"pkg:pypi/torch@{options.torch}",
            "licenses": [{"license": {"id": "BSD-3-Clause"}}],
        })
    components += fetched_components(json.loads(options.packages.read_text(encoding="utf-8")))
    print(json.dumps({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "emfbench",
                "name": "emfbench",
                "version": options.version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        "dependencies": [{"ref": "emfbench", "dependsOn": [part["bom-ref"] for part in components]}],
    }, indent=2))


if __name__ == "__main__":
    main()
