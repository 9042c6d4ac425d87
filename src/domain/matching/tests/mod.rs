//! Tests of the engine as a whole: the acceptance tables, problems of definitions, evidence, explanations.

mod cases;
mod explanations;
mod naive;
mod problems;
mod properties;
mod sample;
