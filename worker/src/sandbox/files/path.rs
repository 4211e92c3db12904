//! From the path that a guest passes to the place that it means.

use crate::sandbox::files::{Files, NAME_BYTES_MAX, NodeId, NodeKind, PATH_BYTES_MAX};
use crate::sandbox::wasi::errno::Errno;

/// Where a path leads: perhaps to a node, perhaps to a name that is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The directory and the name in it; `None` if the path ends in the directory it began with or in
    /// `..`, which can be opened but neither made nor removed.
    pub(crate) slot: Option<(NodeId, String)>,
    /// What is there.
    pub(crate) node: Option<NodeId>,
    /// Whether the path ended with a slash.
    pub(crate) must_be_directory: bool,
}

/// Whether `name` could be the name of a file.
pub(crate) fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && name.len() <= NAME_BYTES_MAX && !name.contains(['/', '\0'])
}

impl Files {
    /// Follows `path` from `base`, and never above it.
    pub(crate) fn resolve(&self, base: NodeId, path: &str) -> Result<Place, Errno> {
        if path.is_empty() {
            return Err(Errno::NOENT);
        }
        if path.len() > PATH_BYTES_MAX {
            return Err(Errno::NAMETOOLONG);
        }
        if path.starts_with('/') {
            return Err(Errno::NOTCAPABLE);
        }
        let must_be_directory = path.ends_with('/');
        let mut parts = path.split('/').filter(|part| !matches!(*part, "" | ".")).peekable();
        let mut here = base;
        while let Some(part) = parts.next() {
            if part == ".." {
                here = self.above(base, here)?;
            } else if parts.peek().is_some() {
                here = self.enter(here, part)?;
            } else {
                return self.last(here, part, must_be_directory);
            }
        }
        self.children(here)?;
        Ok(Place { slot: None, node: Some(here), must_be_directory })
    }

    fn above(&self, base: NodeId, here: NodeId) -> Result<NodeId, Errno> {
        if here == base {
            return Err(Errno::NOTCAPABLE);
        }
        self.node(here)?.parent.ok_or(Errno::NOTCAPABLE)
    }

    fn enter(&self, here: NodeId, part: &str) -> Result<NodeId, Errno> {
        let next = *self.children(here)?.get(part).ok_or(Errno::NOENT)?;
        match self.kind(next)? {
            NodeKind::Directory => Ok(next),
            NodeKind::File => Err(Errno::NOTDIR),
        }
    }

    fn last(&self, here: NodeId, name: &str, must_be_directory: bool) -> Result<Place, Errno> {
        let node = self.children(here)?.get(name).copied();
        if let Some(node) = node
            && must_be_directory
            && self.kind(node)? == NodeKind::File
        {
            return Err(Errno::NOTDIR);
        }
        if name.len() > NAME_BYTES_MAX {
            return Err(Errno::NAMETOOLONG);
        }
        if name.contains('\0') {
            return Err(Errno::INVAL);
        }
        Ok(Place { slot: Some((here, name.to_owned())), node, must_be_directory })
    }
}
