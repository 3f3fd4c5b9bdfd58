# shellcheck shell=bash
# What the scripts share. Sourced, never run.

# One sentence for a person, and the end.
fail() {
    printf 'melascan: %s\n' "$*" >&2
    exit 1
}

say() {
    printf 'melascan: %s\n' "$*"
}

# Swift 6.3 or newer, or a sentence that says what to do.
need_swift() {
    local found major minor
    command -v swift >/dev/null ||
        fail "Swift 6.3 or newer is needed and no 'swift' is in the path. See deploy/README.md, 'Swift', for the commands that install it."
    found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1) || true
    major=${found%%.*} minor=${found##*.}
    if [ "${major:-0}" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 3 ]; }; then
        fail "Swift 6.3 or newer is needed; this one is ${found:-of an unknown version}. See deploy/README.md, 'Swift'."
    fi
}

# Whether something on this machine takes connections at port $1.
port_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# The first free port from $1 on.
free_port() {
    local port=$1
    while port_taken "$port"; do
        port=$((port + 1))
    done
    printf '%s\n' "$port"
}
