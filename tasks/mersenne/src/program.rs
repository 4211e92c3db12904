//! The step program around the test.

use manyhands_task::{Failure, Parameters, Step, StepProgram, progress, write_output};

use crate::lucas_lehmer::LucasLehmer;
use crate::small::quick_verdict;
use crate::verdict::Verdict;

/// The largest exponent taken: beyond it one machine would be busy for months.
const P_MAX: u32 = 20_000_000;

/// `mersenne P`: writes the verdict on 2^P − 1 to `result.txt`, in one line.
#[derive(Debug)]
pub struct Mersenne {
    p: u32,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Decided(Verdict),
    Testing(LucasLehmer),
}

impl StepProgram for Mersenne {
    fn start(parameters: &Parameters) -> Result<Self, Failure> {
        let p = parameters.required(0, "p")?;
        if !(2..=P_MAX).contains(&p) {
            return Err(Failure::new(format!("p is {p}: give an exponent from 2 to {P_MAX}")));
        }
        let stage =
            quick_verdict(p).map_or_else(|| Stage::Testing(LucasLehmer::new(p)), Stage::Decided);
        Ok(Self { p, stage })
    }

    fn step(&mut self) -> Result<Step, Failure> {
        match &mut self.stage {
            Stage::Decided(verdict) => {
                write_output("result.txt", format!("p={} {verdict}\n", self.p))?;
                Ok(Step::Done)
            }
            Stage::Testing(test) => {
                if let Some(verdict) = test.advance() {
                    self.stage = Stage::Decided(verdict);
                    return self.step();
                }
                progress(test.done().into(), test.total().into());
                Ok(Step::More)
            }
        }
    }
}
