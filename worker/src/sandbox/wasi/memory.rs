//! The guest's memory, where every pointer and length is a claim to be checked.

use crate::sandbox::wasi::errno::Errno;

/// Most buffers in one scattered read or gathered write.
const BUFFERS_MAX: u32 = 1024;

/// Linear memory during one call.
pub(crate) struct GuestMemory<'a>(pub(crate) &'a mut [u8]);

/// A part of memory, already checked to be there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buffer {
    pub(crate) pointer: u32,
    pub(crate) length: u32,
}

impl GuestMemory<'_> {
    pub(crate) fn slice(&self, pointer: u32, length: u32) -> Result<&[u8], Errno> {
        let start = pointer as usize;
        self.0.get(start..start.saturating_add(length as usize)).ok_or(Errno::FAULT)
    }

    pub(crate) fn slice_mut(&mut self, pointer: u32, length: u32) -> Result<&mut [u8], Errno> {
        let start = pointer as usize;
        self.0.get_mut(start..start.saturating_add(length as usize)).ok_or(Errno::FAULT)
    }

    pub(crate) fn text(&self, pointer: u32, length: u32) -> Result<&str, Errno> {
        str::from_utf8(self.slice(pointer, length)?).map_err(|_not_utf8| Errno::ILSEQ)
    }

    pub(crate) fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), Errno> {
        let length = u32::try_from(bytes.len()).map_err(|_too_long| Errno::FAULT)?;
        self.slice_mut(pointer, length)?.copy_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn write_u32(&mut self, pointer: u32, value: u32) -> Result<(), Errno> {
        self.write(pointer, &value.to_le_bytes())
    }

    pub(crate) fn write_u64(&mut self, pointer: u32, value: u64) -> Result<(), Errno> {
        self.write(pointer, &value.to_le_bytes())
    }

    /// A length that WASI passes as 32 bits.
    pub(crate) fn write_length(&mut self, pointer: u32, length: usize) -> Result<(), Errno> {
        self.write_u32(pointer, u32::try_from(length).map_err(|_too_long| Errno::OVERFLOW)?)
    }

    fn read<const N: usize>(&self, pointer: u32) -> Result<[u8; N], Errno> {
        let bytes = self.0.get(pointer as usize..).and_then(|rest| rest.first_chunk());
        bytes.copied().ok_or(Errno::FAULT)
    }

    pub(crate) fn read_u8(&self, pointer: u32) -> Result<u8, Errno> {
        Ok(self.read::<1>(pointer)?[0])
    }

    pub(crate) fn read_u16(&self, pointer: u32) -> Result<u16, Errno> {
        self.read(pointer).map(u16::from_le_bytes)
    }

    pub(crate) fn read_u32(&self, pointer: u32) -> Result<u32, Errno> {
        self.read(pointer).map(u32::from_le_bytes)
    }

    pub(crate) fn read_u64(&self, pointer: u32) -> Result<u64, Errno> {
        self.read(pointer).map(u64::from_le_bytes)
    }

    /// Reads a list of buffers and checks that all of them lie in memory, before any is used.
    pub(crate) fn buffers(&self, list: u32, count: u32) -> Result<Vec<Buffer>, Errno> {
        if count > BUFFERS_MAX {
            return Err(Errno::INVAL);
        }
        let mut total: u32 = 0;
        let mut buffers = Vec::with_capacity(count as usize);
        for index in 0..count {
            let at = list.checked_add(index * 8).ok_or(Errno::FAULT)?;
            let buffer = Buffer {
                pointer: self.read_u32(at)?,
                length: self.read_u32(at.checked_add(4).ok_or(Errno::FAULT)?)?,
            };
            self.slice(buffer.pointer, buffer.length)?;
            total = total.checked_add(buffer.length).ok_or(Errno::INVAL)?;
            buffers.push(buffer);
        }
        Ok(buffers)
    }
}
