//! Verdicts that are known from elsewhere: the list of Mersenne primes, and residues computed
//! with plain big integers by another program in another language.

use mersenne::{LucasLehmer, Verdict};

fn verdict(p: u32) -> Verdict {
    let mut test = LucasLehmer::new(p);
    loop {
        if let Some(verdict) = test.advance() {
            return verdict;
        }
    }
}

#[test]
fn mersenne_primes_are_prime() {
    for p in [89, 107, 127, 521, 607, 1279, 2203, 2281, 3217, 4253, 4423] {
        assert_eq!(verdict(p), Verdict::Prime, "p = {p}");
    }
}

#[test]
fn residues_of_composites_agree() {
    let known = [
        (67, 0x677d_24ee_8ae3_b2c2),
        (71, 0xbb73_7b29_d59e_0c94),
        (101, 0xd0dd_748d_d781_7436),
        (103, 0x5509_9688_aa37_5b3e),
        (109, 0x288b_e38a_641f_9f62),
        (523, 0x4215_4e4a_b2f7_6faf),
        (1009, 0x5c08_42ea_a6df_00c6),
        (2207, 0x6356_8b25_888d_993a),
        (3361, 0xc0c2_67aa_e4d1_7530),
        (4421, 0x4366_5264_7e1e_860b),
        (4999, 0x9116_b0be_4810_0d73),
    ];
    for (p, residue) in known {
        assert_eq!(verdict(p), Verdict::Composite { residue }, "p = {p}");
    }
}

/// Around 6912 and 13312 the number of digits doubles: where an overflow would show.
#[test]
fn residues_at_the_edge_of_a_digit_count_agree() {
    let known = [
        (6907, 0xebc0_a24c_c699_cd31),
        (6911, 0xb8dd_56b4_4266_e6e5),
        (6917, 0xf954_71dc_0045_ee66),
        (13_309, 0xcefd_edbc_07a1_e5ce),
        (13_313, 0x3151_e5b4_f02c_2f19),
    ];
    for (p, residue) in known {
        assert_eq!(verdict(p), Verdict::Composite { residue }, "p = {p}");
    }
}
