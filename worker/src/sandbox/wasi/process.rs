//! Arguments, environment, random bytes and the end of the program.

use crate::sandbox::host::Host;
use crate::sandbox::wasi::errno::{End, Errno, Fault};
use crate::sandbox::wasi::memory::GuestMemory;

/// Progress is told in parts per million.
const PROGRESS_MAX: u32 = 1_000_000;

impl Host {
    pub(crate) fn args_sizes_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        count: u32,
        bytes: u32,
    ) -> Result<(), Fault> {
        memory.write_length(count, self.args.len())?;
        let total = self.args.iter().map(|arg| arg.len() + 1).sum();
        Ok(memory.write_length(bytes, total)?)
    }

    pub(crate) fn args_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        mut pointers: u32,
        mut text: u32,
    ) -> Result<(), Fault> {
        for arg in &self.args {
            memory.write_u32(pointers, text)?;
            memory.write(text, arg.as_bytes())?;
            // The lengths fit: what was just written lies within 32 bits of address space.
            text = text.wrapping_add(u32::try_from(arg.len()).unwrap_or(u32::MAX));
            memory.write(text, &[0])?;
            text = text.wrapping_add(1);
            pointers = pointers.wrapping_add(4);
        }
        Ok(())
    }

    /// The environment is the machine's, so it is empty here.
    pub(crate) fn environ_sizes_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        count: u32,
        bytes: u32,
    ) -> Result<(), Fault> {
        memory.write_u32(count, 0)?;
        Ok(memory.write_u32(bytes, 0)?)
    }

    pub(crate) fn environ_get(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        _pointers: u32,
        _text: u32,
    ) -> Result<(), Fault> {
        Ok(())
    }

    pub(crate) fn random_get(
        &mut self,
        memory: &mut GuestMemory<'_>,
        pointer: u32,
        length: u32,
    ) -> Result<(), Fault> {
        self.random.fill(memory.slice_mut(pointer, length)?);
        Ok(())
    }

    pub(crate) fn sched_yield(&mut self, _memory: &mut GuestMemory<'_>) -> Result<(), Fault> {
        Ok(())
    }

    pub(crate) fn proc_raise(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        _signal: u32,
    ) -> Result<(), Fault> {
        Err(Errno::NOTSUP.into())
    }

    pub(crate) fn proc_exit(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        code: u32,
    ) -> Result<(), Fault> {
        Err(Fault::End(End::Exit(code)))
    }

    pub(crate) fn progress(
        &mut self,
        _memory: &mut GuestMemory<'_>,
        parts_per_million: u32,
    ) -> Result<(), Fault> {
        self.progress_ppm = parts_per_million.min(PROGRESS_MAX);
        Ok(())
    }
}
