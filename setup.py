"""The one thing that pyproject.toml cannot say: the kernel is compiled where a C compiler is, and skipped where not."""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel

LIMITED_API = "0x030b0000"  # Python 3.11: one compiled wheel a platform serves it and all later ones

kernel = Extension(
    "gotracer_ci.trace.kernel",
    ["gotracer_ci/trace/kernel.py"],
    define_macros=[("Py_LIMITED_API", LIMITED_API)],
    py_limited_api=True,
)
# The kernel checks whatever comes from outside itself. GOTRACER_CI_CHECKED=1 makes Cython check every index besides:
# the tests and the fuzzer run on both builds, so that the one that ships can do without.
checked = os.environ.get("GOTRACER_CI_CHECKED") == "1"
modules = cythonize(
    [kernel],
    build_dir="build/cython-checked" if checked else "build/cython",
    language_level=3,
    compiler_directives={"boundscheck": checked},
)
for module in modules:
    module.optional = True  # without a C compiler the package works all the same; cythonize does not carry this over


class HonestWheel(bdist_wheel):
    """Without the kernel in it a wheel is plain Python, and its name must not say that it is the compiled one."""

    def get_tag(self) -> tuple[str, str, str]:
        if not any(file.suffix in (".so", ".pyd") for file in Path(self.bdist_dir).rglob("*")):
            self.root_is_pure = True
        return super().get_tag()


setup(
    ext_modules=modules,
    cmdclass={"bdist_wheel": HonestWheel},
    options={
        "bdist_wheel": {"py_limited_api": "cp311"},
        # the two builds' libraries have one name: in one folder each would pass for the other
        "build": {"build_base": "build/checked-base" if checked else "build"},
    },
)
