//! Calls that name a file.

#![expect(clippy::too_many_arguments, reason = "the signatures are WASI's")]

use crate::sandbox::descriptors::{Descriptor, OpenDirectory, OpenFile};
use crate::sandbox::files::{NodeId, NodeKind, Place};
use crate::sandbox::host::Host;
use crate::sandbox::wasi::errno::{Errno, Fault};
use crate::sandbox::wasi::memory::GuestMemory;
use crate::sandbox::wasi::status::APPEND;

/// How a file is to be opened.
const CREATE: u32 = 1;
const DIRECTORY: u32 = 2;
const EXCLUSIVE: u32 = 4;
const TRUNCATE: u32 = 8;

/// Rights that say whether a file is opened for reading and for writing.
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;

impl Host {
    pub(crate) fn path_open(
        &mut self,
        memory: &mut GuestMemory<'_>,
        directory: u32,
        _lookup: u32,
        path: u32,
        path_length: u32,
        how: u32,
        rights: u64,
        _rights_inheriting: u64,
        flags: u32,
        opened: u32,
    ) -> Result<(), Fault> {
        let place = self.place(memory, directory, path, path_length)?;
        let node = match place.node {
            Some(_) if how & CREATE != 0 && how & EXCLUSIVE != 0 => return Err(Errno::EXIST.into()),
            Some(node) => node,
            None if how & CREATE != 0 && how & DIRECTORY == 0 => self.files.create_file(&place)?,
            None => return Err(Errno::NOENT.into()),
        };
        let descriptor = match self.files.kind(node)? {
            NodeKind::Directory => open_directory(node, how)?,
            NodeKind::File if how & DIRECTORY != 0 => return Err(Errno::NOTDIR.into()),
            NodeKind::File => self.open_file(node, how, rights, flags)?,
        };
        let fd = self.descriptors.open(descriptor)?;
        Ok(memory.write_u32(opened, fd)?)
    }

    fn open_file(
        &mut self,
        node: NodeId,
        how: u32,
        rights: u64,
        flags: u32,
    ) -> Result<Descriptor, Fault> {
        let writable = rights & WRITE != 0;
        if writable || how & TRUNCATE != 0 {
            self.files.check_can_write(node)?;
        }
        if how & TRUNCATE != 0 {
            self.files.set_size(node, 0)?;
        }
        let append = flags & u32::from(APPEND) != 0;
        let readable = rights & READ != 0;
        Ok(Descriptor::File(OpenFile { node, offset: 0, append, readable, writable }))
    }

    pub(crate) fn path_filestat_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        directory: u32,
        _lookup: u32,
        path: u32,
        path_length: u32,
        status: u32,
    ) -> Result<(), Fault> {
        let place = self.place(memory, directory, path, path_length)?;
        let bytes = self.node_status(place.node.ok_or(Errno::NOENT)?)?;
        Ok(memory.write(status, &bytes)?)
    }

    pub(crate) fn path_create_directory(
        &mut self,
        memory: &mut GuestMemory<'_>,
        directory: u32,
        path: u32,
        path_length: u32,
    ) -> Result<(), Fault> {
        let place = self.place(memory, directory, path, path_length)?;
        self.files.create_directory(&place)
    }

    pub(crate) fn path_unlink_file(
        &mut self,
        memory: &mut GuestMemory<'_>,
        directory: u32,
        path: u32,
        path_length: u32,
    ) -> Result<(), Fault> {
        let place = self.place(memory, directory, path, path_length)?;
        let node = self.files.unlink_file(&place)?;
        self.release(node);
        Ok(())
    }

    pub(crate) fn path_remove_directory(
        &mut self,
        memory: &mut GuestMemory<'_>,
        directory: u32,
        path: u32,
        path_length: u32,
    ) -> Result<(), Fault> {
        let place = self.place(memory, directory, path, path_length)?;
        let node = self.files.remove_directory(&place)?;
        self.release(node);
        Ok(())
    }

    pub(crate) fn path_rename(
        &mut self,
        memory: &mut GuestMemory<'_>,
        from_directory: u32,
        from: u32,
        from_length: u32,
        to_directory: u32,
        to: u32,
        to_length: u32,
    ) -> Result<(), Fault> {
        let from = self.place(memory, from_directory, from, from_length)?;
        let to = self.place(memory, to_directory, to, to_length)?;
        if let Some(replaced) = self.files.rename(&from, &to)? {
            self.release(replaced);
        }
        Ok(())
    }

    fn place(
        &self,
        memory: &GuestMemory<'_>,
        directory: u32,
        path: u32,
        path_length: u32,
    ) -> Result<Place, Errno> {
        let base = self.descriptors.directory(directory)?.node;
        self.files.resolve(base, memory.text(path, path_length)?)
    }
}

fn open_directory(node: NodeId, how: u32) -> Result<Descriptor, Errno> {
    if how & (CREATE | TRUNCATE) != 0 && how & DIRECTORY == 0 {
        return Err(Errno::ISDIR);
    }
    Ok(Descriptor::Directory(OpenDirectory { node, preopened: false, listing: Vec::new() }))
}
