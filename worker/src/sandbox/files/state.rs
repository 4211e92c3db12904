//! The guest's own nodes as canonical bytes. What belongs to the unit is not written: it is the same
//! wherever the unit is resumed.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use crate::sandbox::codec::{Decoder, Encoder, malformed};
use crate::sandbox::files::{Body, DEPTH_MAX, Files, NAME_BYTES_MAX, Node, NodeId, path};

const DIRECTORY: u8 = 1;
const FILE: u8 = 2;

impl Files {
    pub(crate) fn encode<W: Write>(&self, to: &mut Encoder<W>) -> io::Result<()> {
        to.u32(self.next)?;
        to.length(self.nodes.range(self.first_own..).count())?;
        for (id, node) in self.nodes.range(self.first_own..) {
            to.u32(*id)?;
            match node.parent {
                Some(parent) => {
                    to.u8(1)?;
                    to.u32(parent)?;
                }
                None => to.u8(0)?,
            }
            to.bytes(node.name.as_bytes())?;
            match &node.body {
                Body::Directory(_) => to.u8(DIRECTORY)?,
                Body::File(bytes) => {
                    to.u8(FILE)?;
                    to.bytes(bytes)?;
                }
                Body::Input(_) => return Err(malformed("an input among the guest's own nodes")),
            }
        }
        Ok(())
    }

    /// Adds the nodes of a checkpoint to a tree that is as the unit began.
    pub(crate) fn restore<R: Read>(&mut self, from: &mut Decoder<R>) -> io::Result<()> {
        self.next = from.u32()?;
        let count = from.length(self.own_nodes_max as u64)?;
        for _ in 0..count {
            let id = from.u32()?;
            if id < self.first_own || id >= self.next || self.nodes.contains_key(&id) {
                return Err(malformed("a node with an impossible number"));
            }
            let node = self.restore_node(from)?;
            self.nodes.insert(id, node);
        }
        self.hang_nodes()
    }

    fn restore_node<R: Read>(&mut self, from: &mut Decoder<R>) -> io::Result<Node> {
        let parent = if from.flag()? { Some(from.u32()?) } else { None };
        let name = from.string(NAME_BYTES_MAX as u64)?;
        if !path::is_plain(&name) {
            return Err(malformed("a node with an impossible name"));
        }
        let body = match from.u8()? {
            DIRECTORY => Body::Directory(BTreeMap::new()),
            FILE => {
                let bytes = from.bytes(self.stored_bytes_max - self.stored_bytes)?;
                self.stored_bytes += bytes.len() as u64;
                Body::File(bytes)
            }
            _ => return Err(malformed("a node of an unknown kind")),
        };
        Ok(Node { parent, name, body })
    }

    /// Enters each restored node into its directory. Parents may have greater numbers than their
    /// children (after a rename), so this comes when all are there.
    fn hang_nodes(&mut self) -> io::Result<()> {
        let own: Vec<(NodeId, NodeId, String)> = self
            .nodes
            .range(self.first_own..)
            .filter_map(|(id, node)| Some((*id, node.parent?, node.name.clone())))
            .collect();
        for (id, parent, name) in &own {
            let writable = self.is_writable(*parent);
            let siblings = self.children_mut(*parent).filter(|_| writable);
            let siblings = siblings.ok_or_else(|| malformed("a node in an impossible place"))?;
            if siblings.insert(name.clone(), *id).is_some() {
                return Err(malformed("two nodes with one name"));
            }
        }
        for (id, _, _) in &own {
            self.check_reaches_root(*id)?;
        }
        Ok(())
    }

    fn check_reaches_root(&self, id: NodeId) -> io::Result<()> {
        let mut here = id;
        for _ in 0..=DEPTH_MAX + 1 {
            match self.nodes.get(&here).and_then(|node| node.parent) {
                Some(parent) => here = parent,
                None if here == super::ROOT => return Ok(()),
                None => break,
            }
        }
        Err(malformed("a node that does not hang from the root"))
    }
}
