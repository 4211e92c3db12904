//! Every bound of the core in one place. Whatever crosses one is refused by name, never cut short.

use crate::time::Span;

/// Most work units of one job.
pub const UNITS_MAX: u32 = 10_000_000;
/// Longest name of a job, app, axis, host, volunteer or scientist.
pub const NAME_BYTES_MAX: usize = 128;
/// Longest description of a job.
pub const DESCRIPTION_BYTES_MAX: usize = 4_096;
/// Longest path of an input or output.
pub const PATH_BYTES_MAX: usize = 255;
/// Most arguments of a unit, and longest one as it is written in the manifest.
pub const ARGS_MAX: usize = 256;
/// Longest argument as it is written in the manifest.
pub const ARG_BYTES_MAX: usize = 4_096;
/// Most axes of a job's grid.
pub const AXES_MAX: usize = 8;
/// Longest value on an axis.
pub const AXIS_VALUE_BYTES_MAX: usize = 1_024;
/// Most values that one axis may list one by one (a range may have more).
pub const AXIS_VALUES_MAX: usize = 100_000;
/// Most inputs of a unit.
pub const INPUTS_MAX: usize = 64;
/// Most outputs of a unit, standard output included.
pub const OUTPUTS_MAX: usize = 64;
/// Largest output that travels and is stored inside its report; a larger one is a blob.
pub const INLINE_BYTES_MAX: usize = 16 * 1_024;
/// Most bytes that all outputs of a report may have inside it together.
pub const INLINE_BYTES_SUM_MAX: usize = 16 * INLINE_BYTES_MAX;
/// Longest reason of a pardon.
pub const REASON_BYTES_MAX: usize = 512;
/// Longest message of an app error or host error.
pub const MESSAGE_BYTES_MAX: usize = 4_096;

/// Largest quorum.
pub const QUORUM_MAX: u8 = 16;
/// Most replicas of one unit, failed ones included.
pub const REPLICAS_MAX: u8 = 64;
/// Largest module.
pub const MODULE_BYTES_MAX: u64 = 64 * 1_024 * 1_024;
/// Most memory a unit may ask for: all that a 32-bit program can address.
pub const MEMORY_BYTES_MAX: u64 = 4 * 1_024 * 1_024 * 1_024;
/// Largest checkpoint: all of the memory, and room for what describes it.
pub const CHECKPOINT_BYTES_MAX: u64 = MEMORY_BYTES_MAX + 16 * 1_024 * 1_024;
/// Most bytes that all outputs of a unit may have together.
pub const OUTPUT_BYTES_MAX: u64 = 4 * 1_024 * 1_024 * 1_024;
/// Most bytes of a unit's log.
pub const LOG_BYTES_MAX: u64 = 16 * 1_024 * 1_024;
/// Shortest lease: shorter ones would expire between two heartbeats.
pub const LEASE_MS_MIN: Span = Span::seconds(10);
/// Longest time from lease to report.
pub const DEADLINE_MS_MAX: Span = Span::hours(365 * 24);

/// Most calls of a step function in one run: years of the shortest ones.
pub const STEPS_MAX: u64 = 1 << 48;
/// Replica numbers of a unit from here on are not replicas but questions of a dispute.
pub const QUESTIONS_FROM: u16 = 1 << 15;
/// Most disputes about one unit, one after the other; then whole copies settle it.
pub const DISPUTES_MAX: usize = 4;
/// Most judges who are asked in one dispute, those included who do not answer.
pub const JUDGES_MAX: usize = 64;
/// How often judges of one step may be drawn in vain, with pauses that grow; then whole copies settle it.
pub const JUDGE_DRAWS_MAX: u32 = 10;
/// Most broken engines that are named of a job.
pub const BROKEN_ENGINES_MAX: usize = 16;
/// Most hosts that are named for a broken engine.
pub const BROKEN_HOSTS_MAX: usize = 100;
/// How often a party may give the same question back unanswered and in good order.
pub const QUESTION_TRIES_MAX: u8 = 3;

/// Most items of one batch: leases asked for, renewals, reports, units to assimilate.
pub const BATCH_MAX: usize = 1_000;
/// Most leases that one host may hold.
pub const LEASES_PER_HOST_MAX: usize = 1_000;
/// Most rows of one page of a query.
pub const PAGE_MAX: usize = 1_000;
/// Most hosts that a receipt names.
pub const VOUCHERS_MAX: usize = 10_000;
/// Instruction sets that a receipt names.
pub const ISAS_MAX: usize = 8;
/// Most jobs that are open or being cancelled at the same time.
pub const JOBS_OPEN_MAX: usize = 1_000;
/// Most work units that one `Expire` touches, before it asks to be called again.
pub const EXPIRE_BATCH: usize = 1_000;
/// Most hosts that one `Expire` reads for leases that ended; each may hold a thousand.
pub const EXPIRE_HOSTS: usize = 100;
/// Most units of a suspended host that one `Expire` looks at again.
pub const REOPEN_BATCH: usize = 200;
/// Most answers of one host among which one `Expire` draws audits.
pub const AUDIT_BATCH: usize = 200;
/// Most hosts that one `Expire` looks at for audits that they are owed.
pub const PARTS_BATCH: usize = 200;
/// Most units for which one `Expire` draws a host.
pub const DRAW_BATCH: usize = 100;
/// Most leases of a host in a job in which it has no standing yet.
pub const PROBATION_LEASES_MAX: usize = 16;
/// Most determinism profiles that a host may offer.
pub const PROFILES_MAX: usize = 16;
