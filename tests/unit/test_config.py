from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from analyzer.config import (
    DEFAULT_DOWNLOAD,
    DEFAULT_INDEX,
    DEFAULT_SOURCES,
    RegistryAccess,
    find_registry,
    is_default_source,
    load_settings,
)
from analyzer.errors import CratescopeError, TomlError, UsageError

URL = "https://r.invalid/index/"


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment whose files all lie below `tmp_path`; none exists yet."""
    monkeypatch.setattr(platformdirs, "user_config_path", lambda _name: tmp_path / "user")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _name: tmp_path / "cache")
    return {"CARGO_HOME": str(tmp_path / "cargo")}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_defaults_need_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    settings = load_settings(environ)
    assert settings.registry == RegistryAccess(DEFAULT_INDEX, download_url=DEFAULT_DOWNLOAD)
    assert settings.registry.is_default
    assert settings.cache_dir == tmp_path / "cache"
    assert (settings.is_offline, settings.timeout_s, settings.ca_bundle) == (False, 30, "")
    assert 1 <= settings.jobs <= (os.cpu_count() or 1)


def test_flag_before_environment_before_project_before_user(
    environ: dict[str, str], tmp_path: Path
) -> None:
    write(tmp_path / "user/cratescope.toml", "[settings]\njobs = 3\nretries = 5\ntimeout-s = 1.5\n")
    project = write(tmp_path / "project.toml", "[settings]\njobs = 4\noffline = true\n")
    assert load_settings(environ).jobs == 3
    settings = load_settings(environ, project_file=project)
    assert (settings.jobs, settings.retries, settings.timeout_s) == (4, 5, 1.5)
    assert settings.is_offline
    environ |= {"CRATESCOPE_JOBS": "6", "CRATESCOPE_OFFLINE": "0", "CRATESCOPE_TIMEOUT_S": "9"}
    settings = load_settings(environ, project_file=project)
    assert (settings.jobs, settings.is_offline, settings.timeout_s) == (6, False, 9)
    settings = load_settings(environ, project_file=project, jobs=7, is_offline=True)
    assert (settings.jobs, settings.is_offline) == (7, True)


def test_a_file_in_the_working_folder_is_never_read(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "cratescope.toml", "[settings]\njobs = 99\n")
    write(tmp_path / ".cargo/config.toml", f"[registries.evil]\nindex = 'sparse+{URL}'\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings(environ).jobs != 99
    with pytest.raises(UsageError, match="no registry `evil`"):
        find_registry("evil", environ)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[settings]\njob = 1\n", "unknown setting `job`"),
        ("[setting]\n", "unknown table or key `setting`"),
        ("jobs = 1\n", "unknown table or key `jobs`"),
        ("settings = 1\n", r"\[settings\] must be a table"),
        ("[settings]\njobs = 0\n", "`jobs` must be a whole number from 1"),
        ("[settings]\njobs = true\n", "`jobs` must be"),
        ("[settings]\njobs = '2'\n", "`jobs` must be"),
        ("[settings]\njobs = 1e400\n", "`jobs` must be"),
        ("[settings]\noffline = 'yes'\n", "`offline` must be true or false"),
        ("[settings]\ntimeout-s = -1.0\n", "`timeout-s` must be"),
        ("[settings]\ntimeout-s = nan\n", "`timeout-s` must be"),
        ("[settings]\ncache-dir = 1\n", "`cache-dir` must be a text"),
        ("[settings\n", r"project\.toml:1: "),
    ],
)
def test_what_a_file_says_wrongly_is_an_error_that_names_it(
    environ: dict[str, str], tmp_path: Path, text: str, message: str
) -> None:
    project = write(tmp_path / "project.toml", text)
    with pytest.raises(TomlError, match=message) as caught:
        load_settings(environ, project_file=project)
    assert str(project) in str(caught.value)


def test_tables_of_the_policy_are_left_to_it(environ: dict[str, str], tmp_path: Path) -> None:
    project = write(tmp_path / "project.toml", "[policy]\nx = 1\n[[waiver]]\n")
    assert load_settings(environ, project_file=project)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JOBS", "0"),
        ("JOBS", "two"),
        ("JOBS", "9" * 5000),
        ("OFFLINE", "perhaps"),
        ("RETRIES", "-1"),
    ],
)
def test_an_odd_variable_is_a_usage_error(environ: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"CRATESCOPE_{name}"):
        load_settings(environ | {f"CRATESCOPE_{name}": value})


def test_a_named_file_must_exist_and_be_readable(environ: dict[str, str], tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(UsageError, match=str(path)):
            load_settings(environ, project_file=path)
        with pytest.raises(UsageError, match=str(path)):
            load_settings(environ | {"CRATESCOPE_CONFIG": str(path)})


@pytest.mark.parametrize(
    ("variables", "bundle"),
    [
        (("SSL_CERT_FILE",), "SSL_CERT_FILE"),
        (("SSL_CERT_FILE", "CARGO_HTTP_CAINFO"), "CARGO_HTTP_CAINFO"),
        (("SSL_CERT_FILE", "CARGO_HTTP_CAINFO", "CRATESCOPE_CA_BUNDLE"), "CRATESCOPE_CA_BUNDLE"),
    ],
)
def test_the_bundle_is_the_most_telling_variable(
    environ: dict[str, str], variables: tuple[str, ...], bundle: str
) -> None:
    assert load_settings(environ | {one: one for one in variables}).ca_bundle == bundle


def test_cargos_offline_is_ours_too(environ: dict[str, str]) -> None:
    assert load_settings(environ | {"CARGO_NET_OFFLINE": "true"}).is_offline
    assert not load_settings(environ | {"CARGO_NET_OFFLINE": "true"}, is_offline=False).is_offline


# Registries ---------------------------------------------------------------------------------------


def test_every_spelling_of_the_default_registry_is_it(environ: dict[str, str]) -> None:
    for spelling in ("", "crates-io", DEFAULT_INDEX, f"sparse+{DEFAULT_INDEX}", *DEFAULT_SOURCES):
        assert is_default_source(spelling)
        assert find_registry(spelling, environ).is_default
    assert not is_default_source(URL)
    assert not is_default_source("git+https://github.com/x/y")


def test_a_registry_is_found_by_url(environ: dict[str, str]) -> None:
    for url in (URL, URL.rstrip("/"), f"sparse+{URL}"):
        assert find_registry(url, environ) == RegistryAccess(URL)


def test_a_registry_is_found_by_cargos_variables(environ: dict[str, str]) -> None:
    environ |= {
        "CARGO_REGISTRIES_MY_OWN_INDEX": f"sparse+{URL}",
        "CARGO_REGISTRIES_MY_OWN_TOKEN": "secret",
    }
    for wanted in ("my-own", "my_own", "My-Own", URL):
        assert find_registry(wanted, environ) == RegistryAccess(URL, "secret")
    assert load_settings(environ | {"CRATESCOPE_REGISTRY": "my-own"}).registry.token == "secret"
    assert "secret" not in repr(find_registry("my-own", environ))


def test_a_registry_is_found_in_the_users_cargo_files(
    environ: dict[str, str], tmp_path: Path
) -> None:
    write(tmp_path / "cargo/config.toml", f"[registries.my-own]\nindex = 'sparse+{URL}'\n")
    write(tmp_path / "cargo/credentials.toml", "[registries.my-own]\ntoken = 'kept'\n")
    assert find_registry("my-own", environ) == RegistryAccess(URL, "kept")
    environ["CARGO_REGISTRIES_MY_OWN_TOKEN"] = "fresh"
    assert find_registry("my-own", environ) == RegistryAccess(URL, "fresh")
    assert find_registry(f"{URL}other/", environ).token == ""


def test_the_default_registry_gets_no_token(environ: dict[str, str]) -> None:
    environ |= {"CARGO_REGISTRY_TOKEN": "secret", "CARGO_REGISTRIES_CRATES_IO_TOKEN": "secret"}
    assert find_registry("", environ).token == ""


@pytest.mark.parametrize(
    "url",
    [
        "nowhere",
        "ftp://r.invalid/",
        "registry+https://r.invalid/git",
        "https://",
        "https://r.invalid:0/",
        "https://r.invalid:x/",
        "https://[/",
        "https://r.invalid/?a",
        "https://r.invalid/#a",
        "https://user:secret@r.invalid/",
        "https://r.invalid/\x1b[31m",
    ],
)
def test_what_is_no_sparse_registry_is_a_usage_error(environ: dict[str, str], url: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_registry(url, environ)
    assert "secret" not in str(caught.value)
    assert str(caught.value).isprintable()
    assert caught.value.remedy


def test_a_token_that_fits_into_no_header_is_not_shown(environ: dict[str, str]) -> None:
    environ |= {"CARGO_REGISTRIES_R_INDEX": URL, "CARGO_REGISTRIES_R_TOKEN": "secret\n"}
    with pytest.raises(UsageError) as caught:
        find_registry("r", environ)
    assert "secret" not in str(caught.value)


def test_a_broken_cargo_file_is_an_error_only_when_it_is_needed(
    environ: dict[str, str], tmp_path: Path
) -> None:
    write(tmp_path / "cargo/config.toml", "[registries")
    assert load_settings(environ).registry.is_default
    with pytest.raises(CratescopeError, match=r"config\.toml:1: "):
        find_registry("my-own", environ)
