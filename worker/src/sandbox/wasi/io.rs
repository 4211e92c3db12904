//! Reading, writing and seeking.

#![expect(clippy::too_many_arguments, reason = "the signatures are WASI's")]

use crate::sandbox::descriptors::Descriptor;
use crate::sandbox::host::Host;
use crate::sandbox::wasi::errno::{Errno, Fault};
use crate::sandbox::wasi::memory::{Buffer, GuestMemory};

/// Where a seek counts from.
const FROM_START: u32 = 0;
const FROM_HERE: u32 = 1;
const FROM_END: u32 = 2;

impl Host {
    pub(crate) fn fd_read(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        buffers: u32,
        count: u32,
        read: u32,
    ) -> Result<(), Fault> {
        let buffers = memory.buffers(buffers, count)?;
        let offset = match self.descriptors.get(fd)? {
            Descriptor::Stdin { offset } => *offset,
            Descriptor::File(file) => file.offset,
            Descriptor::Directory(_) => return Err(Errno::ISDIR.into()),
            Descriptor::Stdout | Descriptor::Stderr => return Err(Errno::BADF.into()),
        };
        let length = self.read_at(memory, fd, &buffers, offset)?;
        self.set_offset(fd, offset.saturating_add(length as u64))?;
        Ok(memory.write_length(read, length)?)
    }

    pub(crate) fn fd_pread(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        buffers: u32,
        count: u32,
        offset: u64,
        read: u32,
    ) -> Result<(), Fault> {
        let buffers = memory.buffers(buffers, count)?;
        let length = self.read_at(memory, fd, &buffers, offset)?;
        Ok(memory.write_length(read, length)?)
    }

    fn read_at(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        buffers: &[Buffer],
        offset: u64,
    ) -> Result<usize, Errno> {
        let descriptor = self.descriptors.get(fd)?;
        let mut total = 0;
        for buffer in buffers {
            let to = memory.slice_mut(buffer.pointer, buffer.length)?;
            let at = offset.saturating_add(total as u64);
            let length = match descriptor {
                Descriptor::Stdin { .. } => copy_at(&self.stdin, at, to),
                Descriptor::File(file) if file.readable => self.files.read(file.node, at, to)?,
                Descriptor::Directory(_) => return Err(Errno::ISDIR),
                Descriptor::File(_) | Descriptor::Stdout | Descriptor::Stderr => {
                    return Err(Errno::BADF);
                }
            };
            total += length;
            if length < buffer.length as usize {
                break;
            }
        }
        Ok(total)
    }

    pub(crate) fn fd_write(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        buffers: u32,
        count: u32,
        written: u32,
    ) -> Result<(), Fault> {
        let buffers = memory.buffers(buffers, count)?;
        let mut total = 0;
        for buffer in buffers {
            let bytes = memory.slice(buffer.pointer, buffer.length)?;
            self.write(fd, bytes)?;
            total += bytes.len();
        }
        Ok(memory.write_length(written, total)?)
    }

    fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<(), Fault> {
        match self.descriptors.get_mut(fd)? {
            Descriptor::Stdin { .. } => Err(Errno::BADF.into()),
            Descriptor::Directory(_) => Err(Errno::ISDIR.into()),
            Descriptor::Stdout => Ok(self.write_stdout(bytes)?),
            Descriptor::Stderr => {
                self.log.write(bytes);
                Ok(())
            }
            Descriptor::File(file) if file.writable => {
                if file.append {
                    file.offset = self.files.size(file.node)?;
                }
                self.files.write(file.node, file.offset, bytes)?;
                file.offset = file.offset.saturating_add(bytes.len() as u64);
                Ok(())
            }
            Descriptor::File(_) => Err(Errno::BADF.into()),
        }
    }

    pub(crate) fn fd_pwrite(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        buffers: u32,
        count: u32,
        offset: u64,
        written: u32,
    ) -> Result<(), Fault> {
        let buffers = memory.buffers(buffers, count)?;
        let file = self.descriptors.file_mut(fd)?.clone();
        if !file.writable {
            return Err(Errno::BADF.into());
        }
        let mut total = 0;
        for buffer in buffers {
            let bytes = memory.slice(buffer.pointer, buffer.length)?;
            self.files.write(file.node, offset.saturating_add(total as u64), bytes)?;
            total += bytes.len();
        }
        Ok(memory.write_length(written, total)?)
    }

    pub(crate) fn fd_seek(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        delta: i64,
        whence: u32,
        position: u32,
    ) -> Result<(), Fault> {
        let (here, end) = self.offset_and_end(fd)?;
        let base = match whence {
            FROM_START => 0,
            FROM_HERE => here,
            FROM_END => end,
            _ => return Err(Errno::INVAL.into()),
        };
        let offset = base.checked_add_signed(delta).ok_or(Errno::INVAL)?;
        self.set_offset(fd, offset)?;
        Ok(memory.write_u64(position, offset)?)
    }

    pub(crate) fn fd_tell(
        &mut self,
        memory: &mut GuestMemory<'_>,
        fd: u32,
        position: u32,
    ) -> Result<(), Fault> {
        let (here, _) = self.offset_and_end(fd)?;
        Ok(memory.write_u64(position, here)?)
    }

    fn offset_and_end(&self, fd: u32) -> Result<(u64, u64), Errno> {
        match self.descriptors.get(fd)? {
            Descriptor::Stdin { offset } => Ok((*offset, self.stdin.len() as u64)),
            Descriptor::File(file) => Ok((file.offset, self.files.size(file.node)?)),
            Descriptor::Directory(_) => Err(Errno::BADF),
            Descriptor::Stdout | Descriptor::Stderr => Err(Errno::SPIPE),
        }
    }

    fn set_offset(&mut self, fd: u32, to: u64) -> Result<(), Errno> {
        match self.descriptors.get_mut(fd)? {
            Descriptor::Stdin { offset } => *offset = to,
            Descriptor::File(file) => file.offset = to,
            Descriptor::Directory(_) | Descriptor::Stdout | Descriptor::Stderr => {
                return Err(Errno::SPIPE);
            }
        }
        Ok(())
    }
}

fn copy_at(bytes: &[u8], offset: u64, to: &mut [u8]) -> usize {
    let rest = usize::try_from(offset).ok().and_then(|from| bytes.get(from..)).unwrap_or(&[]);
    let length = rest.len().min(to.len());
    to[..length].copy_from_slice(&rest[..length]);
    length
}
