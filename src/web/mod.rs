//! HTTP in: every route on one page.
