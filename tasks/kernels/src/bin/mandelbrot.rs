//! The Mandelbrot set: how many steps each point of a grid takes to escape.

use kernels::checksum;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
const STEPS_MAX: u32 = 1500;

fn main() {
    let steps = (0..HEIGHT).flat_map(|row| (0..WIDTH).map(move |column| steps_at(column, row)));
    println!("mandelbrot {:016x}", checksum(steps.map(u64::from)));
}

/// The steps of a point of the picture that shows −2 to 1 and −1.125i to 1.125i.
fn steps_at(column: u32, row: u32) -> u32 {
    let re = f64::from(column) / f64::from(WIDTH) * 3.0 - 2.0;
    let im = f64::from(row) / f64::from(HEIGHT) * 2.25 - 1.125;
    steps(re, im)
}

/// After how many steps z ← z² + c has left the circle of radius 2.
fn steps(c_re: f64, c_im: f64) -> u32 {
    let (mut re, mut im) = (0.0, 0.0);
    for step in 0..STEPS_MAX {
        let (re_square, im_square) = (re * re, im * im);
        if re_square + im_square > 4.0 {
            return step;
        }
        im = 2.0 * re * im + c_im;
        re = re_square - im_square + c_re;
    }
    STEPS_MAX
}

#[cfg(test)]
mod tests {
    use super::{STEPS_MAX, steps};

    #[test]
    fn points_inside_stay_and_points_outside_leave() {
        for (re, im) in [(0.0, 0.0), (-1.0, 0.0), (-0.1, 0.75), (0.25, 0.0)] {
            assert_eq!(steps(re, im), STEPS_MAX, "{re} {im}");
        }
        // 0, 1, 2, 5: the last one is the first beyond 2.
        assert_eq!(steps(1.0, 0.0), 3);
        assert_eq!(steps(3.0, 0.0), 1);
    }
}
