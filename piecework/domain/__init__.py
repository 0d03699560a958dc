"""Words and rules, pure Python: messages, files, content addresses."""

import contextlib
import sys

# eth-account loads py_ecc, and py_ecc raises the interpreter's recursion limit to 100,000. At that limit a JSON text of
# brackets ends the process with a segmentation fault instead of a RecursionError, so one request could stop a gateway.
# Loaded here, before anything else of ours can, and the limit put back; its own modules load when they are used.
_limit = sys.getrecursionlimit()
with contextlib.suppress(ImportError):
    import py_ecc  # noqa: F401
sys.setrecursionlimit(_limit)
