"""The tests, by package."""

import sys

# jsonschema, which nbformat needs, builds a grammar of IRIs when it is imported: three seconds of every process,
# for addresses that nothing here has. Without this module it leaves them unchecked.
sys.modules.setdefault("rfc3987_syntax", None)
