//! Quorum or confidence, and limits: from what was written to a policy.

use manyhands_core::policy::Policy;
use manyhands_core::time::Span;
use manyhands_core::trust::Confidence;
use toml::Spanned;

use super::confidence;
use super::error::{JobFileError, Problem};
use super::source::SourceText;
use super::written::Written;
use crate::quantity::{self, QuantityError, Size};

/// The policy; the core checks its bounds.
pub(super) fn policy(source: &SourceText, written: &Written) -> Result<Policy, JobFileError> {
    let defaults = Policy::default();
    let (quorum, limits) = (&written.quorum, &written.limits);
    let size = quorum.size.as_ref().map_or(defaults.quorum, |size| *size.get_ref());
    let replicas_default = defaults.replicas_max.max(size.saturating_mul(2));
    let deadline = span(source, "limits.deadline", limits.deadline.as_ref(), defaults.deadline_ms)?;
    // A default that a shorter deadline makes senseless follows it.
    let lease_default = defaults.lease_ms.min(deadline);
    Ok(Policy {
        confidence: confidence_of(source, written)?,
        quorum: size,
        replicas_max: quorum.replicas.as_ref().map_or(replicas_default, |max| *max.get_ref()),
        deadline_ms: deadline,
        lease_ms: span(source, "limits.lease", limits.lease.as_ref(), lease_default)?,
        cpu_ms_max: span(source, "limits.cpu", limits.cpu.as_ref(), defaults.cpu_ms_max)?,
        output_bytes_max: size_bytes(
            source,
            "limits.output",
            limits.output.as_ref(),
            defaults.output_bytes_max,
        )?,
        log_bytes_max: size_bytes(
            source,
            "limits.log",
            limits.log.as_ref(),
            defaults.log_bytes_max,
        )?,
        priority: written.priority.as_ref().map_or(defaults.priority, |it| *it.get_ref()),
    })
}

/// The confidence, where one is asked for instead of a quorum.
fn confidence_of(
    source: &SourceText,
    written: &Written,
) -> Result<Option<Confidence>, JobFileError> {
    let Some(text) = &written.confidence else { return Ok(None) };
    if let Some(size) = &written.quorum.size {
        let both = Problem::Both { key: "quorum.size", other: "confidence" };
        return Err(source.error(size.span(), both));
    }
    let wrong = |error| source.error(text.span(), Problem::Confidence(error));
    confidence::read(text.get_ref()).map(Some).map_err(wrong)
}

/// A size in bytes.
pub(super) fn size_bytes(
    source: &SourceText,
    key: &'static str,
    written: Option<&Spanned<String>>,
    default: u64,
) -> Result<u64, JobFileError> {
    let read = |text: &str| text.parse::<Size>().map(|size| size.bytes);
    quantity_at(source, key, written, read).map(|found| found.unwrap_or(default))
}

fn span(
    source: &SourceText,
    key: &'static str,
    written: Option<&Spanned<String>>,
    default: Span,
) -> Result<Span, JobFileError> {
    quantity_at(source, key, written, quantity::span).map(|found| found.unwrap_or(default))
}

fn quantity_at<T>(
    source: &SourceText,
    key: &'static str,
    written: Option<&Spanned<String>>,
    read: impl FnOnce(&str) -> Result<T, QuantityError>,
) -> Result<Option<T>, JobFileError> {
    let Some(written) = written else { return Ok(None) };
    let wrong = |error| source.error(written.span(), Problem::Quantity { key, error });
    read(written.get_ref()).map(Some).map_err(wrong)
}
