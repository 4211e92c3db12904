//! A host sees what is kept of it, and has it forgotten: nobody but its key can ask.

use std::fs;
use std::path::Path;

use manyhands_core::digest::Digest;
use manyhands_core::time::Span;
use manyhands_proto::pushback::pushback;
use manyhands_proto::v1;
use tonic::{Code, Status};

use crate::grid::{Grid, Person, fresh_identity, manifest};
use crate::worker::{Worker, capabilities, success};

const NICKNAME: &str = "attic-of-the-countess";
const VOLUNTEER: &str = "ada-of-the-engine";

/// A host of that name and volunteer, attached.
async fn countess(grid: &Grid) -> Worker {
    let token = grid.token(v1::Role::Host, VOLUNTEER).await;
    let mut person = Person::new(grid, fresh_identity()).await;
    let (nickname, capabilities) = (NICKNAME.to_owned(), Some(capabilities()));
    person.work.enrol(v1::EnrolRequest { token, nickname, capabilities }).await.unwrap();
    Worker::attached(person, Vec::new()).await.unwrap()
}

async fn kept(person: &mut Person) -> Result<v1::KeptReply, Status> {
    Ok(person.work.kept(v1::KeptRequest {}).await?.into_inner())
}

async fn forget(person: &mut Person) -> Result<v1::ForgetReply, Status> {
    Ok(person.work.forget(v1::ForgetRequest {}).await?.into_inner())
}

async fn hosts(grid: &Grid) -> Vec<v1::Host> {
    let page = v1::HostsRequest { after: 0, limit: 0 };
    grid.operator().await.admin.hosts(page).await.unwrap().into_inner().hosts
}

/// How the stream ends, whatever comes before that.
async fn end(worker: &mut Worker) -> Status {
    loop {
        match worker.next().await {
            Ok(Some(_before)) => {}
            Ok(None) => panic!("it ended without a word"),
            Err(status) => return status,
        }
    }
}

/// Whether any file of the database has these words.
fn is_in_database(folder: &Path, words: &str) -> bool {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files = files.filter(|path| path.is_file());
    files.any(|path| fs::read(path).unwrap().windows(words.len()).any(|it| it == words.as_bytes()))
}

#[tokio::test]
async fn a_host_sees_what_is_kept_of_it_and_of_nobody_else() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    scientist.submit(&manifest("seen", 1)).await;
    let mut worker = countess(&grid).await;
    let replica = worker.lease().await;
    let own = kept(&mut worker.person).await.unwrap();
    let host = own.host.unwrap();
    assert_eq!((host.id, host.nickname.as_str(), host.leases), (worker.host, NICKNAME, 1));
    assert_eq!(own.volunteer_name, VOLUNTEER);
    assert_eq!(host.capabilities, Some(capabilities()));
    assert_eq!(host.key, worker.person.identity.public_key().as_bytes().as_slice());
    assert!(host.connected && own.enrolled_at_ms > 0 && host.seen_at_ms >= own.enrolled_at_ms);
    assert_eq!((own.block.as_str(), own.has_contradicted), ("", false), "it is on this machine");
    assert_eq!(worker.report(vec![success(replica, b"x")]).await, []);

    // Who has no host has nothing, also the scientist and the operator.
    let mut operator = grid.operator().await;
    let mut stranger = Person::new(&grid, fresh_identity()).await;
    for other in [&mut scientist, &mut operator, &mut stranger] {
        assert_eq!(kept(other).await.unwrap_err().code(), Code::NotFound);
    }
    let mut other = grid.host().await;
    let seen = kept(&mut other.person).await.unwrap();
    assert_eq!(seen.host.unwrap().id, other.host);
    grid.stop().await;
}

#[tokio::test]
async fn only_the_key_itself_has_its_host_forgotten() {
    let grid = Grid::start().await;
    let (mut worker, mut other) = (countess(&grid).await, grid.host().await);
    let mut operator = grid.operator().await;
    let mut stranger = Person::new(&grid, fresh_identity()).await;
    for person in [&mut operator, &mut stranger] {
        let refused = forget(person).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{refused}");
        assert!(refused.message().contains("nothing is kept"), "{refused}");
    }
    assert_eq!(forget(&mut other.person).await.unwrap().host, other.host);
    let list = hosts(&grid).await;
    let names: Vec<&str> = list.iter().map(|host| host.nickname.as_str()).collect();
    assert_eq!(names, [NICKNAME, "forgotten"]);
    assert!(worker.is_silent().await, "its stream goes on");
    grid.stop().await;
}

#[tokio::test]
async fn whoever_is_forgotten_is_gone_from_stream_list_and_database() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    scientist.submit(&manifest("left", 1)).await;
    let mut worker = countess(&grid).await;
    let held = worker.lease().await;
    assert!(is_in_database(grid.dir(), NICKNAME) && is_in_database(grid.dir(), VOLUNTEER));

    let reply = forget(&mut worker.person).await.unwrap();
    assert_eq!((reply.host, reply.was_forgotten), (worker.host, false));
    for words in [NICKNAME, VOLUNTEER] {
        assert!(!is_in_database(grid.dir(), words), "{words}");
    }
    let ended = end(&mut worker).await;
    assert_eq!(ended.code(), Code::PermissionDenied, "{ended}");
    assert!(ended.message().contains("is forgotten"), "{ended}");
    assert_eq!(pushback(&ended), Some(Span::hours(24)), "it is not to ask all day");

    // Its lease is somebody else's, and it does not come back.
    let (mut second, mut third) = (grid.host().await, grid.host().await);
    for worker in [&mut second, &mut third] {
        assert_eq!(worker.lease().await.unit, held.unit);
    }
    let identity = worker.person.identity.clone();
    let mut person = Person::new(&grid, identity.clone()).await;
    let (nickname, capabilities) = (NICKNAME.to_owned(), Some(capabilities()));
    let enrol = v1::EnrolRequest { token: String::new(), nickname, capabilities };
    assert_eq!(person.work.enrol(enrol).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(person.read(Digest([1; 32])).await.unwrap_err().code(), Code::PermissionDenied);
    let again = Worker::attached(Person::new(&grid, identity.clone()).await, Vec::new()).await;
    assert_eq!(again.err().map(|status| status.code()), Some(Code::PermissionDenied));

    // Asking again changes nothing, also after a restart.
    let grid = grid.restart().await;
    let mut person = Person::new(&grid, identity).await;
    assert!(forget(&mut person).await.unwrap().was_forgotten);
    let own = kept(&mut person).await.unwrap();
    let host = own.host.unwrap();
    assert_eq!((own.volunteer_name.as_str(), own.enrolled_at_ms, host.seen_at_ms), ("", 0, 0));
    assert!(host.forgotten_at_ms.is_some_and(|at| at > 0));
    let list = hosts(&grid).await;
    assert_eq!((list[0].nickname.as_str(), list[0].leases), ("forgotten", 0));
    assert_eq!(list[0], host);
    grid.stop().await;
}
