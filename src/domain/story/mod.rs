//! Copies of the same news: what makes two entries one story, and who tells it.
//!
//! An entry's [`signature::Signature`] is what it is compared by, [`compare::compare`] says what two are to each other and
//! why, [`policy::Policy`] how long a story goes on. What folding means for alerts is decided in `domain::alert`; which
//! stored entries are compared is the store's business. Nothing here knows the topic: words of news in general are in
//! `vocabulary`, what the desk watches is in its entities.

mod align;
mod called;
mod clock;
pub mod compare;
mod events;
mod evidence;
mod facts;
mod forms;
pub mod frame;
mod korean;
mod numbers;
pub mod owners;
mod pieces;
pub mod policy;
mod quantity;
mod scripts;
mod sense;
mod sequel;
pub mod shingles;
pub mod signature;
mod token;
mod vocabulary;

pub use token::Named;
