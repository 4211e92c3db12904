//! The sieve of Eratosthenes, odd numbers only, in segments that fit into a first-level cache.

use kernels::checksum;

const LIMIT: u32 = 500_000_000;
/// Odd numbers of one segment, a byte each.
const SEGMENT: usize = 1 << 15;

fn main() {
    println!("sieve {:016x}", checksum([primes_below(LIMIT)]));
}

/// How many primes are below `limit`, an even number of at least 4.
fn primes_below(limit: u32) -> u64 {
    let root = limit.isqrt() + 1;
    // A prime, and where its next odd multiple lies in the current segment.
    let mut primes: Vec<(usize, usize)> =
        small_primes(root as usize).into_iter().map(|prime| (prime, prime * prime / 2)).collect();
    let odd_numbers = (limit / 2) as usize;
    let mut is_composite = vec![0_u8; SEGMENT];
    // In place of 1, which is odd and not prime, 2 is counted.
    let mut count = 0;
    for start in (0..odd_numbers).step_by(SEGMENT) {
        let segment = &mut is_composite[..SEGMENT.min(odd_numbers - start)];
        segment.fill(0);
        for (prime, next) in &mut primes {
            let mut index = *next;
            while let Some(mark) = segment.get_mut(index) {
                *mark = 1;
                index += *prime;
            }
            *next = index - segment.len();
        }
        count += segment.iter().map(|mark| u64::from(*mark ^ 1)).sum::<u64>();
    }
    count
}

/// The odd primes below `end`.
fn small_primes(end: usize) -> Vec<usize> {
    let mut is_composite = vec![false; end];
    let mut primes = Vec::new();
    for number in (3..end).step_by(2) {
        if !is_composite[number] {
            primes.push(number);
            (number * number..end)
                .step_by(number)
                .for_each(|multiple| is_composite[multiple] = true);
        }
    }
    primes
}

#[cfg(test)]
mod tests {
    use super::primes_below;

    #[test]
    fn known_numbers_of_primes() {
        for (limit, primes) in [(4, 2), (100, 25), (1_000_000, 78_498), (10_000_000, 664_579)] {
            assert_eq!(primes_below(limit), primes, "below {limit}");
        }
    }
}
