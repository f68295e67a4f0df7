#!/usr/bin/env python3
"""Turns a folder of web assets into one assembly file and one C++ table (src/server/assets.h).

    embed_assets.py DIST --assembly assets.S --source assets.cc --blobs DIR [--add URL=FILE ...]

Each asset is kept raw, as gzip -9 (no time stamp, so that builds repeat) and, when DIST has
NAME.br beside it, as brotli. A variant that does not save anything is left out.
"""

import argparse
import gzip
import hashlib
import pathlib
import sys

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
}
COMPRESSIBLE = {".html", ".js", ".css", ".svg", ".json", ".txt"}


class Asset:
    """One file and its variants."""

    def __init__(self, path, file):
        self.path = path
        self.raw = file.read_bytes()
        if file.suffix not in CONTENT_TYPES:
            sys.exit(f"embed_assets: {file}: no content type for '{file.suffix}'; "
                     f"known: {' '.join(sorted(CONTENT_TYPES))}")
        self.content_type = CONTENT_TYPES[file.suffix]
        self.variants = {"raw": self.raw}
        if file.suffix in COMPRESSIBLE:
            self.add("gzip", gzip.compress(self.raw, compresslevel=9, mtime=0))
            brotli = file.with_name(file.name + ".br")
            if brotli.exists():
                self.add("brotli", brotli.read_bytes())
        # Weak, because the three variants share it; If-None-Match compares weakly anyway.
        self.etag = f'W/"{hashlib.sha256(path.encode() + self.raw).hexdigest()[:16]}"'
        # Vite puts the hash of the content into the names below assets/.
        self.immutable = path.startswith("/assets/")

    def add(self, name, data):
        if len(data) < len(self.raw):
            self.variants[name] = data


def read_assets(dist):
    files = sorted(f for f in dist.rglob("*") if f.is_file() and f.suffix != ".br")
    assets = [Asset("/" + f.relative_to(dist).as_posix(), f) for f in files]
    return sorted(assets, key=lambda asset: asset.path.encode())


def write_blob(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def cpp_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def generate(assets, blobs):
    """The texts of the assembly file and of the C++ file; writes the blobs."""
    assembly = ["// Made by tools/embed_assets.py; do not edit.", "  .section .rodata", ""]
    externs, rows = [], []
    for number, asset in enumerate(assets):
        fields = {}
        for name in ("raw", "gzip", "brotli"):
            data = asset.variants.get(name)
            if data is None or len(data) == 0:
                fields[name] = "{}"
                continue
            blob = blobs / f"{number}.{name}"
            write_blob(blob, data)
            symbol = f"gk_asset_{number}_{name}"
            assembly += [f"  .global {symbol}", f"  .hidden {symbol}", f"{symbol}:",
                         f'  .incbin "{blob.resolve()}"', ""]
            externs.append(f"extern const char {symbol}[{len(data)}];")
            fields[name] = f"{{{symbol}, {len(data)}}}"
        rows.append(
            f"    {{{cpp_string(asset.path)}, {cpp_string(asset.content_type)}, {fields['raw']}, "
            f"{fields['gzip']}, {fields['brotli']}, {cpp_string(asset.etag)}, "
            f"{'true' if asset.immutable else 'false'}}},")
    assembly += ['  .section .note.GNU-stack,"",%progbits', ""]
    source = "\n".join([
        "// Made by tools/embed_assets.py; do not edit.",
        '#include "server/assets.h"',
        "",
        "#include <algorithm>",
        "",
        'extern "C" {',
        *externs,
        "}",
        "",
        "namespace gk::server {",
        "namespace {",
        "",
        "constexpr Asset kAssets[] = {",
        *rows,
        "};",
        "static_assert(std::ranges::is_sorted(kAssets, {}, &Asset::path));",
        "",
        "}  // namespace",
        "",
        "std::span<const Asset> assets() { return kAssets; }",
        "",
        "const Asset* find_asset(std::string_view path) {",
        "  const auto* found = std::ranges::lower_bound(kAssets, path, {}, &Asset::path);",
        "  return found != std::end(kAssets) && found->path == path ? found : nullptr;",
        "}",
        "",
        "}  // namespace gk::server",
        "",
    ])
    return "\n".join(assembly), source


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dist", type=pathlib.Path)
    parser.add_argument("--assembly", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--blobs", type=pathlib.Path, required=True)
    parser.add_argument("--add", action="append", default=[], metavar="URL=FILE",
                        help="one more file, served at URL")
    args = parser.parse_args()
    assets = read_assets(args.dist)
    for url, _, file in (text.partition("=") for text in args.add):
        assets.append(Asset(url, pathlib.Path(file)))
    assets.sort(key=lambda asset: asset.path.encode())
    if not any(asset.path == "/index.html" for asset in assets):
        sys.exit(f"embed_assets: {args.dist}: expected an index.html, found {len(assets)} files")
    assembly, source = generate(assets, args.blobs)
    # A compiler cache does not see into .incbin: a changed blob must change the assembly text.
    digest = hashlib.sha256(b"".join(data for asset in assets for data in asset.variants.values()))
    args.assembly.write_text(f"{assembly}// Blobs: {digest.hexdigest()}\n")
    args.source.write_text(source)


if __name__ == "__main__":
    main()
