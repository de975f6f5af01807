//! The writes of the journal as statements.

use vestibule_core::{BatchId, Lower};
use vestibule_journal::{Case, Event, EventActor, JournalWrite, Message, MessageState, Personal};

use super::write_fields;
use crate::{Constraint, Plan};

impl Lower<Plan> for JournalWrite {
    fn lower(&self, batch: BatchId, plan: &mut Plan) {
        match self {
            Self::FoldCase { case } => fold_case(case, plan),
            Self::QueueMessage { message } => queue_message(message, plan),
            Self::RecordEvent { event } => record_event(event, batch, plan),
            Self::RecordPersonal { personal } => record_personal(personal, plan),
        }
    }
}

fn record_event(event: &Event, batch: BatchId, plan: &mut Plan) {
    let realm = plan.realm().into();
    let (actor, actor_subject) = match event.actor {
        EventActor::Person(subject) => ("person", Some(subject)),
        EventActor::Administrator(subject) => ("administrator", Some(subject)),
        EventActor::Operator => ("operator", None),
        EventActor::System => ("system", None),
    };
    plan.step(
        "insert into vestibule_event (realm, id, at, batch, kind, actor, actor_subject, account, subject,
         case_reference, code, commitment) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         on conflict (realm, id) do nothing",
        [
            realm,
            event.id.into(),
            event.at.into(),
            event.batch.into(),
            event.kind.as_str().into(),
            actor.into(),
            actor_subject.into(),
            event.account.into(),
            event.subject.into(),
            event.case.as_ref().map(|case| case.as_bytes().as_slice()).into(),
            event.code.as_ref().map(|code| code.as_str()).into(),
            event.commitment.as_slice().into(),
        ],
    )
    .refused_by(Constraint::unique(
        "vestibule_event_by_case",
        "vestibule_event",
        &["realm", "case_reference"],
    ));
    let memory = [plan.realm().into(), event.id.into(), batch.into()];
    plan.remember_by("select 1 from vestibule_event where realm = ?1 and id = ?2 and batch = ?3", memory);
}

fn record_personal(personal: &Personal, plan: &mut Plan) {
    let realm = plan.realm().into();
    plan.always(
        "insert into vestibule_event_personal (realm, event, salt, fields) values (?1, ?2, ?3, ?4)
         on conflict (realm, event) do update set salt = excluded.salt, fields = excluded.fields",
        [
            realm,
            personal.event.into(),
            personal.salt.as_slice().into(),
            write_fields(&personal.fields).into(),
        ],
    );
}

/// What is there keeps its code, network, account and facts; see [`Case::folded`].
fn fold_case(case: &Case, plan: &mut Plan) {
    let realm = plan.realm().into();
    plan.always(
        "insert into vestibule_case as folded
         (realm, reference, key, code, first_at, last_at, refusals, network, account, facts)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         on conflict (realm, reference, key) do update set
         first_at = case when excluded.first_at < folded.first_at then excluded.first_at else folded.first_at end,
         last_at = case when excluded.last_at > folded.last_at then excluded.last_at else folded.last_at end,
         refusals = case when folded.refusals > 9223372036854775807 - excluded.refusals then 9223372036854775807
         else folded.refusals + excluded.refusals end",
        [
            realm,
            case.reference.as_bytes().as_slice().into(),
            case.key.as_slice().into(),
            case.code.as_str().into(),
            case.first.into(),
            case.last.into(),
            case.count.into(),
            case.network.as_deref().into(),
            case.account.into(),
            write_fields(&case.facts).into(),
        ],
    );
}

fn queue_message(message: &Message, plan: &mut Plan) {
    let realm = plan.realm().into();
    let state = match message.state {
        MessageState::Queued => "queued",
        MessageState::Suppressed => "suppressed",
        MessageState::Sent => "sent",
        MessageState::GaveUp => "gave_up",
    };
    plan.always(
        "insert into vestibule_message
         (realm, slot, id, purpose, address_kind, sealed, state, made_at, not_before, language)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         on conflict (realm, slot) do update set id = excluded.id, purpose = excluded.purpose,
         address_kind = excluded.address_kind, sealed = excluded.sealed, state = excluded.state,
         made_at = excluded.made_at, not_before = excluded.not_before, language = excluded.language",
        [
            realm,
            message.slot.as_slice().into(),
            message.id.into(),
            message.purpose.as_str().into(),
            message.to.as_str().into(),
            message.sealed.to_bytes().into(),
            state.into(),
            message.made_at.into(),
            message.not_before.into(),
            message.language.as_deref().into(),
        ],
    );
}
