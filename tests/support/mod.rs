//! What several black-box tests need. Each test crate uses a part of it.

#[expect(
    clippy::allow_attributes,
    reason = "which part is used differs from test to test, so nothing can be expected"
)]
#[allow(dead_code, reason = "each test crate uses a part")]
pub mod http;

#[expect(
    clippy::allow_attributes,
    reason = "which part is used differs from test to test, so nothing can be expected"
)]
#[allow(dead_code, reason = "each test crate uses a part")]
pub mod desk;

#[expect(
    clippy::allow_attributes,
    reason = "which part is used differs from test to test, so nothing can be expected"
)]
#[allow(dead_code, reason = "each test crate uses a part")]
pub mod life;

#[expect(
    clippy::allow_attributes,
    reason = "which part is used differs from test to test, so nothing can be expected"
)]
#[allow(dead_code, reason = "each test crate uses a part")]
pub mod hub;
