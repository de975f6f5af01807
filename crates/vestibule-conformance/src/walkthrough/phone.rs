//! Codes on the stage: the page that keeps a ticket, and the phone that is sent a code.

use vestibule::{RecoveryRequest, Sent};
use vestibule_core::{PhoneNumber, Secret};

use super::stage::{Stage, StageError, done};

impl Stage {
    /// The code that waits for this scene's phone.
    pub(super) async fn code(&self) -> Result<String, StageError> {
        let number = PhoneNumber::parse(&self.phone())?;
        let mut after = None;
        loop {
            let page = self.operation("waiting_messages").waiting_messages(after, 64).await?;
            for message in page.messages {
                // EXPOSE: compared with the number of the scene.
                let sent = message.recipient.expose() == number.canonical();
                if let (true, true, Some(code)) = (sent, message.notice.kind.carries_code(), message.code) {
                    // EXPOSE: the stage has the phone, too.
                    return Ok(code.expose().clone());
                }
            }
            after = page.next;
            if after.is_none() {
                return Err(StageError::Script("no code waits for the phone".to_owned()));
            }
        }
    }

    /// Asks for a code for this scene's phone; the ticket that its page keeps.
    pub(super) async fn ask_by_phone(&self) -> Result<Secret<String>, StageError> {
        let mut request = RecoveryRequest::new(self.phone());
        request.client = self.client();
        let asked = self.operation("request_recovery").request_recovery(request).await;
        ticket(done("asking for a code", asked)?)
    }
}

/// The ticket of a code.
pub(super) fn ticket(sent: Sent) -> Result<Secret<String>, StageError> {
    match sent {
        Sent::Code(sent) => Ok(sent.ticket),
        Sent::Message => Err(StageError::Script("a message was sent, and no code".to_owned())),
    }
}
