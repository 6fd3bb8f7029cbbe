# SPDX-License-Identifier: Apache-2.0
"""Packages of PyPI that a test needs: from this Python, or from that of $OCELLI_PEERS_VENV (default .peers in the working directory)."""
import importlib
import os
import sys


def need(*modules):
    """Goes on in a Python that has these modules; without one the test is skipped."""
    try:
        for module in modules:
            importlib.import_module(module)
    except ImportError:
        venv = os.path.abspath(os.environ.get("OCELLI_PEERS_VENV", ".peers"))
        other = os.path.join(venv, "bin", "python")
        if os.path.exists(other) and os.path.realpath(sys.prefix) != os.path.realpath(venv):
            os.execv(other, [other] + sys.argv)
        print(f"{', '.join(modules)}: not installed\n0 passed, 0 failed, 1 skipped")
        sys.exit(77)
