//! Who acts: an administrator, who signs in for it, or the operator, who says why.

use std::io::Write;

use vestibule::{Acting, Reason};
use vestibule_core::{Failure, Refusal};

use crate::challenge::Challenge;
use crate::deployment::Deployment;
use crate::person::PersonName;
use crate::prompt::{Codes, Passwords};
use crate::stop::Stop;

/// An administrator or the operator.
#[derive(Debug, clap::Args)]
pub(crate) struct Actor {
    /// Acts as this administrator, by login or profile id; their password is asked, and their second factor.
    #[arg(
        long = "as",
        value_name = "PROFILE",
        required_unless_present = "operator",
        conflicts_with = "operator"
    )]
    administrator: Option<PersonName>,
    /// Acts as the operator of the deployment; the reason is kept in the audit trail.
    #[arg(long, requires = "reason")]
    operator: bool,
    /// Why the operator acts.
    #[arg(long, value_name = "TEXT", requires = "operator", value_parser = Reason::parse)]
    reason: Option<Reason>,
    #[command(flatten)]
    passwords: Passwords,
    #[command(flatten)]
    codes: Codes,
    #[command(flatten)]
    challenge: Challenge,
}

/// The operator alone.
#[derive(Debug, clap::Args)]
pub(crate) struct Operator {
    /// Acts as the operator of the deployment, which is the only one who may.
    #[arg(long, required = true)]
    operator: bool,
    /// Why; it is kept in the audit trail.
    #[arg(long, value_name = "TEXT", value_parser = Reason::parse)]
    pub(crate) reason: Reason,
}

impl Actor {
    /// Does it as this actor. An administrator's session is ended again, whatever came of it.
    pub(crate) async fn act<T>(
        &self,
        deployment: &Deployment,
        out: &mut impl Write,
        act: impl AsyncFnOnce(Acting<'_>) -> Result<T, Failure<Refusal>>,
    ) -> Result<T, Stop> {
        match (&self.administrator, &self.reason) {
            (Some(administrator), _) => {
                let login = administrator.login(&deployment.store).await?;
                let password = self.passwords.present(&administrator.to_string())?;
                let who = deployment.session(&login, password, (&self.codes, &self.challenge), out).await?;
                let done = act(Acting::Administrator(&who)).await;
                deployment.end(&who).await;
                Ok(done?)
            }
            (None, Some(reason)) => Ok(act(Acting::Operator(reason)).await?),
            // The command line was read so that there is one of the two.
            (None, None) => Err(Stop::Usage("--as PROFILE, or --operator with --reason TEXT".into())),
        }
    }
}
