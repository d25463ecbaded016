"""The catalogue of official files: fetched with pip, believed by SHA-256, offline afterwards."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from einvoice import schemas
from einvoice.schemas import Catalogue, FetchFailed, SchemaDamaged, SchemaMissing, SchemaUnknown

ROOT = Path(__file__).parents[2]
FILES = {"sampler/a.xsd": b"<a/>", "sampler/b.xsd": b"<b/>", "sampler/c.xsd": b"<c/>"}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Index:
    """A folder that pip takes for its index, with one small wheel, and a catalogue of that wheel's files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheel = folder / "sampler-1.0-py3-none-any.whl"
        with zipfile.ZipFile(self.wheel, "w") as archive:
            for member, data in FILES.items():
                archive.writestr(member, data)
            archive.writestr("sampler-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: sampler\nVersion: 1.0\n")
            archive.writestr("sampler-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr("sampler-1.0.dist-info/RECORD", "")
        self.said = {
            "version": "1.0",
            "wheel": sha256(self.wheel.read_bytes()),
            "member": "sampler/a.xsd",
            "a": sha256(FILES["sampler/a.xsd"]),
        }

    def catalogue(self, **other: str) -> Catalogue:
        """The catalogue with some values changed; it keeps its files in a folder that is not there yet."""
        said = self.said | other
        text = f"""
            wheel.sampler = {{ version = "{said["version"]}", sha256 = "{said["wheel"]}", licence = "MIT" }}
            [[schema]]
            id = "a"
            authority = "Nobody"
            wheel = "sampler"
            member = "{said["member"]}"
            sha256 = "{said["a"]}"
            used_by = ["test"]
            imports = {{ "http://b.example/b.xsd" = "b" }}
            [[schema]]
            id = "b"
            authority = "Nobody"
            wheel = "sampler"
            member = "sampler/b.xsd"
            sha256 = "{sha256(FILES["sampler/b.xsd"])}"
            used_by = []
            [[schema]]
            id = "c"
            authority = "Nobody"
            wheel = "sampler"
            member = "sampler/c.xsd"
            sha256 = "{sha256(FILES["sampler/c.xsd"])}"
            used_by = []
        """
        path = self.folder / "catalogue.toml"
        path.write_text(text, "utf-8")
        return Catalogue.load(path, self.folder / "deep" / "cache")


@pytest.fixture
def index(tmp_path, monkeypatch):
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return Index(folder)


def test_what_is_used_is_fetched_with_its_imports_and_nothing_else(index):
    catalogue, seen = index.catalogue(), []
    fetched = catalogue.fetch(step=seen.append)
    assert [entry.id for entry in fetched] == ["a", "b"] == [entry.id for entry in seen]
    assert catalogue.read("a") == b"<a/>"
    assert sorted(path.name for path in catalogue.folder.iterdir()) == sorted(
        [catalogue.entry("a").sha256, catalogue.entry("b").sha256]
    )


def test_what_is_listed_for_later_is_fetched_by_its_id(index):
    catalogue = index.catalogue()
    assert [entry.id for entry in catalogue.fetch(["c"])] == ["c"]
    assert list(catalogue.lacking()) == ["a", "b"]


def test_once_fetched_everything_works_without_an_index(index):
    catalogue = index.catalogue()
    catalogue.fetch()
    index.wheel.unlink()
    assert catalogue.fetch() == ()
    assert catalogue.read("b") == b"<b/>"


def test_a_file_that_was_not_fetched_is_missing_and_says_the_command(index):
    with pytest.raises(SchemaMissing, match="`revrec schemas fetch`"):
        index.catalogue().read("a")
    with pytest.raises(SchemaMissing, match="`revrec schemas fetch c`"):
        index.catalogue().read("c")


def test_a_stored_file_whose_byte_changed_is_refused_and_fetched_again(index):
    catalogue = index.catalogue()
    catalogue.fetch()
    catalogue.path("a").write_bytes(b"<A/>")
    with pytest.raises(SchemaDamaged, match=r"^a \(.*revrec schemas fetch"):
        catalogue.read("a")
    assert [entry.id for entry in catalogue.fetch()] == ["a"]
    assert catalogue.read("a") == b"<a/>"


def test_a_wheel_of_other_bytes_is_refused_before_anything_is_unpacked(index):
    catalogue = index.catalogue(wheel="0" * 64)
    with pytest.raises(SchemaDamaged, match=r"sampler-1[.]0-py3-none-any[.]whl: its SHA-256 is .* the catalogue says 0000"):
        catalogue.fetch()
    assert not catalogue.folder.exists()


def test_a_file_of_other_bytes_inside_the_right_wheel_is_not_kept(index):
    catalogue = index.catalogue(a="0" * 64)
    with pytest.raises(SchemaDamaged, match=r"whl/sampler/a[.]xsd"):
        catalogue.fetch()
    assert not catalogue.folder.exists()


def test_a_wheel_without_the_file_says_which(index):
    with pytest.raises(FetchFailed, match=r"the wheel has no sampler/z[.]xsd"):
        index.catalogue(member="sampler/z.xsd").fetch()


def test_a_version_that_the_index_lacks_is_told_with_the_words_of_pip(index):
    with pytest.raises(FetchFailed, match=r"sampler: not fetched: .*sampler==2[.]0.*pip config list"):
        index.catalogue(version="2.0").fetch()


def test_a_python_without_pip_is_told_in_its_own_words(index, tmp_path):
    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    catalogue = index.catalogue()
    bare = Catalogue(catalogue.entries, catalogue.folder, str(python))
    with pytest.raises(FetchFailed, match="No module named pip"):
        bare.fetch()


def test_an_unknown_id_lists_those_that_there_are(index):
    with pytest.raises(SchemaUnknown, match=r"z: .* It has: a, b, c"):
        index.catalogue().read("z")


def test_the_folder_is_the_named_one_or_in_the_cache_of_the_user(tmp_path):
    assert schemas.cache_folder({"REVREC_SCHEMAS": "/x", "XDG_CACHE_HOME": "/y"}) == Path("/x")
    assert schemas.cache_folder({"XDG_CACHE_HOME": "/y"}) == Path("/y/revrec/schemas")
    assert schemas.cache_folder({}) == Path.home() / ".cache" / "revrec" / "schemas"


def test_the_catalogue_names_each_import_and_its_hashes_are_whole(tmp_path):
    catalogue = Catalogue.load(folder=tmp_path)
    for entry in catalogue.entries.values():
        assert set(entry.imports.values()) <= catalogue.entries.keys(), entry.id
        assert re.fullmatch("[0-9a-f]{64}", entry.sha256)
        assert re.fullmatch("[0-9a-f]{64}", entry.wheel.sha256)
    told = tomllib.loads((ROOT / "schemas" / "catalogue.toml").read_text("utf-8"))
    assert len(told["schema"]) == len(catalogue.entries)
    assert {entry.wheel.name for entry in catalogue.entries.values()} == told["wheel"].keys()


def test_no_official_file_lies_in_the_repository():
    found = [path for kind in ("xsd", "wsdl", "xslt", "xsl", "sch") for path in ROOT.glob(f"[!.]*/**/*.{kind}")]
    assert found == []


def test_an_official_file_comes_from_the_real_index(tmp_path):
    catalogue = Catalogue.load(folder=tmp_path)
    try:
        catalogue.fetch(["verifactu/wsdl"])
    except FetchFailed as failed:
        pytest.skip(str(failed))
    assert b"sfVerifactu" in catalogue.read("verifactu/wsdl")
    assert (
        not catalogue.lacking(["verifactu/SuministroLR", "verifactu/ConsultaLR"]) or "verifactu/wsdl" not in catalogue.lacking()
    )


def test_an_installed_package_finds_its_catalogue(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    source = tmp_path / "source"
    for name in ("revrec", "einvoice", "schemas"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    subprocess.run([*pip, "install", "--no-deps", "--target", str(tmp_path / "installed"), str(source)], check=True, timeout=300)
    shutil.rmtree(source)
    asked = "from einvoice.schemas import Catalogue; import einvoice; print(einvoice.__file__, len(Catalogue.load().entries))"
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    told = subprocess.run(
        [sys.executable, "-c", asked], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert Path(told[0]).is_relative_to(tmp_path / "installed")
    assert int(told[1]) == len(Catalogue.load().entries)
