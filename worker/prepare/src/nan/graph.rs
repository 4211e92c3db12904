//! The values of one function as a graph: where each comes from, and who looks at its bits.

use wasmparser::V128;

use super::taint::{Lane, Taint};

/// A value, by its place in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node(pub(super) u32);

/// The value of everything that is no float and no vector.
pub(super) const OTHER: Node = Node(0);

/// How signs of lanes change, a bit for each lane: `signs & keep ^ flip`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SignMap {
    pub(super) keep: u8,
    pub(super) flip: u8,
}

/// An operation on the bits of two vectors of which neither is a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BitOp {
    And,
    AndNot,
    OrXor,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// From an operation that passes no bits on.
    Fixed(Taint),
    /// A constant vector.
    Constant(V128),
    /// A local, read.
    Copy(Node),
    /// One of several values, depending on how control came to this label.
    Phi { label: u32 },
    /// Lane by lane, one of the two. With `Some(lane)`, which one is found by comparing such lanes.
    Either { a: Node, b: Node, compared: Option<Lane> },
    /// The signs of lanes are changed, or whole lanes set to zero; `None` where bits of such lanes
    /// are changed in other ways.
    Signs { x: Node, f32: Option<SignMap>, f64: Option<SignMap> },
    /// `a` where the bits of `mask` are set, else `b`.
    Blend { a: Node, b: Node, mask: Node },
    /// Bits combined.
    Bits { x: Node, y: Node, op: BitOp },
    /// Bits inverted.
    Not(Node),
    /// One lane of a vector.
    Extract { x: Node, lane: Lane, index: u8 },
    /// A vector with one lane replaced.
    Replace { x: Node, scalar: Node, lane: Lane, index: u8 },
    /// A vector of equal lanes.
    Splat { scalar: Node, lane: Lane },
    /// Bytes picked from the 32 bytes of two vectors.
    Shuffle { a: Node, b: Node, picks: [u8; 16] },
}

impl Source {
    /// The values that may be passed on, but for those of a phi, which are in the graph's `edges`.
    pub(super) fn inputs(&self) -> [Option<Node>; 3] {
        match *self {
            Self::Fixed(_) | Self::Constant(_) | Self::Phi { .. } => [None; 3],
            Self::Copy(x) | Self::Signs { x, .. } | Self::Not(x) | Self::Extract { x, .. } => {
                [Some(x), None, None]
            }
            Self::Splat { scalar, .. } => [Some(scalar), None, None],
            Self::Either { a, b, .. } | Self::Shuffle { a, b, .. } => [Some(a), Some(b), None],
            Self::Bits { x, y, .. } => [Some(x), Some(y), None],
            Self::Replace { x, scalar, .. } => [Some(x), Some(scalar), None],
            Self::Blend { a, b, mask } => [Some(a), Some(b), Some(mask)],
        }
    }
}

/// What someone who looks at a value can tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nobody looks, or only at whether a scalar is a NaN.
    Nothing,
    /// Which lanes are NaN, and the bits of those that are not.
    Numbers(Lane),
    /// Every bit.
    Bits,
}

impl Need {
    /// What is needed by someone who needs both.
    pub(super) fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Nothing, need) | (need, Self::Nothing) => need,
            _ => Self::Bits,
        }
    }
}

/// A value, and the instruction after which it is on top of the stack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    pub(super) source: Source,
    /// Offset in the body just behind the instruction; of no meaning for a phi.
    pub(super) made_at: usize,
}

/// All values of a function.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) values: Vec<Value>,
    /// From a value to a phi that may be it.
    pub(super) edges: Vec<(Node, Node)>,
    /// Who looks at a value without passing it on.
    pub(super) uses: Vec<(Node, Need)>,
}

impl Graph {
    pub(super) fn new() -> Self {
        let source = Source::Fixed(Taint::Clean);
        let other = Value { source, made_at: 0 };
        Self { values: vec![other], edges: Vec::new(), uses: Vec::new() }
    }

    pub(super) fn add(&mut self, value: Value) -> Node {
        // A body has at most 7,654,321 bytes and the walk makes a bounded number of values more.
        let node = Node(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
        self.values.push(value);
        node
    }

    /// What a label knows as `known` may also be `value`.
    pub(super) fn meet(&mut self, label: u32, known: Node, value: Node) -> Node {
        if known == value {
            return known;
        }
        if matches!(self.source(known), Source::Phi { label: of } if of == label) {
            self.edges.push((value, known));
            return known;
        }
        self.phi(label, &[known, value])
    }

    pub(super) fn phi(&mut self, label: u32, inputs: &[Node]) -> Node {
        let source = Source::Phi { label };
        let phi = self.add(Value { source, made_at: 0 });
        self.edges.extend(inputs.iter().map(|input| (*input, phi)));
        phi
    }

    pub(super) fn look(&mut self, node: Node, need: Need) {
        let is_scalar = matches!(need, Need::Numbers(Lane::F32 | Lane::F64));
        if node != OTHER && need != Need::Nothing && !is_scalar {
            self.uses.push((node, need));
        }
    }

    pub(super) fn made_at(&self, node: Node) -> usize {
        self.values[node.0 as usize].made_at
    }

    pub(super) fn source(&self, node: Node) -> Source {
        self.values[node.0 as usize].source
    }
}
