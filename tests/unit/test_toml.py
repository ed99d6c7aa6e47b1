from __future__ import annotations

import pytest

from analyzer.errors import TomlError
from analyzer.toml import read_toml


@pytest.mark.parametrize("sign", ["", "-", "+"])
def test_a_number_of_too_many_digits_is_an_error_like_any_other(sign: str) -> None:
    with pytest.raises(TomlError, match=r"^x: a number of too many digits"):
        read_toml(f"a = {sign}{'9' * 5000}".encode(), name="x")
