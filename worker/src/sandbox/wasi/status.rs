//! What a descriptor is, and the calls that change it without reading or writing.

use crate::sandbox::descriptors::Descriptor;
use crate::sandbox::files::{NodeId, NodeKind};
use crate::sandbox::host::Host;
use crate::sandbox::wasi::errno::{Errno, Fault};
use crate::sandbox::wasi::memory::GuestMemory;

/// File types of WASI.
const CHARACTER_DEVICE: u8 = 2;
const DIRECTORY: u8 = 3;
const REGULAR_FILE: u8 = 4;

/// The flag of a descriptor that writes at the end.
pub(super) const APPEND: u16 = 1;

/// All rights of WASI: what may be done is decided by the tree, when it is done.
const ALL_RIGHTS: u64 = (1 << 30) - 1;

pub(super) fn file_type(kind: NodeKind) -> u8 {
    match kind {
        NodeKind::Directory => DIRECTORY,
        NodeKind::File => REGULAR_FILE,
    }
}

impl Host {
    pub(crate) fn fd_fdstat_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        status: u32,
    ) -> Result<(), Fault> {
        // A terminal, in the eyes of libc, is a character device that cannot seek; with all rights,
        // the standard streams are none, so libc buffers them fully.
        let (file_type, flags) = match self.descriptors.get(fd)? {
            Descriptor::Stdin { .. } => (REGULAR_FILE, 0),
            Descriptor::Stdout | Descriptor::Stderr => (CHARACTER_DEVICE, APPEND),
            Descriptor::File(file) => (REGULAR_FILE, if file.append { APPEND } else { 0 }),
            Descriptor::Directory(_) => (DIRECTORY, 0),
        };
        let mut bytes = [0; 24];
        bytes[0] = file_type;
        bytes[2..4].copy_from_slice(&flags.to_le_bytes());
        bytes[8..16].copy_from_slice(&ALL_RIGHTS.to_le_bytes());
        bytes[16..24].copy_from_slice(&ALL_RIGHTS.to_le_bytes());
        Ok(memory.write(status, &bytes)?)
    }

    pub(crate) fn fd_fdstat_set_flags(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        flags: u32,
    ) -> Result<(), Fault> {
        // The other flags ask for synchronous or non-blocking access, which all access here is.
        if let Descriptor::File(file) = self.descriptors.get_mut(fd)? {
            file.append = flags & u32::from(APPEND) != 0;
        }
        Ok(())
    }

    pub(crate) fn fd_fdstat_set_rights(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        _base: u64,
        _inheriting: u64,
    ) -> Result<(), Fault> {
        self.descriptors.get(fd)?;
        Err(Errno::NOTSUP.into())
    }

    pub(crate) fn fd_filestat_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        status: u32,
    ) -> Result<(), Fault> {
        let bytes = match self.descriptors.get(fd)? {
            Descriptor::Stdin { .. } => file_status(0, REGULAR_FILE, self.stdin.len() as u64),
            Descriptor::Stdout | Descriptor::Stderr => file_status(0, CHARACTER_DEVICE, 0),
            Descriptor::File(file) => self.node_status(file.node)?,
            Descriptor::Directory(directory) => self.node_status(directory.node)?,
        };
        Ok(memory.write(status, &bytes)?)
    }

    /// The status of a node; all times are zero.
    pub(super) fn node_status(&self, node: NodeId) -> Result<[u8; 64], Errno> {
        let file_type = file_type(self.files.kind(node)?);
        Ok(file_status(inode(node), file_type, self.files.size(node)?))
    }

    pub(crate) fn fd_filestat_set_size(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        size: u64,
    ) -> Result<(), Fault> {
        let file = self.descriptors.file_mut(fd)?;
        if !file.writable {
            return Err(Errno::BADF.into());
        }
        self.files.set_size(file.node, size)
    }

    pub(crate) fn fd_filestat_set_times(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        _accessed: u64,
        _modified: u64,
        _flags: u32,
    ) -> Result<(), Fault> {
        self.descriptors.get(fd)?;
        Err(Errno::NOTSUP.into())
    }

    pub(crate) fn fd_allocate(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        offset: u64,
        length: u64,
    ) -> Result<(), Fault> {
        let file = self.descriptors.file_mut(fd)?;
        if !file.writable {
            return Err(Errno::BADF.into());
        }
        let end = offset.checked_add(length).ok_or(Errno::FBIG)?;
        let size = self.files.size(file.node)?;
        self.files.set_size(file.node, size.max(end))
    }

    pub(crate) fn fd_advise(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        fd: u32,
        _offset: u64,
        _length: u64,
        _advice: u32,
    ) -> Result<(), Fault> {
        self.descriptors.get(fd).map(drop).map_err(Fault::from)
    }

    pub(crate) fn fd_sync(&mut self, _memory: &mut GuestMemory<'_>, fd: u32) -> Result<(), Fault> {
        self.descriptors.get(fd).map(drop).map_err(Fault::from)
    }

    pub(crate) fn fd_close(&mut self, _memory: &mut GuestMemory<'_>, fd: u32) -> Result<(), Fault> {
        let closed = self.descriptors.close(fd)?;
        if let Some(node) = closed.node() {
            self.release(node);
        }
        Ok(())
    }

    pub(crate) fn fd_renumber(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        from: u32,
        to: u32,
    ) -> Result<(), Fault> {
        let replaced = self.descriptors.renumber(from, to)?;
        if let Some(node) = replaced.and_then(|descriptor| descriptor.node()) {
            self.release(node);
        }
        Ok(())
    }
}

/// Node numbers are told from 1 on: to some programs, inode 0 means "no file".
pub(super) fn inode(node: NodeId) -> u64 {
    u64::from(node) + 1
}

fn file_status(inode: u64, file_type: u8, size: u64) -> [u8; 64] {
    let mut bytes = [0; 64];
    bytes[8..16].copy_from_slice(&inode.to_le_bytes());
    bytes[16] = file_type;
    bytes[24..32].copy_from_slice(&1u64.to_le_bytes());
    bytes[32..40].copy_from_slice(&size.to_le_bytes());
    bytes
}
