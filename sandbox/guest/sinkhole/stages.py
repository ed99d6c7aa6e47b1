"""Second stages that do nothing: each opens the run's marker path and ends well."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile

SCRIPTS = {
    "sh": '#!/bin/sh\n{{ true < "{0}"; }} 2>/dev/null || :\nexit 0\n',
    "py": "#!/usr/bin/env python3\ntry:\n    open({0!r})\nexcept OSError:\n    pass\n",
    "js": "try {{ require('fs').openSync('{0}') }} catch (e) {{}}\n",
    "ps1": "Test-Path '{0}' | Out-Null\nexit 0\n",
    "pl": "#!/usr/bin/perl\nopen(my $f, '<', '{0}');\nexit 0;\n",
    "rb": "#!/usr/bin/ruby\nbegin; File.open('{0}'); rescue; end\n",
    "lua": "io.open('{0}')\n",
    "bat": "@if exist {0} rem\r\n@exit /b 0\r\n",
}


def second_stage(path: str, marker: str) -> bytes:
    """What a path that looks like a program, a script or an archive of them is answered with."""
    ending = path.rsplit("/", 1)[-1].rpartition(".")[2].lower()
    if ending in SCRIPTS:
        return script(ending, marker)
    if ending in ("zip", "jar", "whl"):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("install.sh", script("sh", marker))
        return held.getvalue()
    if ending in ("gz", "tgz", "xz", "bz2", "tar"):
        return _tar(ending, script("sh", marker))
    if ending in ("bin", "elf", "so", "out", "run", "appimage", "x86_64", "amd64"):
        return program(marker)
    if ending in ("exe", "dll", "msi"):
        return b"MZ" + bytes(510)
    return script("sh", marker)


def script(ending: str, marker: str) -> bytes:
    """A script that opens the marker and ends with 0."""
    return SCRIPTS[ending].format(marker).encode()


def _tar(ending: str, data: bytes) -> bytes:
    held = io.BytesIO()
    mode = {"gz": "w:gz", "tgz": "w:gz", "xz": "w:xz", "bz2": "w:bz2"}.get(ending, "w")
    with tarfile.open(fileobj=held, mode=mode) as archive:  # type: ignore[call-overload]  # a mode of the table
        entry = tarfile.TarInfo("install.sh")
        entry.size, entry.mode = len(data), 0o755
        archive.addfile(entry, io.BytesIO(data))
    return held.getvalue()


def program(marker: str) -> bytes:
    """An ELF for x86-64: open(marker); exit(0). Elsewhere it fails to start, which shows too."""
    code = bytes.fromhex("b802000000 488d3d0f000000 31f6 31d2 0f05 b83c000000 31ff 0f05")
    code += marker.encode() + b"\0"  # where the second instruction points
    base, start = 0x400000, 64 + 56
    size = start + len(code)
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, base + start, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    return head + segment + code
