//! The scheduler's automatic groups (sched(7)): a desktop's Linux shares the processor among *sessions* first, and
//! looks at classes and nice values only within each. So what runs in another session than the owner's programs, as a
//! service or in another terminal, is their equal, however humble its class; unless its whole session steps back.

use std::path::Path;
use std::time::Duration;
use std::{fs, io, thread};

use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpgid, getppid, getsid, setpgid, setsid};

/// How nice the session of this process is, for this kernel; not there if it has no such groups.
const OWN: &str = "/proc/self/autogroup";

/// The kernel takes one such wish in a tenth of a second, of all users together.
const PAUSE: Duration = Duration::from_millis(110);
/// So often it is asked.
const TRIES: u32 = 20;

/// Makes the session of this process as nice as can be, as far as the system lets it.
///
/// If the worker leads its session, as a service does, that is the worker's: all of its programs together then weigh
/// less than a sixtieth of the owner's. Otherwise the session has other programs of the owner in it, perhaps the shell
/// that they type into; it is left alone, and this process gets one of its own. The kernel wakes what stands still
/// when the worker dies only within a session, so such a process asks to be killed then.
pub(super) fn step_back(nice: i32) {
    if !Path::new(OWN).exists() {
        return;
    }
    let leads = getsid(None).is_ok_and(|leader| leader == getppid());
    if leads || leave_session().is_ok() {
        // What is refused leaves the session as it was.
        drop(say(nice));
    }
}

fn leave_session() -> nix::Result<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    // Whoever leads a group may not begin a session.
    setpgid(Pid::from_raw(0), getpgid(Some(getppid()))?)?;
    setsid().map(drop)
}

fn say(nice: i32) -> io::Result<()> {
    let is_busy = |error: &io::Error| error.raw_os_error() == Some(Errno::EAGAIN as i32);
    for _ in 1..TRIES {
        match fs::write(OWN, nice.to_string()) {
            Err(error) if is_busy(&error) => thread::sleep(PAUSE),
            said => return said,
        }
    }
    fs::write(OWN, nice.to_string())
}
