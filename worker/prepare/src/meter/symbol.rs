//! What is known of the operands of a loop's instructions, in terms of the locals' values at the
//! beginning of the iteration.
//!
//! Only the top of the operand stack is modelled. Whatever is below, and whatever an instruction that
//! is not listed here leaves, is unknown; so a list that is too short loses precision, never truth.

use wasmparser::Operator;

/// Operands that are modelled at once.
const DEPTH_MAX: usize = 32;

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    Unknown,
    Const(i64),
    /// A local's value at the beginning of the iteration, plus a constant.
    Linear {
        local: u32,
        add: i64,
        is_wide: bool,
    },
    /// A function of at most two locals' values at the beginning of the iteration, and of nothing else.
    Pure(Function),
}

/// Of what a value is a function, and which values it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) locals: [Option<u32>; 2],
    /// If either local runs through all values while the other one stands still, the value is zero for one
    /// of them at least.
    pub(super) meets_zero: bool,
    /// The same for a value other than zero.
    pub(super) meets_other: bool,
}

impl Symbol {
    /// The value as a function; `None` if it may depend on more.
    pub(super) fn function(self) -> Option<Function> {
        match self {
            Self::Unknown => None,
            Self::Const(_) => {
                Some(Function { locals: [None; 2], meets_zero: false, meets_other: false })
            }
            Self::Linear { local, .. } => {
                Some(Function { locals: [Some(local), None], meets_zero: true, meets_other: true })
            }
            Self::Pure(function) => Some(function),
        }
    }
}

/// The modelled top of the operand stack.
#[derive(Debug, Default)]
pub(super) struct Stack(Vec<Symbol>);

impl Stack {
    pub(super) fn pop(&mut self) -> Symbol {
        self.0.pop().unwrap_or(Symbol::Unknown)
    }

    pub(super) fn push(&mut self, symbol: Symbol) {
        if self.0.len() >= DEPTH_MAX {
            self.0.clear();
        }
        self.0.push(symbol);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Applies an instruction that touches operands only.
    pub(super) fn apply(&mut self, operator: &Operator<'_>) {
        use Operator as O;
        match *operator {
            O::I32Const { value } => self.push(Symbol::Const(value.into())),
            O::I64Const { value } => self.push(Symbol::Const(value)),
            O::I32Add => self.sum(false, false),
            O::I64Add => self.sum(true, false),
            O::I32Sub => self.sum(false, true),
            O::I64Sub => self.sum(true, true),
            O::I32Eqz | O::I64Eqz => self.is_zero(),
            O::I32Eq | O::I64Eq | O::I32Ne | O::I64Ne => self.compare(true, true),
            O::I32LtS
            | O::I32LtU
            | O::I32GtS
            | O::I32GtU
            | O::I64LtS
            | O::I64LtU
            | O::I64GtS
            | O::I64GtU => self.compare(true, false),
            O::I32LeS
            | O::I32LeU
            | O::I32GeS
            | O::I32GeU
            | O::I64LeS
            | O::I64LeU
            | O::I64GeS
            | O::I64GeU => self.compare(false, true),
            O::I32And
            | O::I32Or
            | O::I32Xor
            | O::I32Mul
            | O::I32Shl
            | O::I32ShrS
            | O::I32ShrU
            | O::I64And
            | O::I64Or
            | O::I64Xor
            | O::I64Mul
            | O::I64Shl
            | O::I64ShrS
            | O::I64ShrU => {
                self.compare(false, false);
            }
            O::I32WrapI64 | O::I64ExtendI32S | O::I64ExtendI32U => {
                self.push(Symbol::Const(0));
                self.compare(false, false);
            }
            O::Drop => drop(self.pop()),
            O::I32Load { .. }
            | O::I64Load { .. }
            | O::F32Load { .. }
            | O::F64Load { .. }
            | O::I32Load8U { .. }
            | O::I32Load8S { .. }
            | O::V128Load { .. } => {
                self.pop();
                self.push(Symbol::Unknown);
            }
            O::I32Store { .. }
            | O::I64Store { .. }
            | O::F32Store { .. }
            | O::F64Store { .. }
            | O::I32Store8 { .. }
            | O::V128Store { .. } => {
                self.pop();
                self.pop();
            }
            O::Nop => {}
            _ => self.clear(),
        }
    }

    fn sum(&mut self, is_wide: bool, is_difference: bool) {
        let (right, left) = (self.pop(), self.pop());
        let signed = |value: i64| if is_difference { value.wrapping_neg() } else { value };
        let linear = match (left, right) {
            (Symbol::Linear { local, add, .. }, Symbol::Const(value)) => {
                Some((local, add.wrapping_add(signed(value))))
            }
            (Symbol::Const(value), Symbol::Linear { local, add, .. }) if !is_difference => {
                Some((local, add.wrapping_add(value)))
            }
            _ => None,
        };
        self.push(match linear {
            Some((local, add)) => Symbol::Linear { local, add: narrowed(add, is_wide), is_wide },
            None => both(left, right, false, false),
        });
    }

    fn is_zero(&mut self) {
        let symbol = match self.pop().function() {
            Some(Function { locals, meets_zero, meets_other }) => {
                Symbol::Pure(Function { locals, meets_zero: meets_other, meets_other: meets_zero })
            }
            None => Symbol::Unknown,
        };
        self.push(symbol);
    }

    /// A function of two values; which results a comparison takes is known if it is of one local with
    /// something else.
    fn compare(&mut self, meets_zero: bool, meets_other: bool) {
        let (right, left) = (self.pop(), self.pop());
        let is_sweep = match (left, right) {
            (Symbol::Linear { local: a, .. }, Symbol::Linear { local: b, .. }) => a != b,
            (Symbol::Linear { .. }, Symbol::Const(_))
            | (Symbol::Const(_), Symbol::Linear { .. }) => true,
            _ => false,
        };
        self.push(both(left, right, is_sweep && meets_zero, is_sweep && meets_other));
    }
}

fn narrowed(value: i64, is_wide: bool) -> i64 {
    // Shifting up and down again keeps the low 32 bits and their sign.
    if is_wide { value } else { (value << 32) >> 32 }
}

fn both(left: Symbol, right: Symbol, meets_zero: bool, meets_other: bool) -> Symbol {
    let (Some(left), Some(right)) = (left.function(), right.function()) else {
        return Symbol::Unknown;
    };
    let mut locals = left.locals;
    for local in right.locals.into_iter().flatten() {
        if locals.contains(&Some(local)) {
            continue;
        }
        match locals.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(local),
            None => return Symbol::Unknown,
        }
    }
    Symbol::Pure(Function { locals, meets_zero, meets_other })
}
