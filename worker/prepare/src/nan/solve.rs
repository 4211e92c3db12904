//! Finds the values that must be made canonical: two sweeps over the graph of a function.
//!
//! Backward: what is needed of each value ([`Need`]). Forward: what is known of it ([`Taint`]), where
//! a dirty value of whose bits more is needed than it has in common on all machines is *demanded*,
//! and then counts as clean. Both go up a short ladder only, so both are linear in the graph.

use super::graph::{Graph, Need, Node, Source};
use super::taint::{Lane, Taint};
use super::transfer::{self, Verdict};

/// For each value, the taint that is made canonical right behind the instruction that makes it.
pub(super) fn solve(graph: &Graph) -> Vec<(Node, Taint)> {
    let links = Links::of(graph);
    let needs = needs(graph, &links);
    let mut solver = Solver::new(graph, &links, &needs);
    solver.run();
    let all = (0u32..).map(Node).zip(solver.taints).zip(solver.is_demanded);
    all.filter(|((_, taint), is_demanded)| *is_demanded && taint.is_dirty())
        .map(|((node, taint), _)| (node, taint))
        .collect()
}

/// The inputs of phis and the users of values, each as one list with an index.
struct Links {
    phi_inputs: Index,
    users: Index,
}

struct Index {
    starts: Vec<usize>,
    items: Vec<Node>,
}

impl Index {
    fn of(count: usize, pairs: impl Iterator<Item = (Node, Node)> + Clone) -> Self {
        let mut starts = vec![0; count + 1];
        for (from, _) in pairs.clone() {
            starts[from.0 as usize + 1] += 1;
        }
        for i in 0..count {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut items = vec![Node(0); starts[count]];
        for (from, to) in pairs {
            let place = &mut next[from.0 as usize];
            items[*place] = to;
            *place += 1;
        }
        Self { starts, items }
    }

    fn get(&self, node: Node) -> &[Node] {
        let i = node.0 as usize;
        &self.items[self.starts[i]..self.starts[i + 1]]
    }
}

impl Links {
    fn of(graph: &Graph) -> Self {
        let count = graph.values.len();
        let direct = (0u32..).map(Node).zip(&graph.values).flat_map(|(node, value)| {
            value.source.inputs().into_iter().flatten().map(move |input| (input, node))
        });
        let users = Index::of(count, direct.chain(graph.edges.iter().copied()));
        let phi_inputs = Index::of(count, graph.edges.iter().map(|(from, phi)| (*phi, *from)));
        Self { phi_inputs, users }
    }
}

fn needs(graph: &Graph, links: &Links) -> Vec<Need> {
    let mut needs = vec![Need::Nothing; graph.values.len()];
    let mut changed = Vec::new();
    let raise = |needs: &mut Vec<Need>, changed: &mut Vec<Node>, node: Node, need: Need| {
        let known = &mut needs[node.0 as usize];
        let joined = known.join(need);
        if *known != joined {
            *known = joined;
            changed.push(node);
        }
    };
    for (node, need) in &graph.uses {
        raise(&mut needs, &mut changed, *node, *need);
    }
    while let Some(node) = changed.pop() {
        let source = graph.source(node);
        let of_inputs = transfer::needs(&source, needs[node.0 as usize]);
        for (input, need) in source.inputs().into_iter().zip(of_inputs) {
            if let Some(input) = input {
                raise(&mut needs, &mut changed, input, need);
            }
        }
        for input in links.phi_inputs.get(node) {
            raise(&mut needs, &mut changed, *input, of_inputs[0]);
        }
    }
    needs
}

/// Who looks at a value without passing it on.
#[derive(Clone, Copy, Default)]
struct Looks {
    at_bits: bool,
    at_f32: bool,
    at_f64: bool,
}

struct Solver<'a> {
    graph: &'a Graph,
    links: &'a Links,
    needs: &'a [Need],
    looks: Vec<Looks>,
    /// Before anything is made canonical behind the instruction that makes the value.
    taints: Vec<Taint>,
    is_demanded: Vec<bool>,
    /// Values whose taint, as users see it, went up.
    changed: Vec<Node>,
    /// Values to be demanded.
    demands: Vec<Node>,
}

impl<'a> Solver<'a> {
    fn new(graph: &'a Graph, links: &'a Links, needs: &'a [Need]) -> Self {
        let count = graph.values.len();
        let mut looks = vec![Looks::default(); count];
        for (node, need) in &graph.uses {
            let looks = &mut looks[node.0 as usize];
            match need {
                Need::Nothing | Need::Numbers(Lane::F32 | Lane::F64) => {}
                Need::Bits => looks.at_bits = true,
                Need::Numbers(Lane::F32x4) => looks.at_f32 = true,
                Need::Numbers(Lane::F64x2) => looks.at_f64 = true,
            }
        }
        let (taints, is_demanded) = (vec![Taint::Unknown; count], vec![false; count]);
        let (changed, demands) = (Vec::new(), Vec::new());
        Self { graph, links, needs, looks, taints, is_demanded, changed, demands }
    }

    fn run(&mut self) {
        for node in (0u32..).map(Node).take(self.graph.values.len()) {
            if self.needs[node.0 as usize] != Need::Nothing && !self.is_phi(node) {
                self.update(node);
            }
        }
        loop {
            if let Some(node) = self.demands.pop() {
                self.demand(node);
            } else if let Some(node) = self.changed.pop() {
                self.tell_users(node);
            } else {
                return;
            }
        }
    }

    fn is_phi(&self, node: Node) -> bool {
        matches!(self.graph.source(node), Source::Phi { .. })
    }

    /// The taint that users see.
    fn seen(&self, node: Node) -> Taint {
        match self.taints[node.0 as usize] {
            Taint::Dirty(..) if self.is_demanded[node.0 as usize] => Taint::Clean,
            taint => taint,
        }
    }

    fn tell_users(&mut self, node: Node) {
        let links = self.links;
        for user in links.users.get(node) {
            if self.needs[user.0 as usize] == Need::Nothing {
                continue;
            }
            if self.is_phi(*user) {
                self.join_phi(*user, node);
            } else {
                self.update(*user);
            }
        }
    }

    fn update(&mut self, node: Node) {
        let source = self.graph.source(node);
        let inputs = source.inputs();
        let taints = inputs.map(|input| input.map_or(Taint::Unknown, |input| self.seen(input)));
        let verdict = transfer::judge(&source, self.needs[node.0 as usize], taints);
        for (input, is_demanded) in inputs.into_iter().zip(verdict.demands) {
            if is_demanded {
                self.demands.extend(input);
            }
        }
        self.raise(node, verdict.taint);
    }

    fn join_phi(&mut self, phi: Node, input: Node) {
        let source = self.graph.source(phi);
        let seen = self.seen(input);
        let Verdict { taint, demands } =
            transfer::judge(&source, self.needs[phi.0 as usize], [seen; 3]);
        if demands[0] {
            self.demands.push(input);
        }
        self.raise(phi, taint);
    }

    fn raise(&mut self, node: Node, taint: Taint) {
        let i = node.0 as usize;
        let joined = self.taints[i].join(taint);
        if self.taints[i] == joined {
            return;
        }
        let before = self.seen(node);
        self.taints[i] = joined;
        self.settle(node);
        if self.seen(node) != before {
            self.changed.push(node);
        }
    }

    fn demand(&mut self, node: Node) {
        let i = node.0 as usize;
        if self.is_demanded[i] {
            return;
        }
        let before = self.seen(node);
        self.is_demanded[i] = true;
        self.settle(node);
        if self.seen(node) != before {
            self.changed.push(node);
        }
    }

    /// Draws what follows from the taint of `node` for itself and, if it is a phi, for its inputs: no
    /// instruction makes a phi, so it is clean only if they are.
    fn settle(&mut self, node: Node) {
        let i = node.0 as usize;
        let Looks { at_bits, at_f32, at_f64 } = self.looks[i];
        let taint = self.taints[i];
        if taint.is_dirty() && at_bits
            || taint.is_dirty_but_as(Lane::F32x4) && at_f32
            || taint.is_dirty_but_as(Lane::F64x2) && at_f64
        {
            self.is_demanded[i] = true;
        }
        if !self.is_phi(node) {
            return;
        }
        if taint.is_dirty() && self.is_demanded[i] {
            self.taints[i] = Taint::Clean;
        }
        if self.taints[i] == Taint::Clean {
            self.demands.extend_from_slice(self.links.phi_inputs.get(node));
        }
    }
}
