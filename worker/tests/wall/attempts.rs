//! What an escaped guest might try.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;

use crate::escapee::{Came, DENIED, Other, Place, UNKNOWN};

#[test]
fn files_outside_of_the_room() {
    let place = Place::new();
    let key = place.outside("key");
    fs::write(&key, "secret").unwrap();
    for path in [key.to_str().unwrap(), "/etc/passwd", "/proc/self/mem", "/proc/self/environ"] {
        assert_eq!(place.without("read", path), Came::Done, "{path}");
        assert_eq!(place.with_wall("read", path), DENIED, "{path}");
    }
    assert_eq!(place.with_wall("read", "/proc/1/environ"), DENIED);
    for (attempt, path) in [("write", place.outside("new")), ("list", place.outside(""))] {
        assert_eq!(place.with_wall(attempt, &path), DENIED, "{attempt}");
        assert_eq!(place.without(attempt, &path), Came::Done, "{attempt}");
    }
    assert_eq!(place.with_wall("remove", &key), DENIED);
    assert_eq!(fs::read(&key).unwrap(), b"secret");
    assert_eq!(place.without("remove", &key), Came::Done);
}

#[test]
fn the_way_out_through_a_name_in_the_room() {
    let place = Place::new();
    fs::write(place.outside("key"), "secret").unwrap();
    std::os::unix::fs::symlink(place.outside("key"), place.room("link")).unwrap();
    assert_eq!(place.without("read", place.room("link")), Came::Done);
    assert_eq!(place.with_wall("read", place.room("link")), DENIED);
    assert_eq!(place.with_wall("read", place.room("../outside/key")), DENIED);
    for attempt in ["link", "symlink", "make-folder"] {
        assert_eq!(place.with_wall(attempt, place.room(attempt)), UNKNOWN, "{attempt}");
    }
    assert_eq!(place.without("symlink", place.room("symlink")), Came::Done);
}

#[test]
fn what_a_slot_needs() {
    let place = Place::new();
    assert_eq!(place.with_wall("think", ""), Came::Done);
    assert_eq!(place.with_wall("write", place.room("output")), Came::Done);
    assert_eq!(place.with_wall("read", place.room("output")), Came::Done);
    assert_eq!(place.with_wall("remove", place.room("output")), Came::Done);
    assert!(!place.room("output").exists());
}

/// Compiled code is run by other slots as their own.
#[test]
fn compiled_code_after_the_first_guest() {
    let place = Place::new();
    let code = place.room("compiled");
    fs::write(&code, "code").unwrap();
    assert_eq!(place.with_narrow_wall("read", &code), Came::Done);
    for (attempt, target) in [("write", &code), ("write", &place.room("new")), ("remove", &code)] {
        assert_eq!(place.with_narrow_wall(attempt, target), DENIED, "{attempt}");
    }
    assert_eq!(place.with_narrow_wall("read", place.outside("")), DENIED);
    assert_eq!(fs::read(&code).unwrap(), b"code");
    assert_eq!(place.with_wall("remove", &code), Came::Done);
}

#[test]
fn the_network_and_the_sockets_of_others() {
    let place = Place::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let path = place.room("socket");
    let _unix = UnixListener::bind(&path).unwrap();
    let targets = [
        ("tcp", tcp.local_addr().unwrap().to_string()),
        ("udp", udp.local_addr().unwrap().to_string()),
        ("unix", path.to_str().unwrap().to_owned()),
    ];
    for (attempt, target) in targets {
        assert_eq!(place.without(attempt, &target), Came::Done, "{attempt}");
        assert_eq!(place.with_wall(attempt, &target), Came::Ended, "{attempt}");
    }
}

#[test]
fn processes_and_programs() {
    let place = Place::new();
    for (attempt, target) in [("fork", ""), ("exec", "/bin/true")] {
        assert_eq!(place.without(attempt, target), Came::Done, "{attempt}");
        assert_eq!(place.with_wall(attempt, target), Came::Ended, "{attempt}");
    }
    assert_eq!(place.without("run", "/bin/true"), Came::Done);
    assert_ne!(place.with_wall("run", "/bin/true"), Came::Done);
}

#[test]
fn other_processes_of_the_user() {
    let place = Place::new();
    let other = Other::start();
    assert_eq!(place.without("signal", other.id()), Came::Done);
    // Without the wall, it is up to the system whether one process of a user may look into another one.
    for attempt in ["signal", "trace", "read-memory"] {
        assert_eq!(place.with_wall(attempt, other.id()), Came::Ended, "{attempt}");
    }
    for attempt in ["signal-thread", "limits", "owner"] {
        assert_eq!(place.without(attempt, other.id()), Came::Done, "{attempt}");
        assert_eq!(place.with_wall(attempt, other.id()), UNKNOWN, "{attempt}");
    }
}

#[test]
fn more_rights() {
    let place = Place::new();
    assert_eq!(place.without("namespace", ""), Came::Done);
    for attempt in ["namespace", "mount", "ring", "bpf", "keys"] {
        assert_eq!(place.with_wall(attempt, ""), Came::Ended, "{attempt}");
    }
    for attempt in ["privileges", "priority", "working-folder"] {
        assert_eq!(place.without(attempt, "/"), Came::Done, "{attempt}");
        assert_eq!(place.with_wall(attempt, "/"), UNKNOWN, "{attempt}");
    }
}
