//! The guest's open files.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use crate::sandbox::codec::{Decoder, Encoder, malformed};
use crate::sandbox::files::{Entry, IN, NAME_BYTES_MAX, NodeId, NodeKind, OUT, ROOT, TMP};
use crate::sandbox::wasi::errno::Errno;

/// Most open files at one time.
pub(crate) const DESCRIPTORS_MAX: usize = 1024;

/// Most entries in the listings of all open directories together.
pub(crate) const LISTED_MAX: usize = 1 << 16;

/// Directories that are open from the beginning, as descriptors 3, 4, and so on.
const PREOPENED: [(NodeId, &str); 4] = [(IN, "/in"), (OUT, "/out"), (TMP, "/tmp"), (ROOT, "/")];

/// One open file.
#[derive(Debug, Clone)]
pub(crate) enum Descriptor {
    Stdin { offset: u64 },
    Stdout,
    Stderr,
    File(OpenFile),
    Directory(OpenDirectory),
}

/// A file of the tree, opened.
#[derive(Debug, Clone)]
pub(crate) struct OpenFile {
    pub(crate) node: NodeId,
    pub(crate) offset: u64,
    pub(crate) append: bool,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
}

/// A directory of the tree, opened.
#[derive(Debug, Clone)]
pub(crate) struct OpenDirectory {
    pub(crate) node: NodeId,
    /// Whether it was open from the beginning.
    pub(crate) preopened: bool,
    /// The listing as of the last time that it was read from its beginning, so that a guest which
    /// removes files while it lists them still sees each once.
    pub(crate) listing: Vec<Entry>,
}

impl OpenDirectory {
    /// The name under which a preopened directory is known.
    pub(crate) fn preopened_name(&self) -> Option<&'static str> {
        let known = PREOPENED.iter().find(|(node, _)| *node == self.node)?;
        self.preopened.then_some(known.1)
    }
}

impl Descriptor {
    /// The node it stands for, if any.
    pub(crate) fn node(&self) -> Option<NodeId> {
        match self {
            Self::Stdin { .. } | Self::Stdout | Self::Stderr => None,
            Self::File(file) => Some(file.node),
            Self::Directory(directory) => Some(directory.node),
        }
    }
}

/// All open files, by number.
#[derive(Debug)]
pub(crate) struct Descriptors(BTreeMap<u32, Descriptor>);

impl Descriptors {
    /// The standard streams and the preopened directories.
    pub(crate) fn new() -> Self {
        let directories = PREOPENED.map(|(node, _)| {
            Descriptor::Directory(OpenDirectory { node, preopened: true, listing: Vec::new() })
        });
        let streams = [Descriptor::Stdin { offset: 0 }, Descriptor::Stdout, Descriptor::Stderr];
        Self((0..).zip(streams.into_iter().chain(directories)).collect())
    }

    pub(crate) fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.0.get(&fd).ok_or(Errno::BADF)
    }

    pub(crate) fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.0.get_mut(&fd).ok_or(Errno::BADF)
    }

    pub(crate) fn file_mut(&mut self, fd: u32) -> Result<&mut OpenFile, Errno> {
        match self.get_mut(fd)? {
            Descriptor::File(file) => Ok(file),
            Descriptor::Directory(_) => Err(Errno::ISDIR),
            Descriptor::Stdin { .. } | Descriptor::Stdout | Descriptor::Stderr => Err(Errno::SPIPE),
        }
    }

    pub(crate) fn directory(&self, fd: u32) -> Result<&OpenDirectory, Errno> {
        match self.get(fd)? {
            Descriptor::Directory(directory) => Ok(directory),
            Descriptor::File(_)
            | Descriptor::Stdin { .. }
            | Descriptor::Stdout
            | Descriptor::Stderr => Err(Errno::NOTDIR),
        }
    }

    /// Keeps what `fd` lists, unless all listings together became too long.
    pub(crate) fn keep_listing(&mut self, fd: u32, listing: Vec<Entry>) -> Result<(), Errno> {
        let Descriptor::Directory(directory) = self.get_mut(fd)? else { return Err(Errno::NOTDIR) };
        directory.listing = listing;
        let lengths = self.0.values().map(|descriptor| match descriptor {
            Descriptor::Directory(directory) => directory.listing.len(),
            Descriptor::File(_)
            | Descriptor::Stdin { .. }
            | Descriptor::Stdout
            | Descriptor::Stderr => 0,
        });
        if lengths.sum::<usize>() <= LISTED_MAX {
            return Ok(());
        }
        if let Descriptor::Directory(directory) = self.get_mut(fd)? {
            directory.listing = Vec::new();
        }
        Err(Errno::NFILE)
    }

    /// Gives the lowest free number, as POSIX does.
    pub(crate) fn open(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        if self.0.len() >= DESCRIPTORS_MAX {
            return Err(Errno::MFILE);
        }
        let free = (0..).find(|fd| !self.0.contains_key(fd)).ok_or(Errno::MFILE)?;
        self.0.insert(free, descriptor);
        Ok(free)
    }

    pub(crate) fn close(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        self.0.remove(&fd).ok_or(Errno::BADF)
    }

    /// Moves `from` to the number `to`, and returns what was there.
    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<Option<Descriptor>, Errno> {
        self.get(to)?;
        let moved = self.close(from)?;
        Ok(self.0.insert(to, moved))
    }

    /// Whether any open file stands for `node`.
    pub(crate) fn refer_to(&self, node: NodeId) -> bool {
        self.0.values().any(|descriptor| descriptor.node() == Some(node))
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.0.values().filter_map(Descriptor::node)
    }

    pub(crate) fn encode<W: Write>(&self, to: &mut Encoder<W>) -> io::Result<()> {
        to.length(self.0.len())?;
        for (fd, descriptor) in &self.0 {
            to.u32(*fd)?;
            encode(descriptor, to)?;
        }
        Ok(())
    }

    pub(crate) fn decode<R: Read>(from: &mut Decoder<R>) -> io::Result<Self> {
        let count = from.length(DESCRIPTORS_MAX as u64)?;
        let mut open = BTreeMap::new();
        for _ in 0..count {
            let fd = from.u32()?;
            open.insert(fd, decode(from)?);
        }
        Ok(Self(open))
    }
}

fn encode<W: Write>(descriptor: &Descriptor, to: &mut Encoder<W>) -> io::Result<()> {
    match descriptor {
        Descriptor::Stdin { offset } => {
            to.u8(0)?;
            to.u64(*offset)
        }
        Descriptor::Stdout => to.u8(1),
        Descriptor::Stderr => to.u8(2),
        Descriptor::File(file) => {
            to.u8(3)?;
            to.u32(file.node)?;
            to.u64(file.offset)?;
            [file.append, file.readable, file.writable]
                .map(u8::from)
                .iter()
                .try_for_each(|f| to.u8(*f))
        }
        Descriptor::Directory(directory) => {
            to.u8(4)?;
            to.u32(directory.node)?;
            to.u8(directory.preopened.into())?;
            to.length(directory.listing.len())?;
            for entry in &directory.listing {
                to.bytes(entry.name.as_bytes())?;
                to.u32(entry.node)?;
                to.u8((entry.kind == NodeKind::Directory).into())?;
            }
            Ok(())
        }
    }
}

fn decode<R: Read>(from: &mut Decoder<R>) -> io::Result<Descriptor> {
    Ok(match from.u8()? {
        0 => Descriptor::Stdin { offset: from.u64()? },
        1 => Descriptor::Stdout,
        2 => Descriptor::Stderr,
        3 => Descriptor::File(OpenFile {
            node: from.u32()?,
            offset: from.u64()?,
            append: from.flag()?,
            readable: from.flag()?,
            writable: from.flag()?,
        }),
        4 => {
            let node = from.u32()?;
            let preopened = from.flag()?;
            let count = from.length(LISTED_MAX as u64)?;
            let mut listing = Vec::new();
            for _ in 0..count {
                listing.push(decode_entry(from)?);
            }
            Descriptor::Directory(OpenDirectory { node, preopened, listing })
        }
        _ => return Err(malformed("a descriptor of an unknown kind")),
    })
}

fn decode_entry<R: Read>(from: &mut Decoder<R>) -> io::Result<Entry> {
    let name = from.string(NAME_BYTES_MAX as u64)?;
    let node = from.u32()?;
    let kind = if from.flag()? { NodeKind::Directory } else { NodeKind::File };
    Ok(Entry { name, node, kind })
}
