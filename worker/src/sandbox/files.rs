//! The guest's file system: a tree in memory, with nothing of the machine in it.
//!
//! `/in` holds the inputs and cannot be changed; `/out` and `/tmp` begin empty. There are no links, so
//! a path has one meaning and `..` is the parent, lexically. Names are sorted, times are zero, and
//! node numbers are given in the order in which the guest makes nodes: all of it equal everywhere.

mod change;
mod path;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

pub(crate) use self::path::Place;
use crate::sandbox::unit::{Input, Limits, UnitError};
use crate::sandbox::wasi::errno::Errno;

/// Longest name of one node, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 255;
/// Longest path that a guest may pass, in bytes.
pub(crate) const PATH_BYTES_MAX: usize = 4096;
/// Most directories between the root and a node; keeps every walk short.
pub(crate) const DEPTH_MAX: usize = 32;

/// Names a node. Never used twice within a run, so a descriptor cannot come to mean another file.
pub(crate) type NodeId = u32;

/// The root.
pub(crate) const ROOT: NodeId = 0;
/// `/in`.
pub(crate) const IN: NodeId = 1;
/// `/out`.
pub(crate) const OUT: NodeId = 2;
/// `/tmp`.
pub(crate) const TMP: NodeId = 3;

/// A file or directory.
#[derive(Debug)]
struct Node {
    /// The directory that holds it; `None` for the root and for what was unlinked while open.
    parent: Option<NodeId>,
    name: String,
    body: Body,
}

/// What a node is.
#[derive(Debug)]
enum Body {
    Directory(BTreeMap<String, NodeId>),
    File(Vec<u8>),
    Input(Bytes),
}

/// What a node is, for those who only look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Directory,
    File,
}

/// One line of a directory listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) node: NodeId,
    pub(crate) kind: NodeKind,
}

/// The tree.
#[derive(Debug)]
pub(crate) struct Files {
    nodes: BTreeMap<NodeId, Node>,
    /// Ids below this belong to the unit, not to the guest.
    first_own: NodeId,
    next: NodeId,
    /// Bytes in files that the guest wrote.
    stored_bytes: u64,
    stored_bytes_max: u64,
    own_nodes_max: usize,
}

impl Files {
    /// The tree in which a unit begins.
    pub(crate) fn new(inputs: &[Input], limits: &Limits) -> Result<Self, UnitError> {
        let mut files = Self {
            nodes: BTreeMap::new(),
            first_own: 0,
            next: 0,
            stored_bytes: 0,
            stored_bytes_max: limits.output_bytes.saturating_add(limits.scratch_bytes),
            own_nodes_max: limits.files as usize,
        };
        files.add(None, "", Body::Directory(BTreeMap::new()));
        for name in ["in", "out", "tmp"] {
            files.add(Some(ROOT), name, Body::Directory(BTreeMap::new()));
        }
        let mut sorted: Vec<&Input> = inputs.iter().collect();
        sorted.sort_by(|a, b| a.path().cmp(b.path()));
        let mut taken = BTreeSet::new();
        for input in sorted {
            let fits = taken.insert(input.path()) && files.add_input(input).is_some();
            if !fits {
                return Err(UnitError::InputPath { path: input.path().to_owned() });
            }
        }
        files.first_own = files.next;
        Ok(files)
    }

    /// What the guest's files take, and all that is charged to them.
    pub(crate) const fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    fn add_input(&mut self, input: &Input) -> Option<()> {
        let (directories, name) = match input.path().rsplit_once('/') {
            Some((directories, name)) => (directories.split('/').collect(), name),
            None => (Vec::new(), input.path()),
        };
        if directories.len() >= DEPTH_MAX - 1 || !path::is_plain(name) {
            return None;
        }
        let mut here = IN;
        for part in directories {
            here = match self.children(here).ok()?.get(part) {
                Some(node) => *node,
                None if path::is_plain(part) => {
                    self.add(Some(here), part, Body::Directory(BTreeMap::new()))
                }
                None => return None,
            };
        }
        if self.children(here).ok()?.contains_key(name) {
            return None;
        }
        self.add(Some(here), name, Body::Input(input.bytes().clone()));
        Some(())
    }

    fn add(&mut self, parent: Option<NodeId>, name: &str, body: Body) -> NodeId {
        let id = self.next;
        self.next += 1;
        if let Some(siblings) = parent.and_then(|parent| self.children_mut(parent)) {
            siblings.insert(name.to_owned(), id);
        }
        self.nodes.insert(id, Node { parent, name: name.to_owned(), body });
        id
    }

    fn node(&self, id: NodeId) -> Result<&Node, Errno> {
        self.nodes.get(&id).ok_or(Errno::NOENT)
    }

    fn children(&self, id: NodeId) -> Result<&BTreeMap<String, NodeId>, Errno> {
        match &self.node(id)?.body {
            Body::Directory(children) => Ok(children),
            Body::File(_) | Body::Input(_) => Err(Errno::NOTDIR),
        }
    }

    fn children_mut(&mut self, id: NodeId) -> Option<&mut BTreeMap<String, NodeId>> {
        match &mut self.nodes.get_mut(&id)?.body {
            Body::Directory(children) => Some(children),
            Body::File(_) | Body::Input(_) => None,
        }
    }

    /// What `id` is.
    pub(crate) fn kind(&self, id: NodeId) -> Result<NodeKind, Errno> {
        Ok(match self.node(id)?.body {
            Body::Directory(_) => NodeKind::Directory,
            Body::File(_) | Body::Input(_) => NodeKind::File,
        })
    }

    /// The size of a file; of a directory, the number of its entries.
    pub(crate) fn size(&self, id: NodeId) -> Result<u64, Errno> {
        Ok(match &self.node(id)?.body {
            Body::Directory(children) => children.len() as u64,
            Body::File(bytes) => bytes.len() as u64,
            Body::Input(bytes) => bytes.len() as u64,
        })
    }

    /// Copies what is at `offset` into `to` and returns how much there was.
    pub(crate) fn read(&self, id: NodeId, offset: u64, to: &mut [u8]) -> Result<usize, Errno> {
        let bytes: &[u8] = match &self.node(id)?.body {
            Body::Directory(_) => return Err(Errno::ISDIR),
            Body::File(bytes) => bytes,
            Body::Input(bytes) => bytes,
        };
        let rest = usize::try_from(offset).ok().and_then(|from| bytes.get(from..)).unwrap_or(&[]);
        let length = rest.len().min(to.len());
        to[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    /// The entries of a directory, sorted by name, after `.` and `..`.
    pub(crate) fn list(&self, id: NodeId) -> Result<Vec<Entry>, Errno> {
        let children = self.children(id)?;
        let parent = self.node(id)?.parent.unwrap_or(id);
        let directory =
            |name: &str, node| Entry { name: name.to_owned(), node, kind: NodeKind::Directory };
        let mut entries = vec![directory(".", id), directory("..", parent)];
        for (name, node) in children {
            entries.push(Entry { name: name.clone(), node: *node, kind: self.kind(*node)? });
        }
        Ok(entries)
    }

    /// Every file below `/out` with its path, sorted by path.
    pub(crate) fn outputs(&self) -> Vec<(String, &[u8])> {
        let mut found = Vec::new();
        let mut open = vec![("out".to_owned(), OUT)];
        while let Some((path, id)) = open.pop() {
            match self.nodes.get(&id).map(|node| &node.body) {
                Some(Body::Directory(children)) => {
                    open.extend(children.iter().map(|(name, id)| (format!("{path}/{name}"), *id)));
                }
                Some(Body::File(bytes)) => found.push((path, bytes.as_slice())),
                Some(Body::Input(_)) | None => {}
            }
        }
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// Whether the guest may change `id`: `/out`, `/tmp` and what is below them.
    fn is_writable(&self, id: NodeId) -> bool {
        id == OUT || id == TMP || id >= self.first_own
    }

    /// How many directories lie between the root and `id`.
    fn depth(&self, id: NodeId) -> usize {
        let mut depth = 0;
        let mut here = id;
        while let Some(parent) = self.nodes.get(&here).and_then(|node| node.parent) {
            here = parent;
            depth += 1;
        }
        depth
    }
}
