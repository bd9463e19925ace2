# What ./run and ./test share: words for people, the packages of the system, Rust, and whether there is a display.
# Sourced, never run. Nothing here asks the network unless something is missing.

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Libraries that the window loads when it starts; nothing of them is needed to build.
window_packages=(libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon-x11-0 libgl1 libegl1 libgl1-mesa-dri
    libwayland-client0 libwayland-cursor0 libwayland-egl1 libdbus-1-3)

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# need_packages PACKAGE...: installs what is missing, where the system has apt; elsewhere it names the packages and goes on.
need_packages() {
    if ! have dpkg-query || ! have apt-get; then
        say "This is not Debian or Ubuntu: if the next step fails, install what corresponds to: $*"
        return
    fi
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || have sudo || die "install these packages as root: ${missing[*]}"
    say "Installing ${missing[*]}"
    as_root apt-get update -qq || say "The package lists could not be updated; trying with those that are there"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        || die "these packages could not be installed: ${missing[*]}"
}

need_c_compiler() {
    have cc && return
    [ "$(uname -s)" = Linux ] || die "a C compiler is needed to link: install clang or gcc"
    need_packages gcc libc6-dev
}

# The first toolchain known to rustup whose compiler is of version $1.
installed_toolchain() {
    local name
    rustup toolchain list 2>/dev/null | while read -r name _; do
        if [ "$(rustup run "$name" rustc --version 2>/dev/null | cut -d ' ' -f 2)" = "$1" ]; then
            say "$name"
            break
        fi
    done
}

# need_rust [COMPONENT...]: a Rust toolchain of the version that rust-toolchain.toml names, under whatever name it is installed.
need_rust() {
    local want name
    want=$(sed -n 's/^channel = "\(.*\)"$/\1/p' rust-toolchain.toml)
    have cargo || PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    if ! have rustup; then
        if have cargo && [ "$(printf '%s\n' "$want" "$(cargo --version | cut -d ' ' -f 2)" | sort -V | head -n 1)" = "$want" ]; then
            return
        fi
        have curl || need_packages curl ca-certificates
        say "Installing Rust $want through rustup"
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs \
            | sh -s -- -y -q --no-modify-path --profile minimal --default-toolchain "$want" \
            || die "Rust could not be installed: install Rust $want from https://rustup.rs"
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    fi
    export PATH
    name=$(installed_toolchain "$want")
    if [ -z "$name" ]; then
        say "Installing Rust $want"
        rustup toolchain install "$want" --profile minimal --no-self-update \
            || die "Rust $want is neither installed nor can it be downloaded"
        name=$want
    fi
    # Named outright, so that rustup does not look for the name in rust-toolchain.toml on the network.
    export RUSTUP_TOOLCHAIN=$name
    local component
    for component in "$@"; do
        cargo "$component" --version >/dev/null 2>&1 || need_component "$name" "$component"
    done
}

# need_component TOOLCHAIN SUBCOMMAND: `cargo fmt` comes with the component rustfmt, `cargo clippy` with clippy.
need_component() {
    rustup component add --toolchain "$1" "${2/fmt/rustfmt}" || die "cargo $2 is missing and cannot be downloaded"
}

# True if a window can be shown: a Wayland socket, or an X display that is another machine's or has its socket here.
has_display() {
    [ "$(uname -s)" = Linux ] || return 0
    [ -z "${WAYLAND_SOCKET:-}" ] || return 0
    if [ -n "${WAYLAND_DISPLAY:-}" ]; then
        case $WAYLAND_DISPLAY in
            /*) [ ! -S "$WAYLAND_DISPLAY" ] || return 0 ;;
            *) [ ! -S "${XDG_RUNTIME_DIR:-/nonexistent}/$WAYLAND_DISPLAY" ] || return 0 ;;
        esac
    fi
    case ${DISPLAY:-} in
        '') return 1 ;;
        :*) local number=${DISPLAY#:}; [ -S "/tmp/.X11-unix/X${number%%.*}" ] ;;
        *) return 0 ;;
    esac
}
