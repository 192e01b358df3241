"""A pytest plugin: runs the tests against the mutant that the environment names."""

import os

from tests.prove.mutants import install

install(os.environ["ZHANGGUI_MUTANT"])
