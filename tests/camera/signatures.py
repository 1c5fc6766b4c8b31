#!/usr/bin/env python3
"""What the camera adapter uses of picamera2, read from picamera2's source without importing it (it wants libcamera).

    python tests/camera/signatures.py FOLDER            show it, for the picamera2 package in FOLDER
    python tests/camera/signatures.py FOLDER --write    record it in picamera2_signatures.json

The recorded file was made from the release pinned in requirements.txt: `pip download --no-deps --require-hashes` it (or
take the one in the venv of `make test-camera`), and give the folder `picamera2` inside.
"""

import ast
import json
import sys
from pathlib import Path

RECORDED = Path(__file__).with_name("picamera2_signatures.json")

USED = {
    "picamera2.py": {
        "Picamera2": [
            "__init__", "camera", "camera_controls", "close", "configure", "create_video_configuration", "frames",
            "global_camera_info", "is_open", "start_recording", "stop_recording",
        ],
    },
    "encoders/encoder.py": {"Encoder": ["firsttimestamp", "frames_encoded"]},
    "encoders/h264_encoder.py": {"H264Encoder": ["__init__", "force_key_frame"]},
    "encoders/libav_h264_encoder.py": {"LibavH264Encoder": ["__init__", "_stream"]},
    "outputs/output.py": {"Output": ["__init__", "outputframe"]},
}  # fmt: skip
EXPORTED = {
    "__init__.py": ["Picamera2"],
    "encoders/__init__.py": ["H264Encoder", "LibavH264Encoder"],
    "outputs/__init__.py": ["Output"],
}


def read(package: Path) -> dict[str, str]:
    """`Class.member` -> its parameters, or "attribute"; `file:Name` -> "exported". What is missing is not in it."""
    found: dict[str, str] = {}
    for file, names in EXPORTED.items():
        found |= {f"{file}:{name}": "exported" for name in names if name in _imported(_tree(package / file))}
    for file, classes in USED.items():
        for node in _tree(package / file).body:
            if isinstance(node, ast.ClassDef) and node.name in classes:
                members = _members(node)
                found |= {f"{node.name}.{name}": members[name] for name in classes[node.name] if name in members}
    return found


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8")) if path.exists() else ast.Module([], [])


def _imported(tree: ast.Module) -> set[str]:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _members(node: ast.ClassDef) -> dict[str, str]:
    members: dict[str, str] = {}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) and ast.unparse(inner.value) == "self":
            members[inner.attr] = "attribute"
        elif isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Attribute):
            members[inner.target.attr] = "attribute"
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef):
            is_property = any(ast.unparse(decorator) == "property" for decorator in inner.decorator_list)
            members[inner.name] = "attribute" if is_property else _parameters(inner.args)
    return members


def _parameters(arguments: ast.arguments) -> str:
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        argument.annotation = None  # types come and go; the names and the defaults are what a caller leans on
    return ast.unparse(arguments)


if __name__ == "__main__":
    recorded = json.dumps(read(Path(sys.argv[1])), indent=2, sort_keys=True) + "\n"
    print(recorded, end="")
    if "--write" in sys.argv:
        RECORDED.write_text(recorded)
