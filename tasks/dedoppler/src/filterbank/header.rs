//! The header: keywords with values whose types follow from the names.

use crate::filterbank::FilterbankError;
use crate::filterbank::FilterbankError as Error;

/// Longest keyword or text.
const TEXT_BYTES_MAX: u32 = 80;

/// Most keywords; real headers have about twenty.
const KEYWORDS_MAX: usize = 256;

/// What was observed, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The name of the source; "unnamed" if the file has none.
    pub source_name: String,
    /// When the first row begins: a Modified Julian Date.
    pub tstart_mjd: f64,
    /// Length of a row, in seconds.
    pub tsamp_s: f64,
    /// Centre of the first channel, in MHz.
    pub fch1_mhz: f64,
    /// Step from one channel to the next, in MHz; often negative.
    pub foff_mhz: f64,
    /// How many channels a row has.
    pub channels: usize,
    /// Bits of a sample: 8 and 16 are unsigned numbers, 32 is floating point.
    pub bits: u32,
}

impl Header {
    /// The frequency of a channel's centre, in MHz.
    #[must_use]
    pub fn frequency_mhz(&self, channel: f64) -> f64 {
        self.fch1_mhz + self.foff_mhz * channel
    }

    /// Reads the header; gives what follows it, too.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), FilterbankError> {
        let mut reader = Reader { bytes, offset: 0 };
        if reader.text().ok() != Some("HEADER_START") {
            return Err(Error::NotFilterbank);
        }
        let mut fields = Fields::default();
        for _ in 0..KEYWORDS_MAX {
            let keyword = reader.text()?;
            if keyword == "HEADER_END" {
                return Ok((fields.check()?, &bytes[reader.offset..]));
            }
            fields.read(keyword, &mut reader)?;
        }
        Err(Error::TooManyKeywords(KEYWORDS_MAX))
    }
}

/// Values as they stand in the file.
#[derive(Default)]
struct Fields {
    source_name: Option<String>,
    tstart: f64,
    tsamp: Option<f64>,
    fch1: Option<f64>,
    foff: Option<f64>,
    nchans: Option<i32>,
    nbits: Option<i32>,
    nifs: Option<i32>,
}

impl Fields {
    fn read(&mut self, keyword: &str, reader: &mut Reader<'_>) -> Result<(), FilterbankError> {
        match keyword {
            "source_name" => self.source_name = Some(reader.text()?.to_owned()),
            "tstart" => self.tstart = reader.double()?,
            "tsamp" => self.tsamp = Some(reader.double()?),
            "fch1" => self.fch1 = Some(reader.double()?),
            "foff" => self.foff = Some(reader.double()?),
            "nchans" => self.nchans = Some(reader.int()?),
            "nbits" => self.nbits = Some(reader.int()?),
            "nifs" => self.nifs = Some(reader.int()?),
            // Known, not needed: skipped by their types.
            "rawdatafile" => drop(reader.text()?),
            "src_raj" | "src_dej" | "az_start" | "za_start" | "refdm" | "period" => {
                reader.double()?;
            }
            "telescope_id" | "machine_id" | "data_type" | "barycentric" | "pulsarcentric"
            | "nsamples" | "nbeams" | "ibeam" => {
                reader.int()?;
            }
            "signed" => drop(reader.take(1)?),
            other => return Err(Error::UnknownKeyword(other.to_owned())),
        }
        Ok(())
    }

    fn check(self) -> Result<Header, FilterbankError> {
        let nchans = needed("nchans", self.nchans)?;
        let channels = usize::try_from(nchans)
            .ok()
            .filter(|&n| n > 0)
            .ok_or_else(|| bad("nchans", nchans, "a positive number"))?;
        let nbits = needed("nbits", self.nbits)?;
        let bits = match nbits {
            8 => 8,
            16 => 16,
            32 => 32,
            _ => return Err(bad("nbits", nbits, "8, 16 or 32")),
        };
        if let Some(nifs) = self.nifs.filter(|&nifs| nifs != 1) {
            return Err(bad("nifs", nifs, "1 (total intensity)"));
        }
        let tsamp_s = needed("tsamp", self.tsamp)?;
        if !(tsamp_s.is_finite() && tsamp_s > 0.0) {
            return Err(bad("tsamp", tsamp_s, "a positive number of seconds"));
        }
        let fch1_mhz = needed("fch1", self.fch1)?;
        if !fch1_mhz.is_finite() {
            return Err(bad("fch1", fch1_mhz, "a frequency in MHz"));
        }
        let foff_mhz = needed("foff", self.foff)?;
        if !foff_mhz.is_normal() {
            return Err(bad("foff", foff_mhz, "a step in MHz other than 0"));
        }
        Ok(Header {
            source_name: self.source_name.unwrap_or_else(|| "unnamed".to_owned()),
            tstart_mjd: if self.tstart.is_finite() { self.tstart } else { 0.0 },
            tsamp_s,
            fch1_mhz,
            foff_mhz,
            channels,
            bits,
        })
    }
}

fn needed<T>(keyword: &'static str, value: Option<T>) -> Result<T, FilterbankError> {
    value.ok_or(Error::MissingKeyword(keyword))
}

fn bad(
    keyword: &'static str,
    value: impl std::fmt::Display,
    expected: &'static str,
) -> FilterbankError {
    Error::Value { keyword, value: value.to_string(), expected }
}

/// Takes values off the front of the file.
struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], FilterbankError> {
        let rest = &self.bytes[self.offset..];
        let taken = rest.get(..count).ok_or(Error::HeaderCut(self.bytes.len()))?;
        self.offset += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FilterbankError> {
        let cut = Error::HeaderCut(self.bytes.len());
        self.take(N)?.try_into().map_err(|_wrong_length| cut)
    }

    fn int(&mut self) -> Result<i32, FilterbankError> {
        self.array().map(i32::from_le_bytes)
    }

    fn double(&mut self) -> Result<f64, FilterbankError> {
        self.array().map(f64::from_le_bytes)
    }

    fn text(&mut self) -> Result<&'a str, FilterbankError> {
        let offset = self.offset;
        let length = u32::from_le_bytes(self.array()?);
        if !(1..=TEXT_BYTES_MAX).contains(&length) {
            return Err(Error::TextLength { offset, length });
        }
        let bytes = self.take(length as usize)?;
        std::str::from_utf8(bytes)
            .map_err(|_not_utf8| Error::UnknownKeyword(String::from_utf8_lossy(bytes).into_owned()))
    }
}
