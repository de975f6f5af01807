//! The scenarios: scripts of real calls.

mod admission;
mod blocked;
mod factor;
mod factor_reset;
mod logins;
mod passwords;
mod recovery;
mod secrets;
mod sessions;
mod social;
mod throttled;

use core::fmt;
use core::future::Future;
use core::pin::Pin;

use super::scene::Played;
use super::stage::{Stage, StageError};

type Script =
    for<'a> fn(&'a mut Stage) -> Pin<Box<dyn Future<Output = Result<Played, StageError>> + Send + 'a>>;

/// One cause of one problem.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Scenario {
    /// The problem, by the domain's id.
    pub problem: &'static str,
    /// The scenario's own name.
    pub id: &'static str,
    pub(super) play: Script,
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario")
            .field("problem", &self.problem)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

macro_rules! scenarios {
    ($($problem:literal $module:ident :: $id:ident,)+) => {
        /// Every scenario, in the order in which it is played.
        #[must_use]
        pub const fn scenarios() -> &'static [Scenario] {
            &[$(Scenario {
                problem: $problem,
                id: stringify!($id),
                play: |stage| Box::pin($module::$id(stage)),
            },)+]
        }
    };
}

scenarios! {
    "P1" secrets::wrong_password,
    "P1" secrets::unknown_login,
    "P1" secrets::contact_is_no_login,
    "P1" secrets::password_stopped,
    "P1" throttled::challenge_missing,
    "P1" throttled::window_full,
    "P1" sessions::session_unknown,
    "P1" sessions::session_revoked,
    "P1" sessions::session_ended,
    "P1" blocked::blocked_wrong_secret,
    "P1" blocked::blocked_right_secret,
    "P2" admission::another_profile,
    "P2" admission::never_member,
    "P4" admission::dismissed,
    "N1" passwords::no_password_yet,
    "N2" passwords::marked_by_operator,
    "N2" passwords::marked_by_import,
    "N4" admission::seats_taken,
    "N5" admission::network_not_allowed,
    "N6" admission::single_sign_on_only,
    "N7" admission::awaiting_approval,
    "N8" admission::account_unknown,
    "N8" admission::account_closed,
    "N8" admission::account_suspended,
    "N11" throttled::challenge_ends,
    "N13" blocked::blocked_for_a_time,
    // The place in the table sets a scene's clock: new ones come last.
    "P1" secrets::no_login,
    "P1" sessions::session_idle,
    "P1" sessions::session_expired,
    "P1" blocked::blocked_meanwhile,
    "P3" recovery::address_of_nobody,
    "P3" recovery::address_for_contact_only,
    "P3" recovery::address_of_a_phone_profile,
    "P8" recovery::superseded_link,
    "P8" recovery::expired_link,
    "P8" recovery::link_in_another_browser,
    "P8" recovery::used_link,
    "P8" recovery::link_after_a_change,
    "P8" recovery::token_for_another_purpose,
    "P8" recovery::mistyped_link,
    "N3" recovery::not_confirmed_yet,
    "P5" social::linked_to_another_profile,
    "P5" social::another_account_there,
    "P5" social::not_linked_yet,
    "P5" social::provider_says_no,
    "P5" social::provider_is_away,
    "P5" social::owner_of_the_link_blocked,
    "P5" social::account_refuses_the_way,
    "P5" social::nobody_signs_up_by_it,
    "P6" social::only_a_social_account,
    "P6" social::social_account_and_a_phone,
    "P6" social::social_account_and_a_taken_address,
    "P7" logins::address_taken_meanwhile,
    "P7" logins::address_of_ones_other_profile,
    "P13" factor::recovery_code_at_hand,
    "P13" factor::exempted_by_an_administrator,
    "P13" factor::exempted_elsewhere,
    "P13" factor::device_remembered_too_long,
    "P13" factor_reset::sole_administrator,
    "P13" factor::app_reinstalled,
    "P13" factor::clock_wrong,
    "P13" factor::new_phone,
    "P13" factor::factor_stopped,
    "P13" factor_reset::reset_to_its_end,
    "P13" factor_reset::reset_ended_by_the_factor,
    "N10" factor::not_set_up,
    "P8" recovery::mistyped_code,
    "P8" recovery::code_typed_too_often,
    "N9" logins::number_of_another_profile,
}
