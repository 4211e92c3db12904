//! Preopened directories and listings.

#![expect(clippy::too_many_arguments, reason = "the signatures are WASI's")]

use crate::sandbox::descriptors::Descriptor;
use crate::sandbox::files::Entry;
use crate::sandbox::host::Host;
use crate::sandbox::wasi::errno::{Errno, Fault};
use crate::sandbox::wasi::memory::GuestMemory;
use crate::sandbox::wasi::status::{file_type, inode};

impl Host {
    pub(crate) fn fd_prestat_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        status: u32,
    ) -> Result<(), Fault> {
        let name = self.preopened_name(fd)?;
        // The tag 0, a directory, in the first of two words.
        memory.write_u32(status, 0)?;
        Ok(memory.write_length(status.checked_add(4).ok_or(Errno::FAULT)?, name.len())?)
    }

    pub(crate) fn fd_prestat_dir_name(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        pointer: u32,
        length: u32,
    ) -> Result<(), Fault> {
        let name = self.preopened_name(fd)?;
        if name.len() > length as usize {
            return Err(Errno::NAMETOOLONG.into());
        }
        Ok(memory.write(pointer, name.as_bytes())?)
    }

    /// libc asks for descriptors 3, 4, … until this says that the number is bad.
    fn preopened_name(&self, fd: u32) -> Result<&'static str, Errno> {
        match self.descriptors.get(fd)? {
            Descriptor::Directory(directory) => directory.preopened_name().ok_or(Errno::BADF),
            Descriptor::File(_)
            | Descriptor::Stdin { .. }
            | Descriptor::Stdout
            | Descriptor::Stderr => Err(Errno::BADF),
        }
    }

    /// Fills the buffer with entries from number `cookie` on; the last may be cut, which tells the
    /// guest that there is more.
    pub(crate) fn fd_readdir(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        buffer: u32,
        length: u32,
        cookie: u64,
        used: u32,
    ) -> Result<(), Fault> {
        let node = self.descriptors.directory(fd)?.node;
        if cookie == 0 {
            let fresh = self.files.list(node)?;
            self.descriptors.keep_listing(fd, fresh)?;
        }
        let listing = &self.descriptors.directory(fd)?.listing;
        let mut space = memory.slice_mut(buffer, length)?;
        let mut filled = 0;
        let first = usize::try_from(cookie).unwrap_or(usize::MAX);
        for (index, entry) in listing.iter().enumerate().skip(first) {
            let bytes = directory_entry(index, entry);
            let fits = bytes.len().min(space.len());
            space[..fits].copy_from_slice(&bytes[..fits]);
            space = &mut space[fits..];
            filled += fits;
            if fits < bytes.len() {
                break;
            }
        }
        Ok(memory.write_length(used, filled)?)
    }
}

fn directory_entry(index: usize, entry: &Entry) -> Vec<u8> {
    let name = entry.name.as_bytes();
    let mut bytes = Vec::with_capacity(24 + name.len());
    bytes.extend_from_slice(&(index as u64 + 1).to_le_bytes());
    bytes.extend_from_slice(&inode(entry.node).to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(name.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&[file_type(entry.kind), 0, 0, 0]);
    bytes.extend_from_slice(name);
    bytes
}
