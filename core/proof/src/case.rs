//! The check of an exported case with nothing but the authority's certificate.
//!
//! Not reading files: the caller gives the bytes, and the digests of the files beside them. Called by
//! `shenhai-verify` and by tests of the gateway.

use crate::evidence::{Examined, Exhibit, Status, examine};
use crate::finding::{Fault, Finding, Part};
use crate::log::{Head, check_growth, open_head};
use crate::submission;
use crate::trust::{Holder, Signers, Standing, check_device};
use shenhai_crypto::{Certificate, Digest32, sm3};
use shenhai_protocol::{
    AnchorRecord, BUNDLE_FORMAT, BUNDLE_VERSION, CaseBundle, CaseCommand, CaseRecord, Command, CommandKind,
    ContactRecord, Envelope, OrderState, Receipt, Record, ReplyRecord, ReturnRecord, SignedCase, UserId,
    Verdict, limits,
};

/// What the check of a case came to.
#[derive(Debug, Clone)]
pub struct CaseReport {
    /// The gateway's statement, where its signature holds.
    pub record: Option<CaseRecord>,
    /// The log's head, where its signature holds.
    pub head: Option<Head>,
    /// The commands, in the file's order. Empty where no certificate of the gateway holds: then nothing can be said.
    pub entries: Vec<Examined>,
    /// How many of the log's first receipts the outside chain vouches for.
    pub anchored: Option<u64>,
    /// Everything that is wrong. Empty: the case is what it was when it was exported.
    pub findings: Vec<Finding>,
}

impl CaseReport {
    /// An emulator signed the record or a receipt: nothing of it counts outside a test.
    #[must_use]
    pub fn emulated(&self) -> bool {
        let receipts = self.entries.iter().filter_map(|one| one.receipt.as_ref());
        self.record.as_ref().is_some_and(|record| record.emulated)
            || receipts.into_iter().any(|one| one.emulated)
    }
}

/// Read a case. The bounds of `shenhai_protocol::limits` are checked before anything is verified.
///
/// # Errors
/// One finding on [`Part::Bundle`].
pub fn read_case(bytes: &[u8]) -> Result<CaseBundle, Finding> {
    let wrong = |fault| Finding::new(Part::Bundle, fault);
    if bytes.len() > limits::BUNDLE_BYTES {
        return Err(wrong(Fault::TooLarge));
    }
    let bundle: CaseBundle = serde_json::from_slice(bytes).map_err(|_| wrong(Fault::Malformed))?;
    if bundle.format != BUNDLE_FORMAT || bundle.v != BUNDLE_VERSION {
        return Err(wrong(Fault::UnsupportedVersion));
    }
    if bundle.entries.len() > limits::BUNDLE_ENTRIES
        || bundle.gateway_certificates.len() > limits::BUNDLE_CERTIFICATES
    {
        return Err(wrong(Fault::TooLarge));
    }
    Ok(bundle)
}

/// Check a case with the certificate of the authority that is trusted.
#[must_use]
pub fn check_case(bundle: &CaseBundle, authority: &Certificate) -> CaseReport {
    let mut findings = Vec::new();
    if bundle.authority_certificate != authority.to_base64() {
        findings.push(Finding::new(Part::Authority, Fault::NotTrusted));
    }
    let signers = Signers::certified(&bundle.gateway_certificates, authority, |certificate, fault| {
        findings.push(Finding::new(Part::GatewayCertificate { certificate }, fault));
    });
    if signers.is_empty() {
        if bundle.gateway_certificates.is_empty() {
            let part = Part::GatewayCertificate { certificate: 1 };
            findings.push(Finding::new(part, Fault::Missing));
        }
        return CaseReport {
            record: None,
            head: None,
            entries: Vec::new(),
            anchored: None,
            findings,
        };
    }
    let record = match open_record(&bundle.record, &signers) {
        Ok(record) => Some(record),
        Err(fault) => {
            findings.push(Finding::new(Part::Record, fault));
            None
        }
    };
    let head = match open_head(&bundle.head, &signers) {
        Ok(head) => Some(head),
        Err(fault) => {
            findings.push(Finding::new(Part::Head, fault));
            None
        }
    };
    let exhibits: Vec<Exhibit<'_>> = bundle
        .entries
        .iter()
        .map(|entry| Exhibit {
            envelope: &entry.envelope,
            receipt: &entry.receipt,
            device_key: &entry.device_key,
            inclusion: Some(&entry.inclusion),
        })
        .collect();
    // Without the record the first command says which order the case is about: all others must agree with it.
    let order = match (
        &record,
        exhibits.first().and_then(|first| first.envelope.open().ok()),
    ) {
        (Some(record), _) => record.order.id.clone(),
        (None, Some(first)) => first.record.id,
        (None, None) => "".into(),
    };
    let mut entries = examine(&order, &signers, head.as_ref(), &exhibits, &mut findings);
    check_devices(bundle, record.as_ref(), authority, &mut entries, &mut findings);
    let mut anchored = None;
    if let Some(record) = &record {
        check_listing(record, &entries, &mut findings);
        check_revocations(record, &entries, &mut findings);
        check_order(bundle, record, &entries, &mut findings);
        if let (Some(anchor), Some(head)) = (&record.anchor, &head) {
            match check_anchor(anchor, head, &signers) {
                Ok(size) => anchored = Some(size),
                Err(fault) => findings.push(Finding::new(Part::Anchor, fault)),
            }
        }
    }
    CaseReport {
        record,
        head,
        entries,
        anchored,
        findings,
    }
}

/// Check the files of a case. `look` gives size and SM3 of a file that stands beside it.
pub fn check_files(
    record: &CaseRecord,
    mut look: impl FnMut(&str) -> Option<(u64, Digest32)>,
    findings: &mut Vec<Finding>,
) {
    for file in &record.files {
        let fault = match look(&file.name) {
            None => Fault::Missing,
            Some((bytes, digest)) if bytes == file.bytes && digest.to_hex() == file.hash.as_str() => continue,
            Some(_) => Fault::Changed,
        };
        let name = file.name.clone();
        findings.push(Finding::new(Part::File { name }, fault));
    }
}

fn open_record(signed: &SignedCase, gateway: &Signers) -> Result<CaseRecord, Fault> {
    let text = SignedCase::signed_text(&signed.payload);
    let signature = gateway.signed(&text, &signed.sig).ok_or(Fault::BadSignature)?;
    let record = signed.open().map_err(|_| Fault::Malformed)?;
    if record.v != BUNDLE_VERSION {
        return Err(Fault::UnsupportedVersion);
    }
    if signature.standing(record.exported_at) != Standing::InForce {
        return Err(Fault::NotInForce);
    }
    Ok(record)
}

/// The entries are the commands the record lists: none left out, none added, none moved.
fn check_listing(record: &CaseRecord, entries: &[Examined], findings: &mut Vec<Finding>) {
    let id = |one: &Examined| one.receipt.as_ref().map(|receipt| receipt.cmd_id.clone());
    if record.commands.len() == entries.len() {
        // A receipt that cannot be read or is another's has its own finding: here only the order counts.
        for (entry, (listed, one)) in (1..).zip(record.commands.iter().zip(entries)) {
            let elsewhere = record
                .commands
                .iter()
                .any(|other| Some(&other.cmd_id) == id(one).as_ref());
            if id(one).is_some_and(|id| id != listed.cmd_id) {
                let fault = if elsewhere {
                    Fault::OutOfOrder
                } else {
                    Fault::Unexpected
                };
                findings.push(Finding::new(Part::Entry { entry }, fault));
            }
        }
        return;
    }
    for (entry, listed) in (1..).zip(&record.commands) {
        if !entries.iter().any(|one| id(one).as_ref() == Some(&listed.cmd_id)) {
            findings.push(Finding::new(Part::Entry { entry }, Fault::Missing));
        }
    }
    for (entry, one) in (1..).zip(entries) {
        if !record
            .commands
            .iter()
            .any(|listed| Some(&listed.cmd_id) == id(one).as_ref())
        {
            findings.push(Finding::new(Part::Entry { entry }, Fault::Unexpected));
        }
    }
}

/// The certificates are those the record lists, and each binds the device's key to the person at the receipt's time.
/// A device from before there were certificates has none, and the record says so.
fn check_devices(
    bundle: &CaseBundle,
    record: Option<&CaseRecord>,
    authority: &Certificate,
    entries: &mut [Examined],
    findings: &mut Vec<Finding>,
) {
    for (entry, (given, one)) in (1..).zip(bundle.entries.iter().zip(entries)) {
        let (Some(envelope), Some(receipt)) = (&one.envelope, &one.receipt) else {
            continue;
        };
        let listed = record.and_then(|record| {
            let own = |listed: &&CaseCommand| listed.cmd_id == receipt.cmd_id;
            record.commands.iter().find(own)
        });
        let listed = listed.map(|listed| listed.certificate.as_ref());
        let checked = match (listed, &given.device_certificate) {
            (None | Some(None), None) => continue,
            (Some(Some(_)), None) => Err(Fault::Missing),
            (Some(None), Some(_)) => Err(Fault::Unexpected),
            (Some(Some(hash)), Some(text)) if sm3(text.as_bytes()).to_hex() != hash.as_str() => {
                Err(Fault::Changed)
            }
            // What is signed with another key has its own finding.
            (_, Some(_)) if one.signature != Status::Valid => continue,
            (_, Some(text)) => check_device(
                text,
                authority,
                Holder {
                    device: &receipt.device_id,
                    user: &envelope.actor,
                    key: &given.device_key,
                    at: receipt.given.at,
                },
            ),
        };
        one.certified = Status::of(checked.is_ok());
        if let Err(fault) = checked {
            findings.push(Finding::new(Part::DeviceCertificate { entry }, fault));
        }
    }
}

/// A command counts when its device was not revoked when the gateway took it.
fn check_revocations(record: &CaseRecord, entries: &[Examined], findings: &mut Vec<Finding>) {
    for (entry, one) in (1..).zip(entries) {
        let Some(receipt) = &one.receipt else { continue };
        let device = record
            .devices
            .iter()
            .find(|device| device.id == receipt.device_id);
        let fault = match device {
            None => Fault::Missing,
            Some(device) if device.revoked_at.is_some_and(|at| at <= receipt.given.at) => {
                Fault::AfterRevocation
            }
            Some(_) => continue,
        };
        findings.push(Finding::new(Part::Entry { entry }, fault));
    }
}

/// The order holds what the accepted commands wrote into it, and nothing else.
fn check_order(bundle: &CaseBundle, record: &CaseRecord, entries: &[Examined], findings: &mut Vec<Finding>) {
    let order = &record.order;
    let mut made = Made::default();
    let mut rising = true;
    for (entry, (given, one)) in (1..).zip(bundle.entries.iter().zip(entries)) {
        let (Some(envelope), Some(receipt)) = (&one.envelope, &one.receipt) else {
            continue;
        };
        if receipt.verdict != Verdict::Accepted {
            continue;
        }
        if let Some(rev) = receipt.rev {
            rising &= rev > made.rev;
            made.rev = rev;
        }
        match command(envelope, given.envelope.beside.submission.as_deref()) {
            Ok(command) => made.note(command, envelope, receipt, one),
            Err(fault) => findings.push(Finding::new(Part::Submission { entry }, fault)),
        }
    }
    let contact = order.contact.as_ref().map(unnamed);
    let checks = [
        (
            "contact",
            same(contact.as_ref(), made.contact.as_ref().map(unnamed).as_ref()),
        ),
        ("reply", same(order.reply.as_ref(), made.reply.as_ref())),
        ("returned", same(order.returned.as_ref(), made.returned.as_ref())),
        // Whoever got it last holds it; an order nobody gave away is still whose the gateway says.
        ("handler", made.holder.is_none_or(|to| to == order.handler)),
        ("rev", rising && made.rev <= order.rev),
        (
            "state",
            (order.state == OrderState::Replied) == made.reply.is_some()
                && (order.state == OrderState::Returned) == made.returned.is_some(),
        ),
    ];
    for (field, _) in checks.iter().filter(|(_, holds)| !holds) {
        let field = (*field).to_owned();
        findings.push(Finding::new(Part::Order { field }, Fault::Inconsistent));
    }
}

/// What the accepted commands made of an order, the last of each.
#[derive(Default)]
struct Made {
    contact: Option<ContactRecord>,
    reply: Option<ReplyRecord>,
    returned: Option<ReturnRecord>,
    holder: Option<UserId>,
    rev: u64,
}

impl Made {
    fn note(&mut self, command: Command, envelope: &Envelope, receipt: &Receipt, one: &Examined) {
        match command {
            Command::Contact { form, .. } => self.contact = Some(written(form, envelope, receipt, one)),
            Command::Reply { form, .. } => self.reply = Some(written(form, envelope, receipt, one)),
            Command::Return { form, .. } => self.returned = Some(written(form, envelope, receipt, one)),
            Command::Reassign { to, .. } => self.holder = Some(to),
            Command::Accept { .. } | Command::Reveal { .. } => {}
        }
    }
}

/// The act with its answers as they were signed.
fn command(envelope: &Envelope, submission: Option<&str>) -> Result<Command, Fault> {
    let kind = CommandKind::of_act(&envelope.act).ok_or(Fault::Malformed)?;
    if envelope.submission.is_some() && submission.is_none() {
        return Err(Fault::Missing);
    }
    let answers = submission.map(submission::read).transpose();
    let answers = answers.map_err(|_| Fault::Malformed)?;
    Command::read(kind, envelope.record.id.clone(), answers).map_err(|_| Fault::Malformed)
}

fn written<F>(form: F, envelope: &Envelope, receipt: &Receipt, one: &Examined) -> Record<F> {
    Record {
        form,
        by: envelope.actor.clone(),
        by_name: String::new(),
        client_time: envelope.client_time,
        server_time: receipt.given.at,
        cmd_id: envelope.cmd_id.clone(),
        hash: one.hash.clone(),
    }
}

/// Who was spoken to is a commitment in the one and masked in the other: not compared.
fn unnamed(record: &ContactRecord) -> ContactRecord {
    let mut record = record.clone();
    record.form.contact_person = String::new();
    record
}

/// Names change; everything else of a record follows from the command.
fn same<F: PartialEq + Clone>(kept: Option<&Record<F>>, made: Option<&Record<F>>) -> bool {
    let nameless = |record: &Record<F>| Record {
        by_name: String::new(),
        ..record.clone()
    };
    kept.map(nameless) == made.map(nameless)
}

/// The anchored digest is that of a genuine head, and the case's log continues it. Answers its size.
fn check_anchor(anchor: &AnchorRecord, head: &Head, gateway: &Signers) -> Result<u64, Fault> {
    let anchored = open_head(&anchor.head, gateway)?;
    if sm3(anchor.head.payload.as_bytes()).to_hex() != anchor.digest.as_str() {
        return Err(Fault::OtherHead);
    }
    check_growth(&anchored, head, &anchor.consistency)?;
    Ok(anchored.head.size)
}
