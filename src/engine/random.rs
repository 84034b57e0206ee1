//! A small seeded generator, SplitMix64 (Steele, Lea and Flood 2014): the same seed gives the same results everywhere.

/// The generator's state.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator whose state is the seed itself.
    pub fn from_state(seed: u64) -> Self {
        Self(seed)
    }

    /// Streams with the same seed and different numbers have nothing to do with one another.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut start = Self(stream);
        Self(seed ^ start.next())
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `n`, or 0. Not one of them is more likely than another by more than n in 2^64.
    pub fn below(&mut self, n: usize) -> usize {
        let product = u128::from(self.next()).wrapping_mul(n as u128);
        usize::try_from(product >> 64).unwrap_or(0)
    }
}
