//! Time and tasks: supervisor, ticker, passes, reload, systemd.
