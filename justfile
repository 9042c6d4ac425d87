# The chores of the house. `just` lists them; each is one command that also works without just.

_default:
    @just --list

# what to run before each commit: quick, no release build
check: lint
    cargo test --test architecture --test docs

# all tests: no internet, no root, no server
test:
    cargo test

# format and lints, as strict as CI
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings

# the pages of the crate, warnings refused
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# licences, bans, sources, advisories of the dependencies
deny:
    cargo deny check

# exactly what CI runs
ci:
    .ci/run

# the daemon on the shipped desk, state in target/demo, alerts on this terminal
demo:
    cargo run --release -- --state-dir target/demo run

# kill the release binary again and again: just torture 1000
torture rounds="100":
    cargo build --release
    tests/crash/run --rounds {{ rounds }} --seconds 7200
    tests/crash/faults --seconds 1800

# hours of work with 2,000 local feeds: does anything grow? just soak 240
soak minutes="60":
    cargo build --release
    benches/soak --minutes {{ minutes }}

# a year of 500 feeds that fail, with receivers that fail and a process that dies: just simulate 7
simulate seed="1":
    SEED={{ seed }} cargo test --release --test simulation -- --ignored --nocapture

# the unit under a real systemd (root)
unit:
    cargo build --release
    tests/systemd/run

# cold and warm polls of 1,000 local feeds beside curl and a bare loop
bench feeds="1000":
    cargo build --release
    benches/poll --feeds {{ feeds }}
