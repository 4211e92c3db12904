//! What is known of the machine at a moment: gauges, which are numbers, and facts, which hold or not.
//!
//! What is not in a [`Readings`] is unknown. Nothing here guesses; which way an unknown falls is said
//! where it is asked for, and all of that is in one table of `GOVERNOR.md`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::time::Span;

/// A name that a person chose: of a rule, a sensor or a program.
pub type Name = Arc<str>;

/// Something that is measured. Values are whole thousandths of the unit that is named first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gauge {
    /// Of the hottest part that has a sensor, in degrees Celsius.
    Temperature,
    /// Of the fastest fan, in revolutions a minute.
    Fan,
    /// Charge of the battery, in percent of a full one.
    Battery,
    /// What other programs compute, in cores that are busy with it; while they wait for a core, one more, which they need
    /// and do not get.
    LoadOfOthers,
    /// How much of the time something waits for a processor, in percent.
    CpuPressure,
    /// How much of the time something waits for memory, in percent.
    MemoryPressure,
    /// How much of the time something waits for a disk, in percent.
    DiskPressure,
    /// Memory that programs may still have, in MiB.
    FreeMemory,
    /// Room on the disk of the worker's folder, in MiB.
    FreeDisk,
    /// What the processor draws by its own meter, in watts.
    Power,
    /// Since a person's last touch of the machine, in seconds.
    Idle,
    /// A number that the machine's owner provides: a price, a forecast, a room's temperature.
    Sensor(Name),
}

/// Something that holds or does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// The machine lives on its battery.
    OnBattery,
    /// A person uses the machine. The governor derives it from [`Gauge::Idle`].
    InUse,
    /// A program has the whole screen, or asked the system to stay awake for its picture.
    FullScreen,
    /// A microphone or camera is in use.
    InCall,
    /// The network costs by the byte.
    Metered,
    /// A program of this name runs.
    Program(Name),
}

/// The machine at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    gauges: BTreeMap<Gauge, i64>,
    facts: BTreeMap<Fact, bool>,
}

impl Readings {
    /// Takes up that `gauge` shows `thousandths` of its unit.
    pub fn show(&mut self, gauge: Gauge, thousandths: i64) {
        self.gauges.insert(gauge, thousandths);
    }

    /// Takes up that `fact` holds, or does not.
    pub fn state(&mut self, fact: Fact, holds: bool) {
        self.facts.insert(fact, holds);
    }

    /// Takes up when a person last touched the machine.
    pub fn untouched_for(&mut self, span: Span) {
        self.show(Gauge::Idle, i64::try_from(span.0).unwrap_or(i64::MAX));
    }

    /// Takes up all that `others` say; it replaces what was said before.
    pub fn take_all(&mut self, others: &Self) {
        self.gauges.extend(others.gauges.iter().map(|(gauge, value)| (gauge.clone(), *value)));
        self.facts.extend(others.facts.iter().map(|(fact, holds)| (fact.clone(), *holds)));
    }

    /// What a gauge shows, in thousandths of its unit; `None` if that is unknown.
    #[must_use]
    pub fn gauge(&self, gauge: &Gauge) -> Option<i64> {
        self.gauges.get(gauge).copied()
    }

    /// Whether a fact holds; `None` if that is unknown.
    #[must_use]
    pub fn fact(&self, fact: &Fact) -> Option<bool> {
        self.facts.get(fact).copied()
    }
}

/// How a gauge is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Units and how many of the first each is. An empty one may be left out.
    pub units: &'static [(&'static str, i64)],
    /// The least and the most that a threshold may be, in the first unit.
    pub bounds: (i64, i64),
    /// How far back a value has to go before it is no longer beyond its threshold, in thousandths of
    /// the first unit, unless the rule says something else.
    pub margin: i64,
}

const PERCENT: &[(&str, i64)] = &[("%", 1), ("", 1)];
const MEBIBYTES: &[(&str, i64)] = &[("MiB", 1), ("GiB", 1 << 10), ("TiB", 1 << 20)];

impl Gauge {
    /// All that a machine may have, without those of its owner.
    pub const ALL: [Self; 11] = [
        Self::Temperature,
        Self::Fan,
        Self::Battery,
        Self::LoadOfOthers,
        Self::CpuPressure,
        Self::MemoryPressure,
        Self::DiskPressure,
        Self::FreeMemory,
        Self::FreeDisk,
        Self::Power,
        Self::Idle,
    ];

    /// How it is written, and within what bounds.
    #[must_use]
    pub const fn scale(&self) -> Scale {
        match self {
            Self::Temperature => {
                Scale { units: &[("°C", 1), ("C", 1), ("", 1)], bounds: (0, 150), margin: 5_000 }
            }
            Self::Fan => {
                Scale { units: &[("rpm", 1), ("", 1)], bounds: (0, 50_000), margin: 300_000 }
            }
            Self::Battery => Scale { units: PERCENT, bounds: (0, 100), margin: 5_000 },
            Self::LoadOfOthers => {
                let units = &[("cores", 1), ("core", 1), ("", 1)];
                Scale { units, bounds: (0, 4_096), margin: 250 }
            }
            Self::CpuPressure | Self::MemoryPressure | Self::DiskPressure => {
                Scale { units: PERCENT, bounds: (0, 100), margin: 2_000 }
            }
            Self::FreeMemory | Self::FreeDisk => {
                Scale { units: MEBIBYTES, bounds: (0, 1 << 30), margin: 128_000 }
            }
            Self::Power => {
                Scale { units: &[("W", 1), ("", 1)], bounds: (0, 10_000), margin: 2_000 }
            }
            Self::Idle => {
                let units = &[("s", 1), ("min", 60), ("h", 3_600)];
                Scale { units, bounds: (0, 7 * 86_400), margin: 0 }
            }
            Self::Sensor(_) => {
                Scale { units: &[("", 1)], bounds: (-1_000_000_000, 1_000_000_000), margin: 0 }
            }
        }
    }
}

impl Fact {
    /// All that are named by their words alone.
    pub const ALL: [Self; 5] =
        [Self::OnBattery, Self::InUse, Self::FullScreen, Self::InCall, Self::Metered];
}

impl fmt::Display for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Temperature => "temperature",
            Self::Fan => "fan",
            Self::Battery => "battery",
            Self::LoadOfOthers => "load of others",
            Self::CpuPressure => "cpu pressure",
            Self::MemoryPressure => "memory pressure",
            Self::DiskPressure => "disk pressure",
            Self::FreeMemory => "free memory",
            Self::FreeDisk => "free disk",
            Self::Power => "power",
            Self::Idle => "idle",
            Self::Sensor(name) => return write!(f, "sensor \"{name}\""),
        })
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnBattery => "on battery",
            Self::InUse => "in use",
            Self::FullScreen => "full screen",
            Self::InCall => "in call",
            Self::Metered => "metered",
            Self::Program(name) => return write!(f, "program \"{name}\" runs"),
        })
    }
}
