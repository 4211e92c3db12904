//! Filterbank files that are broken, cut or hostile get an error that says what is wrong.

use dedoppler::filterbank::{Filterbank, FilterbankError};

/// A file in the making.
struct File(Vec<u8>);

impl File {
    fn start() -> Self {
        Self(Vec::new()).text("HEADER_START")
    }

    fn text(mut self, text: &str) -> Self {
        self.0.extend(u32::try_from(text.len()).expect("short").to_le_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    fn int(mut self, keyword: &str, value: i32) -> Self {
        self = self.text(keyword);
        self.bytes(&value.to_le_bytes())
    }

    fn double(mut self, keyword: &str, value: f64) -> Self {
        self = self.text(keyword);
        self.bytes(&value.to_le_bytes())
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// All that is needed, with these numbers, and the end of the header.
    fn with(nchans: i32, nbits: i32) -> Self {
        Self::start()
            .int("nchans", nchans)
            .int("nbits", nbits)
            .double("tsamp", 1.0)
            .double("fch1", 1400.0)
            .double("foff", -1e-6)
            .text("HEADER_END")
    }

    fn error(&self) -> FilterbankError {
        Filterbank::parse(&self.0).expect_err("the file is bad")
    }
}

#[test]
fn a_good_file_is_read() {
    let file = File::with(4, 8).bytes(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let observation = Filterbank::parse(&file.0).unwrap();
    assert_eq!(observation.header.channels, 4);
    // The ninth sample begins a third row that is not complete.
    assert_eq!(observation.samples.rows(), 2);
    assert_eq!(observation.samples.row(1), [5.0, 6.0, 7.0, 8.0]);
}

#[test]
fn samples_of_all_sizes_are_read() {
    let words = File::with(1, 16).bytes(&[1, 2, 255, 255]);
    let words = Filterbank::parse(&words.0).unwrap().samples;
    assert_eq!((words.row(0)[0], words.row(1)[0]), (513.0, 65535.0));
    let floats = File::with(1, 32).bytes(&1.5_f32.to_le_bytes()).bytes(&(-2_f32).to_le_bytes());
    let floats = Filterbank::parse(&floats.0).unwrap().samples;
    assert_eq!((floats.row(0)[0], floats.row(1)[0]), (1.5, -2.0));
}

#[test]
fn other_files_are_named_as_such() {
    assert_eq!(File(Vec::new()).error(), FilterbankError::NotFilterbank);
    assert_eq!(File(vec![0xff; 100]).error(), FilterbankError::NotFilterbank);
    assert_eq!(File(Vec::new()).text("SIMPLE").error(), FilterbankError::NotFilterbank);
}

#[test]
fn a_file_cut_anywhere_in_its_header_is_an_error() {
    let whole = File::with(4, 8).0;
    for length in 0..whole.len() {
        assert!(Filterbank::parse(&whole[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn lengths_that_would_exhaust_memory_are_refused() {
    let file = File::start().bytes(&u32::MAX.to_le_bytes());
    assert_eq!(file.error(), FilterbankError::TextLength { offset: 16, length: u32::MAX });
    let endless = (0..300).fold(File::start(), |file, _| file.int("ibeam", 1));
    assert_eq!(endless.error(), FilterbankError::TooManyKeywords(256));
    assert_eq!(File::with(i32::MAX, 32).error(), FilterbankError::TooFewRows(0));
}

#[test]
fn values_that_make_no_sense_are_named() {
    for (file, message) in [
        (File::with(0, 8), "the header says nchans = 0: a positive number is needed"),
        (File::with(-3, 8), "the header says nchans = -3: a positive number is needed"),
        (File::with(4, 4), "the header says nbits = 4: 8, 16 or 32 is needed"),
        (File::start().text("HEADER_END"), "the header has no nchans"),
        (File::start().text("colour"), "the header has the unknown keyword \"colour\""),
        (File::with(4, 8), "the file has 0 complete rows of samples: 2 or more are needed"),
    ] {
        assert_eq!(file.error().to_string(), message);
    }
}

#[test]
fn times_and_steps_must_be_usable() {
    for (tsamp, foff) in
        [(0.0, 1.0), (-1.0, 1.0), (f64::NAN, 1.0), (1.0, 0.0), (1.0, f64::INFINITY)]
    {
        let file = File::start()
            .int("nchans", 1)
            .int("nbits", 8)
            .double("fch1", 1400.0)
            .double("tsamp", tsamp)
            .double("foff", foff)
            .text("HEADER_END")
            .bytes(&[1, 2, 3]);
        assert!(matches!(file.error(), FilterbankError::Value { .. }), "{tsamp} {foff}");
    }
}

#[test]
fn samples_that_are_no_numbers_are_found() {
    let file = File::with(2, 32).bytes(&[0; 12]).bytes(&f32::NAN.to_le_bytes());
    assert_eq!(file.error(), FilterbankError::NotFinite { row: 1, channel: 1 });
}
