//! Fast Fourier transform: Stockham's, radix 4, in double precision, there and back many times.
//!
//! Real and imaginary parts lie apart, so that the inner loop is one that compilers turn into vectors.
//! A library is not used, because the good ones bring hand-written code for each instruction set: that
//! would compare their authors' effort for AVX and for wasm, not what a sandbox costs.

use kernels::{SplitMix64, checksum, checksum_of_numbers};

/// Points, 4⁷: both buffers fit into a second-level cache.
const POINTS: usize = 1 << 14;
const ROUNDS: usize = 1000;

fn main() {
    let mut random = SplitMix64::new(3);
    let mut signal = Signal::new(POINTS);
    signal.re.iter_mut().chain(&mut signal.im).for_each(|part| *part = random.unit() - 0.5);
    let mut transform = Transform::new(POINTS);
    for _ in 0..ROUNDS {
        transform.forward(&mut signal);
        transform.backward(&mut signal);
    }
    let sums = [checksum_of_numbers(&signal.re), checksum_of_numbers(&signal.im)];
    println!("fft {:016x}", checksum(sums));
}

/// Complex numbers.
#[derive(Clone)]
struct Signal {
    re: Vec<f64>,
    im: Vec<f64>,
}

impl Signal {
    fn new(points: usize) -> Self {
        Self { re: vec![0.0; points], im: vec![0.0; points] }
    }
}

/// A complex number.
#[derive(Clone, Copy)]
struct Number {
    re: f64,
    im: f64,
}

impl Number {
    fn times(self, other: Self) -> Self {
        Self {
            re: self.re * other.re - self.im * other.im,
            im: self.re * other.im + self.im * other.re,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    fn minus(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }
}

struct Transform {
    /// Powers 0 to `points - 1` of e^(−2πi/points).
    roots: Vec<Number>,
    other: Signal,
}

impl Transform {
    /// For a power of four.
    fn new(points: usize) -> Self {
        assert!(points.is_power_of_two() && points.trailing_zeros().is_multiple_of(2), "{points}");
        Self { roots: roots(points), other: Signal::new(points) }
    }

    fn forward(&mut self, signal: &mut Signal) {
        let points = signal.re.len();
        let mut stride = 1;
        while stride < points {
            self.pass(signal, stride);
            std::mem::swap(signal, &mut self.other);
            stride *= 4;
        }
    }

    /// The inverse: with real and imaginary parts swapped, the same.
    #[expect(clippy::cast_precision_loss, reason = "a power of two")]
    fn backward(&mut self, signal: &mut Signal) {
        std::mem::swap(&mut signal.re, &mut signal.im);
        self.forward(signal);
        std::mem::swap(&mut signal.re, &mut signal.im);
        let scale = 1.0 / signal.re.len() as f64;
        signal.re.iter_mut().chain(&mut signal.im).for_each(|part| *part *= scale);
    }

    /// One of log₄(points) passes, from `signal` to `self.other`.
    fn pass(&mut self, signal: &Signal, stride: usize) {
        let blocks = signal.re.len() / 4 / stride;
        for block in 0..blocks {
            let root = |power: usize| self.roots[power * block * stride];
            let roots = [root(1), root(2), root(3)];
            let from = [0, 1, 2, 3].map(|quarter| (block + quarter * blocks) * stride);
            let re = from.map(|start| &signal.re[start..][..stride]);
            let im = from.map(|start| &signal.im[start..][..stride]);
            let to = 4 * block * stride..4 * (block + 1) * stride;
            butterflies(re, im, &mut self.other.re[to.clone()], &mut self.other.im[to], roots);
        }
    }
}

/// Transforms of four points, side by side: all slices of `re` and `im` have one length, and the results
/// lie one behind the other.
fn butterflies(
    re: [&[f64]; 4],
    im: [&[f64]; 4],
    to_re: &mut [f64],
    to_im: &mut [f64],
    [root1, root2, root3]: [Number; 3],
) {
    let length = re[0].len();
    let [re_a, re_b, re_c, re_d] = re.map(|part| &part[..length]);
    let [im_a, im_b, im_c, im_d] = im.map(|part| &part[..length]);
    let [to_re0, to_re1, to_re2, to_re3] = split(to_re, length);
    let [to_im0, to_im1, to_im2, to_im3] = split(to_im, length);
    for q in 0..length {
        let sum_ac = Number { re: re_a[q] + re_c[q], im: im_a[q] + im_c[q] };
        let sum_bd = Number { re: re_b[q] + re_d[q], im: im_b[q] + im_d[q] };
        let difference_ac = Number { re: re_a[q] - re_c[q], im: im_a[q] - im_c[q] };
        // Times i.
        let turned_bd = Number { re: im_d[q] - im_b[q], im: re_b[q] - re_d[q] };
        let result1 = root1.times(difference_ac.minus(turned_bd));
        let result2 = root2.times(sum_ac.minus(sum_bd));
        let result3 = root3.times(difference_ac.plus(turned_bd));
        (to_re0[q], to_im0[q]) = (sum_ac.re + sum_bd.re, sum_ac.im + sum_bd.im);
        (to_re1[q], to_im1[q]) = (result1.re, result1.im);
        (to_re2[q], to_im2[q]) = (result2.re, result2.im);
        (to_re3[q], to_im3[q]) = (result3.re, result3.im);
    }
}

/// Four slices of `length`.
fn split(to: &mut [f64], length: usize) -> [&mut [f64]; 4] {
    let (ab, cd) = to.split_at_mut(2 * length);
    let (a, b) = ab.split_at_mut(length);
    let (c, d) = cd.split_at_mut(length);
    [a, b, c, &mut d[..length]]
}

/// The powers of e^(−2πi/points), from square roots alone: half an angle at a time down to the root itself, then
/// each power as a product of those whose exponents are its binary digits.
fn roots(points: usize) -> Vec<Number> {
    // e^(−πi), and on from there.
    let mut halved = vec![Number { re: -1.0, im: 0.0 }];
    while 2 << (halved.len() - 1) < points {
        let whole = halved[halved.len() - 1];
        halved.push(half_angle(whole));
    }
    halved.reverse();
    let one = Number { re: 1.0, im: 0.0 };
    let power = |exponent: usize| {
        let digits = halved.iter().enumerate().filter(|(bit, _)| exponent >> bit & 1 == 1);
        digits.fold(one, |product, (_, root)| product.times(*root))
    };
    (0..points).map(power).collect()
}

/// The number at half the angle of one in the lower half plane.
fn half_angle(whole: Number) -> Number {
    Number { re: (0.5 * (1.0 + whole.re)).sqrt(), im: -(0.5 * (1.0 - whole.re)).sqrt() }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn noise(points: usize) -> Signal {
        let mut random = SplitMix64::new(4);
        let mut part = || (0..points).map(|_| random.unit() - 0.5).collect();
        Signal { re: part(), im: part() }
    }

    fn distance(a: &Signal, b: &Signal) -> f64 {
        let parts = a.re.iter().zip(&b.re).chain(a.im.iter().zip(&b.im));
        parts.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn the_transform_is_the_sum_in_its_definition() {
        let points = 64;
        let signal = noise(points);
        let mut transformed = signal.clone();
        Transform::new(points).forward(&mut transformed);
        let mut expected = Signal::new(points);
        for frequency in 0..points {
            for time in 0..points {
                let turns = f64::from(u32::try_from(frequency * time).unwrap_or(0)) / 64.0;
                let (sin, cos) = (-TAU * turns).sin_cos();
                let (re, im) = (signal.re[time], signal.im[time]);
                expected.re[frequency] += re * cos - im * sin;
                expected.im[frequency] += re * sin + im * cos;
            }
        }
        assert!(distance(&transformed, &expected) < 1e-12);
    }

    #[test]
    fn back_is_where_it_came_from() {
        let signal = noise(POINTS);
        let mut moved = signal.clone();
        let mut transform = Transform::new(POINTS);
        transform.forward(&mut moved);
        assert!(distance(&moved, &signal) > 1.0);
        transform.backward(&mut moved);
        assert!(distance(&moved, &signal) < 1e-11);
    }
}
