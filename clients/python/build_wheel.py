"""Builds the wheel (PEP 517, PEP 427) and the source archive with Python alone: `python3 build_wheel.py FOLDER`."""
import base64
import hashlib
import io
import os
import re
import sys
import tarfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = ["README.md", "build_wheel.py", "pyproject.toml"]
#: The earliest time that a zip file can hold: the same sources make the same bytes.
TIME = (1980, 1, 1, 0, 0, 0)


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def setting(name):
    return re.search(rf'^{name} = "([^"]+)"$', read("pyproject.toml"), re.M).group(1)


def modules():
    return sorted(f"countersign/{name}" for name in os.listdir(os.path.join(HERE, "countersign")) if "__" != name[:2] or name == "__init__.py")


def metadata():
    dependency = re.search(r"^dependencies = \[\"([^\"]+)\"\]$", read("pyproject.toml"), re.M).group(1)
    fields = [
        "Metadata-Version: 2.1",
        f"Name: {setting('name')}",
        f"Version: {setting('version')}",
        f"Summary: {setting('description')}",
        f"Requires-Python: {setting('requires-python')}",
        f"Requires-Dist: {dependency}",
        "Classifier: Typing :: Typed",
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(fields) + "\n\n" + read("README.md")


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = f"{setting('name')}-{setting('version')}"
    info = f"{name}.dist-info"
    files = {path: read(path) for path in modules()}
    files[f"{info}/METADATA"] = metadata()
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: build_wheel\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = []
    file_name = f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, file_name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, text in files.items():
            data = text.encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(data)}")
            wheel.writestr(zipfile.ZipInfo(path, TIME), data, zipfile.ZIP_DEFLATED)
        record.append(f"{info}/RECORD,,\n")
        wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD", TIME), "\n".join(record))
    return file_name


def build_sdist(sdist_directory, config_settings=None):
    name = f"{setting('name')}-{setting('version')}"
    with tarfile.open(os.path.join(sdist_directory, f"{name}.tar.gz"), "w:gz") as archive:
        for path in [*SOURCES, *modules(), "PKG-INFO"]:
            data = (metadata() if path == "PKG-INFO" else read(path)).encode()
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return f"{name}.tar.gz"


if __name__ == "__main__":
    print(build_wheel(sys.argv[1] if len(sys.argv) > 1 else "."))
