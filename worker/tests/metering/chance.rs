//! A random program, from a seed: loops with induction variables of every kind, and ways out of them.

use std::fmt::Write;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

const LOCALS: u32 = 4;

/// The text of a command. It may run for ever.
pub(crate) fn program(seed: u64) -> String {
    let mut writer =
        Writer { rng: ChaCha8Rng::seed_from_u64(seed), out: String::new(), depth: 0, budget: 40 };
    let mut functions = String::new();
    for name in ["$leaf", "$middle"] {
        let body = writer.function();
        let call = if name == "$middle" { "(call $leaf)" } else { "" };
        write!(functions, "(func {name} {LOCALS_TEXT} {call} {body})").unwrap();
    }
    let body = writer.function();
    format!(
        r#"(module (memory (export "memory") 1) (global (mut i32) (i32.const 7)) {functions}
        (func (export "_start") {LOCALS_TEXT} (call $middle) {body}))"#
    )
}

const LOCALS_TEXT: &str = "(local i32 i32 i32 i32) (local i64 i64 i64 i64)";

struct Writer {
    rng: ChaCha8Rng,
    out: String,
    depth: u32,
    budget: u32,
}

impl Writer {
    fn below(&mut self, bound: u32) -> u32 {
        self.rng.next_u32() % bound
    }

    fn function(&mut self) -> String {
        self.budget = 40;
        self.depth = 0;
        self.statements();
        std::mem::take(&mut self.out)
    }

    fn statements(&mut self) {
        for _ in 0..1 + self.below(4) {
            if self.budget == 0 {
                return;
            }
            self.budget -= 1;
            self.statement();
        }
    }

    fn statement(&mut self) {
        match self.below(if self.depth > 5 { 8 } else { 14 }) {
            0..3 => self.assign(),
            3 => self.add("(drop (f64.sqrt (f64.const 2)))"),
            4 => self.branch(),
            5 => self.store(),
            6 => self.add("(global.set 0 (i32.mul (global.get 0) (i32.const 69069)))"),
            7 => self.branch(),
            8 => self.nest("block"),
            9 => self.either(),
            10 => self.table(),
            _ => self.iterate(),
        }
    }

    fn add(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A local of either type: its number and its type's name.
    fn local(&mut self) -> (u32, &'static str) {
        let (local, is_wide) = (self.below(LOCALS), self.below(4) == 0);
        if is_wide { (local + LOCALS, "i64") } else { (local, "i32") }
    }

    fn assign(&mut self) {
        let (local, ty) = self.local();
        let value = self.value(ty);
        self.add(&format!("(local.set {local} {value})"));
    }

    fn store(&mut self) {
        let (local, ty) = self.local();
        let place = self.below(1000) * 8;
        self.add(&format!("({ty}.store (i32.const {place}) (local.get {local}))"));
    }

    fn value(&mut self, ty: &str) -> String {
        let from = self.below(LOCALS) + if ty == "i64" { LOCALS } else { 0 };
        let number = self.number();
        match self.below(5) {
            0 => format!("({ty}.const {number})"),
            1 => format!("({ty}.mul (local.get {from}) ({ty}.const {number}))"),
            2 => format!("({ty}.load (i32.and (global.get 0) (i32.const 8184)))"),
            3 => format!("({ty}.sub (local.get {from}) ({ty}.const {number}))"),
            _ => format!("({ty}.add (local.get {from}) ({ty}.const {number}))"),
        }
    }

    fn number(&mut self) -> i64 {
        const EDGES: [i64; 12] =
            [0, 1, -1, 2, 3, 4, -4, 7, 12, 0x4000_0000, -0x8000_0000, 0x7fff_ffff];
        EDGES[self.below(12) as usize]
    }

    fn condition(&mut self) -> String {
        const KINDS: [&str; 10] =
            ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];
        let (local, ty) = self.local();
        let kind = KINDS[self.below(10) as usize];
        let other = match self.below(3) {
            0 => format!("(local.get {})", self.below(LOCALS) + if ty == "i64" { 4 } else { 0 }),
            _ => format!("({ty}.const {})", self.number()),
        };
        match self.below(6) {
            0 if ty == "i32" => format!("(local.get {local})"),
            1 => format!("({ty}.eqz (local.get {local}))"),
            2 => "(i32.and (global.get 0) (i32.const 64))".to_owned(),
            _ => format!("({ty}.{kind} (local.get {local}) {other})"),
        }
    }

    fn branch(&mut self) {
        let depth = self.below(self.depth + 1);
        let condition = self.condition();
        match self.below(5) {
            0 => self.add(&format!("(if {condition} (then (br {})))", depth + 1)),
            1 => self.add(&format!("(if {condition} (then (return)))")),
            _ => self.add(&format!("(br_if {depth} {condition})")),
        }
    }

    fn table(&mut self) {
        let (a, b) = (self.below(self.depth + 1), self.below(self.depth + 1));
        self.add("(block");
        self.add(&format!("(br_table 0 {} {} (global.get 0)))", a + 1, b + 1));
    }

    fn nest(&mut self, kind: &str) {
        self.add(&format!("({kind}"));
        self.depth += 1;
        self.statements();
        self.depth -= 1;
        self.add(")");
    }

    fn either(&mut self) {
        let condition = self.condition();
        self.add(&format!("(if {condition}"));
        self.depth += 1;
        for arm in ["then", "else"] {
            self.add(&format!("({arm}"));
            self.statements();
            self.add(")");
        }
        self.depth -= 1;
        self.add(")");
    }

    /// A loop that counts, mostly.
    fn iterate(&mut self) {
        const STEPS: [i64; 10] = [1, -1, 3, -5, 4, 12, -8, 0x4000_0000, -0x8000_0000, 7];
        let (local, ty) = self.local();
        let step = STEPS[self.below(10) as usize];
        let bound = step.wrapping_mul(i64::from(self.below(40)));
        if self.below(3) > 0 {
            let from = self.number();
            self.add(&format!("(local.set {local} ({ty}.const {from}))"));
        }
        self.add("(loop");
        self.depth += 1;
        let updates_first = self.below(2) == 0;
        if !updates_first {
            self.statements();
        }
        self.add(&format!(
            "(local.set {local} ({ty}.add (local.get {local}) ({ty}.const {step})))"
        ));
        if updates_first || self.below(3) == 0 {
            self.statements();
        }
        let bound = if ty == "i32" { (bound << 32) >> 32 } else { bound };
        let condition = match self.below(4) {
            0 => self.condition(),
            1 => format!("({ty}.lt_s (local.get {local}) ({ty}.const {bound}))"),
            _ => format!("({ty}.ne (local.get {local}) ({ty}.const {bound}))"),
        };
        self.add(&format!("(br_if 0 {condition})"));
        if self.below(3) == 0 {
            self.statements();
        }
        self.depth -= 1;
        self.add(")");
    }
}
