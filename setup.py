"""What pyproject.toml cannot express: the decoder's modules are compiled together where there is a C compiler."""

import multiprocessing
import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError, ExecError, PlatformError

LIMITED_API = "0x030b0000"  # Python 3.11: one compiled wheel per platform works with this and all later versions
PACKAGE = Path("gotracer_ci/trace")
COMPILED = (
    "columns",
    "encoding",
    "heap_points",
    "interning",
    "joining",
    "kernel",
    "observe",
    "observers/ancestry",
    "observers/binned",
    "observers/bins",
    "observers/collector",
    "observers/go_profile",
    "observers/group_times",
    "observers/groups",
    "observers/histograms",
    "observers/holders",
    "observers/holds",
    "observers/interval_columns",
    "observers/lanes",
    "observers/lengths",
    "observers/life_columns",
    "observers/lives",
    "observers/pairs",
    "observers/parts",
    "observers/proc_times",
    "observers/profile",
    "observers/ranges",
    "observers/records",
    "observers/reasons",
    "observers/region_groups",
    "observers/region_ranges",
    "observers/regions",
    "observers/run_queue",
    "observers/scopes",
    "observers/slices",
    "observers/state_counts",
    "observers/stretches",
    "observers/sums",
    "observers/tests",
    "observers/time_records",
    "observers/timeline",
    "observers/track_events",
    "observers/wakers",
    "observers/wakes",
    "observers/windows",
    "raw",
    "raw_text",
    "packets",
    "track_packets",
    "regions",
    "sorting",
    "state_times",
    "v1/convert",
    "v1/numbers",
    "v1/order",
    "v1/others",
    "v1/parse",
    "v1/raw",
    "v1/rows",
    "varints",
    "moving",
    "steps",
)

SHARED = "gotracer_ci.trace._shared"  # the code for memoryviews, once for all modules

# Debugging symbols would take a quarter of the time and three quarters of the space.
flags = ["-g0"] if os.name == "posix" else []
# A CFLAGS in the environment replaces the interpreter's own flags, and with them its level of optimisation.
if os.name == "posix" and "-O" not in os.environ.get("CFLAGS", "-O"):
    flags.append("-O3")

# The decoder checks every value from the file. GOTRACER_CI_CHECKED=1 makes Cython also check every index, and the
# compiler every sum. The tests and the fuzzer run on both builds, so the released one does not need these checks.
checked = os.environ.get("GOTRACER_CI_CHECKED") == "1"
if checked and os.name == "posix":
    # what C leaves undefined ends the process; the interpreter's own flags define sums
    flags += [
        "-fno-wrapv",
        "-fsanitize=signed-integer-overflow,float-cast-overflow,shift",
        "-fsanitize-undefined-trap-on-error",
    ]


def extension(name: str, source: Path) -> Extension:
    macros = [("Py_LIMITED_API", LIMITED_API)]
    return Extension(
        name,
        [str(source)],
        define_macros=macros,
        extra_compile_args=flags,
        py_limited_api=True,
        depends=["setup.py"],  # the flags are here
    )


def modules() -> list[Extension]:
    sources = [PACKAGE / f"{module}.py" for module in COMPILED]
    compiled = [extension(".".join(source.with_suffix("").parts), source) for source in sources]
    return [*compiled, extension(SHARED, PACKAGE / "_shared.c")]


class AllOrNothing(build_ext):
    """Install plain Python without a C compiler. Compiled and plain modules cannot be mixed."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def run(self) -> None:
        try:
            super().run()
        except (CCompilerError, ExecError, PlatformError) as error:
            self.warn(f"the decoder is not compiled and will be slow: {error}")
            for module in self.extensions:
                for output in (self.get_ext_fullpath(module.name), Path(self.build_lib, *module.name.split("."))):
                    Path(output).unlink(missing_ok=True)
            self.extensions = []


class HonestWheel(bdist_wheel):
    """A wheel without the compiled modules is plain Python, and its name must say so."""

    def get_tag(self) -> tuple[str, str, str]:
        if not any(file.suffix in (".so", ".pyd") for file in Path(self.bdist_dir).rglob("*")):
            self.root_is_pure = True
        return super().get_tag()


setup(
    ext_modules=cythonize(
        modules(),
        shared_utility_qualified_name=SHARED,
        build_dir="build/cython-checked" if checked else "build/cython",
        language_level=3,
        # where processes are not forked, each would run this file
        nthreads=(os.cpu_count() or 1) if multiprocessing.get_start_method() == "fork" else 0,
        compiler_directives={"boundscheck": checked},
    ),
    cmdclass={"bdist_wheel": HonestWheel, "build_ext": AllOrNothing},
    options={
        "bdist_wheel": {"py_limited_api": "cp311"},
        # both builds' libraries have the same names, so keep them in separate directories
        "build": {"build_base": "build/checked-base" if checked else "build"},
    },
)
