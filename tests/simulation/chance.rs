//! Numbers that look random and follow from a seed and a place, whatever was drawn before.

/// A hash of all of `of`; the finisher is splitmix64's.
pub fn mixed(of: &[u64]) -> u64 {
    of.iter().fold(0x9e37_79b9_7f4a_7c15, |state, part| {
        let mut mixed = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

/// A sequence of such numbers.
pub struct Chance {
    of: Vec<u64>,
    drawn: u64,
}

impl Chance {
    pub fn new(of: &[u64]) -> Self {
        Self {
            of: of.to_vec(),
            drawn: 0,
        }
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.drawn += 1;
        let mut of = self.of.clone();
        of.push(self.drawn);
        mixed(&of) % bound.max(1)
    }

    /// At least 0, less than 1.
    pub fn share(&mut self) -> f64 {
        let drawn = u32::try_from(self.below(1 << 32)).expect("it is below");
        f64::from(drawn) / 4_294_967_296.0
    }
}
