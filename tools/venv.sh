#!/bin/sh
# Makes a Python environment with lexgraph and one of its extras, or does nothing when it is there already.
#
#     sh tools/venv.sh FOLDER EXTRA        PYTHON=... chooses the interpreter
#
# The stamp in FOLDER says what was installed: interpreter, place of the project, extra, and the hash of
# pyproject.toml. While that is still true, neither pip nor the network is touched.
set -eu

folder=$1
extra=$2
python=$folder/bin/python
stamp=$folder/lexgraph-stamp

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

# Print the version of interpreter $1; fail if it does not run, or is older than 3.11. (The code must run on Python 2.)
version_of() {
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Print what the environment would be stamped with if interpreter $1 had made it.
state_of() {
    "$1" - "$extra" 2>/dev/null <<'END'
import hashlib, pathlib, sys
print("Python %d.%d.%d" % sys.version_info[:3], "in", pathlib.Path.cwd())
print(sys.argv[1], hashlib.sha256(pathlib.Path("pyproject.toml").read_bytes()).hexdigest())
END
}

# Print the interpreter to use: the one asked for, else the first on the path that is new enough.
choose() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null 2>&1 ||
            fail "There is no program \"$PYTHON\": name a Python 3.11 or newer, as in \`PYTHON=/path/to/python3.11 make test\`."
        found=$(version_of "$PYTHON") ||
            fail "lexgraph needs Python 3.11 or newer, and $PYTHON is ${found:-no Python that runs}: name a newer one, as in \`PYTHON=python3.12 make test\`."
        printf '%s\n' "$PYTHON"
        return
    fi
    seen=
    for candidate in python3 python3.11 python3.12 python3.13 python3.14 python; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        if found=$(version_of "$candidate"); then
            printf '%s\n' "$candidate"
            return
        fi
        [ -n "$seen" ] || [ -z "$found" ] || seen="$candidate is $found"
    done
    [ -n "$seen" ] ||
        fail "No Python was found: install Python 3.11 or newer, or name it, as in \`PYTHON=/path/to/python3.11 make test\`."
    fail "lexgraph needs Python 3.11 or newer, and $seen: install a newer one, or name it, as in \`PYTHON=/path/to/python3.11 make test\`."
}

# Make the environment itself with interpreter $1.
create() {
    "$1" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$1 cannot make environments because its venv or ensurepip module is missing: install it (on Debian and Ubuntu \`apt install python3-venv\`), or name another Python, as in \`PYTHON=/path/to/python3.11 make test\`."
    echo "Making the environment $folder with Python $(version_of "$1")."
    "$1" -m venv --clear "$folder" ||
        fail "$1 could not make the environment $folder, for the reason above."
}

# Same interpreter and place as the stamp says (or no stamp, as after an interrupted run), and pip works: can be kept.
usable() {
    [ -f "$folder/pyvenv.cfg" ] && "$python" -m pip --version >/dev/null 2>&1 || return 1
    [ ! -f "$stamp" ] || [ "$(head -n 1 "$stamp")" = "$(state_of "$python" | head -n 1)" ]
}

# Without PYTHON, an environment that runs keeps its interpreter, though another may come first on the path by now.
if [ -n "${PYTHON:-}" ] || [ ! -f "$folder/pyvenv.cfg" ] || ! version_of "$python" >/dev/null; then
    chosen=$(choose)
else
    chosen=$python
fi

if [ "$(version_of "$python" || true)" = "$(version_of "$chosen")" ]; then
    [ "$(cat "$stamp" 2>/dev/null)" != "$(state_of "$python")" ] || exit 0
    usable || create "$chosen"
else
    create "$chosen"
fi

echo "Installing what pyproject.toml lists into $folder; this takes a minute or two, and needs a network this once."
rm -f "$stamp"
PIP_USER=0 "$python" -m pip install --quiet --quiet --disable-pip-version-check --editable ".[$extra]" ||
    fail "pip could not install the packages, for the reason above: run the same command again where a network reaches a package index."
state_of "$python" >"$stamp"
