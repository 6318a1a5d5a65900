//! Which use case answers which request.

use crate::core::{Shared, outcome_text};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::rpc::Request;
use serde::Serialize;
use std::sync::Arc;

impl Shared {
    /// Carry a request out and put its answer into words.
    pub(crate) async fn dispatch(self: &Arc<Self>, request: Request) -> String {
        tracing::debug!(method = request.method(), "rpc");
        let needs = request.facts().needs;
        if let Err(refused) = self.with(|engine| engine.admit(&request)) {
            return outcome_text(Err::<(), _>(refused));
        }
        let answer = self.carry_out(request).await;
        // While the gateway was asked, the machine may have slept: what was shut meanwhile is not answered.
        if let Err(refused) = self.with(|engine| engine.still_open(needs)) {
            return outcome_text(Err::<(), _>(refused));
        }
        answer
    }

    async fn carry_out(self: &Arc<Self>, request: Request) -> String {
        match request {
            Request::SessionStatus(_) => self.answer(|engine| engine.session_status()),
            Request::SessionBegin(params) => outcome_text(self.begin(params).await),
            Request::SessionSignIn(params) => outcome_text(self.sign_in(params).await),
            Request::SessionSignOut(_) => outcome_text(self.sign_out().await),
            Request::OrdersList(params) => self.answer(|engine| engine.live().map(|_| engine.list(&params))),
            Request::OrdersGet(params) => self.answer(|engine| engine.detail(&params.id)),
            Request::OrdersAccept(params) => self.answer(|engine| engine.accept(&params.id)),
            Request::OrdersContact(params) => self.answer(|engine| engine.contact(params)),
            Request::OrdersReply(params) => self.answer(|engine| engine.reply(params)),
            Request::OrdersReturn(params) => self.answer(|engine| engine.send_back(params)),
            Request::OrdersReveal(params) => self.answer(|engine| engine.reveal(&params.id)),
            Request::OrdersReassign(params) => self.answer(|engine| engine.reassign(params)),
            Request::RecordsPacks(_) => self.answer(|engine| engine.packs()),
            Request::RecordsList(params) => self.answer(|engine| engine.list_records(&params)),
            Request::RecordsGet(key) => self.answer(|engine| engine.record_detail(&key)),
            Request::FormOpen(key) => self.answer(|engine| engine.open_form(&key)),
            Request::RecordsCheck(params) => self.answer(|engine| engine.check_act(&params)),
            Request::RecordsSave(params) => self.answer(|engine| engine.save_act(&params)),
            Request::RecordsDiscard(key) => self.answer(|engine| engine.discard_act(&key)),
            Request::RecordsAct(params) => self.answer(|engine| engine.do_act(&params)),
            Request::RecordsMend(params) => self.answer(|engine| engine.mend_act(&params)),
            Request::PeopleList(_) => outcome_text(self.people().await),
            Request::OrdersProof(params) => outcome_text(self.proof(params.id).await),
            Request::OrdersBundle(params) => outcome_text(self.bundle(params.id).await),
            Request::DraftSave(params) => self.answer(|engine| engine.save_draft(&params.id, &params.draft)),
            Request::DraftDiscard(key) => self.answer(|engine| engine.discard_draft(&key)),
            Request::FormCheck(params) => self.answer(|engine| engine.check_form(&params.id, &params.draft)),
            Request::OutboxList(_) => self.answer(|engine| engine.outbox_list()),
            Request::OutboxRetry(params) => self.answer(|engine| engine.retry(&params.cmd_id)),
            Request::OutboxMend(params) => self.answer(|engine| engine.mend(&params)),
            Request::OutboxDiscard(params) => self.answer(|engine| engine.discard(&params.cmd_id)),
            Request::SyncStatus(_) => self.answer(|engine| engine.status()),
            Request::SyncNow(_) => self.answer(Engine::hurry),
            Request::NetworkHint(params) => self.answer(|engine| engine.network(params.online)),
            Request::LockStatus(_) => self.answer(|engine| Ok(engine.lock_status())),
            Request::LockTouch(_) => self.answer(|engine| Ok(engine.lock_status())),
            Request::LockSetPin(params) => outcome_text(self.set_pin(params).await),
            Request::LockUnlock(params) => outcome_text(self.unlock(params).await),
            Request::LockLock(_) => outcome_text(self.lock()),
            Request::LockClearPin(params) => outcome_text(self.clear_pin(params).await),
            Request::LockSetBiometric(params) => outcome_text(self.set_biometric(params).await),
            Request::LockErase(params) => outcome_text(self.erase(params).await),
            Request::DeviceStatus(_) => self.answer(Engine::device_status),
            Request::DeviceRotate(_) => outcome_text(self.rotate().await),
            Request::DevicesList(_) => outcome_text(self.devices().await),
            Request::DevicesInvite(params) => outcome_text(self.invite(params).await),
            Request::DevicesRevoke(params) => outcome_text(self.revoke(params).await),
            Request::DevicesRelease(params) => outcome_text(self.release(params).await),
        }
    }

    fn answer<T: Serialize>(&self, work: impl FnOnce(&mut Engine) -> Result<T, Failure>) -> String {
        outcome_text(self.with(work))
    }
}
