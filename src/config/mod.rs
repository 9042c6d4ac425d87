//! Text in, checked value out, every problem at once.
