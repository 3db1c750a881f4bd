from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truscan.logs.path_folding import generic_path, normal_group, split_path


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (r"C:\Users\bob\Desktop\a.exe", r"%USERPROFILE%\Desktop\a.exe"),
        (r"d:\users\BOB\a.exe", r"%USERPROFILE%\a.exe"),
        (r"C:\Documents and Settings\eve\Local Settings\Temp\a.exe",
         r"%USERPROFILE%\Local Settings\Temp\a.exe"),
        (r"%TEMP%\a.exe", r"%USERPROFILE%\AppData\Local\Temp\a.exe"),
        ("c:/users/bob/a.exe", r"%USERPROFILE%\a.exe"),
        (r"C:\Users\Public\a.exe", r"%PUBLIC%\a.exe"),
        (r"C:\Program Files\X\a.exe", r"%PROGRAMFILES%\X\a.exe"),
        (r"c:\program files (x86)\X\a.exe", r"%PROGRAMFILES(X86)%\X\a.exe"),
        (r"C:\WINDOWS\system32\a.exe", r"%WINDIR%\system32\a.exe"),
        (r"C:\Windows.old\a.exe", r"%SYSTEMDRIVE%\Windows.old\a.exe"),
        (r"C:\tools\a.exe", r"%SYSTEMDRIVE%\tools\a.exe"),
        (r"F:\tools\a.exe", r"%DRIVE%\tools\a.exe"),
        (r"\Device\HarddiskVolume3\Users\bob\a.exe", r"%USERPROFILE%\a.exe"),
        (r"\\?\C:\tools\\a.exe", r"%SYSTEMDRIVE%\tools\a.exe"),
        (r"\\server\share\Users\bob\a.exe", r"\\server\share\Users\bob\a.exe"),
        ("/home/bob/bin/a", "%HOME%/bin/a"),
        ("/tmp/eicar.txt", "/tmp/eicar.txt"),  # noqa: S108
        ("a.exe", "a.exe"),
        ("", ""),
    ],
)  # fmt: skip
def test_it_folds_drive_and_user(path: str, told: str) -> None:
    assert generic_path(path) == told


@given(st.text(alphabet="\\/:%abCUsersWindows. ~1") | st.text())
def test_a_folded_path_stays_as_it_is(path: str) -> None:
    assert generic_path(generic_path(path)) == generic_path(path)


@pytest.mark.parametrize(
    "path",
    ["My Company\\Sales", "My Company\\\\Sales", "\\My Company\\Sales\\", " My Company \\ Sales "],
)
def test_a_group_has_single_backslashes(path: str) -> None:
    assert normal_group(path) == r"My Company\Sales"


@given(st.text(alphabet="\\ aB") | st.text())
def test_a_normal_group_stays_as_it_is(path: str) -> None:
    assert normal_group(normal_group(path)) == normal_group(path)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (r"C:\a\b.exe", (r"C:\a", "b.exe")),
        ("c:/a/b.exe", ("c:/a", "b.exe")),
        ("b.exe", ("", "b.exe")),
    ],
)
def test_it_parts_folder_and_name(path: str, told: tuple[str, str]) -> None:
    assert split_path(path) == told
