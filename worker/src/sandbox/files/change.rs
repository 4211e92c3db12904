//! What a guest can do to its files. Every growth is charged before it happens.

use std::collections::BTreeMap;

use crate::sandbox::failure::Limit;
use crate::sandbox::files::{Body, DEPTH_MAX, Files, NodeId, NodeKind, Place, ROOT};
use crate::sandbox::wasi::errno::{Errno, Fault};

impl Files {
    /// Makes an empty file at a free place.
    pub(crate) fn create_file(&mut self, place: &Place) -> Result<NodeId, Fault> {
        if place.must_be_directory {
            return Err(Errno::ISDIR.into());
        }
        self.create(place, Body::File(Vec::new()))
    }

    /// Makes an empty directory at a free place.
    pub(crate) fn create_directory(&mut self, place: &Place) -> Result<(), Fault> {
        self.create(place, Body::Directory(BTreeMap::new())).map(drop)
    }

    fn create(&mut self, place: &Place, body: Body) -> Result<NodeId, Fault> {
        let Some((parent, name)) = &place.slot else { return Err(Errno::EXIST.into()) };
        if place.node.is_some() {
            return Err(Errno::EXIST.into());
        }
        self.check_can_hold(*parent)?;
        if self.depth(*parent) >= DEPTH_MAX {
            return Err(Errno::NAMETOOLONG.into());
        }
        let own_nodes = self.nodes.range(self.first_own..).count();
        if own_nodes >= self.own_nodes_max || self.next == NodeId::MAX {
            return Err(Limit::Files.into());
        }
        Ok(self.add(Some(*parent), name, body))
    }

    /// A directory that the guest may change and that was not removed while it was open.
    fn check_can_hold(&self, directory: NodeId) -> Result<(), Errno> {
        if !self.is_writable(directory) {
            return Err(Errno::ROFS);
        }
        match self.node(directory)?.parent {
            Some(_) => Ok(()),
            None => Err(Errno::NOENT),
        }
    }

    /// Writes at `offset`, filling a gap before it with zeros.
    pub(crate) fn write(&mut self, id: NodeId, offset: u64, bytes: &[u8]) -> Result<(), Fault> {
        if bytes.is_empty() {
            return Ok(());
        }
        let end = offset.checked_add(bytes.len() as u64).ok_or(Errno::FBIG)?;
        if end > self.size(id)? {
            self.set_size(id, end)?;
        }
        let start = usize::try_from(offset).map_err(|_too_far| Errno::FBIG)?;
        let file = self.file_mut(id)?;
        file[start..start + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    /// Cuts a file, or lengthens it with zeros.
    pub(crate) fn set_size(&mut self, id: NodeId, size: u64) -> Result<(), Fault> {
        let size_before = self.file_mut(id)?.len() as u64;
        self.charge(size_before, size)?;
        let size = usize::try_from(size).map_err(|_too_large| Errno::FBIG)?;
        self.file_mut(id)?.resize(size, 0);
        Ok(())
    }

    /// Accounts for something that had `before` bytes and now has `after`; standard output uses it too.
    pub(crate) fn charge(&mut self, before: u64, after: u64) -> Result<(), Limit> {
        let stored = (self.stored_bytes - before).checked_add(after).ok_or(Limit::FileBytes)?;
        if stored > self.stored_bytes_max {
            return Err(Limit::FileBytes);
        }
        self.stored_bytes = stored;
        Ok(())
    }

    fn file_mut(&mut self, id: NodeId) -> Result<&mut Vec<u8>, Errno> {
        match &mut self.nodes.get_mut(&id).ok_or(Errno::NOENT)?.body {
            Body::Directory(_) => Err(Errno::ISDIR),
            Body::Input(_) => Err(Errno::ROFS),
            Body::File(bytes) => Ok(bytes),
        }
    }

    /// Whether `id` is a file that can be written to.
    pub(crate) fn check_can_write(&mut self, id: NodeId) -> Result<(), Errno> {
        self.file_mut(id).map(drop)
    }

    /// Takes a file out of its directory; it stays readable for those who have it open.
    pub(crate) fn unlink_file(&mut self, place: &Place) -> Result<NodeId, Errno> {
        let id = place.node.ok_or(Errno::NOENT)?;
        if self.kind(id)? == NodeKind::Directory {
            return Err(Errno::ISDIR);
        }
        self.detach(place)?;
        Ok(id)
    }

    /// Takes an empty directory out of its directory.
    pub(crate) fn remove_directory(&mut self, place: &Place) -> Result<NodeId, Errno> {
        let id = place.node.ok_or(Errno::NOENT)?;
        if place.slot.is_none() {
            return Err(Errno::INVAL);
        }
        if !self.children(id)?.is_empty() {
            return Err(Errno::NOTEMPTY);
        }
        self.detach(place)?;
        Ok(id)
    }

    fn detach(&mut self, place: &Place) -> Result<(), Errno> {
        let (parent, name) = place.slot.as_ref().ok_or(Errno::INVAL)?;
        if !self.is_writable(*parent) {
            return Err(Errno::ROFS);
        }
        let id = self.children_mut(*parent).and_then(|siblings| siblings.remove(name));
        if let Some(node) = id.and_then(|id| self.nodes.get_mut(&id)) {
            node.parent = None;
        }
        Ok(())
    }

    /// Forgets a node that was unlinked, once nobody has it open.
    pub(crate) fn release(&mut self, id: NodeId) {
        let unlinked = id != ROOT && self.nodes.get(&id).is_some_and(|node| node.parent.is_none());
        if unlinked
            && let Some(node) = self.nodes.remove(&id)
            && let Body::File(bytes) = node.body
        {
            self.stored_bytes -= bytes.len() as u64;
        }
    }

    /// Moves a node to another name; returns the node that was there before.
    pub(crate) fn rename(&mut self, from: &Place, to: &Place) -> Result<Option<NodeId>, Errno> {
        let id = from.node.ok_or(Errno::NOENT)?;
        let (Some((from_parent, _)), Some((to_parent, to_name))) = (&from.slot, &to.slot) else {
            return Err(Errno::INVAL);
        };
        if !self.is_writable(*from_parent) {
            return Err(Errno::ROFS);
        }
        self.check_can_hold(*to_parent)?;
        if to.node == Some(id) {
            return Ok(None);
        }
        self.check_can_move(id, *to_parent, to.must_be_directory)?;
        let replaced = match (to.node, self.kind(id)?) {
            (None, _) => None,
            (Some(_), NodeKind::File) => Some(self.unlink_file(to)?),
            (Some(_), NodeKind::Directory) => Some(self.remove_directory(to)?),
        };
        self.detach(from)?;
        if let Some(siblings) = self.children_mut(*to_parent) {
            siblings.insert(to_name.clone(), id);
        }
        if let Some(node) = self.nodes.get_mut(&id) {
            node.parent = Some(*to_parent);
            node.name.clone_from(to_name);
        }
        Ok(replaced)
    }

    /// Not into itself, not too deep, and no file where a directory was named.
    fn check_can_move(&self, id: NodeId, to: NodeId, directory: bool) -> Result<(), Errno> {
        if directory && self.kind(id)? == NodeKind::File {
            return Err(Errno::NOTDIR);
        }
        let mut above = Some(to);
        while let Some(here) = above {
            if here == id {
                return Err(Errno::INVAL);
            }
            above = self.node(here)?.parent;
        }
        if self.depth(to) + 1 + self.height(id) > DEPTH_MAX {
            return Err(Errno::NAMETOOLONG);
        }
        Ok(())
    }

    /// How many levels lie below `id`; at most [`DEPTH_MAX`] calls deep.
    fn height(&self, id: NodeId) -> usize {
        match self.children(id) {
            Ok(children) => children.values().map(|c| 1 + self.height(*c)).max().unwrap_or(0),
            Err(_) => 0,
        }
    }
}
