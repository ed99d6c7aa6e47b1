"""The file that `rules new` writes: a whole rule with TODOs where only its author knows."""

from __future__ import annotations

import re

from analyzer.errors import UsageError

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

_TEMPLATE = """\
# Every key is explained in signatures/README.md. Lines with TODO are yours to write.
id = "@id"
title = "TODO one line that a report can quote"
namespace = "@namespace"
severity = "medium"        # how bad if true: info, low, medium, high, critical
confidence = "medium"      # how likely true: low, medium, high
scope = "function"         # where the clauses must meet: function, file, phase or crate
since = "0.1.0"
attack = ["T1552.001"]     # MITRE ATT&CK
techniques = ["T35"]
why = "TODO the attack, and where it was seen"
benign = "TODO who does this honestly, and how to tell"

[[all]]
fact = "file.read"
subject-in = "credential-paths"
role = "source"

[[all]]
fact = ["net.connect", "net.send"]
role = "sink"

[[match]]
name = "TODO what happens here"
path = "src/lib.rs"
code = '''
// TODO the smallest code that the rule must find; .invalid hosts only
'''
lines = [1]

[[no-match]]
name = "TODO an honest look-alike"
path = "src/lib.rs"
code = '''
// TODO code that looks alike and is honest
'''
"""


def new_rule_text(rule_id: str, namespace: str) -> str:
    """A rule file with this id below this namespace. Raises UsageError for names that cannot be."""
    if not _NAME.fullmatch(rule_id):
        raise UsageError(f"`{rule_id}` is no rule id", remedy="lower-case words joined by hyphens")
    if not all(_NAME.fullmatch(one) for one in namespace.split("/")):
        raise UsageError(f"`{namespace}` is no namespace", remedy="such words, joined by slashes")
    return _TEMPLATE.replace("@id", rule_id).replace("@namespace", namespace)
