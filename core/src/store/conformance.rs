//! One suite for every store: what the engine relies on, as plain functions.
//!
//! A store's tests give a [`Fixture`] to [`store_conformance!`](crate::store_conformance), which
//! makes one test of each function in [`cases`].

pub mod cases;
pub mod disputed;
pub mod forgotten;
pub mod rows;

mod story;
pub mod trusted;
mod twin;

use super::Store;

/// A store under test, fresh and empty, that can be closed and opened again.
pub trait Fixture {
    /// The store.
    fn store(&mut self) -> &mut dyn Store;

    /// Closes the store and opens it again with what was committed, as after a crash. A store that
    /// forgets everything by design does nothing.
    fn reopen(&mut self);

    /// Lets `work` write in a transaction, and gives that up.
    fn roll_back(&mut self, work: &mut dyn FnMut(&mut dyn Store));
}

/// One `#[test]` for each case, each with a fixture of its own, made by the given expression.
#[macro_export]
macro_rules! store_conformance {
    ($fixture:expr) => {
        $crate::store_conformance! { $fixture => cases
            an_empty_store_has_nothing
            every_row_is_read_back
            a_put_replaces_the_row
            ids_go_on_after_the_largest
            jobs_are_paged_newest_first
            jobs_are_found_by_state
            units_are_paged_by_index
            ready_units_are_found_in_order
            waking_units_are_counted_by_job
            validated_units_are_found_until_they_are_done
            hosts_are_due_by_their_first_deadline
            the_ledger_keeps_its_order
            vouchers_are_summed_by_host
            units_are_found_by_who_vouched
            the_first_evidence_of_each_host_stays
            what_was_written_survives_reopening
            what_was_rolled_back_never_was
            an_engine_works_over_it
            it_agrees_with_the_memory_store
        }
        $crate::store_conformance! { $fixture => trusted
            settling_jobs_are_found
            turns_are_found_by_host_and_time
            parties_of_standing_are_counted
            parts_are_paged_by_host
        }
        $crate::store_conformance! { $fixture => disputed
            disputes_are_found_by_unit
            calls_are_found_by_host_and_time
        }
        $crate::store_conformance! { $fixture => forgotten
            hosts_of_a_volunteer_are_found_until_they_are_forgotten
            a_name_that_is_given_up_is_free
            invites_are_dropped_by_name
        }
    };
    ($fixture:expr => $cases:ident $($case:ident)*) => {$(
        #[test]
        fn $case() -> Result<(), $crate::store::StoreError> {
            $crate::store::conformance::$cases::$case(&mut $fixture)
        }
    )*};
}
