//! What a guest that got out of the engine might try, for tests: a process that raises a slot's wall and then
//! tries one thing.
//!
//! `manyhands-escapee WALL ROOM ATTEMPT [TARGET]`: WALL is `wall`, `narrow` or `none`; ROOM the folder it may write to,
//! and with `narrow` read afterwards, as a slot's process that has run a guest does with compiled code. It
//! ends with 0 if the attempt succeeded, with the system's error number if not, and by SIGSYS if the wall
//! ended it.

use std::ffi::{CString, c_long};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode};
use std::thread;

use manyhands_worker::wall::{self, Room};
use nix::libc;

/// No error number: the attempt or its arguments are unknown, or the wall is not raised.
const WRONG_USE: u8 = 250;

pub(super) fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [wall, room, attempt, target @ ..] = args.as_slice() else {
        return ExitCode::from(WRONG_USE);
    };
    let target = target.first().cloned().unwrap_or_default();
    let (readable, writable) = (Vec::new(), vec![room.into()]);
    let fresh = Room { readable, writable };
    let used = Room { readable: fresh.writable.clone(), writable: Vec::new() };
    let is_raised = match wall.as_str() {
        "none" => true,
        "wall" => wall::raise(&fresh).is_ok(),
        _ => wall::raise(&fresh).is_ok() && wall::narrow(&used).is_ok(),
    };
    if !is_raised {
        return ExitCode::from(WRONG_USE);
    }
    let attempt = attempt.clone();
    // As in a slot, what is hostile runs on a thread that was started behind the wall.
    let guest = thread::Builder::new().name("guest".to_owned());
    let tried = guest.spawn(move || attempt_to(&attempt, &target)).map(thread::JoinHandle::join);
    match tried {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(error))) => {
            let number = error.raw_os_error().and_then(|it| u8::try_from(it).ok());
            ExitCode::from(number.unwrap_or(WRONG_USE))
        }
        Ok(Err(_)) | Err(_) => ExitCode::from(WRONG_USE),
    }
}

fn attempt_to(attempt: &str, target: &str) -> io::Result<()> {
    match attempt {
        "read" => File::open(target).map(drop),
        "write" => {
            OpenOptions::new().write(true).create(true).truncate(true).open(target).map(drop)
        }
        "list" => fs::read_dir(target).map(drop),
        "remove" => fs::remove_file(target),
        "make-folder" => fs::create_dir(target),
        "link" => fs::hard_link("/proc/self/exe", target),
        "symlink" => std::os::unix::fs::symlink("/etc/passwd", target),
        "tcp" => TcpStream::connect(target).map(drop),
        "udp" => UdpSocket::bind("127.0.0.1:0")?.send_to(&[0], target).map(drop),
        "unix" => UnixStream::connect(target).map(drop),
        "run" => Command::new(target).spawn()?.wait().map(drop),
        "think" => think(),
        other => by_number(other, target),
    }
}

/// What a slot does all day, and must still be able to.
fn think() -> io::Result<()> {
    let thread = thread::Builder::new().spawn(|| vec![1_u8; 1 << 24].len())?;
    thread.join().map(drop).map_err(|_panic| io::Error::other("the thread panicked"))
}

/// Attempts that no library makes, straight to the system.
fn by_number(attempt: &str, target: &str) -> io::Result<()> {
    let process = target.parse::<c_long>().unwrap_or(0);
    let path = CString::new(target)?;
    let path = path.as_ptr() as c_long;
    let (number, args) = match attempt {
        "fork" => (libc::SYS_clone, [libc::SIGCHLD.into(), 0, 0, 0, 0]),
        "exec" => (libc::SYS_execve, [path, 0, 0, 0, 0]),
        "trace" => (libc::SYS_ptrace, [libc::PTRACE_SEIZE.into(), process, 0, 0, 0]),
        "signal" => (libc::SYS_kill, [process, 0, 0, 0, 0]),
        "signal-thread" => (libc::SYS_tgkill, [process, process, 0, 0, 0]),
        "read-memory" => (libc::SYS_process_vm_readv, [process, 0, 0, 0, 0]),
        "privileges" => (libc::SYS_prctl, [libc::PR_SET_KEEPCAPS.into(), 1, 0, 0, 0]),
        "priority" => (libc::SYS_setpriority, [0, 0, 19, 0, 0]),
        "mount" => (libc::SYS_mount, [0; 5]),
        "namespace" => (libc::SYS_unshare, [libc::CLONE_FILES.into(), 0, 0, 0, 0]),
        "ring" => (libc::SYS_io_uring_setup, [0; 5]),
        "bpf" => (libc::SYS_bpf, [0; 5]),
        "keys" => (libc::SYS_keyctl, [0; 5]),
        "limits" => (libc::SYS_prlimit64, [process, 0, 0, 0, 0]),
        "owner" => (libc::SYS_fcntl, [0, libc::F_SETOWN.into(), process, 0, 0]),
        "working-folder" => (libc::SYS_chdir, [path, 0, 0, 0, 0]),
        _ => return Err(io::Error::other("an unknown attempt")),
    };
    call(number, args)
}

fn call(number: c_long, [a, b, c, d, e]: [c_long; 5]) -> io::Result<()> {
    // SAFETY: the arguments are numbers, null, or a path that outlives the call; a forked child has this
    // thread only, and ends at once, below.
    #[expect(unsafe_code, reason = "what is tried here has no safe form")]
    let result = unsafe { libc::syscall(number, a, b, c, d, e, 0) };
    if number == libc::SYS_clone && result == 0 {
        // SAFETY: ends the child without running anything of the parent's.
        #[expect(unsafe_code, reason = "a forked child must not return")]
        unsafe {
            libc::_exit(0)
        }
    }
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
