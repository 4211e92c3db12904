//! Noise that is the same on every machine.

/// A small generator (Sebastiano Vigna's SplitMix64): good enough for noise, and nothing else.
#[derive(Debug)]
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Nearly Gaussian, with mean 0 and standard deviation 1: the sum of twelve even numbers.
    pub(crate) fn next(&mut self) -> f64 {
        // Three draws give four 16-bit numbers each.
        let sum: u32 = (0..3).map(|_| sum_of_quarters(self.draw())).sum();
        // Each is even over 0 ..= 65535 with variance (65536² − 1)/12, so twelve have 65536².
        (f64::from(sum) - 12.0 * 32_767.5) / 65_536.0
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn sum_of_quarters(draw: u64) -> u32 {
    draw.to_le_bytes().as_chunks().0.iter().map(|&pair| u32::from(u16::from_le_bytes(pair))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_are_as_said() {
        let mut noise = Noise::new(7);
        let numbers: Vec<f64> = (0..100_000).map(|_| noise.next()).collect();
        let mean = numbers.iter().sum::<f64>() / 1e5;
        let variance = numbers.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
    }
}
