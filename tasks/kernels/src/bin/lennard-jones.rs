//! Molecular dynamics: a Lennard-Jones fluid in a periodic box, by velocity Verlet.
//!
//! All pairs are looked at, those beyond the cut-off give no force: at this size that is no slower than
//! lists of neighbours, and the loop over partners is one that compilers turn into vectors. Units are
//! the usual reduced ones (mass, well depth and diameter are 1).

use kernels::{SplitMix64, checksum, checksum_of_numbers};

/// Particles along an edge of the lattice at the start.
const EDGE: usize = 8;
const PARTICLES: usize = EDGE * EDGE * EDGE;
const STEPS: usize = 400;
const DENSITY: f64 = 0.8;
const CUT_OFF: f64 = 2.5;
const TIME_STEP: f64 = 0.002;
/// Partners whose forces are summed side by side; the order of summation is part of the result.
const LANES: usize = 4;

fn main() {
    let mut fluid = Fluid::new();
    for _ in 0..STEPS {
        fluid.step();
    }
    let sums =
        fluid.positions.iter().chain(&fluid.velocities).map(|axis| checksum_of_numbers(axis));
    println!("lennard-jones {:016x}", checksum(sums));
}

/// x, y and z of all particles, each by itself.
type Axes = [Vec<f64>; 3];

struct Fluid {
    /// Length of the box's edge.
    size: f64,
    positions: Axes,
    velocities: Axes,
    forces: Axes,
}

impl Fluid {
    /// A cubic lattice with random velocities, as a whole at rest.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn new() -> Self {
        let spacing = cube_root(1.0 / DENSITY);
        let place = |cell: usize| (cell as f64 + 0.5) * spacing;
        let positions = [1, EDGE, EDGE * EDGE]
            .map(|stride| (0..PARTICLES).map(|index| place(index / stride % EDGE)).collect());
        let mut random = SplitMix64::new(2);
        let velocities = [(); 3].map(|()| {
            let mut axis: Vec<f64> = (0..PARTICLES).map(|_| 2.0 * random.unit() - 1.0).collect();
            let mean = axis.iter().sum::<f64>() / PARTICLES as f64;
            axis.iter_mut().for_each(|velocity| *velocity -= mean);
            axis
        });
        let forces = [(); 3].map(|()| vec![0.0; PARTICLES]);
        let mut fluid = Self { size: EDGE as f64 * spacing, positions, velocities, forces };
        fluid.find_forces();
        fluid
    }

    fn step(&mut self) {
        self.kick();
        for (axis, velocities) in self.positions.iter_mut().zip(&self.velocities) {
            for (position, velocity) in axis.iter_mut().zip(velocities) {
                *position = wrapped(*position + TIME_STEP * velocity, self.size);
            }
        }
        self.find_forces();
        self.kick();
    }

    /// Half a step of the velocities.
    fn kick(&mut self) {
        for (axis, forces) in self.velocities.iter_mut().zip(&self.forces) {
            for (velocity, force) in axis.iter_mut().zip(forces) {
                *velocity += 0.5 * TIME_STEP * force;
            }
        }
    }

    fn find_forces(&mut self) {
        for index in 0..PARTICLES {
            let force = force_on(index, &self.positions, self.size);
            for (axis, force) in self.forces.iter_mut().zip(force) {
                axis[index] = force;
            }
        }
    }

    /// Kinetic and potential energy together.
    #[cfg(test)]
    fn energy(&self) -> f64 {
        let kinetic: f64 = self.velocities.iter().flatten().map(|v| 0.5 * v * v).sum();
        let mut potential = 0.0;
        for a in 0..PARTICLES {
            for b in 0..a {
                let [x, y, z] = self.positions.each_ref().map(|p| nearest(p[a] - p[b], self.size));
                let square = x * x + y * y + z * z;
                if square < CUT_OFF * CUT_OFF {
                    let sixth = 1.0 / (square * square * square);
                    potential += 4.0 * sixth * (sixth - 1.0);
                }
            }
        }
        kinetic + potential
    }
}

/// The force that all others exert on particle `index`.
fn force_on(index: usize, positions: &Axes, size: f64) -> [f64; 3] {
    let own = positions.each_ref().map(|axis| axis[index]);
    let mut sums = [[0.0; LANES]; 3];
    let [xs, ys, zs] = positions.each_ref().map(|axis| axis.as_chunks::<LANES>().0);
    for ((xs, ys), zs) in xs.iter().zip(ys).zip(zs) {
        for lane in 0..LANES {
            let x = nearest(own[0] - xs[lane], size);
            let y = nearest(own[1] - ys[lane], size);
            let z = nearest(own[2] - zs[lane], size);
            let force = force_over_distance(x * x + y * y + z * z);
            sums[0][lane] += force * x;
            sums[1][lane] += force * y;
            sums[2][lane] += force * z;
        }
    }
    sums.map(|lanes| lanes.iter().sum())
}

/// −(dV/dr)/r of V = 4 (r⁻¹² − r⁻⁶), from r²; zero at and beyond the cut-off, and for the particle itself.
fn force_over_distance(square: f64) -> f64 {
    let inverse = 1.0 / square;
    let sixth = inverse * inverse * inverse;
    let force = 24.0 * inverse * sixth * (2.0 * sixth - 1.0);
    if square > 0.0 && square < CUT_OFF * CUT_OFF { force } else { 0.0 }
}

/// A difference of coordinates, to the nearest image.
fn nearest(difference: f64, size: f64) -> f64 {
    let half = 0.5 * size;
    let shift = if difference > half { size } else { 0.0 };
    let shift = if difference < -half { -size } else { shift };
    difference - shift
}

fn wrapped(position: f64, size: f64) -> f64 {
    let shift = if position >= size { size } else { 0.0 };
    let shift = if position < 0.0 { -size } else { shift };
    position - shift
}

/// By Newton's method, since libraries differ in the last bit of `cbrt`.
fn cube_root(number: f64) -> f64 {
    (0..60).fold(1.0, |root, _| root - (root * root * root - number) / (3.0 * root * root))
}

#[cfg(test)]
mod tests {
    use super::Fluid;

    #[test]
    fn energy_and_momentum_are_kept() {
        let mut fluid = Fluid::new();
        // The lattice melts first, and heats up in doing so.
        (0..50).for_each(|_| fluid.step());
        let before = fluid.energy();
        (0..50).for_each(|_| fluid.step());
        let drift = (fluid.energy() - before) / before;
        assert!(drift.abs() < 0.02, "{drift}");
        for axis in &fluid.velocities {
            let momentum: f64 = axis.iter().sum();
            assert!(momentum.abs() < 1e-9, "{momentum}");
        }
    }
}
