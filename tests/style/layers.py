#!/usr/bin/env python3
"""A folder's sources must not be able to include what its layer may not know.

Compiles, with the very flags of one source of each folder (compile_commands.json), a file that includes one header of
every other folder, and compares what compiled with the layers: daemon -> collectors, exporters -> model -> base.
"""

import json
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = {"base": 0, "model": 1, "collectors": 2, "exporters": 2, "analysis": 2, "daemon": 3}


def layer_of(folder):
    return LAYERS[folder.split("/")[0]]


def may_include(folder, other):
    """Upward never; sideways only within one of collectors and exporters, if CMake says so."""
    if layer_of(other) == layer_of(folder):
        return folder.split("/")[0] == other.split("/")[0]
    return layer_of(other) < layer_of(folder)


def main(build):
    commands = json.loads((pathlib.Path(build) / "compile_commands.json").read_text())
    source_of = {}
    for command in commands:
        folder = str(pathlib.Path(command["file"]).relative_to(ROOT).parent)
        if folder.split("/")[0] in LAYERS:
            source_of.setdefault(folder, command)
    headers = {}
    for header in sorted(ROOT.glob("*/**/*.h")):
        folder = str(header.relative_to(ROOT).parent)
        if folder.split("/")[0] in LAYERS:
            headers.setdefault(folder, header.relative_to(ROOT))
    compiled, refused, wrong = 0, 0, []
    for folder, command in source_of.items():
        flags = [flag for flag in shlex.split(command["command"]) if flag.startswith(("-I", "-isystem", "-std", "-D"))]
        for other, header in headers.items():
            if other == folder:
                continue
            attempt = subprocess.run(["g++", *flags, "-fsyntax-only", "-x", "c++", "-"], cwd="/", capture_output=True,
                                     input=f'#if !__has_include("{header}")\n#error not visible\n#endif\n', text=True)
            visible = attempt.returncode == 0
            compiled += visible
            refused += not visible
            if visible and not may_include(folder, other):
                wrong.append(f"{folder} can include {header}")
    print(*wrong, f"{len(source_of)} folders: {compiled} pairs visible, {refused} refused", sep="\n")
    # Both must occur, else this looks at nothing.
    return 1 if wrong or not compiled or not refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
